"""The columns around the image: three docks that hide and come back as they were."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QByteArray, QObject, Qt, Signal
from PySide6.QtWidgets import QDockWidget, QMainWindow, QWidget

from segdesk.ui.look.sizes import scaled
from segdesk.ui.look.theme import GRID
from segdesk.ui.look.translations import tr

AREAS: Mapping[str, Qt.DockWidgetArea] = {
    "cases_dock": Qt.DockWidgetArea.LeftDockWidgetArea,
    "masks_dock": Qt.DockWidgetArea.RightDockWidgetArea,
    "training_dock": Qt.DockWidgetArea.BottomDockWidgetArea,
}
#: Sizes of the first start, in pixels, across the dock.
FIRST_SIZES = {"cases_dock": 55 * GRID, "masks_dock": 75 * GRID}
#: Of the training that is opened first, and the share of the window's height that it may have.
OPEN_HEIGHT, MOST_OF_HEIGHT = 72 * GRID, 0.4
#: Of `QMainWindow.saveState`: raised when the docks change so that old layouts no longer fit.
LAYOUT_VERSION = 2


class Docks(QObject):
    """Owned by the window. Hidden as a whole until there is a scan to work on."""

    changed = Signal()

    def __init__(self, window: QMainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._were_shown: list[str] | None = None
        self._in_use = False
        #: Height that the training was left with when it was closed.
        self._open_height = 0
        titles = {
            "cases_dock": tr("Cases"),
            "masks_dock": tr("Segments, layers and history"),
            "training_dock": tr("Training"),
        }
        self._docks = {id: self._made(id, titles[id]) for id in AREAS}
        for corner in (Qt.Corner.BottomLeftCorner, Qt.Corner.BottomRightCorner):
            window.setCorner(corner, Qt.DockWidgetArea.BottomDockWidgetArea)

    def _made(self, id: str, title: str) -> QDockWidget:
        dock = QDockWidget(title, self._window)
        dock.setObjectName(id)
        dock.setAccessibleName(title)
        # Panels have their own titles, and a dock that cannot be dragged away is never lost.
        dock.setFeatures(QDockWidget.DockWidgetFeature.NoDockWidgetFeatures)
        dock.setTitleBarWidget(QWidget(dock))
        self._window.addDockWidget(AREAS[id], dock)
        dock.hide()
        return dock

    def fill(self, id: str, content: QWidget) -> None:
        """Give a dock its content."""
        self._docks[id].setWidget(content)

    # As a whole

    def use(self, layout: str) -> None:
        """There is something to work on: show the docks as they were left, or all of them."""
        if self._in_use:
            return
        self._in_use = True
        state = QByteArray.fromBase64(layout.encode())
        if not layout or not self._window.restoreState(state, LAYOUT_VERSION):
            for dock in self._docks.values():
                dock.show()
            self._window.resizeDocks(
                [self._docks[id] for id in FIRST_SIZES],
                [scaled(size) for size in FIRST_SIZES.values()],
                Qt.Orientation.Horizontal,
            )
        self.changed.emit()

    def make_room(self, *, is_open: bool) -> None:
        """The training is one row now, or more: it gets the height that it had when it was open."""
        dock = self._docks["training_dock"]
        if is_open:
            tallest = round(self._window.height() * MOST_OF_HEIGHT)
            height = self._open_height or min(scaled(OPEN_HEIGHT), tallest)
            self._window.resizeDocks([dock], [height], Qt.Orientation.Vertical)
        else:
            self._open_height = dock.height()
        self.changed.emit()

    def put_away(self) -> None:
        """There is nothing to work on."""
        self._in_use = False
        self._were_shown = None
        for dock in self._docks.values():
            dock.hide()
        self.changed.emit()

    def layout(self) -> str:
        """The layout as text for the settings, with what F11 hides shown; "" while put away."""
        if not self._in_use:
            return ""
        if self._were_shown is not None:
            self.toggle_all()
        return bytes(self._window.saveState(LAYOUT_VERSION).toBase64().data()).decode()

    # One by one

    @property
    def are_hidden(self) -> bool:
        """Whether F11 has hidden them."""
        return self._were_shown is not None

    def is_shown(self, id: str) -> bool:
        return not self._docks[id].isHidden()

    def show(self, id: str) -> None:
        """Bring a dock back, where something happens in it."""
        if self._in_use and self._were_shown is None:
            self._docks[id].show()
            self.changed.emit()

    def toggle(self, id: str) -> None:
        """Show or hide one dock."""
        self._were_shown = None
        self._docks[id].setVisible(not self.is_shown(id))
        self.changed.emit()

    def toggle_all(self) -> None:
        """Hide every dock, or bring back those that were shown."""
        if self._were_shown is None:
            self._were_shown = [id for id in self._docks if self.is_shown(id)]
            for dock in self._docks.values():
                dock.hide()
        else:
            for id in self._were_shown:
                self._docks[id].show()
            self._were_shown = None
        self.changed.emit()
