"""Commands about scans and masks: import, info, export."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import typer
from rich.table import Table

from segdesk.app.files import exporting, importing, joining, scan_put_back
from segdesk.app.files.importing import Request
from segdesk.app.project.saving import save
from segdesk.app.project.workbench import Workbench
from segdesk.app.runs.run_in_use import said_of
from segdesk.cli.projects import JSON, PROJECT, changing, check_name, making, one_of, reading
from segdesk.cli.report import Report, figure, table
from segdesk.core.case import Case
from segdesk.core.project import Project
from segdesk.core.regular_file import is_there
from segdesk.core.small_pieces import Counts
from segdesk.core.split import POOLS, Pool
from segdesk.core.status import SliceStatus
from segdesk.errors import InputError, ProjectError, UsageError
from segdesk.sentence import Sentence

#: What --unit may be, and what that is.
UNITS: dict[str, importing.UnitChoice] = {"hu": "HU", "raw": "raw"}
LABELS_AS: tuple[importing.LabelsAs, ...] = ("auto", "corrected", "predicted")


def add_to(app: typer.Typer) -> None:
    """Add this file's commands."""
    app.command("import")(import_scans)
    app.command("info")(info)
    app.command("export")(export)


def import_scans(
    project: Path = PROJECT,
    sources: list[str] = typer.Argument(
        ...,
        metavar="SOURCE",
        help="DICOM folders, image files (.nii.gz, .nrrd, .mha, .tif), folders of PNG, arrays "
        "(.npy, .npz:KEY, .h5:/path).",
    ),
    labels: str = typer.Option(
        "", metavar="FILE", help="A label map on the same grid; its numbers become segments."
    ),
    labels_as: str = typer.Option(
        "auto",
        metavar="WORD",
        help="What its slices become. auto: corrected where there is foreground, the others stay "
        "unlabelled; corrected or predicted: all of them.",
    ),
    case: str = typer.Option(
        "",
        metavar="NAME",
        help="Name of the new case, or of the one whose damaged scan is put back; default "
        "case-001, case-002, …",
    ),
    series: str = typer.Option(
        "",
        metavar="N|UID|all",
        help="Which volume, where there are several: its number, its series UID, or all.",
    ),
    pool: str = typer.Option(
        "", metavar="POOL", help="train, validation or test; default: the split decides."
    ),
    unit: str = typer.Option(
        "",
        metavar="WORD",
        help="hu or raw: what the numbers are, where a file does not say it; default: as their "
        "peaks tell, and refused where they don't.",
    ),
    as_scan: bool = typer.Option(
        False, "--as-scan", help="Import as a scan even what looks like a mask."
    ),
    as_json: bool = JSON,
) -> None:
    """Import scans; makes the project where there is none.

    The scan of a case that is damaged or missing is put back by importing the same scan again:
    its mask and statuses stay.
    """
    report = Report(as_json=as_json)
    values = UNITS[one_of("unit", unit, tuple(UNITS))] if unit else ""
    wanted: Pool | None = one_of("pool", pool, POOLS) if pool else None
    kind: importing.LabelsAs = one_of("labels-as", labels_as, LABELS_AS)
    if kind != "auto" and not labels:
        raise UsageError("--labels-as says what labels become.", "Name them with --labels FILE.")
    importing.check_name(case)
    is_new = not is_there(project)
    if is_new:
        check_name(project)
    with report.progress() as tell:
        found = importing.survey(sources, progress=tell)
    for problem in found.refused:
        report.say(Sentence("Left out: {problem}", problem=problem.named_refusal))
    for note in found.notes:
        report.say(note)
    findings = importing.choose(found, series)
    with making(project) if is_new else changing(project) as workbench:
        importing.check_space(workbench.folder.path, findings)
        back = case if len(findings) == 1 and scan_put_back.lacks_its_scan(workbench, case) else ""
        rows = importing.requests(
            workbench,
            findings,
            case="" if back else case,
            pool=wanted,
            labels=labels,
            labels_as=kind,
            unit=values,
            is_scan=as_scan,
        )
        rows = [replace(row, back=back) for row in rows]
        taken = _import_each(workbench, rows, report)
    rows_json = [_case_json(done, done.statuses) for done in taken]
    rows_json[0]["notes"] = [*found.notes, *rows_json[0]["notes"]]
    fields = {
        "project": str(project),
        "cases": rows_json,
        "refused": [problem.refusal for problem in found.refused],
    }
    columns = ("case", "slices", "rows", "columns", "fingerprint")
    shown = [(done.id, *done.grid.shape, done.fingerprint[:16]) for done in taken]
    report.answer(fields, [table(*columns, rows=shown)])


