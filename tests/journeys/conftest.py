"""Journeys go through the real window."""

from tests.windows import desk, project, settings_folder

__all__ = ["desk", "project", "settings_folder"]
