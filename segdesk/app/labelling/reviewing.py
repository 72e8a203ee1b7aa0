"""What a reader says of slices: right, seen twice, not to be used; and what comes next.

Enter, Ctrl+Enter, M, X, Backspace and N of the window. Each is one Edit. What is taken from a
prediction, and acceptance in bulk, stand in `accepting`; the meaning of a status in `core.status`.
"""

from __future__ import annotations

from itertools import product

from segdesk.app.labelling import accepting
from segdesk.app.project.workbench import Workbench
from segdesk.core.annotation import Provenance
from segdesk.core.completeness import Cause, status_move
from segdesk.core.cutting import redrawn
from segdesk.core.edit import Dismissal, Edit, Patch
from segdesk.core.prediction import Difference
from segdesk.core.status import SliceStatus, needs_a_look
from segdesk.errors import UsageError
from segdesk.sentence import Sentence

NO_PREDICTION = (
    Sentence("There is no prediction on this slice."),
    Sentence("Train first."),
)


def say_right(workbench: Workbench, case: str, index: int) -> Edit | None:
    """Enter: this slice is right, as it is filled.

    Only an untouched slice takes the prediction; whatever a hand, a tool, an import or an earlier
    acceptance has filled is confirmed as it stands. What only the prediction has then,
    `accepting.taking` knows. The slice is complete for the segments that exist now; on one that
    was called right before some of them were added, only these are added.

    Returns
    -------
    The Edit, or None where a person has called the slice right for every segment before.

    Raises
    ------
    UsageError
        Where a locked or hidden segment keeps some of the prediction out.
    """
    workbench.settle_for_hand(case)
    found = accepting.filling(workbench, case, index)
    return _right(workbench, case, index, found, accepting.DISMISS)


def take_prediction(workbench: Workbench, case: str, index: int) -> Edit | None:
    """Ctrl+Enter: take the prediction where no hand has drawn, then say that the slice is right.

    A verified slice that this changes is corrected again: nobody has looked at it twice.

    Returns
    -------
    The Edit, or None where the slice is right and the prediction brings nothing new.

    Raises
    ------
    UsageError
        Where there is no prediction, it was dismissed, or a locked or hidden segment keeps some
        of it out.
    """
    workbench.settle_for_hand(case)
    found = accepting.taking(workbench, case, index)
    if found is None:
        if accepting.offered_by(workbench, case, index) is None:
            raise UsageError(*NO_PREDICTION)
        raise UsageError("The prediction on this slice is dismissed.", "Undo brings it back.")
    untouched = accepting.filling(workbench, case, index) is not None
    way_out = accepting.DISMISS if untouched else accepting.AS_IT_IS
    return _right(workbench, case, index, found, way_out)


def _right(
    workbench: Workbench, case: str, index: int, found: Difference | None, way_out: str
) -> Edit | None:
    """Make a slice corrected, with what is taken from the prediction, as one Edit."""
    before = workbench.annotation(case).status(index)
    patches: tuple[Patch, ...] = ()
    if found is not None:
        accepting.refuse_what_is_kept_out(workbench.segments, found.kept_out, way_out)
        if found.change is not None:
            patches = redrawn(workbench.annotation(case), [found.change])
    # Where nothing changes, a second look stays a second look.
    stays = before.teaches_whole and not patches
    after = before if stays else SliceStatus.CORRECTED
    name = Sentence("Slice is right")
    if patches:
        name = accepting.name_of_taking(workbench, case, index, Sentence("Take prediction"))
    return _moved(workbench, case, index, after, name, cause="said right", patches=patches)


def set_status(workbench: Workbench, case: str, index: int, status: SliceStatus) -> Edit | None:
    """M and X: the slice is verified, or rejected; the same again takes it back.

    A verified slice goes back to corrected. A rejected one goes back to what its voxels say:
    partial where a hand has drawn, predicted where only a prediction or a tool has, else
    unlabelled. Never to what somebody once said of it and took back.
    """
    workbench.settle_for_hand(case)
    before = workbench.annotation(case).status(index)
    back = before is status
    after = _without(workbench, case, index) if back else status
    name = {
        SliceStatus.VERIFIED: Sentence("Verify slice"),
        SliceStatus.REJECTED: Sentence("Reject slice"),
    }.get(after, Sentence("Mark slice {word}", word=after.word))
    cause: Cause = "said right" if after.teaches_whole and not back else "other"
    return _moved(workbench, case, index, after, name, cause=cause)


def _without(workbench: Workbench, case: str, index: int) -> SliceStatus:
    """What a verified or rejected slice is without that."""
    if workbench.annotation(case).status(index) is SliceStatus.VERIFIED:
        return SliceStatus.CORRECTED
    return _by_provenance(workbench, case, index)


def _by_provenance(workbench: Workbench, case: str, index: int) -> SliceStatus:
    """What a slice is by who set its voxels, where nobody has said anything of it."""
    provenance = workbench.annotation(case).provenance[index]
    if (provenance == Provenance.HAND).any():
        return SliceStatus.PARTIAL
    return SliceStatus.PREDICTED if provenance.any() else SliceStatus.UNLABELLED


def dismiss(workbench: Workbench, case: str, index: int) -> Edit:
    """Backspace: the prediction that is shown on this slice is not worth a look.

    Of a proposal only that: what the run predicts at its end, and what the run in use has
    predicted, is offered all the same.

    Raises
    ------
    UsageError
        Where there is no prediction, or it was dismissed already.
    """
    workbench.settle_for_hand(case)
    proposal, run = accepting.proposed(workbench, case, index), workbench.predicted_by(case)
    if proposal is not None:
        meant, name = proposal.dismissed_as, Sentence("Dismiss proposal")
    elif run is not None and not workbench.annotation(case).is_dismissed(run, index):
        meant, name = run, Sentence("Dismiss prediction")
    elif accepting.offered_by(workbench, case, index) is None:
        raise UsageError(*NO_PREDICTION)
    else:
        raise UsageError(
            "The prediction on this slice is dismissed already.", "Undo brings it back."
        )
    edit = Edit(name, case, dismissals=(Dismissal(meant, index, False, True),))
    workbench.do(edit)
    return edit


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


def wanted_looks(workbench: Workbench, case: str) -> tuple[bool, ...]:
    """For each slice whether N stops there, and the strip shows its dot.

    Reads no arrays: before a case is in memory, nothing of it counts as dismissed.
    """
    run = workbench.predicted_by(case)
    dismissed: frozenset[int] = frozenset()
    if run is not None and workbench.is_loaded(case):
        dismissed = workbench.annotation(case).dismissed_of(run)
    proposals = accepting.proposed_slices(workbench, case)
    numbers = frozenset(workbench.segments.numbers)
    # The rule is asked once for each kind of slice: there may be a thousand, at each stroke.
    rule = {
        (status, shown, is_complete): needs_a_look(
            status, has_prediction=shown, is_complete=is_complete
        )
        for status, shown, is_complete in product(SliceStatus, (False, True), (False, True))
    }
    complete = workbench.complete(case)
    is_complete = {has: numbers <= has for has in set(complete)}
    slices = enumerate(zip(workbench.statuses(case), complete, strict=True))
    return tuple(
        [
            rule[
                status,
                (run is not None and index not in dismissed) or index in proposals,
                is_complete[has],
            ]
            for index, (status, has) in slices
        ]
    )


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
