"""Where on the slice view a mouse or a pen points, and with which end of it. Qt's events only."""

from __future__ import annotations

from PySide6.QtCore import QPointF
from PySide6.QtGui import QPointingDevice, QSinglePointEvent

#: Positions this near to a whole device pixel are whole: what scaling has left of them.
WHOLE = 1e-6


def pointed_at(event: QSinglePointEvent, ratio: float) -> QPointF:
    """The place that an event points at, in the widget's logical pixels.

    A mouse tells which device pixel it is on, and Qt gives that pixel's upper left corner: what is
    seen under the tip is the pixel's centre, half a device pixel further. A pen tells fractions,
    which are where its tip is.

    Parameters
    ----------
    ratio : device pixels of a logical one, > 0
    """
    place, in_window = event.position(), event.scenePosition()
    half = 0.5 / ratio
    if _is_whole(in_window.x() * ratio) and _is_whole(in_window.y() * ratio):
        return QPointF(place.x() + half, place.y() + half)
    return place


def is_eraser(event: QSinglePointEvent) -> bool:
    """Whether it is the eraser end of a pen."""
    return event.pointerType() == QPointingDevice.PointerType.Eraser


def _is_whole(value: float) -> bool:
    return abs(value - round(value)) < WHOLE
