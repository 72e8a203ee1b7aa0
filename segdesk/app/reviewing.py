"""What a reader says of slices: right, seen twice, not to be used; and what comes next.

Enter, M, X, Backspace and N of the window, and the acceptance of predictions in bulk. Each is one
Edit. The meaning of a status stands in `core.status`, the difference to a prediction in
`core.prediction`.
"""

from __future__ import annotations

from collections.abc import Iterable

from segdesk.app.workbench import Workbench
from segdesk.core.annotation import Provenance
from segdesk.core.completeness import Cause, status_move
from segdesk.core.edit import Dismissal, Edit, Patch
from segdesk.core.prediction import Prediction, difference
from segdesk.core.status import SliceStatus, needs_a_look
from segdesk.errors import UsageError


def say_right(workbench: Workbench, case: str, index: int) -> Edit | None:
    """Enter: this slice is right.

    Takes the newest prediction where no hand has drawn, unless it was dismissed, and makes the
    slice corrected, complete for the segments that exist now. On a slice that a person has called
    right before some segments were added, only these are added.

    Returns
    -------
    The Edit, or None where a person has called the slice right for every segment before.
    """
    workbench.settle()
    annotation = workbench.annotation(case)
    status = annotation.status(index)
    if status.teaches_whole:
        return _said(workbench, case, index, status, "Slice is right")
    prediction = workbench.prediction(case)
    patches = ()
    name = "Slice is right"
    if prediction is not None and _offered(workbench, prediction, index):
        patches = difference(annotation, prediction, [index], locked=workbench.segments.locked)
        name = "Accept prediction" if patches else name
    return _said(workbench, case, index, SliceStatus.CORRECTED, name, patches)


def set_status(workbench: Workbench, case: str, index: int, status: SliceStatus) -> Edit | None:
    """M and X: the slice is verified, or rejected; the same again takes it back.

    The second press brings back what the slice was before, where the history still knows it;
    else what its voxels say: a verified slice was corrected, a rejected one is partial where a
    hand has drawn, predicted where only a prediction or a tool has, else unlabelled.
    """
    workbench.settle()
    before = workbench.annotation(case).status(index)
    back = before is status
    after = _status_before(workbench, case, index) if back else status
    name = {
        SliceStatus.VERIFIED: "Verify slice",
        SliceStatus.REJECTED: "Reject slice",
    }.get(after, f"Mark slice {after.word}")
    if after is SliceStatus.VERIFIED and not back:
        return _said(workbench, case, index, after, name)
    return _moved(workbench, case, index, after, name, cause="other")


def _status_before(workbench: Workbench, case: str, index: int) -> SliceStatus:
    """What a verified or rejected slice was before it became that."""
    status = workbench.annotation(case).status(index)
    for edit in reversed(workbench.history.done):
        for move in edit.statuses:
            if edit.case == case and move.slice == index:
                return move.before
    if status is SliceStatus.VERIFIED:
        return SliceStatus.CORRECTED
    return _by_provenance(workbench, case, index)


def _by_provenance(workbench: Workbench, case: str, index: int) -> SliceStatus:
    """What a slice is by who set its voxels, where nobody has said anything of it."""
    provenance = workbench.annotation(case).provenance[index]
    if (provenance == Provenance.HAND).any():
        return SliceStatus.PARTIAL
    return SliceStatus.PREDICTED if provenance.any() else SliceStatus.UNLABELLED


def dismiss(workbench: Workbench, case: str, index: int) -> Edit:
    """Backspace: the newest prediction on this slice is not worth a look.

    Raises
    ------
    UsageError
        Where there is no prediction, or it was dismissed already.
    """
    run = workbench.newest_prediction(case)
    if run is None:
        raise UsageError("There is no prediction on this slice.", "Train first (Ctrl+T).")
    if workbench.annotation(case).is_dismissed(run, index):
        raise UsageError(
            "The prediction on this slice is dismissed already.", "Undo brings it back."
        )
    edit = Edit("Dismiss prediction", case, dismissals=(Dismissal(run, index, False, True),))
    workbench.do(edit)
    return edit


