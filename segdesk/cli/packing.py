"""Commands that carry a whole project in one file: pack, unpack."""

from __future__ import annotations

from pathlib import Path

import typer

from segdesk.app.project import packing, unpacking
from segdesk.cli.projects import FAULTY, JSON, PROJECT, check_name, reading
from segdesk.cli.report import Report
from segdesk.cli.stopping import asked_to_stop
from segdesk.core.regular_file import is_regular
from segdesk.errors import UsageError
from segdesk.sentence import Sentence


def add_to(app: typer.Typer) -> None:
    """Add this file's commands."""
    app.command("pack")(pack)
    app.command("unpack")(unpack)


def pack(
    project: Path = PROJECT,
    file: Path = typer.Argument(..., metavar="FILE", help="The new file; ends in .h5."),
    case: list[str] = typer.Option(
        [], metavar="NAME", help="Only this case; may be given several times."
    ),
    without_case: list[str] = typer.Option(
        [], metavar="NAME", help="Leave this case out; may be given several times."
    ),
    without_run: list[str] = typer.Option(
        [],
        metavar="RUN",
        help="Leave this run out, with its weights and predictions; may be given several times.",
    ),
    replace: bool = typer.Option(False, "--replace", help="Replace a file that is there."),
    as_json: bool = JSON,
) -> None:
    """Put a whole project into one file: scans, masks, predictions, runs, weights.

    'segdesk unpack' gives an equal project back. h5py and MATLAB read the file as it is. Strokes
    that are not saved yet go in as the reader sees them; undo history, logs and what a training
    works with stay out. A case that cannot be read stays out and is named; exit code 3 then.
    """
    report = Report(as_json=as_json)
    if is_regular(file) and not replace:
        raise UsageError(
            Sentence("There is already something at '{path}'.", path=file.name),
            "Choose another name, or replace it with --replace.",
        )
    packing.check_file(file, overwrite=replace)
    with reading(project) as workbench, asked_to_stop() as is_asked:
        wanted = packing.prepare(
            workbench, cases=case, without_cases=without_case, without_runs=without_run
        )
        with report.progress() as tell:
            packed = wanted.write(file, overwrite=replace, tell=tell, cancelled=is_asked)
        for note in packed.notes:
            report.say(note)
        notes = (*workbench.notes, *packed.notes)
    row = packed.contents.project
    size = file.stat().st_size
    report.say(f"Packed {packing.counted(row)} into {file} ({size / 1e6:.1f} MB).")
    fields = {
        "file": str(file),
        "bytes": size,
        "cases": [one.id for one in row.cases],
        "runs": [one.id for one in row.runs],
        "damaged": list(packed.damaged),
        "notes": list(notes),
    }
    report.answer(fields)
    if packed.damaged:
        raise typer.Exit(FAULTY)


def unpack(
    file: Path = typer.Argument(..., metavar="FILE", help="A file that 'segdesk pack' made."),
    project: Path = PROJECT,
    as_json: bool = JSON,
) -> None:
    """Make a project of a packed one, after every byte of the file was checked."""
    report = Report(as_json=as_json)
    check_name(project)
    with asked_to_stop() as is_asked, report.progress() as tell:
        held = unpacking.unpack(file, project, tell=tell, cancelled=is_asked)
    report.say(f"Unpacked {packing.counted(held)} into {project}.")
    fields = {
        "project": str(project),
        "cases": list(held.cases),
        "runs": list(held.runs),
    }
    report.answer(fields)
