"""Commands about scans and masks: import, info, export."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any

import typer

from segdesk.app import exporting, importing, running, saving
from segdesk.app.workbench import Workbench
from segdesk.cli.report import Report, table
from segdesk.core.case import Case
from segdesk.core.split import POOLS, Pool
from segdesk.errors import SegdeskError, UsageError

LABELS_AS: tuple[importing.LabelsAs, ...] = ("auto", "corrected", "predicted")
JSON = typer.Option(False, "--json", help="Print one JSON object on stdout.")
PROJECT = typer.Argument(..., help="The project, NAME.segdesk.")


def add_to(app: typer.Typer) -> None:
    """Add this file's commands."""
    app.command("import")(import_scans)
    app.command("info")(info)
    app.command("export")(export)


def one_of(name: str, value: str, choices: tuple[Any, ...]) -> Any:
    """A value that has to be one of some words.

    Raises
    ------
    UsageError
        Where it is none of them.
    """
    if value not in choices:
        raise UsageError(f"--{name} is '{value}'.", f"Choose one of: {', '.join(choices)}.")
    return value


def open_for_writing(project: Path) -> Workbench:
    """The project, with its journal replayed and cut-off runs closed."""
    workbench = Workbench.open(project)
    try:
        running.recover(workbench)
    except BaseException:
        workbench.close()
        raise
    return workbench


def import_scans(
    project: Path = PROJECT,
    sources: list[str] = typer.Argument(
        ..., help="DICOM folders, image files, folders of PNG, arrays (.npy, .npz:KEY, .h5:/path)."
    ),
    labels: str = typer.Option("", help="A label map on the same grid."),
    labels_as: str = typer.Option("auto", help="auto, corrected or predicted."),
    case: str = typer.Option("", help="Name of the new case; default case-001, case-002, …"),
    series: str = typer.Option("", help="Which volume: a number, a series UID, or all."),
    pool: str = typer.Option("", help="train, validation or test; default: the split decides."),
    as_json: bool = JSON,
) -> None:
    """Import scans; makes the project where there is none."""
    report = Report(as_json=as_json)
    wanted: Pool | None = one_of("pool", pool, POOLS) if pool else None
    kind: importing.LabelsAs = one_of("labels-as", labels_as, LABELS_AS)
    with report.progress() as tell:
        found = importing.survey(sources, progress=tell)
    findings = importing.choose(found, series)
    is_new = not project.exists()
    workbench = Workbench.create(project) if is_new else open_for_writing(project)
    taken: list[Case] = []
    try:
        importing.check_space(project, findings)
        rows = importing.requests(
            workbench, findings, case=case, pool=wanted, labels=labels, labels_as=kind
        )
        with report.progress() as tell:
            for row in rows:
                read = importing.read_in(workbench.folder, workbench.project.id, row, progress=tell)
                importing.take(workbench, read)
                saving.save(workbench)
                taken.append(workbench.project.case(row.case))
    except SegdeskError:
        if is_new and not taken:
            workbench.discard()
        raise
    finally:
        workbench.close()
    for note in found.notes:
        report.say(note)
    for done in taken:
        for note in done.source.notes:
            report.say(f"{done.id}: {note}")
    rows_json = [_case_json(done) for done in taken]
    rows_json[0]["notes"] = [*found.notes, *rows_json[0]["notes"]]
    columns = ("case", "slices", "rows", "columns", "fingerprint")
    report.answer(
        {"project": str(project), "cases": rows_json},
        table=table(
            *columns,
            rows=[(d.id, *d.grid.shape, d.fingerprint[:16]) for d in taken],
        ),
    )


def _case_json(case: Case) -> dict[str, Any]:
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
        "statuses": dict(Counter(status.word for status in case.statuses)),
        "predictions": list(case.predictions),
        "notes": list(case.source.notes),
    }


def info(project: Path = PROJECT, as_json: bool = JSON) -> None:
    """Say what a project holds. Works while the window has it open."""
    report = Report(as_json=as_json)
    workbench = Workbench.open(project, writable=False)
    try:
        value = workbench.project
        cases = [_case_json(case) for case in value.cases]
        for row in cases:
            words = Counter(status.word for status in workbench.statuses(row["case"]))
            row["statuses"] = dict(words)
        for note in workbench.notes:
            report.say(note)
    finally:
        workbench.close()
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
                "seconds": run.seconds,
                "device": run.device,
                "validation": run.validation,
            }
            for run in value.runs
        ],
    }
    rows = [
        (
            row["case"],
            row["slices"],
            f"{row['rows']}×{row['columns']}",
            row["pool"] or "by the split",
            ", ".join(f"{count} {word}" for word, count in row["statuses"].items()),
            ", ".join(row["predictions"]) or "none",
        )
        for row in cases
    ]
    columns = ("case", "slices", "size", "pool", "statuses", "predictions")
    report.answer(fields, table=table(*columns, rows=rows))


def export(
    project: Path = PROJECT,
    file: Path = typer.Argument(..., help="Ends in .nii.gz, .nrrd, .mha or .npy; else a folder."),
    case: str = typer.Option(..., help="Which case."),
    what: str = typer.Option("annotation", help="annotation, prediction or volume."),
    as_json: bool = JSON,
) -> None:
    """Write a mask, a prediction or a scan for other programs, and read it back."""
    report = Report(as_json=as_json)
    chosen: exporting.What = one_of("what", what, exporting.WHATS)
    workbench = Workbench.open(project, writable=False)
    try:
        notes = exporting.export(workbench, case, chosen, file)
    finally:
        workbench.close()
    for note in notes:
        report.say(note)
    report.say(f"Wrote {file}.")
    report.answer({"file": str(file), "case": case, "what": what, "notes": list(notes)})