def accept_in_bulk(
    workbench: Workbench,
    case: str,
    slices: Iterable[int] | None = None,
    *,
    over_hand: bool = False,
) -> Edit | None:
    """Take the newest prediction on many slices as one Edit; they become predicted.

    Slices that a person has called right, or rejected, and dismissed predictions are left alone.
    A partial slice stays partial; a hand's voxels stay unless `over_hand`.

    Raises
    ------
    UsageError
        Where there is no prediction of this case.
    """
    workbench.settle()
    prediction = workbench.prediction(case)
    if prediction is None:
        raise UsageError(f"There is no prediction of '{case}'.", "Train or predict first.")
    annotation = workbench.annotation(case)
    wanted = range(annotation.grid.shape[0]) if slices is None else slices
    open_ = [
        index
        for index in wanted
        if not annotation.status(index).teaches_whole
        and annotation.status(index) is not SliceStatus.REJECTED
        and _offered(workbench, prediction, index)
    ]
    patches = difference(
        annotation, prediction, open_, locked=workbench.segments.locked, over_hand=over_hand
    )
    moves = (
        status_move(
            annotation,
            index,
            SliceStatus.PREDICTED,
            cause="other",
            segments=workbench.segments.numbers,
        )
        for index in open_
        if annotation.status(index) is SliceStatus.UNLABELLED
    )
    statuses = tuple(move for move in moves if move is not None)
    return _done(workbench, Edit("Accept predictions", case, patches=patches, statuses=statuses))


def next_to_look_at(workbench: Workbench, case: str, index: int, *, step: int = 1) -> int | None:
    """The next slice (step 1), or the previous (-1), that needs a look, round and round.

    Returns
    -------
    The slice, or None where none needs one.
    """
    wanted = wanted_looks(workbench, case)
    count = len(wanted)
    for away in range(1, count + 1):
        at = (index + step * away) % count
        if wanted[at]:
            return at
    return None


def wants_a_look(workbench: Workbench, case: str, index: int) -> bool:
    """Whether N stops at a slice, and the strip shows its dot."""
    return wanted_looks(workbench, case)[index]


def wanted_looks(workbench: Workbench, case: str) -> tuple[bool, ...]:
    """`wants_a_look` for every slice at once.

    Reads no arrays: before a case is in memory, nothing of it counts as dismissed.
    """
    run = workbench.newest_prediction(case)
    dismissed: frozenset[tuple[str, int]] = frozenset()
    if workbench.is_loaded(case):
        dismissed = workbench.annotation(case).dismissed
    return tuple(
        needs_a_look(status, has_prediction=run is not None and (run, index) not in dismissed)
        for index, status in enumerate(workbench.statuses(case))
    )


def _offered(workbench: Workbench, prediction: Prediction, index: int) -> bool:
    return not workbench.annotation(prediction.case).is_dismissed(prediction.run, index)


def _said(
    workbench: Workbench,
    case: str,
    index: int,
    after: SliceStatus,
    name: str,
    patches: tuple[Patch, ...] = (),
) -> Edit | None:
    """A person says that the slice is right: complete for the segments that exist now."""
    return _moved(workbench, case, index, after, name, cause="said right", patches=patches)


def _moved(
    workbench: Workbench,
    case: str,
    index: int,
    after: SliceStatus,
    name: str,
    *,
    cause: Cause,
    patches: tuple[Patch, ...] = (),
) -> Edit | None:
    annotation, numbers = workbench.annotation(case), workbench.segments.numbers
    move = status_move(annotation, index, after, cause=cause, segments=numbers)
    moves = () if move is None else (move,)
    return _done(workbench, Edit(name, case, patches=patches, statuses=moves))


def _done(workbench: Workbench, edit: Edit) -> Edit | None:
    if edit.is_empty:
        return None
    workbench.do(edit)
    return edit
