"""Sentences of the canvas: the status line and what a refusal says. Translatable."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from segdesk.app.tools.tool import ToolId
from segdesk.core.status import SliceStatus


def mouse_words(tool: ToolId, segment: str) -> str:
    """What the mouse would do now.

    Parameters
    ----------
    segment : name of the active segment; empty for background
    """
    if not segment:
        return _erasing_words(tool)
    sentences = {
        "navigate": _navigate_words(),
        "brush": _tr(
            "Brush: left paints {segment}, right erases, Ctrl inverts; "
            "wheel = slice, Shift+wheel = size"
        ),
        "eraser": _tr(
            "Eraser: left erases, Ctrl paints {segment}; wheel = slice, Shift+wheel = size"
        ),
        "lasso": _tr("Lasso: draw around {segment}, right erases, Esc drops it; wheel = slice"),
        "fill": _tr("Fill: click makes the region {segment}, right click erases; wheel = slice"),
    }
    return sentences[tool].format(segment=segment)


def _erasing_words(tool: ToolId) -> str:
    """What the mouse would do with background: every button erases."""
    return {
        "navigate": _navigate_words(),
        "brush": _tr("Brush: erases; wheel = slice, Shift+wheel = size"),
        "eraser": _tr("Eraser: erases; wheel = slice, Shift+wheel = size"),
        "lasso": _tr("Lasso: erases what it goes around, Esc drops it; wheel = slice"),
        "fill": _tr("Fill: click erases the region; wheel = slice"),
    }[tool]


def _navigate_words() -> str:
    return _tr("Navigate: drag = window and level, right drag = zoom; wheel = slice")


def pan_words() -> str:
    return _tr("Drag = move the slice")


def window_words() -> str:
    return _tr("Drag = window (right wider) and level (down brighter)")


def keeps_locked(segment: str) -> str:
    """A stroke began on a locked segment."""
    return _tr(
        "The segment '{segment}' is locked and stays as it is. Unlock it in the segment list."
    ).format(segment=segment)


def overlays_on_again() -> str:
    """A stroke began while what it paints could not be seen."""
    return _tr("Overlays are shown again, so that you see what you paint.")


def started_from_prediction() -> str:
    """The first stroke on a slice took the prediction into the mask."""
    return _tr("The stroke starts from the prediction. Ctrl+Z twice takes back both.")


def not_read_yet(case: str) -> str:
    """A stroke was begun on a case whose mask is still on its way."""
    return _tr("{case} is still being read, so nothing was drawn.").format(case=case)


def reading() -> str:
    return _tr("Reading…")


def slice_and_status(number: int, status: SliceStatus) -> str:
    """Tooltip of a mark in the strip."""
    return _tr("slice {number} · {status}").format(number=number, status=status_word(status))


def status_word(status: SliceStatus) -> str:
    """A slice's status as shown."""
    return (
        _tr("unlabelled"),
        _tr("predicted"),
        _tr("partial"),
        _tr("corrected"),
        _tr("verified"),
        _tr("rejected"),
    )[status]


def view_name() -> str:
    return _tr("Slice view")


def strip_name() -> str:
    return _tr("Slices and their statuses")


def _tr(text: str) -> str:
    return QCoreApplication.translate("canvas", text)
