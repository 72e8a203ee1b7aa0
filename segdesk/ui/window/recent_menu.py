"""The projects that were opened last, in the menu File."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtWidgets import QMenu

from segdesk.core.regular_file import is_folder
from segdesk.ui.look.as_written import caption, tip
from segdesk.ui.look.preferences import Preferences
from segdesk.ui.look.translations import tr


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
        for number, path in enumerate(self._preferences.now.recent):
            self._add(number, Path(path))
        if self.isEmpty():
            none = self.addAction(tr("None yet"))
            none.setObjectName("no_recent_project")
            none.setEnabled(False)

    def _add(self, number: int, path: Path) -> None:
        action = self.addAction(caption(path.name))
        action.setObjectName(f"open_recent_{number}")
        action.setToolTip(tip(str(path)))
        action.setEnabled(is_folder(path))
        action.triggered.connect(lambda: self._open_project(path))
