"""The real window, for tests of its parts."""

from tests.windows import desk, project, settings_folder

__all__ = ["desk", "project", "settings_folder"]
