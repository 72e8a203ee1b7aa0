"""From an operation to an Edit: what it starts from, and the rules that its proposal goes through.

The window has a worker make the Edit and takes it in piece by piece (`ui.flows.operating`); the
command line does it at once.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from segdesk.app.labelling.editing import PaintRules, moves_of_drawing, propose
from segdesk.app.labelling.operations.operation import Operation, Progress, Snapshot
from segdesk.app.labelling.options import Options
from segdesk.app.labelling.slate import refuse_closed
from segdesk.app.project.workbench import Workbench
from segdesk.core.annotation import Annotation, Provenance
from segdesk.core.edit import Edit
from segdesk.core.segment import SegmentTable


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """An operation that somebody asked for, as of then; a worker may make the Edit of it.

    Parameters
    ----------
    case : id
    annotation : of the case
    table : of the project
    segment : number of the segment that it is about
    on_screen : slices that somebody sees; the others become partial where they were right
    """

    operation: Operation
    options: Options
    case: str
    annotation: Annotation
    table: SegmentTable
    segment: int
    on_screen: Collection[int] = ()


def ask(
    workbench: Workbench,
    operation: Operation,
    case: str,
    *,
    segment: int,
    options: Options,
    on_screen: Collection[int] = (),
) -> Asked:
    """What `edit_of` goes by.

    Raises
    ------
    UsageError
        Where there is no such segment, or it is locked or hidden.
    """
    refuse_closed(workbench.segments, segment)
    workbench.settle()
    annotation = workbench.annotation(case)
    return Asked(operation, options, case, annotation, workbench.segments, segment, on_screen)


def edit_of(asked: Asked, progress: Progress) -> Edit:
    """The Edit of an operation, not done yet: around locked segments and what a hand has drawn.

    Any thread, while nobody changes the mask. Empty where nothing is left to change.

    Raises
    ------
    UsageError
        Where the segment is gone, locked or hidden by now.
    Cancelled
        Where `progress` does.
    """
    refuse_closed(asked.table, asked.segment)
    annotation, name = asked.annotation, asked.operation.words.done
    snapshot = Snapshot(annotation.grid, annotation.labels, asked.segment)
    proposal = asked.operation.run(snapshot, asked.options, progress)
    if proposal is None:
        return Edit(name, asked.case)
    rules = PaintRules(locked=asked.table.locked, over_hand=False)
    box, mask = proposal.solid
    patches = propose(annotation, box, mask, proposal.value, Provenance.TOOL, rules)
    edit = Edit(name, asked.case, patches=patches)
    moves = moves_of_drawing(annotation, edit, asked.on_screen, asked.table.numbers)
    return Edit(name, asked.case, patches=patches, statuses=moves)


def apply(
    workbench: Workbench,
    operation: Operation,
    case: str,
    *,
    segment: int,
    options: Options,
    progress: Progress,
    on_screen: Collection[int] = (),
) -> Edit | None:
    """All of it at once; None where nothing changed.

    Raises
    ------
    UsageError
        As `ask`.
    Cancelled
        Where `progress` does.
    """
    asked = ask(workbench, operation, case, segment=segment, options=options, on_screen=on_screen)
    edit = edit_of(asked, progress)
    if edit.is_empty:
        return None
    workbench.do(edit)
    return edit
