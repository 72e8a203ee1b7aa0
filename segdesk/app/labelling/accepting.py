"""What is taken from a prediction: by Enter, by Ctrl+Enter, by a first stroke, or in bulk.

Which voxels differ stands in `core.prediction`; what a reader says of slices in `reviewing`, which
asks here what it may take. Where a locked or hidden segment keeps something of the prediction out,
nothing is taken at all and a sentence says why: a slice that is half taken would look right.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from segdesk.app.project.workbench import Workbench
from segdesk.core.annotation import Annotation
from segdesk.core.completeness import status_move
from segdesk.core.cutting import SliceChange, redrawn
from segdesk.core.edit import Edit, StatusMove
from segdesk.core.prediction import Counts, Difference, Offer, Prediction, Proposal, difference
from segdesk.core.segment import Segment, SegmentTable
from segdesk.core.status import SliceStatus
from segdesk.errors import UsageError
from segdesk.sentence import Sentence, listed

START = Sentence("Start from prediction")
IN_BULK = Sentence("Accept predictions")
#: Ways out that a refusal names beside the segment list.
DISMISS = Sentence("or dismiss the prediction here")
AS_IT_IS = Sentence("or say that the slice is right as it is filled")
START_EMPTY = Sentence("or switch off 'From the prediction' beside the tools")
ACCEPT_REST = Sentence("or accept the predictions but for locked and hidden segments (menu Case)")


@dataclass(frozen=True, slots=True)
class Accepted:
    """What an acceptance in bulk took, and what it left out.

    Parameters
    ----------
    edit : None where nothing was taken
    slices, voxels, ml : that were taken; ml is None where slices have no thickness
    cleared : voxels that became background
    right, rejected, dismissed, empty, agreed : slices that were left out: a person called them
        right, or rejected them; their prediction was dismissed, is empty, or brings nothing new
    by_hand : voxels that stay because a hand has set them
    kept_out : (segment number, voxels) that a locked or hidden segment kept out
    """

    edit: Edit | None
    slices: int
    voxels: int
    ml: float | None
    cleared: int
    right: int
    rejected: int
    dismissed: int
    empty: int
    agreed: int
    by_hand: int
    kept_out: Counts


def offered(workbench: Workbench, case: str, index: int) -> Offer | None:
    """What is offered on a slice: the proposal of the training that goes on, else the prediction in
    use; of each unless it was dismissed there."""
    proposal = proposed(workbench, case, index)
    if proposal is not None:
        return proposal
    run = workbench.predicted_by(case)
    if run is None or workbench.annotation(case).is_dismissed(run, index):
        return None
    return workbench.prediction(case, run)


def proposed(workbench: Workbench, case: str, index: int) -> Proposal | None:
    """The proposal that is offered on a slice; None for none, and where it was dismissed."""
    proposal, loaded = workbench.proposal(case, index), workbench.in_memory_now(case)
    if proposal is None or loaded is None:
        return None
    is_dismissed = loaded.annotation.is_dismissed(proposal.dismissed_as, index)
    return None if is_dismissed else proposal


def proposed_slices(workbench: Workbench, case: str) -> frozenset[int]:
    """The slices on which a proposal is offered; reads no arrays."""
    slices = workbench.proposed_slices(case)
    return frozenset(index for index in slices if proposed(workbench, case, index) is not None)


def offered_by(workbench: Workbench, case: str, index: int) -> str | None:
    """Id of the run whose proposal or prediction of a slice is shown and taken; None for none.

    It is named where that was dismissed, too.
    """
    proposal = proposed(workbench, case, index)
    if proposal is not None:
        return proposal.run
    was = workbench.proposal(case, index)
    return workbench.predicted_by(case) or (None if was is None else was.run)


def name_of_taking(workbench: Workbench, case: str, index: int, plain: Sentence) -> Sentence:
    """What an Edit is called that takes what is offered; of a proposal it names run and step."""
    proposal = proposed(workbench, case, index)
    if proposal is None:
        return plain
    return Sentence("{name} ({run}, step {step})", name=plain, run=proposal.run, step=proposal.step)


def is_untouched(annotation: Annotation, index: int) -> bool:
    """Whether nobody and nothing has ever set a voxel of the slice."""
    return not annotation.provenance[index].any()


def taking(workbench: Workbench, case: str, index: int) -> Difference | None:
    """What taking the slice's prediction would do; None where there is none."""
    prediction = offered(workbench, case, index)
    if prediction is None:
        return None
    table = workbench.segments
    return difference(
        workbench.annotation(case),
        prediction,
        index,
        closed=closed(table),
        known=table.numbers,
    )


