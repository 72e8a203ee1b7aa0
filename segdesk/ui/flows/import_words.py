"""What is said about an import: why it cannot begin or what it cost, and where its files lie."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from segdesk.app.files import importing
from segdesk.errors import InputError, SegdeskError, UsageError
from segdesk.formats.findings import Finding
from segdesk.sentence import Sentence
from segdesk.ui.look.translations import tr, translated

#: Problems, or cases, that one sentence names; the rest is counted.
MOST_PROBLEMS = 5


def why_no_room(folder: Path, findings: Sequence[Finding]) -> str:
    """Why the volumes have no room on the disk of a folder, or ""."""
    try:
        importing.check_space(folder, findings)
    except InputError as error:
        return translated(error.sentence)
    return ""


def final(error: Exception) -> Exception:
    """What ended a task in the background is no refusal of a press: it is said until it is read."""
    if isinstance(error, UsageError):
        return InputError(error.sentence, error.hint)
    return error


def stopped_words(lost: Sequence[str]) -> str:
    if not lost:
        return tr("The import was stopped; nothing was imported.")
    if len(lost) == 1:
        return tr("The import was stopped; {case} was not imported.", case=lost[0])
    named = ", ".join(lost[:MOST_PROBLEMS])
    if len(lost) > MOST_PROBLEMS:
        return tr(
            "The import was stopped; {cases} and {n} more were not imported.",
            cases=named,
            n=len(lost) - MOST_PROBLEMS,
        )
    return tr("The import was stopped; {cases} were not imported.", cases=named)


def one_error(problems: Sequence[SegdeskError], count: int) -> Exception:
    """Several problems as one sentence and the list of them."""
    if len(problems) == 1:
        return final(problems[0])
    named = "\n".join(translated(problem.words) for problem in problems[:MOST_PROBLEMS])
    more = len(problems) - MOST_PROBLEMS
    if more > 0:
        named += "\n" + tr("and {n} more", n=more)
    return InputError(
        Sentence("{n} of {all} scans were not imported.", n=len(problems), all=count),
        Sentence.of(named),
    )


def source_of(finding: Finding) -> str:
    """What names a finding as a source of labels: a file, an array in it, or a folder."""
    first, *others = finding.files
    if others:
        return str(first.parent)
    return f"{first}:{finding.key}" if finding.key else str(first)