def _import_each(workbench: Workbench, rows: Sequence[Request], report: Report) -> tuple[Case, ...]:
    """Import one after the other; a file at fault does not hold up the others.

    Raises
    ------
    InputError, UsageError
        At the end, where some were not imported.
    """
    taken: list[Case] = []
    failed: list[tuple[Request, InputError | UsageError]] = []
    for row in rows:
        try:
            with report.progress() as tell:
                done = joining.import_scan(workbench, row, progress=tell)
        except (InputError, UsageError) as error:
            failed.append((row, error))
            continue
        if done.id != row.case:
            _say_put_back(workbench, done.id, row, report)
            taken.append(workbench.project.case(done.id))
            continue
        taken.append(done)
        for note in done.source.notes:
            report.say(f"{done.id}: {note}")
        if row.labels:
            counts = Counter(status.word for status in done.statuses)
            said = ", ".join(f"{count} {word}" for word, count in counts.items())
            report.say(f"{done.id}: after its labels {said}.")
    if failed:
        raise _one_error(failed, taken)
    return tuple(taken)


def _say_put_back(workbench: Workbench, case: str, row: Request, report: Report) -> None:
    report.say(scan_put_back.said_of(case, row))
    try:
        said = scan_put_back.bring_back(workbench, case)
    except ProjectError as error:
        # The mask is another thing.
        said = error.words
    else:
        save(workbench)
    if said:
        report.say(f"{case}: {said}")


def _one_error(
    failed: Sequence[tuple[Request, InputError | UsageError]], taken: Sequence[Case]
) -> InputError | UsageError:
    """Why some scans did not come in, as one error."""
    request, error = failed[0]
    if len(failed) == 1 and not taken:
        return error
    which = importing.describe(request.finding)
    count = len(failed) + len(taken)
    more = Sentence("And {n} more.", n=len(failed) - 1) if len(failed) > 1 else ""
    ids = ", ".join(case.id for case in taken)
    kept = Sentence("{cases} came in.", cases=ids) if taken else ""
    return InputError(
        Sentence(
            "{n} of {all} scans could not be imported: {which}. {why}",
            n=len(failed),
            all=count,
            which=which,
            why=error.sentence,
        ),
        Sentence.joined((error.hint, more, kept)),
    )


def _case_json(case: Case, statuses: Sequence[SliceStatus]) -> dict[str, Any]:
    slices, rows, columns = case.grid.shape
    return {
        "case": case.id,
        "slices": slices,
        "rows": rows,
        "columns": columns,
        "stacked": case.grid.stacked,
        "spacing_mm": list(case.grid.spacing_mm),
        "origin_mm": list(case.grid.origin_mm),
        "direction": list(case.grid.direction),
        "unit": case.unit,
        "slope": case.slope,
        "intercept": case.intercept,
        "hu_min": case.stored_min * case.slope + case.intercept,
        "hu_max": case.stored_max * case.slope + case.intercept,
        "fingerprint": case.fingerprint,
        "pool": case.pool,
        "statuses": dict(Counter(status.word for status in statuses)),
        "predictions": list(case.predictions),
        "notes": list(case.source.notes),
    }


def left_out_json(workbench: Workbench, case: Case, counts: Counts) -> list[dict[str, Any]]:
    """What a prediction leaves out because it is small: segment, name, voxels, mL."""
    table = workbench.segments
    return [
        {
            "segment": number,
            "name": table[number].name,
            "voxels": count,
            "ml": count * case.grid.voxel_ml if case.grid.stacked else None,
        }
        for number, count in counts
        if number in table
    ]


def _left_out(workbench: Workbench, case: Case) -> Counts:
    """What the rule of pieces left out of the prediction that is shown; nothing where that cannot
    be read, which 'check' says."""
    run = workbench.predicted_by(case.id)
    if run is None or run not in case.predictions:
        return ()
    try:
        return workbench.folder.runs.left_out(run, case)
    except ProjectError:
        return ()


