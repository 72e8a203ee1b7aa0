"""A scan that was read becomes a case of the project, or leaves no trace.

What changes the project belongs to the Workbench's thread: `join` and `leave` for the window, which
waits for no disk, `take` and `import_scan` for others. `edit_of_labels` may run on a worker.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace

from segdesk.app.files import pooling
from segdesk.app.files.importing import Imported, Request, first_labels, read_in
from segdesk.app.labelling.label_edit import left_out
from segdesk.app.labelling.label_numbers import (
    Legend,
    legend_of,
    new_segments,
    other_names,
    renumbered,
)
from segdesk.app.project.saving import save
from segdesk.app.project.workbench import Workbench
from segdesk.core.case import Case
from segdesk.core.edit import Edit
from segdesk.core.project import Project
from segdesk.core.segment import SegmentTable
from segdesk.errors import ProjectError, SegdeskError
from segdesk.formats.intake import CancelFn, ProgressFn
from segdesk.sentence import Sentence


@dataclass(frozen=True, slots=True, eq=False)
class Joined:
    """A case that has joined the project in memory.

    Parameters
    ----------
    case : as it is there
    before : the project without it
    legend : what its labels show under the project's numbers, or None
    """

    case: Case
    before: Project
    legend: Legend | None


def join(workbench: Workbench, imported: Imported) -> Joined:
    """Bring a read scan into the project, in memory; then `folder.write_index` puts it on disk, on
    any thread, and `edit_of_labels` makes the Edit of its labels. On the Workbench's thread.

    It counts as a scan of the same patient as those with the same voxels or from the same series,
    and shares their pool: see `pooling.place`.

    Raises
    ------
    UsageError
        Where another scan of the patient keeps the case out of the pool that was asked for; the
        project is as it was then.
    """
    before, case = workbench.project, imported.case
    legend, said = None, _twins(before, case)
    if imported.labels is not None:
        # No voxel is looked at here: `edit_of_labels` does that.
        legend = legend_of(before.segments, imported.labels)
        said += legend.notes
        said += other_names(before.segments, legend)
        said += left_out(before.segments, legend.numbers)
    case = replace(case, source=replace(case.source, notes=(*case.source.notes, *said)))
    case = pooling.place(workbench, case)
    workbench.follow_project(workbench.project.with_case(case))
    return Joined(case, before, legend)


def edit_of_labels(imported: Imported, joined: Joined, table: SegmentTable) -> Edit:
    """The Edit that draws the labels of a case that has joined and is on the disk; any thread.

    Parameters
    ----------
    table : the segments now; where others were there when the labels were read, it is made anew
    """
    edit, labels, legend = imported.edit, imported.labels, joined.legend
    if labels is None or edit is None or legend is None:
        return Edit("", joined.case.id)
    now = replace(imported.request, locked=table.locked, segments=frozenset(table.numbers))
    if now != imported.request or legend.moved:
        edit = first_labels(joined.case, renumbered(labels, legend), now)
    return replace(edit, segments=new_segments(table, legend))


def leave(workbench: Workbench, joined: Joined) -> None:
    """Take a case back that the disk refused, and what came to others with it; what else has
    changed meanwhile stays. Its files are `folder.scans.remove`'s, on any thread."""
    was = {case.id: case for case in joined.before.cases}
    cases = tuple(
        replace(case, pool=was[case.id].pool, pool_reasons=was[case.id].pool_reasons)
        if case.id in was and case.pool == joined.case.pool
        else case
        for case in workbench.project.cases
        if case.id != joined.case.id
    )
    workbench.take_back_case(joined.case.id, replace(workbench.project, cases=cases))


def take(workbench: Workbench, imported: Imported) -> Case:
    """Bring a read scan into the project and keep it, for a caller without a window; as `join`.

    Raises
    ------
    ProjectError
        Where the disk refuses. The project is as it was then.
    UsageError
        As `join`.
    """
    before = workbench.project
    try:
        joined = join(workbench, imported)
        workbench.folder.write_index()
        workbench.do(edit_of_labels(imported, joined, workbench.segments))
    except BaseException as error:
        _take_back(workbench, before, imported.case.id, error)
        raise
    return workbench.project.case(joined.case.id)


def import_scan(
    workbench: Workbench,
    request: Request,
    *,
    progress: ProgressFn | None = None,
    cancelled: CancelFn | None = None,
) -> Case:
    """Import one scan and save, on the Workbench's thread: for a caller without a window.

    Returns
    -------
    The new case, or the one that had lost this scan and has it again (`scan_put_back`).

    Raises
    ------
    InputError, ProjectError, UsageError, Cancelled
        The project is as it was then.
    """
    before = workbench.project
    try:
        read = read_in(workbench.folder, before.id, request, progress=progress, cancelled=cancelled)
        if not read.is_back:
            take(workbench, read)
        save(workbench)
    except BaseException as error:
        _take_back(workbench, before, request.case, error)
        raise
    return workbench.project.case(read.case.id)


def _take_back(workbench: Workbench, before: Project, case: str, error: BaseException) -> None:
    """Undo an import that failed; where the disk refuses even this, say that the case is there."""
    try:
        if workbench.project is not before:
            workbench.put_project(before)
    except ProjectError as refused:
        if workbench.folder.scans.is_named(case):
            problem = error if isinstance(error, SegdeskError) else refused
            raise ProjectError(
                Sentence(
                    "{problem} '{case}' is in the project all the same, and whole.",
                    problem=problem.words,
                    case=case,
                )
            ) from error
    workbench.take_back_case(case, before)
    # A disk that refuses even this leaves its files there, which is no harm.
    with suppress(ProjectError):
        workbench.folder.scans.remove(case)


def _twins(project: Project, case: Case) -> tuple[str, ...]:
    """A sentence where the project has the same voxels already."""
    twins = [row.id for row in project.cases if row.fingerprint == case.fingerprint]
    if not twins:
        return ()
    names = ", ".join(twins)
    return (Sentence("The voxels equal those of {names}: the same scan twice?", names=names),)
