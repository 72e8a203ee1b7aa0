"""The command that looks through a whole project, and makes a new one of what is left: check."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import typer

from segdesk.cli.projects import FAULTY, JSON, PROJECT, check_name
from segdesk.cli.report import Report, table
from segdesk.cli.stopping import asked_to_stop
from segdesk.store.checking import Finding, check
from segdesk.store.outlook import outlook
from segdesk.store.repairing import Repaired, check_place
from segdesk.store.repairing import repair as make_anew


def add_to(app: typer.Typer) -> None:
    """Add this file's command."""
    app.command("check")(check_project)


def check_project(
    project: Path = PROJECT,
    repair: Path | None = typer.Option(
        None,
        metavar="NEW",
        help="Where something is wrong, make this new project of what can be read.",
    ),
    as_json: bool = JSON,
) -> None:
    """Read all of a project and say what is damaged or missing: file, case and slice.

    Seals and checksums of every file that the project needs, every slice of every scan, the
    journals. Nothing is written; another program may have the project open. Exit code 3 where
    something is wrong.

    --repair makes a new project of the index or the one before it, the files of the cases and the
    journals, and says by name what it could not; the old folder stays as it is. Close the project
    first. Exit code 3 where something was lost, 0 where all was rebuilt or nothing was wrong.
    """
    report = Report(as_json=as_json)
    if repair is not None:
        check_name(repair)
        check_place(repair, project)
    with asked_to_stop() as is_asked, report.progress() as tell:
        found = check(project, tell=tell, cancelled=is_asked)
    cases = len(found.project.cases) if found.project is not None else 0
    if found.findings:
        count = len(found.findings)
        report.say(f"{count} {'thing is' if count == 1 else 'things are'} wrong with '{project}'.")
        for sentence in outlook(project, found) if repair is None else ():
            report.say(sentence)
        if repair is None:
            report.say("With --repair NEW a new project is made of what can be read.")
    else:
        report.say(f"All is well: cases {cases}, slices {found.slices}.")
    rows = [(one.file, one.case, _number(one), one.sentence) for one in found.findings]
    repaired = None
    if repair is not None and found.findings:
        with asked_to_stop() as is_asked, report.progress() as tell:
            repaired = make_anew(project, repair, tell=tell, cancelled=is_asked)
        report.say(f"Made '{repair}': cases {len(repaired.project.cases)}.")
        for sentence in (*repaired.notes, *repaired.lost):
            report.say(sentence)
        report.say(f"What is wrong with '{project}', which stays as it was:")
    elif repair is not None:
        report.say(f"There is nothing to repair: '{repair}' was not made.")
    report.answer(
        {
            "well": not found.findings,
            "cases": cases,
            "slices": found.slices,
            "findings": [_fields(one) for one in found.findings],
            **(_made(repair, repaired) if repair is not None else {}),
        },
        [table("file", "case", "slice", "what", rows=rows)] if rows else [],
    )
    if repaired.lost if repaired is not None else found.findings:
        raise typer.Exit(FAULTY)


def _number(finding: Finding) -> str:
    """The slice as people count, from 1."""
    return "" if finding.slice is None else str(finding.slice + 1)


def _made(target: Path, repaired: Repaired | None) -> dict[str, object]:
    """What a repair gave, for scripts; the project is null where nothing had to be made."""
    if repaired is None:
        return {"repaired": None}
    return {
        "repaired": {
            "project": str(target),
            "cases": [case.id for case in repaired.project.cases],
            "lost": list(repaired.lost),
            "notes": list(repaired.notes),
        }
    }


def _fields(finding: Finding) -> dict[str, object]:
    """A finding for scripts; its slice as people count, from 1, or null."""
    slice = None if finding.slice is None else finding.slice + 1
    return {**asdict(finding), "slice": slice}