def left_out_words(rows: Sequence[dict[str, Any]]) -> str:
    """The same in a cell of a table."""
    return ", ".join(
        f"{row['name']} {row['voxels']} voxels"
        if row["ml"] is None
        else f"{row['name']} {row['ml']:.2f} mL"
        for row in rows
    )


def info(project: Path = PROJECT, as_json: bool = JSON) -> None:
    """Say what a project holds. Works while the window has it open."""
    report = Report(as_json=as_json)
    with reading(project) as workbench:
        value = workbench.project
        cases = [
            {
                **_case_json(case, workbench.statuses(case.id)),
                "left_out": left_out_json(workbench, case, _left_out(workbench, case)),
            }
            for case in value.cases
        ]
    fields = {
        "project": str(project),
        "cases": cases,
        "segments": [asdict(segment) for segment in value.segments],
        "split": {"seed": value.split.seed, "pools": dict(value.split.pools)},
        "runs": [
            {
                "run": run.id,
                "network": run.plan.network,
                "outcome": run.outcome,
                "reason": run.reason,
                "epochs": len(run.epochs),
                "best": run.best,
                "learnt": run.has_learnt,
                "seconds": run.seconds,
                "device": run.device,
                "validation": run.validation,
            }
            for run in value.runs
        ],
        "in_use": {"run": value.in_use.run, "why": said_of(value), **asdict(value.in_use)},
        "notes": list(workbench.notes),
    }
    for case in value.cases:
        for note in case.source.notes:
            report.say(f"{case.id}: {note}")
    if value.runs:
        report.say(said_of(value))
    if not cases:
        report.say("There are no cases yet: segdesk import PROJECT SOURCE… brings them.")
    report.answer(fields, _info_tables(value, cases))


def _drawn(project: Project, id: str) -> str:
    """The pool that the split has drawn for a case; each slice has its own where it stands for
    itself, and a case has none before its first training."""
    case = project.case(id)
    if not case.grid.stacked:
        return "each slice by the split"
    return project.split.pool(case.patient_of(0)) or "not drawn yet"


def _info_tables(project: Project, cases: Sequence[dict[str, Any]]) -> list[Table]:
    """Cases, segments and runs, as far as there are any."""
    tables: list[Table] = []
    if cases:
        columns = ("case", "slices", "size", "pool", "statuses", "predicted by", "left out")
        rows = [
            (
                row["case"],
                row["slices"],
                f"{row['rows']}×{row['columns']}",
                row["pool"] or _drawn(project, row["case"]),
                ", ".join(f"{count} {word}" for word, count in row["statuses"].items()),
                ", ".join(row["predictions"]),
                left_out_words(row["left_out"]),
            )
            for row in cases
        ]
        tables.append(table(*columns, rows=rows))
    if project.segments:
        rows = [(row.number, row.name) for row in project.segments]
        tables.append(table("number", "segment", rows=rows))
    if project.runs:
        columns = ("run", "network", "outcome", "epochs", "best", "seconds", "validation Dice")
        rows = [
            (
                run.id,
                run.plan.network,
                run.outcome,
                len(run.epochs),
                run.best or None,
                round(run.seconds),
                figure(run.best_epoch.val_dice if run.best_epoch else None),
            )
            for run in project.runs
        ]
        tables.append(table(*columns, rows=rows))
    return tables


def export(
    project: Path = PROJECT,
    file: Path = typer.Argument(
        ...,
        metavar="FILE",
        help="Ends in .nii.gz, .nii, .nrrd, .mha or .npy; a name without an ending becomes a "
        "folder of PNG files.",
    ),
    case: str = typer.Option(..., metavar="NAME", help="Which case."),
    what: str = typer.Option(
        "annotation", metavar="WORD", help="annotation, prediction (of the run in use) or volume."
    ),
    as_json: bool = JSON,
) -> None:
    """Write a mask, a prediction or a scan for other programs, and read it back.

    Works while the window has the project open. A file of that name is replaced.
    """
    report = Report(as_json=as_json)
    chosen: exporting.What = one_of("what", what, exporting.WHATS)
    with reading(project) as workbench:
        notes = exporting.export(workbench, case, chosen, file)
        lost = workbench.lost
    for note in notes:
        report.say(note)
    report.say(f"Wrote {file}.")
    notes = (*lost, *notes)
    report.answer({"file": str(file), "case": case, "what": what, "notes": list(notes)})
