"""Real mouse and wheel events at places that are given in voxels."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QApplication, QWidget

from segdesk.ui.canvas.slice_view import SliceView

LEFT = Qt.MouseButton.LeftButton
RIGHT = Qt.MouseButton.RightButton
MIDDLE = Qt.MouseButton.MiddleButton
NONE = Qt.MouseButton.NoButton
PLAIN = Qt.KeyboardModifier.NoModifier
CTRL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier
ALT = Qt.KeyboardModifier.AltModifier

Voxel = tuple[float, float]


def press(
    canvas: SliceView,
    voxel: Voxel,
    button: Qt.MouseButton = LEFT,
    modifiers: Qt.KeyboardModifier = PLAIN,
) -> None:
    _send(canvas, QEvent.Type.MouseButtonPress, canvas.pixel_of(*voxel), button, button, modifiers)


def move(canvas: SliceView, voxel: Voxel, held: Qt.MouseButton = NONE) -> None:
    move_to(canvas, canvas.pixel_of(*voxel), held)


def move_to(canvas: SliceView, at: QPointF, held: Qt.MouseButton = NONE) -> None:
    _send(canvas, QEvent.Type.MouseMove, at, NONE, held, PLAIN)


def release(canvas: SliceView, voxel: Voxel, button: Qt.MouseButton = LEFT) -> None:
    _send(canvas, QEvent.Type.MouseButtonRelease, canvas.pixel_of(*voxel), button, NONE, PLAIN)


def drag(
    canvas: SliceView,
    *voxels: Voxel,
    button: Qt.MouseButton = LEFT,
    modifiers: Qt.KeyboardModifier = PLAIN,
) -> None:
    """Press at the first voxel, move through the others, release at the last."""
    press(canvas, voxels[0], button, modifiers)
    for voxel in voxels[1:]:
        move(canvas, voxel, button)
    release(canvas, voxels[-1], button)


def wheel(
    canvas: QWidget,
    *,
    up: int = 0,
    sideways: int = 0,
    pixels: int = 0,
    modifiers: Qt.KeyboardModifier = PLAIN,
    at: QPointF | None = None,
    phase: Qt.ScrollPhase = Qt.ScrollPhase.NoScrollPhase,
) -> None:
    """Turn the wheel, in eighths of a degree, away from the hand positive; or by pixels only."""
    position = QPointF(canvas.rect().center()) if at is None else at
    event = QWheelEvent(
        position,
        canvas.mapToGlobal(position),
        QPoint(0, pixels),
        QPoint(sideways, up),
        NONE,
        modifiers,
        phase,
        False,
    )
    QApplication.sendEvent(canvas, event)


def _send(
    canvas: SliceView,
    kind: QEvent.Type,
    at: QPointF,
    button: Qt.MouseButton,
    held: Qt.MouseButton,
    modifiers: Qt.KeyboardModifier,
) -> None:
    event = QMouseEvent(kind, at, canvas.mapToGlobal(at), button, held, modifiers)
    QApplication.sendEvent(canvas, event)
