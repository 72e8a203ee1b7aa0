"""From an operation to an Edit: the snapshot before, and the rules after.

An operation itself runs on any thread; these belong to the Workbench's.
"""

from __future__ import annotations

from collections.abc import Collection

from segdesk.app.labelling.editing import Gesture, PaintRules
from segdesk.app.labelling.operations.operation import Operation, Progress, Proposal, Snapshot
from segdesk.app.labelling.options import Options
from segdesk.app.labelling.slate import refuse_closed
from segdesk.app.project.workbench import Workbench
from segdesk.core.annotation import Provenance
from segdesk.core.edit import Edit
from segdesk.errors import UsageError


def snapshot(workbench: Workbench, case: str, segment: int) -> Snapshot:
    """A case as it is now.

    Raises
    ------
    UsageError
        Where there is no such segment, or it is locked or hidden.
    """
    refuse_closed(workbench, segment)
    workbench.settle()
    annotation = workbench.annotation(case)
    labels = annotation.labels.copy()
    labels.flags.writeable = False
    return Snapshot(case, annotation.grid, labels, segment, annotation.revision)


def take(
    workbench: Workbench,
    operation: Operation,
    taken: Snapshot,
    proposal: Proposal | None,
    *,
    on_screen: Collection[int] = (),
) -> Edit | None:
    """Make one Edit of a proposal, around locked segments and what a hand has drawn.

    Parameters
    ----------
    taken : what the operation started from
    on_screen : slices that somebody sees; the others become partial where they were right

    Returns
    -------
    None where nothing is left to change.

    Raises
    ------
    UsageError
        Where the mask was changed meanwhile, or the segment may not be drawn with any more.
    """
    if proposal is None:
        return None
    workbench.settle()
    if workbench.annotation(taken.case).revision != taken.revision:
        raise UsageError(
            "The mask was changed meanwhile, so it stays as it is.", "Do it once more."
        )
    refuse_closed(workbench, proposal.value)
    rules = PaintRules(locked=workbench.segments.locked, over_hand=False)
    gesture = Gesture(workbench, taken.case, operation.words.done, rules=rules, on_screen=on_screen)
    gesture.paint(*proposal.solid, proposal.value, provenance=Provenance.TOOL)
    return gesture.finish()


def apply(
    workbench: Workbench,
    operation: Operation,
    case: str,
    *,
    segment: int,
    options: Options,
    progress: Progress,
) -> Edit | None:
    """All of it at once, for a caller without a window.

    Raises
    ------
    UsageError
        As `snapshot` and `take`.
    Cancelled
        Where `progress` does.
    """
    taken = snapshot(workbench, case, segment)
    return take(workbench, operation, taken, operation.run(taken, options, progress))
