"""What every panel shares: joining and leaving a project, and its title row."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from segdesk.app.project.workbench import Workbench
from segdesk.app.screen.view_state import ViewState
from segdesk.ui.look.theme import GRID, Tokens
from segdesk.ui.widgets.bridge import Bridge
from segdesk.ui.widgets.labels import label


class Panel(QWidget):
    """A dock's content. Owned by the main window.

    A subclass makes its widgets in its constructor, listens in `_listen` and shows the state of
    today in `refresh`.

    Parameters
    ----------
    id : objectName
    title : in the title row, and the accessible name
    titled : whether there is a title row
    """

    def __init__(self, id: str, title: str, tokens: Tokens, *, titled: bool = True) -> None:
        super().__init__()
        self.setObjectName(id)
        self.setAccessibleName(title)
        self.tokens = tokens
        self.workbench: Workbench | None = None
        self.view: ViewState | None = None
        self.bridge = Bridge(self)
        self.rows = QVBoxLayout(self)
        self.rows.setContentsMargins(3 * GRID, 2 * GRID, 3 * GRID, 2 * GRID)
        self.rows.setSpacing(GRID)
        self.title_row = QHBoxLayout()
        self.title_row.setSpacing(2 * GRID)
        if titled:
            self.title_row.addWidget(label(title, "title"))
            self.title_row.addStretch(1)
            self.rows.addLayout(self.title_row)

    def attach(self, workbench: Workbench, view: ViewState) -> None:
        """Show a project, and follow it."""
        self.detach()
        self.workbench, self.view = workbench, view
        self._listen(workbench, view)
        self.refresh()

    def detach(self) -> None:
        """Let the project go."""
        self.bridge.close()
        self.workbench = self.view = None
        self.refresh()

    def set_tokens(self, tokens: Tokens) -> None:
        """Other colours."""
        self.tokens = tokens
        self.refresh()

    def _listen(self, workbench: Workbench, view: ViewState) -> None:
        """Connect to what this panel shows."""

    def refresh(self) -> None:
        """Show the state of today; also called without a project."""
