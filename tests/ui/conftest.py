"""The real window, for tests of its parts."""

from tests.windows import desk, project, saved_project, settings_folder

__all__ = ["desk", "project", "saved_project", "settings_folder"]