def filling(workbench: Workbench, case: str, index: int) -> Difference | None:
    """What Enter takes: the prediction of a slice that is untouched and that nobody called right.

    None where it takes nothing, because what is filled there is what becomes right.
    """
    annotation = workbench.annotation(case)
    if annotation.status(index).teaches_whole or not is_untouched(annotation, index):
        return None
    return taking(workbench, case, index)


def start_edit(workbench: Workbench, case: str, index: int) -> Edit | None:
    """What a first stroke starts from: the prediction of an untouched slice, as its own Edit.

    None where there is nothing to start from, or where somebody has called the slice right or
    rejected it.

    Raises
    ------
    UsageError
        Where a locked or hidden segment keeps some of it out.
    """
    annotation = workbench.annotation(case)
    if annotation.status(index) is SliceStatus.REJECTED:
        return None
    found = filling(workbench, case, index)
    if found is None:
        return None
    refuse_what_is_kept_out(workbench.segments, found.kept_out, START_EMPTY)
    if found.change is None:
        return None
    patches = redrawn(annotation, [found.change])
    name = name_of_taking(workbench, case, index, START)
    return Edit(
        name, case, patches=patches, statuses=_predicted(workbench.segments, annotation, [index])
    )


def closed(table: SegmentTable) -> frozenset[int]:
    """Segments that nothing is taken into or out of: locked, or not on screen."""
    return frozenset(row.number for row in table if row.locked or not row.visible)


def refuse_what_is_kept_out(table: SegmentTable, kept_out: Counts, way_out: str) -> None:
    """Refuse to take a part of a prediction for the whole.

    Raises
    ------
    UsageError
        Where segments keep anything out; names them, the voxels and two ways on.
    """
    if not kept_out:
        return
    rows = [table[number] for number, _ in kept_out]
    why = listed(
        Sentence("'{name}' is locked", name=row.name)
        if row.locked
        else Sentence("'{name}' is hidden", name=row.name)
        for row in rows
    )
    raise UsageError(
        Sentence.counted(
            "{why}, so 1 voxel of the prediction would be left out.",
            "{why}, so {n} voxels of the prediction would be left out.",
            sum(count for _, count in kept_out),
            why=why,
        ),
        Sentence("{first}, {way_out}.", first=_first_way_out(rows), way_out=way_out),
    )


def _first_way_out(rows: Sequence[Segment]) -> Sentence:
    """What helps against segments that are locked or hidden; no full stop yet."""
    match [row.locked for row in rows]:
        case [True]:
            return Sentence("Unlock it in the segment list")
        case [False]:
            return Sentence("Show it in the segment list")
        case [True, *others] if all(others):
            return Sentence("Unlock them in the segment list")
        case [True, *_]:
            return Sentence("Unlock and show them in the segment list")
        case [_, *others] if any(others):
            return Sentence("Show and unlock them in the segment list")
        case _:
            return Sentence("Show them in the segment list")


@dataclass(frozen=True, slots=True, eq=False)
class Bulk:
    """What an acceptance in bulk goes by, as of its beginning; a worker may make the Edit of it.

    Parameters
    ----------
    case : id
    annotation, prediction : of the case
    table : of the project
    slices : that are looked at, ascending
    over_hand, without_closed : as for `accept_in_bulk`
    """

    case: str
    annotation: Annotation
    prediction: Prediction
    table: SegmentTable
    slices: Sequence[int]
    over_hand: bool
    without_closed: bool

    @property
    def voxels(self) -> int:
        """How many are looked at."""
        _, rows, columns = self.annotation.grid.shape
        return len(self.slices) * rows * columns


