"""Sentences of the canvas: the status line and what a refusal says. Translatable."""

from __future__ import annotations

from segdesk.app.labelling.restoring import Piece
from segdesk.app.labelling.tools.tool import Tool
from segdesk.app.project.workbench import Workbench
from segdesk.core.completeness import not_complete
from segdesk.core.plane import Orientation
from segdesk.core.status import SliceStatus
from segdesk.ui.look import counted_words
from segdesk.ui.look.translations import tr, translated

#: Keys that a tool's words name: what turns the left button round, and what cancels.
OPPOSITE, DROP = "Ctrl", "Esc"


def tool_tip(tool: Tool) -> str:
    """What a tool is for, as its button says it."""
    return translated(tool.words.tip).format(opposite=OPPOSITE, drop=DROP)


def mouse_words(tool: Tool, segment: str) -> str:
    """What the mouse would do now.

    Parameters
    ----------
    segment : name of the active segment; empty for background
    """
    text = tool.words.hover if segment else tool.words.hover_erasing
    does = translated(text).format(segment=segment, opposite=OPPOSITE, drop=DROP)
    if tool.size is None:
        return tr("{does}; wheel = slice", does=does)
    return tr("{does}; wheel = slice, Shift+wheel = size", does=does)


def difference_words() -> tuple[str, str, str]:
    """What the colours of a difference mean: of the prediction, of the annotation, of both."""
    return tr("only predicted"), tr("only drawn"), tr("another segment")


def left_out_words() -> str:
    """What is hatched: of the prediction, and not in it."""
    return tr("left out: smaller than any labelled piece")


def piece_words(piece: Piece) -> str:
    """What a click on a piece that was left out, or restored, would do."""
    if piece.is_restored:
        return tr("Click = leave this piece out again ({piece})").format(piece=piece_size(piece))
    return tr("Click = restore this piece of the prediction ({piece}), {why}").format(
        piece=piece_size(piece), why=left_out_words()
    )


def piece_size(piece: Piece) -> str:
    """Segment and size of a piece."""
    if piece.ml is None:
        return f"{piece.name}, {counted_words.voxels(piece.voxels)}"
    return tr("{name}, {ml} mL").format(name=piece.name, ml=f"{piece.ml:,.2f}")


def toggled(piece: Piece) -> str:
    """After a piece was restored, or left out again."""
    if piece.is_restored:
        return tr("Left out again: {piece}.").format(piece=piece_size(piece))
    return tr("Part of the prediction again: {piece}. One more click leaves it out.").format(
        piece=piece_size(piece)
    )


def another_prediction() -> str:
    """A piece was clicked of a prediction that is no longer there."""
    return tr("The prediction has just changed, so nothing was restored: look, then click again.")


def pan_words() -> str:
    return tr("Drag = move the slice")


def window_words() -> str:
    return tr("Drag = window (right wider) and level (down brighter)")


def keeps_locked(segment: str) -> str:
    """A stroke began on a locked segment."""
    return tr(
        "The segment '{segment}' is locked and stays as it is. Unlock it in the segment list."
    ).format(segment=segment)


def overlays_on_again() -> str:
    """A stroke began while what it paints could not be seen."""
    return tr("Overlays are shown again, so that you see what you paint.")


def started_from_prediction() -> str:
    """The first stroke on a slice took the prediction into the mask."""
    return tr("The stroke starts from the prediction. Ctrl+Z twice takes back both.")


def prediction_came() -> str:
    """A first stroke met a prediction that nobody has seen yet."""
    return tr(
        "The prediction came as you began: the stroke stands alone. Ctrl+Enter takes the rest."
    )


def ghost_is_here() -> str:
    """Enter was pressed where what it takes could not be seen."""
    return tr("This is what was begun: Enter takes it, Esc drops it.")


def not_read_yet(case: str) -> str:
    """A stroke was begun on a case whose mask is still on its way."""
    return tr("{case} is still being read, so nothing was drawn.").format(case=case)


def reading() -> str:
    return tr("Reading…")


def slice_and_status(number: int, said: str) -> str:
    """Tooltip of a mark in the strip; `said` is from `said_of_slice`."""
    return tr("slice {number} · {status}").format(number=number, status=said)


def said_of_slice(workbench: Workbench, case: str, index: int) -> str:
    """A slice's status in words; where segments came later, for which it is right and not yet."""
    status = workbench.statuses(case)[index]
    table = workbench.segments
    missing = not_complete(status, workbench.complete(case)[index], table.numbers)
    if not missing:
        return status_word(status)
    later = _listed([table[number].name for number in missing])
    names = _listed([row.name for row in table if row.number not in missing])
    if not names:
        return tr("not yet right for {later}").format(later=later)
    if status is SliceStatus.VERIFIED:
        return tr("verified for {names}, not yet right for {later}").format(
            names=names, later=later
        )
    return tr("right for {names}, not yet for {later}").format(names=names, later=later)


def _listed(names: list[str]) -> str:
    """Such as "Lung", "Lung and Heart", or "Lung, Heart and 3 more": a line holds no more."""
    if len(names) > 3:
        return tr("{names} and {n} more").format(names=", ".join(names[:2]), n=len(names) - 2)
    if len(names) > 1:
        return tr("{names} and {last}").format(names=", ".join(names[:-1]), last=names[-1])
    return "".join(names)


def status_word(status: SliceStatus) -> str:
    """A slice's status as shown."""
    return (
        tr("unlabelled"),
        tr("predicted"),
        tr("partial"),
        tr("corrected"),
        tr("verified"),
        tr("rejected"),
    )[status]


def plane_name(orientation: Orientation) -> str:
    """What a plane through a body is called."""
    return {"sagittal": tr("Sagittal"), "coronal": tr("Coronal"), "axial": tr("Axial")}[orientation]


def a_slice() -> str:
    """A plane of slices between which nothing is known."""
    return tr("Slice")


def value() -> str:
    """Before the number of a voxel that is no HU."""
    return tr("value")


def view_name() -> str:
    return tr("Slice view")


def strip_name() -> str:
    return tr("Slices and their statuses")
