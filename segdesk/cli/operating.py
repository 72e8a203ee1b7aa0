"""The command that does to masks what the window's menu does: `apply`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import typer

from segdesk.app.labelling.operations import applying
from segdesk.app.labelling.operations.catalogue import OPERATIONS
from segdesk.app.labelling.operations.operation import Operation
from segdesk.app.labelling.options import Options, Size
from segdesk.app.project.saving import save
from segdesk.app.project.workbench import Workbench
from segdesk.cli.projects import JSON, PROJECT, changing, one_of
from segdesk.cli.report import Report
from segdesk.core import numbers
from segdesk.errors import UsageError
from segdesk.sentence import Sentence

_NAMES = tuple(operation.id for operation in OPERATIONS)
_ON_OR_OFF = {"on": True, "off": False}


def add_to(app: typer.Typer) -> None:
    """Add this file's commands."""
    app.command("apply")(apply)


def apply(
    project: Path = PROJECT,
    operation: str = typer.Argument(
        ..., metavar="OPERATION", help="; ".join(f"{row.id}: {row.words.tip}" for row in OPERATIONS)
    ),
    segment: str = typer.Option(..., metavar="NAME|N", help="The segment that it is about."),
    case: list[str] = typer.Option(
        [], metavar="NAME", help="Only this case; may be given several times. Default: all."
    ),
    set: list[str] = typer.Option(
        [],
        metavar="OPTION=VALUE",
        help="An option of the operation; may be given several times. "
        + "; ".join(f"{option.id} ({option.tip})" for row in OPERATIONS for option in row.options),
    ),
    as_json: bool = JSON,
) -> None:
    """Change masks without a hand, as the window's menu does, and save.

    Locked segments and what a hand has drawn stay as they are; the window can undo it.
    """
    report = Report(as_json=as_json)
    one_of("OPERATION", operation, _NAMES)
    wanted = OPERATIONS[_NAMES.index(operation)]
    options = _options(wanted, set)
    rows: list[dict[str, object]] = []
    with changing(project) as workbench:
        number = _number(workbench, segment)
        for id in _cases(workbench, case):
            with report.progress() as tell:
                edit = applying.apply(
                    workbench,
                    wanted,
                    id,
                    segment=number,
                    options=options,
                    progress=lambda done, total: tell(wanted.words.name, done, total),
                )
            voxels, slices = (0, 0) if edit is None else (edit.changed, len(edit.slices))
            report.say(f"{id}: {voxels:,} voxels on {slices} slices.")
            rows.append({"case": id, "voxels": voxels, "slices": slices})
        save(workbench)
    report.answer({"operation": operation, "segment": number, "cases": rows})


def _cases(workbench: Workbench, asked: Sequence[str]) -> list[str]:
    known = [row.id for row in workbench.project.cases]
    for id in asked:
        one_of("case", id, tuple(known))
    return list(asked) or known


def _number(workbench: Workbench, asked: str) -> int:
    """The segment of a name or a number.

    Raises
    ------
    UsageError
        Where there is none, or several have the name.
    """
    found = [row.number for row in workbench.segments if asked in (row.name, str(row.number))]
    if len(found) != 1:
        names = ", ".join(f"{row.number} {row.name}" for row in workbench.segments)
        said = (
            Sentence("There are several segments '{name}'.", name=asked)
            if found
            else Sentence("There is no segment '{name}'.", name=asked)
        )
        raise UsageError(said, Sentence("Give one number of: {names}.", names=names))
    return found[0]


def _options(operation: Operation, asked: Sequence[str]) -> Options:
    """Options as they were typed.

    Raises
    ------
    UsageError
        Where there is none of that name, or its value cannot be read.
    """
    known = {option.id: option for option in operation.options}
    options = Options()
    for text in asked:
        id, _, value = text.partition("=")
        one_of("set", id, tuple(known))
        option = known[id]
        if isinstance(option, Size):
            options = options.changed(option, numbers.decimal(value))
        else:
            options = options.changed(option, _ON_OR_OFF[one_of(f"set {id}", value, ("on", "off"))])
    return options
