"""Pieces of a prediction that the rule of pieces left out: restored by a click, and left out again.

A restored piece is part of the prediction, never of the mask: it is shown, taken, compared and
exported with it. What is done is an Edit like a dismissal, so it is undone, saved and replayed.
"""

from __future__ import annotations

from dataclasses import dataclass

from segdesk.app.labelling.accepting import offered
from segdesk.app.project.workbench import Workbench
from segdesk.core.edit import Dismissal, Edit
from segdesk.core.plane import Plane
from segdesk.core.prediction import Prediction
from segdesk.core.small_pieces import Counts
from segdesk.sentence import Sentence


@dataclass(frozen=True, slots=True)
class Piece:
    """One that is left out, or was restored.

    Parameters
    ----------
    prediction : that it belongs to, as it is shown
    piece : of its small pieces
    number, name : of the segment
    voxels : of all slices
    ml : None where slices have no thickness
    is_restored : it is part of the prediction again
    slice : one that it lies on, where it was found
    """

    prediction: Prediction
    piece: int
    number: int
    name: str
    voxels: int
    ml: float | None
    is_restored: bool
    slice: int


def shown_on(workbench: Workbench, case: str, plane: Plane) -> Prediction | None:
    """The prediction that a plane shows; None for none, and where a proposal is shown."""
    offer = workbench.prediction(case) if plane.axis else offered(workbench, case, plane.index)
    return offer if isinstance(offer, Prediction) else None


def piece_at(workbench: Workbench, case: str, plane: Plane, place: tuple[int, int]) -> Piece | None:
    """The piece at a place (row, column) of a plane; None where nothing was left out there, or
    its segment is not shown.
    """
    prediction = shown_on(workbench, case, plane)
    small = None if prediction is None else prediction.small_pieces
    if prediction is None or small is None:
        return None
    voxel = plane.voxel(*place)
    piece = small.at(voxel)
    if piece is None:
        return None
    number = small.number_of(piece)
    if number not in workbench.segments or not workbench.segments[number].visible:
        return None
    grid, voxels = workbench.project.case(case).grid, small.size(piece)
    return Piece(
        prediction,
        piece,
        number,
        workbench.segments[number].name,
        voxels,
        voxels * grid.voxel_ml if grid.stacked else None,
        piece in prediction.restored,
        voxel[0],
    )


def toggle(workbench: Workbench, case: str, found: Piece) -> Edit | None:
    """Restore a piece, or leave it out again. One Edit, of the slice on which it was found.

    Returns
    -------
    The Edit; None where there is another prediction by now, so that it is not the same piece.

    Raises
    ------
    UsageError
        Where the project is only read.
    """
    workbench.settle_for_hand(case)
    now = workbench.prediction(case)
    small = found.prediction.small_pieces
    if small is None or now is None or now.small_pieces is not small:
        return None
    run = found.prediction.run
    if found.is_restored:
        names = small.named(run, workbench.annotation(case).dismissed)
        moves = tuple(
            Dismissal(*name, True, False)
            for name, piece in sorted(names.items())
            if piece == found.piece
        )
        edit = Edit(Sentence("Leave piece out again"), case, dismissals=moves)
    else:
        name = small.name(run, found.piece, found.slice)
        moves = (Dismissal(name, found.slice, False, True),)
        edit = Edit(Sentence("Restore left-out piece"), case, dismissals=moves)
    if edit.is_empty:
        return None
    workbench.do(edit)
    return edit


def left_out(workbench: Workbench, case: str) -> Counts:
    """Voxels of each segment that the prediction that is shown of a case leaves out."""
    prediction = workbench.prediction(case)
    if prediction is None:
        return ()
    numbers = workbench.segments.numbers
    return tuple(row for row in prediction.left_out_counts if row[0] in numbers)


def not_there(workbench: Workbench, case: str, run: str) -> Sentence | None:
    """What of the restored pieces a new prediction has neither left out nor shown; None: all of it
    is there. Where the case is not in memory that is not known."""
    loaded, prediction = workbench.in_memory_now(case), workbench.prediction(case, run)
    if loaded is None or prediction is None:
        return None
    gone = prediction.lacks(loaded.annotation.dismissed)
    if not gone:
        return None
    return Sentence.counted(
        "{case}: 1 piece that was restored is not in the new prediction.",
        "{case}: {n} pieces that were restored are not in the new prediction.",
        gone,
        case=case,
    )
