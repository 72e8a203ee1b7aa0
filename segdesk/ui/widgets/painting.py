"""Painting that fails without end: the `PaintGuard`.

Qt paints again and again, so an error in a paint event would come back as often. The guard tells
the program's door for errors once of each fault, and draws a plain ground with a sentence instead
of half a picture; the next paint tries again, because what failed may have been mended.
"""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QPainter, QPalette
from PySide6.QtWidgets import QWidget

from segdesk.ui.look.theme import GRID
from segdesk.ui.look.translations import tr


class PaintGuard:
    """Owned by the widget that paints.

    Parameters
    ----------
    widget : whose paint events are guarded
    """

    def __init__(self, widget: QWidget) -> None:
        self._widget = widget
        self._known: set[str] = set()

    def paint(self, paint: Callable[[], None], *, with_words: bool = True) -> bool:
        """Paint, or where that fails tell of it once and paint a plain ground.

        Parameters
        ----------
        with_words : say on the ground why nothing else is there

        Returns
        -------
        Whether it was painted.
        """
        try:
            paint()
        except Exception as error:  # noqa: BLE001 - whatever it was, Qt would ask for it again
            fault = signature(error)
            if fault not in self._known:
                self._known.add(fault)
                # What was asked for now may be a part: the ground belongs everywhere.
                self._widget.update()
                # As if it had escaped the event: the one door for errors decides what is shown.
                sys.excepthook(type(error), error, error.__traceback__)
            _paint_ground(self._widget, with_words=with_words)
            return False
        return True


def signature(error: BaseException) -> str:
    """The same for errors of the same kind from the same place."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f"{frames[-1].filename}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__} {place}"


def _paint_ground(widget: QWidget, *, with_words: bool) -> None:
    with QPainter(widget) as painter:
        palette = widget.palette()
        painter.fillRect(widget.rect(), palette.color(QPalette.ColorRole.Window))
        if not with_words:
            return
        painter.setPen(palette.color(QPalette.ColorRole.WindowText))
        room = widget.rect().adjusted(2 * GRID, 2 * GRID, -2 * GRID, -2 * GRID)
        flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
        painter.drawText(room, flags, tr("This cannot be drawn now. Nothing is lost by that."))
