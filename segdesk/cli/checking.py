"""The command that looks through a whole project: check."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import typer

from segdesk.cli.projects import JSON, PROJECT
from segdesk.cli.report import Report, table
from segdesk.cli.stopping import asked_to_stop
from segdesk.store.checking import Finding, check

#: A file, disk or project is at fault: as everywhere on the command line.
FAULTY = 3


def add_to(app: typer.Typer) -> None:
    """Add this file's command."""
    app.command("check")(check_project)


def check_project(project: Path = PROJECT, as_json: bool = JSON) -> None:
    """Read all of a project and say what is damaged or missing: file, case and slice.

    Seals and checksums of every file that the project needs, every slice of every scan, the
    journals. Nothing is written; another program may have the project open. Exit code 3 where
    something is wrong.
    """
    report = Report(as_json=as_json)
    with asked_to_stop() as is_asked, report.progress() as tell:
        found = check(project, tell=tell, cancelled=is_asked)
    for finding in found.findings:
        report.say(finding.sentence)
    cases = len(found.project.cases) if found.project is not None else 0
    if found.findings:
        count = len(found.findings)
        report.say(f"{count} {'thing is' if count == 1 else 'things are'} wrong with '{project}'.")
    else:
        report.say(f"All is well: cases {cases}, slices {found.slices}.")
    rows = [(one.file, one.case, _number(one), one.sentence) for one in found.findings]
    report.answer(
        {
            "well": not found.findings,
            "cases": cases,
            "slices": found.slices,
            "findings": [_fields(one) for one in found.findings],
        },
        [table("file", "case", "slice", "what", rows=rows)] if rows else [],
    )
    if found.findings:
        raise typer.Exit(FAULTY)


def _number(finding: Finding) -> str:
    """The slice as people count, from 1."""
    return "" if finding.slice is None else str(finding.slice + 1)


def _fields(finding: Finding) -> dict[str, object]:
    """A finding for scripts; its slice as people count, from 1, or null."""
    slice = None if finding.slice is None else finding.slice + 1
    return {**asdict(finding), "slice": slice}
