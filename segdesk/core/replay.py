"""Which of a row of Edits a mask lacks.

The row leads from one state of a mask to a newer one; the mask at hand may be any state on the way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from segdesk.core.annotation import Annotation
from segdesk.core.edit import Edit


@dataclass(frozen=True, slots=True)
class Lacking:
    """What would have to be done to a mask.

    Parameters
    ----------
    edits : the end of the row that it lacks, in order; changes of segments left out
    is_all : whether that is known to be all it lacks: the step before it is in the mask, or, where
        it lacks no end, the whole row
    hidden : steps before `edits` that the mask shows nothing of, in order: they cannot be done on
        it, because something before them is missing
    """

    edits: tuple[Edit, ...]
    is_all: bool
    hidden: tuple[Edit, ...] = ()


def lacking(mask: Annotation, steps: Sequence[Edit]) -> Lacking:
    """What of a row a mask lacks: the longest end of which each fits on the one before it.

    All ends that fit lead to the same, so the longest is right whichever of them the mask lacks.

    Parameters
    ----------
    mask : the same when this returns
    steps : of one case, in order
    """
    steps = [replace(edit, segments=()) for edit in steps]
    steps = [edit for edit in steps if not edit.is_empty]
    for start in range(len(steps)):
        if _fit(mask, steps[start:]):
            before, end = steps[:start], tuple(steps[start:])
            changes = not _changes_nothing(mask, end)
            # An end of other slices fits too where the step before it is missing.
            is_all = count_in(mask, before[-1:]) > 0 if before else not changes
            hidden = () if is_all else _hidden(mask, before)
            return Lacking(_without_undone(end) if changes else (), is_all, hidden)
    is_all = bool(steps) and count_in(mask, steps) == len(steps)
    return Lacking((), is_all, () if is_all else _hidden(mask, steps))


def count_in(mask: Annotation, steps: Sequence[Edit]) -> int:
    """How many of the last steps of a row are in a mask already, each on the one before it.

    Costs what it gives, however long the row is.

    Parameters
    ----------
    mask : the same when this returns
    steps : of one case, in order
    """
    taken = list[Edit]()
    try:
        for step in reversed(steps):
            step = replace(step, segments=())
            mask.apply(step.inverse())
            taken.append(step)
    except ValueError:
        pass
    finally:
        for step in reversed(taken):
            mask.apply(step)
    return len(taken)


def _hidden(mask: Annotation, steps: Sequence[Edit]) -> tuple[Edit, ...]:
    """Steps that cannot be taken back from a mask, those behind them having been where they can."""
    taken, hidden = list[Edit](), list[Edit]()
    for step in reversed(steps):
        try:
            mask.apply(step.inverse())
        except ValueError:
            hidden.append(step)
        else:
            taken.append(step)
    for step in reversed(taken):
        mask.apply(step)
    return tuple(reversed(hidden))


def _without_undone(steps: Sequence[Edit]) -> tuple[Edit, ...]:
    """The same without what was taken back right after it."""
    left: list[Edit] = []
    for edit in steps:
        if left and edit.kind == "undo" and _takes_back(edit, left[-1]):
            left.pop()
        else:
            left.append(edit)
    return tuple(left)


def _takes_back(undo: Edit, edit: Edit) -> bool:
    back = edit.inverse()
    return (undo.patches, undo.statuses, undo.dismissals) == (
        back.patches,
        back.statuses,
        back.dismissals,
    )


def _changes_nothing(mask: Annotation, steps: Sequence[Edit]) -> bool:
    """Whether steps that fit lead back to where they begin."""
    slices = sorted({index for edit in steps for index in edit.slices})
    before = _state(mask, slices)
    for edit in steps:
        mask.apply(edit)
    after = _state(mask, slices)
    for edit in reversed(steps):
        mask.apply(edit.inverse())
    return before == after


def _state(mask: Annotation, slices: Sequence[int]) -> tuple[object, ...]:
    voxels = [(mask.labels[at].tobytes(), mask.provenance[at].tobytes()) for at in slices]
    return voxels, mask.statuses, mask.complete, mask.dismissed


def _fit(mask: Annotation, steps: Sequence[Edit]) -> bool:
    """Whether all of these can be done on a mask, which is left as it was."""
    done: list[Edit] = []
    try:
        for edit in steps:
            mask.apply(edit)
            done.append(edit)
    except ValueError:
        return False
    finally:
        for edit in reversed(done):
            mask.apply(edit.inverse())
    return True
