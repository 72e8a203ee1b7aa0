"""The settings as the window uses them: one current value, kept on disk with each change."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from segdesk.app.settings import Settings, SettingsFile


class Preferences(QObject):
    """Owned by the application; lives on the GUI thread.

    Parameters
    ----------
    file : where they are kept
    """

    changed = Signal()

    def __init__(self, file: SettingsFile, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._file = file
        self._now = file.read()

    @property
    def now(self) -> Settings:
        return self._now

    def change(self, **fields: object) -> None:
        """Change fields of `Settings` by name, and keep them."""
        self._keep(replace(self._now, **fields))

    def opened(self, project: Path) -> None:
        """A project was opened: it is the newest, and its folder is where the next one goes."""
        folder = str(project.resolve().parent)
        self._keep(replace(self._now.with_recent(project), project_folder=folder))

    def forget(self, project: str) -> None:
        """A recent project is not there any more."""
        self.change(recent=tuple(path for path in self._now.recent if path != project))

    def _keep(self, settings: Settings) -> None:
        if settings != self._now:
            self._now = settings
            self._file.keep(settings)
            self.changed.emit()
