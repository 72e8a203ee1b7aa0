"""The projects that were opened last, in the menu File."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtWidgets import QMenu

from segdesk.core.regular_file import is_folder
from segdesk.ui.look.as_written import caption, tip
from segdesk.ui.look.preferences import Preferences
from segdesk.ui.look.translations import tr


def told_apart(paths: Sequence[str]) -> list[str]:
    """What projects are called in a list: by their names, and where several have the same one by
    their folders too."""
    names = [Path(path).stem for path in paths]
    return [
        name if names.count(name) == 1 else tr("{name} in {folder}", name=name, folder=_short(path))
        for name, path in zip(names, paths, strict=True)
    ]


def _short(path: str) -> str:
    """The folder of a project, from the user's own on where it lies there."""
    folder = Path(path).parent
    home = Path.home()
    return f"~/{folder.relative_to(home)}" if folder.is_relative_to(home) else str(folder)


class RecentMenu(QMenu):
    """Filled anew whenever it is about to be shown.

    Parameters
    ----------
    open_project : called with the path that was chosen
    """

    def __init__(self, preferences: Preferences, open_project: Callable[[Path], object]) -> None:
        super().__init__(tr("Recent projects"))
        self.setObjectName("menu_recent")
        self.setAccessibleName(tr("Recent projects"))
        self.setToolTipsVisible(True)
        self._preferences = preferences
        self._open_project = open_project
        self.aboutToShow.connect(self._fill)
        self._fill()

    def _fill(self) -> None:
        self.clear()
        recent = self._preferences.now.recent
        for number, (path, name) in enumerate(zip(recent, told_apart(recent), strict=True)):
            self._add(number, Path(path), name)
        if self.isEmpty():
            none = self.addAction(tr("None yet"))
            none.setObjectName("no_recent_project")
            none.setEnabled(False)

    def _add(self, number: int, path: Path, name: str) -> None:
        action = self.addAction(caption(name))
        action.setObjectName(f"open_recent_{number}")
        action.setToolTip(tip(str(path)))
        action.setEnabled(is_folder(path))
        action.triggered.connect(lambda: self._open_project(path))
