"""The columns around the image: three docks that hide and come back as they were."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QByteArray, QObject, Qt, Signal
from PySide6.QtWidgets import QDockWidget, QMainWindow, QWidget

from segdesk.ui.look.theme import GRID
from segdesk.ui.look.translations import tr

AREAS: Mapping[str, Qt.DockWidgetArea] = {
    "cases_dock": Qt.DockWidgetArea.LeftDockWidgetArea,
    "masks_dock": Qt.DockWidgetArea.RightDockWidgetArea,
    "training_dock": Qt.DockWidgetArea.BottomDockWidgetArea,
}
#: Sizes of the first start, in pixels, across the dock.
FIRST_SIZES = {"cases_dock": 55 * GRID, "masks_dock": 75 * GRID, "training_dock": 68 * GRID}
#: Share of the window's height that the training gets at the first start.
MOST_OF_HEIGHT = 0.27
#: Of `QMainWindow.saveState`: raised when the docks change so that old layouts no longer fit.
LAYOUT_VERSION = 1


class Docks(QObject):
    """Owned by the window. Hidden as a whole until there is a scan to work on."""

    changed = Signal()

    def __init__(self, window: QMainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._were_shown: list[str] | None = None
        self._in_use = False
        titles = {
            "cases_dock": tr("Cases"),
            "masks_dock": tr("Segments, layers and history"),
            "training_dock": tr("Training"),
        }
        self._docks = {id: self._made(id, titles[id]) for id in AREAS}
        window.setCorner(Qt.Corner.BottomLeftCorner, Qt.DockWidgetArea.LeftDockWidgetArea)
        window.setCorner(Qt.Corner.BottomRightCorner, Qt.DockWidgetArea.RightDockWidgetArea)

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
            for orientation, ids in (
                (Qt.Orientation.Horizontal, ("cases_dock", "masks_dock")),
                (Qt.Orientation.Vertical, ("training_dock",)),
            ):
                self._window.resizeDocks(
                    [self._docks[id] for id in ids],
                    [self._first_size(id) for id in ids],
                    orientation,
                )
        self.changed.emit()

    def _first_size(self, id: str) -> int:
        """The image is the largest thing, on a small screen too."""
        tallest = round(self._window.height() * MOST_OF_HEIGHT)
        return min(FIRST_SIZES[id], tallest) if id == "training_dock" else FIRST_SIZES[id]

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
