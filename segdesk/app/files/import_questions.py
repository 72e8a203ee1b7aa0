"""What only a person can say of a scan that comes in: whether it is in HU, or a mask after all.

`importing` refuses a scan whose questions are open; the window looks first, and asks.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from segdesk.core.grid import Grid
from segdesk.errors import InputError, UsageError
from segdesk.formats.findings import CancelFn, Finding, ProgressFn, check_cancelled
from segdesk.formats.intake import open_scan
from segdesk.formats.scan import Scan
from segdesk.sentence import Sentence

#: The kind of finding that says itself what its numbers are, and is never a mask.
SAYS_ITSELF = "DICOM"
#: As many scans are read before they are imported, to ask at once.
MOST_LOOKED = 4


@dataclass(frozen=True, slots=True)
class Questions:
    """What is open about one scan; each a sentence, or empty.

    Parameters
    ----------
    unit : why its numbers may be HU or not
    mask : why it looks like a mask
    mask_of : ids of the cases on whose grid that lies
    """

    unit: str = ""
    mask: str = ""
    mask_of: tuple[str, ...] = ()


def look(finding: Finding, cases: Sequence[tuple[str, Grid]]) -> Questions:
    """Read a scan and say what is open about it. May run on a worker.

    Parameters
    ----------
    cases : id and grid of those in the project

    Raises
    ------
    InputError
        Where it cannot be read.
    """
    if finding.kind == SAYS_ITSELF:
        return Questions()
    # Nothing is kept of it, so no salt is needed.
    return questions(open_scan(finding, salt=""), finding.description, cases)


def look_all(
    findings: Sequence[Finding],
    cases: Sequence[tuple[str, Grid]],
    *,
    progress: ProgressFn | None = None,
    cancelled: CancelFn | None = None,
) -> tuple[Questions, ...]:
    """What is open about each of some scans. May run on a worker.

    Of more than `MOST_LOOKED` that do not say it themselves none is read: their imports ask.
    """
    open_ones = [row for row in findings if row.kind != SAYS_ITSELF]
    asked: dict[int, Questions] = {}
    for done, finding in enumerate(open_ones if len(open_ones) <= MOST_LOOKED else ()):
        check_cancelled(cancelled)
        # What cannot be read is said when it is imported.
        with suppress(InputError, UsageError):
            asked[id(finding)] = look(finding, cases)
        if progress is not None:
            progress(Sentence("Looking at the values"), done + 1, len(open_ones))
    return tuple(asked.get(id(finding), Questions()) for finding in findings)


def questions(scan: Scan, name: str, cases: Sequence[tuple[str, Grid]]) -> Questions:
    """What is open about an open scan."""
    if not scan.mask:
        return Questions(unit=scan.doubt)
    mask_of = tuple(id for id, grid in cases if grid.agrees_with(scan.grid))
    said = Sentence("{name} looks like a mask: {why}.", name=name, why=scan.mask)
    if mask_of:
        case = _either(mask_of)
        said = Sentence(
            "{name} looks like a mask of {case}: {why}.", name=name, case=case, why=scan.mask
        )
    return Questions(mask=said, mask_of=mask_of)


def check_answered(open_ones: Questions, *, is_scan: bool) -> None:
    """Raise UsageError where a question is open that nobody answered.

    Parameters
    ----------
    is_scan : somebody said that it is a scan, whatever it looks like
    """
    if open_ones.mask and not is_scan:
        raise UsageError(
            Sentence.of(open_ones.mask),
            "Give it as the labels of its scan; or say that it is a scan all the same (--as-scan, "
            "or in the import's dialog).",
        )
    if open_ones.unit:
        raise UsageError(
            Sentence.of(open_ones.unit),
            "Say it: --unit hu or --unit raw, or in the import's dialog.",
        )


def _either(ids: Sequence[str]) -> str:
    *first, last = ids
    return Sentence("{first} or {last}", first=", ".join(first), last=last) if first else last
