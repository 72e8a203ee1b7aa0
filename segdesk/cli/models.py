"""The command that hands on what a run has learnt: model."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import typer

from segdesk.app.runs import model_export, predicting
from segdesk.cli.projects import JSON, PROJECT, reading
from segdesk.cli.report import Report, table
from segdesk.core.model import Model
from segdesk.core.regular_file import is_there
from segdesk.errors import UsageError
from segdesk.jobs.model_file import SUFFIX
from segdesk.sentence import Sentence


def add_to(app: typer.Typer) -> None:
    """Add this file's command."""
    app.command("model")(model)


def model(
    project: Path = PROJECT,
    file: Path = typer.Argument(..., metavar="FILE", help=f"The new file; ends in {SUFFIX}."),
    run: str = typer.Option("", metavar="RUN", help="Which run; default: the one in use."),
    replace: bool = typer.Option(False, "--replace", help="Replace a file that is there."),
    as_json: bool = JSON,
) -> None:
    """Put what a run has learnt into one file, to begin with in another project.

    'segdesk train OTHER --from FILE' does that. It holds weights and names of segments, no picture,
    no name of a case, and no code.
    """
    report = Report(as_json=as_json)
    if file.suffix.lower() != SUFFIX:
        raise UsageError(
            Sentence("'{path}' does not end in {suffix}.", path=file.name, suffix=SUFFIX),
            "Give it that ending.",
        )
    if is_there(file) and not replace:
        raise UsageError(
            Sentence("There is already something at '{path}'.", path=file.name),
            "Choose another name, or replace it with --replace.",
        )
    with reading(project) as workbench:
        chosen = predicting.run_to_predict(workbench.project, run)
        model_export.export(workbench, chosen, file)
    answer = {"file": str(file), **asdict(Model.of(chosen))}
    rows = [(file.name, chosen.id, chosen.plan.network, chosen.best)]
    report.answer(answer, [table("file", "run", "network", "epoch", rows=rows)])