def bulk(
    workbench: Workbench,
    case: str,
    slices: Iterable[int] | None = None,
    *,
    over_hand: bool = False,
    without_closed: bool = False,
) -> Bulk:
    """What `accept_in_bulk` goes by.

    Raises
    ------
    UsageError
        Where there is no prediction of this case.
    """
    workbench.settle_for_hand(case)
    prediction = workbench.prediction(case)
    if prediction is None:
        raise UsageError(
            Sentence("There is no prediction of '{case}'.", case=case), "Train or predict first."
        )
    annotation = workbench.annotation(case)
    wanted = range(annotation.grid.shape[0]) if slices is None else sorted(set(slices))
    table = workbench.segments
    return Bulk(case, annotation, prediction, table, wanted, over_hand, without_closed)


def accept_in_bulk(
    workbench: Workbench,
    case: str,
    slices: Iterable[int] | None = None,
    *,
    over_hand: bool = False,
    without_closed: bool = False,
) -> Accepted:
    """Take the prediction on many slices as one Edit; where it took something they are predicted.

    Slices that a person has called right, or rejected, and dismissed predictions are left alone.
    A partial slice stays partial; a hand's voxels stay unless `over_hand`. A slice on which
    nothing was taken keeps its status.

    Parameters
    ----------
    without_closed : leave out what locked and hidden segments keep out, rather than refuse

    Raises
    ------
    UsageError
        Where there is no prediction of this case, or locked or hidden segments keep some out.
    """
    asked = bulk(workbench, case, slices, over_hand=over_hand, without_closed=without_closed)
    found = accepted(asked)
    if found.edit is not None:
        workbench.do(found.edit)
    return found


def accepted(asked: Bulk, *, go_on: Callable[[], object] = lambda: None) -> Accepted:
    """The Edit that `accept_in_bulk` does, not done yet. Any thread.

    Parameters
    ----------
    go_on : called before each slice; raises where it shall not go on

    Raises
    ------
    UsageError
        Where locked or hidden segments keep some of the prediction out.
    """
    annotation, prediction, table = asked.annotation, asked.prediction, asked.table
    left_out, kept_out, gained = Counter[str](), Counter[int](), Counter[int]()
    cleared = by_hand = 0
    taken: list[int] = []

    def changes() -> Iterator[SliceChange]:
        nonlocal cleared, by_hand
        for index in asked.slices:
            go_on()
            reason = _why_left_out(annotation, prediction, index)
            if reason:
                left_out[reason] += 1
                continue
            each = difference(
                annotation,
                prediction,
                index,
                closed=closed(table),
                known=table.numbers,
                over_hand=asked.over_hand,
            )
            kept_out.update(dict(each.kept_out))
            gained.update(dict(each.gained))
            cleared += each.cleared
            by_hand += each.by_hand
            if each.change is None:
                left_out["empty" if each.is_empty else "agreed"] += 1
            else:
                taken.append(index)
                yield each.change

    patches = redrawn(annotation, changes())
    kept = tuple(sorted(kept_out.items()))
    if not asked.without_closed:
        refuse_what_is_kept_out(table, kept, ACCEPT_REST)
    moves = _predicted(table, annotation, taken)
    edit = Edit(IN_BULK, asked.case, patches=patches, statuses=moves)
    grid, voxels = annotation.grid, gained.total()
    return Accepted(
        edit=None if edit.is_empty else edit,
        slices=len(taken),
        voxels=voxels,
        ml=voxels * grid.voxel_ml if grid.stacked else None,
        cleared=cleared,
        right=left_out["right"],
        rejected=left_out["rejected"],
        dismissed=left_out["dismissed"],
        empty=left_out["empty"],
        agreed=left_out["agreed"],
        by_hand=by_hand,
        kept_out=kept,
    )


def _why_left_out(annotation: Annotation, prediction: Prediction, index: int) -> str:
    """Why a slice is not looked at by an acceptance in bulk; "" where it is."""
    status = annotation.status(index)
    if status.teaches_whole:
        return "right"
    if status is SliceStatus.REJECTED:
        return "rejected"
    return "dismissed" if annotation.is_dismissed(prediction.run, index) else ""


def _predicted(
    table: SegmentTable, annotation: Annotation, taken: Iterable[int]
) -> tuple[StatusMove, ...]:
    """Unlabelled slices become predicted where a prediction was taken."""
    numbers = table.numbers
    moves = (
        status_move(annotation, index, SliceStatus.PREDICTED, cause="other", segments=numbers)
        for index in taken
        if annotation.status(index) is SliceStatus.UNLABELLED
    )
    return tuple(move for move in moves if move is not None)
