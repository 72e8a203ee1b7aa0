"""Labels from a file into the mask of a case that is in the project: reading, and the Edit."""

from __future__ import annotations

from dataclasses import replace

from segdesk.app.labelling.label_edit import LabelsAs, label_edit, left_out
from segdesk.app.labelling.label_numbers import legend_of, new_segments, other_names, renumbered
from segdesk.app.project.workbench import Workbench
from segdesk.core.annotation import Annotation
from segdesk.core.case import Case
from segdesk.core.edit import Edit
from segdesk.core.segment import SegmentTable
from segdesk.formats.labels import LabelMap, read_labels


def read_label_map(case: Case, source: str) -> LabelMap:
    """Read a label map for a case. May run on a worker.

    Raises
    ------
    InputError
        Where it cannot be read or lies on another grid.
    """
    labels = read_labels(source, case.grid, axes=case.source.axes)
    # Counted here, where nobody waits for it.
    _ = labels.numbers
    return labels


def take_label_map(
    workbench: Workbench, case: str, labels: LabelMap, *, labels_as: LabelsAs = "auto"
) -> tuple[str, ...]:
    """Bring a label map that was read into the case's mask. On the Workbench's thread.

    Returns
    -------
    Its notes.
    """
    workbench.settle()
    edit, notes = map_edit(workbench.annotation(case), case, workbench.segments, labels, labels_as)
    workbench.do(edit)
    return notes


def map_edit(
    annotation: Annotation, case: str, table: SegmentTable, labels: LabelMap, labels_as: LabelsAs
) -> tuple[Edit, tuple[str, ...]]:
    """The Edit of `take_label_map`, not done yet, and its notes. Any thread.

    Parameters
    ----------
    annotation : of the case
    table : of the project
    """
    legend = legend_of(table, labels)
    labels = renumbered(labels, legend)
    notes = (
        *labels.notes,
        *other_names(table, legend),
        *left_out(table, legend.numbers),
    )
    edit = label_edit(
        annotation,
        case,
        labels.labels,
        labels_as,
        segments=frozenset(table.numbers) | legend.numbers,
        locked=table.locked,
    )
    return replace(edit, segments=new_segments(table, legend)), notes
