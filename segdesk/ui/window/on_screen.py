"""A window that is no larger than its screen, with the title and borders that the system puts
around it: how high these are is known only a moment after it is shown."""

from __future__ import annotations

from PySide6.QtCore import QElapsedTimer, QEvent, QObject, QSize, QTimer
from PySide6.QtWidgets import QMainWindow, QStyle, QWidget

#: For so long after it was shown the system may still put the frame around it, in milliseconds.
FRAME_COMES_MS = 1000
_PLACED = (QEvent.Type.Move, QEvent.Type.Resize)


def first_size(window: QWidget, wanted: tuple[int, int]) -> QSize:
    """As large as wanted, where the screen has room for that and for a frame as the style has."""
    style = window.style()
    border = style.pixelMetric(QStyle.PixelMetric.PM_MdiSubWindowFrameWidth)
    title = style.pixelMetric(QStyle.PixelMetric.PM_TitleBarHeight)
    room = window.screen().availableSize() - QSize(2 * border, title + 2 * border)
    return room.boundedTo(QSize(*wanted))


class OnScreen(QObject):
    """Makes a window smaller, and moves it, where its frame sticks out as it comes up.

    Only with the size that it has now: it may lie wherever the reader puts it.
    """

    def __init__(self, window: QMainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._own = window.size()
        self._shown = QElapsedTimer()
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.timeout.connect(self._fit)
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Show and not self._shown.isValid():
            self._shown.start()
            self._soon.start(0)
            QTimer.singleShot(FRAME_COMES_MS, self, self._fit)
        elif event.type() in _PLACED and self._is_new():
            self._soon.start(0)
        return False

    def _is_new(self) -> bool:
        return self._shown.isValid() and self._shown.elapsed() < FRAME_COMES_MS

    def _fit(self) -> None:
        window = self._window
        if not window.isVisible() or window.isMaximized() or window.isFullScreen():
            return
        if window.size() != self._own:
            # Somebody has given it another size meanwhile, and meant that.
            return
        room, frame = window.screen().availableGeometry(), window.frameGeometry()
        too_large = (frame.size() - room.size()).expandedTo(QSize(0, 0))
        if too_large.isNull() and frame.top() >= room.top():
            return
        self._own = window.size() - too_large
        window.resize(self._own)
        frame.setSize(frame.size() - too_large)
        frame.moveRight(min(frame.right(), room.right()))
        frame.moveBottom(min(frame.bottom(), room.bottom()))
        frame.moveLeft(max(frame.left(), room.left()))
        frame.moveTop(max(frame.top(), room.top()))
        window.move(frame.topLeft())
