"""Scans and labels in: what a source holds, what it needs, and how it becomes a Case.

`survey`, `read_in` and `edit_of_labels` may run on a worker; what changes the project belongs to
the Workbench's thread: `join` and `leave` for the window, which waits for no disk, `take` for
others. What a file means is decided in `formats`, where it lies on disk in `store`.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from segdesk.app.files import pooling
from segdesk.app.files.import_questions import check_answered, questions
from segdesk.app.labelling.label_edit import LabelsAs, label_edit, left_out
from segdesk.app.labelling.label_numbers import (
    Legend,
    legend_of,
    new_segments,
    other_names,
    renumbered,
)
from segdesk.app.project.removing import removed_ids
from segdesk.app.project.saving import save
from segdesk.app.project.workbench import Workbench
from segdesk.core.annotation import Annotation
from segdesk.core.case import Case
from segdesk.core.edit import Edit
from segdesk.core.grid import Grid
from segdesk.core.project import Project
from segdesk.core.segment import SegmentTable
from segdesk.core.split import Pool
from segdesk.core.status import SliceStatus
from segdesk.core.volume import Voxels
from segdesk.errors import ChoiceNeeded, InputError, ProjectError, SegdeskError, UsageError
from segdesk.formats.intake import CancelFn, Finding, ProgressFn, Survey, open_scan
from segdesk.formats.intake import survey as survey_files
from segdesk.formats.labels import LabelMap, read_labels
from segdesk.formats.units import UnitChoice
from segdesk.sentence import Sentence
from segdesk.store.disk.names import checked_id
from segdesk.store.project_folder import ProjectFolder


@dataclass(frozen=True, slots=True)
class Request:
    """One scan to import.

    Parameters
    ----------
    finding : from a survey
    case : id of the new case
    pool : set by hand, or None for the split to decide
    labels : source of a label map, or empty
    labels_as : what the label map's slices become; see `label_edit`
    locked : numbers of the segments that the labels leave as they are
    segments : numbers of the project's segments
    unit : what a person says that the numbers are; "" leaves it to their peaks
    is_scan : a person says that it is a scan, even where it looks like a mask
    cases : id and grid of the project's cases, of which it might be a mask
    back : id of the case that has lost this scan and gets it back, or ""; then nothing else is made
        of it
    """

    finding: Finding
    case: str
    pool: Pool | None = None
    labels: str = ""
    labels_as: LabelsAs = "auto"
    locked: frozenset[int] = frozenset()
    segments: frozenset[int] = frozenset()
    unit: UnitChoice = ""
    is_scan: bool = False
    cases: tuple[tuple[str, Grid], ...] = ()
    back: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Imported:
    """A scan whose volume is on disk, and the Edit that brings its labels (or None).

    Parameters
    ----------
    is_back : it was one that a case of the project had lost, and was put back there: nothing joins
    """

    case: Case
    labels: LabelMap | None
    edit: Edit | None
    request: Request
    is_back: bool = False


def survey(
    sources: Sequence[str | Path],
    *,
    progress: ProgressFn | None = None,
    cancelled: CancelFn | None = None,
) -> Survey:
    """What the sources hold. See `formats.intake.survey`."""
    return survey_files(sources, progress=progress, cancelled=cancelled)


def choose(found: Survey, series: str = "") -> tuple[Finding, ...]:
    """The volumes that a caller without a window means.

    Parameters
    ----------
    series : empty (then there must be one), "all", a number from 1, or a series UID

    Raises
    ------
    ChoiceNeeded
        Where several were found and none was named.
    UsageError
        Where the name fits none.
    """
    volumes = found.volumes
    choices = tuple(f"{at}  {describe(row)}" for at, row in enumerate(volumes, 1))
    if series == "all" or (not series and len(volumes) == 1):
        return volumes
    if not series:
        raise ChoiceNeeded(
            Sentence("There are {count} volumes in this source.", count=len(volumes)),
            "Choose with --series N, --series UID or --series all.",
            choices,
        )
    if series.isdecimal() and 1 <= int(series) <= len(volumes):
        return (volumes[int(series) - 1],)
    named = tuple(row for row in volumes if row.uid and row.uid == series)
    if not named:
        raise UsageError(
            Sentence("No volume is called '{series}' here.", series=series),
            Sentence("There are {count}, numbered from 1.", count=len(volumes)),
        )
    return named


def describe(finding: Finding) -> str:
    """One line for a list: description, kernel, slices, spacing, date."""
    slices, rows, columns = finding.shape
    parts = [finding.description or finding.kind, finding.kernel]
    size = f"{rows}×{columns}"
    parts.append(Sentence.counted("{n} slice of {size}", "{n} slices of {size}", slices, size=size))
    if finding.spacing_mm is not None:
        step, row, column = finding.spacing_mm
        parts.append(f"{step:g} × {row:.3g} × {column:.3g} mm")
    parts.append(finding.date)
    return Sentence.joined(parts, ", ")


def check_name(case: str) -> None:
    """Refuse what cannot be the name of a case; an empty one asks for the next free name.

    Raises
    ------
    UsageError
        Where it is no safe file name.
    """
    if case:
        checked_id(case)


def check_space(folder: Path, findings: Sequence[Finding]) -> int:
    """Bytes that the volumes will need.

    Raises
    ------
    InputError
        Where the disk has not that much room.
    """
    needed = sum(row.nbytes for row in findings)
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise InputError(
            Sentence(
                "The import needs {needed} and the disk of '{folder}' has {free} left.",
                needed=_size(needed),
                folder=str(folder),
                free=_size(free),
            ),
            "Free some space, or import fewer series.",
        )
    return needed


def _size(nbytes: int) -> str:
    return f"{nbytes / 1e9:.1f} GB" if nbytes >= 1e9 else f"{nbytes / 1e6:.1f} MB"


def requests(
    workbench: Workbench,
    findings: Sequence[Finding],
    *,
    case: str = "",
    pool: Pool | None = None,
    labels: str = "",
    labels_as: LabelsAs = "auto",
    unit: UnitChoice = "",
    is_scan: bool = False,
) -> tuple[Request, ...]:
    """A request for each finding, under `case` or the next free names.

    Raises
    ------
    UsageError
        Where a name is taken or cannot be one, or a name or a label map is given for several scans.
    """
    check_name(case)
    if len(findings) > 1 and (case or labels):
        count = len(findings)
        said = (
            Sentence("{count} scans cannot share a name.", count=count)
            if case
            else Sentence("{count} scans cannot share labels.", count=count)
        )
        raise UsageError(said, "Import them one by one.")
    # Ids of imports that failed stay out of use until a save: the journal may still name them.
    taken = {*(row.id for row in workbench.project.cases), *workbench.retired}
    taken |= {*removed_ids(workbench)}
    if case in taken:
        raise UsageError(
            Sentence("There is a case '{case}' already.", case=case), "Choose another name."
        )
    rows: list[Request] = []
    cases = tuple((row.id, row.grid) for row in workbench.project.cases)
    number = 1
    for finding in findings:
        name = case
        while not name or name in taken:
            name, number = f"case-{number:03d}", number + 1
        taken.add(name)
        locked, numbers = workbench.segments.locked, frozenset(workbench.segments.numbers)
        row = Request(finding, name, pool, labels, labels_as, locked, numbers)
        rows.append(replace(row, unit=unit, is_scan=is_scan, cases=cases))
    return tuple(rows)


def read_in(
    folder: ProjectFolder,
    project_id: str,
    request: Request,
    *,
    on_first: Callable[[Voxels, int], None] | None = None,
    progress: ProgressFn | None = None,
    cancelled: CancelFn | None = None,
) -> Imported:
    """Read a scan and its labels and write the volume. May run on a worker.

    Parameters
    ----------
    project_id : salts the patient's hash
    on_first : gets the middle slice as it is stored, and its index, before the rest is read

    Raises
    ------
    InputError, UsageError, Cancelled
        Nothing is left behind then. UsageError also where only a person can say what it is.
    """
    scan = open_scan(request.finding, salt=project_id, unit=request.unit)
    asked = questions(scan, request.finding.description, request.cases)
    check_answered(asked, is_scan=request.is_scan or bool(request.labels))
    slices = scan.grid.shape[0]
    middle = slices // 2
    first = scan.plane(middle)
    if on_first is not None:
        on_first(first, middle)
    labels = None
    if request.labels:
        labels = read_labels(request.labels, scan.grid, axes=scan.source.axes)

    def tell(done: int) -> None:
        if progress is not None:
            progress(Sentence("Importing {case}", case=request.case), done + 1, slices)

    kept = filter(None, [folder.scans.make_room(request.case)])
    # What is true of the scan and of its labels is said once.
    notes = tuple(dict.fromkeys((*scan.source.notes, *(labels.notes if labels else ()), *kept)))
    source = replace(scan.source, notes=notes)
    facts = folder.scans.write(
        request.case,
        scan.grid,
        unit=scan.unit,
        slope=scan.slope,
        intercept=scan.intercept,
        source=source,
        patient=scan.patient,
        pool=request.pool,
        window=scan.window,
        planes=lambda index: first if index == middle else scan.plane(index),
        on_plane=tell,
        cancelled=cancelled,
    )
    case = Case(
        id=request.case,
        grid=scan.grid,
        unit=scan.unit,
        fingerprint=facts.fingerprint,
        stored_min=facts.stored_min,
        stored_max=facts.stored_max,
        source=source,
        slope=scan.slope,
        intercept=scan.intercept,
        patient=scan.patient,
        pool=request.pool,
        window=scan.window,
        statuses=(SliceStatus.UNLABELLED,) * slices,
    )
    try:
        back = folder.scans.put_back(case, only=request.back)
        if request.back and back is None:
            raise InputError(
                Sentence(
                    "This is not the scan of '{case}': its voxels, where they lie or their unit "
                    "are others.",
                    case=request.back,
                ),
                "Import it under another name.",
            )
    except BaseException:
        # Whatever it was, the name of what was written is free for the next try.
        with suppress(ProjectError):
            folder.scans.remove(request.case)
        raise
    if back is not None:
        return Imported(back, None, None, request, is_back=True)
    if labels is None:
        return Imported(case, None, None, request)
    return Imported(case, labels, _first_labels(case, labels, request), request)


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
        edit = _first_labels(joined.case, renumbered(labels, legend), now)
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


def _first_labels(case: Case, labels: LabelMap, request: Request) -> Edit:
    nothing = Annotation(case.grid)
    return label_edit(
        nothing,
        case.id,
        labels.labels,
        request.labels_as,
        segments=request.segments | labels.numbers,
        locked=request.locked,
    )


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
