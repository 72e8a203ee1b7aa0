"""Scans and labels in: what a source holds, what it needs, and how it is read and written.

`survey` and `read_in` may run on a worker. How a scan that was read becomes a case of the project
is `joining`'s. What a file means is decided in `formats`, where it lies on disk in `store`.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from segdesk.app.files.import_questions import check_answered, questions
from segdesk.app.labelling.label_edit import LabelsAs, label_edit
from segdesk.app.project.removing import removed_ids
from segdesk.app.project.workbench import Workbench
from segdesk.core.annotation import Annotation
from segdesk.core.case import Case
from segdesk.core.edit import Edit
from segdesk.core.grid import Grid
from segdesk.core.split import Pool
from segdesk.core.status import SliceStatus
from segdesk.core.volume import Voxels
from segdesk.errors import ChoiceNeeded, InputError, ProjectError, UsageError
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
    return Imported(case, labels, first_labels(case, labels, request), request)


def first_labels(case: Case, labels: LabelMap, request: Request) -> Edit:
    """The Edit that draws the labels of a scan on its new case; any thread."""
    nothing = Annotation(case.grid)
    return label_edit(
        nothing,
        case.id,
        labels.labels,
        request.labels_as,
        segments=request.segments | labels.numbers,
        locked=request.locked,
    )
