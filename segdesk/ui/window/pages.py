"""What is in the middle of the window: the start page, the first look at an import, or the scan."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QStackedWidget

from segdesk.core.volume import Voxels
from segdesk.core.window import Window
from segdesk.ui.commands.table import ActionTable
from segdesk.ui.look.theme import Tokens
from segdesk.ui.look.translations import tr
from segdesk.ui.window.preview_page import PreviewPage
from segdesk.ui.window.start_page import StartPage
from segdesk.ui.window.workplace import Workplace

TO_START = ("import_folder", "open_project", "new_project")
TO_IMPORT = ("import_folder", "import_files")


class Pages(QStackedWidget):
    """Owned by the window.

    Parameters
    ----------
    table : its actions are the buttons of the start page
    """

    def __init__(self, table: ActionTable, tokens: Tokens) -> None:
        super().__init__()
        self.setObjectName("pages")
        self._table = table
        self.start = StartPage()
        self._preview = PreviewPage(tokens)
        self.addWidget(self.start)
        self.addWidget(self._preview)

    def show_scan(self, workplace: Workplace) -> None:
        """Bring up the scan; its canvas gets the keys."""
        if self.currentWidget() is not workplace:
            self.setCurrentWidget(workplace)
            workplace.canvas.setFocus()

    def show_start(self, project: str | None, recent: Sequence[str], *, is_opening: bool) -> None:
        """Invite to a scan, or to a project where none is open.

        Parameters
        ----------
        project : name of the open project; None where there is none
        recent : paths of the projects that were opened last
        is_opening : a project is on its way
        """
        if self.currentWidget() is self._preview:
            return
        self.setCurrentWidget(self.start)
        # Its buttons are made from these.
        self._table.refresh(*TO_START, *TO_IMPORT)
        if project is not None:
            self.start.invite_to_import([self._table[id] for id in TO_IMPORT], project)
        elif is_opening:
            self.start.wait(tr("Opening…"))
        else:
            self.start.invite_to_start([self._table[id] for id in TO_START], list(recent))

    def show_preview(self, plane: Voxels, window: Window) -> None:
        """The first look at a scan that is being imported: a slice (rows, columns)."""
        self._preview.show_plane(plane, window)
        self.setCurrentWidget(self._preview)

    def end_preview(self) -> None:
        """The import has ended."""
        if self.currentWidget() is self._preview:
            self.setCurrentWidget(self.start)
        self._preview.clear()

    def set_tokens(self, tokens: Tokens) -> None:
        self._preview.set_tokens(tokens)
