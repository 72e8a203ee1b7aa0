"""How a command opens a project, and the words that several commands share."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import typer

from segdesk.app.project import endings
from segdesk.app.project.on_failure import otherwise
from segdesk.app.project.workbench import Workbench
from segdesk.app.runs import cut_off
from segdesk.cli.report import Report
from segdesk.cli.stopping import terminating_is_ctrl_c
from segdesk.errors import ProjectLocked, UsageError
from segdesk.sentence import Sentence

#: A file, disk or project is at fault: as everywhere on the command line.
FAULTY = 3
JSON = typer.Option(False, "--json", help="Print one JSON object on stdout.")
PROJECT = typer.Argument(..., metavar="PROJECT", help="The project, NAME.segdesk.")


def one_of(name: str, value: str, choices: tuple[Any, ...]) -> Any:
    """A value that has to be one of some words.

    Parameters
    ----------
    name : of the option without its dashes, or of an argument, which is written in capitals

    Raises
    ------
    UsageError
        Where it is none of them.
    """
    if value not in choices:
        raise UsageError(
            Sentence(
                "{name} is '{value}'.", name=name if name.isupper() else f"--{name}", value=value
            ),
            Sentence("Choose one of: {choices}.", choices=", ".join(choices)),
        )
    return value


def _say(workbench: Workbench) -> None:
    report = Report(as_json=False)
    for note in workbench.notes:
        report.say(note)


@contextmanager
def reading(project: Path) -> Generator[Workbench, None, None]:
    """The project to look at, with what is said of it; works while another program has it open."""
    workbench = Workbench.open(project, writable=False)
    try:
        _say(workbench)
        yield workbench
    finally:
        workbench.close()


@contextmanager
def changing(project: Path) -> Generator[Workbench, None, None]:
    """The project to change, with its journal replayed and cut-off runs closed, and with what is
    said of it: what a journal has lost is said only to whoever opens the project first."""
    with terminating_is_ctrl_c():
        try:
            workbench = Workbench.open(project)
        except ProjectLocked as error:
            # This command changes it: to read it is no way out.
            raise ProjectLocked(error.sentence, "Close it there and run this again.") from error
        with otherwise(workbench.close):
            cut_off.recover(workbench)
            _say(workbench)
            yield workbench
        workbench.close()


@contextmanager
def making(project: Path) -> Generator[Workbench, None, None]:
    """A new project, which vanishes again where it ends without a case.

    Raises
    ------
    UsageError
        Where its name does not end as a project's.
    """
    check_name(project)
    with terminating_is_ctrl_c():
        workbench = Workbench.create(project)

        def end() -> None:
            if workbench.project.cases:
                workbench.close()
            else:
                workbench.discard()

        with otherwise(end):
            yield workbench
        end()


def check_name(project: Path) -> None:
    """Refuse a name for a new project that the window and the shell would not know as one.

    Raises
    ------
    UsageError
        Where it does not end in .segdesk.
    """
    if project.suffix != endings.FOLDER:
        raise UsageError(
            Sentence(
                "There is no project '{project}', and a new one needs a name that ends in "
                "{ending}.",
                project=str(project),
                ending=endings.FOLDER,
            ),
            Sentence("Call it {name}.", name=f"{project.name or 'NAME'}{endings.FOLDER}"),
        )
