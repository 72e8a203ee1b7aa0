"""Journeys go through the real window."""

from tests.windows import desk, project, saved_project, settings_folder

__all__ = ["desk", "project", "saved_project", "settings_folder"]
