"""Which slices teach, validate, stay out beside these or are left out, and of which case, in words.

The numbers come from `teaching.curriculum` before a training and from its Run afterwards, so both
are said alike, in the window and on the command line.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from segdesk.core.project import Project
from segdesk.core.share import Share
from segdesk.sentence import Sentence

#: Up to so many cases a line names each.
NAMED = 3
#: Up to so many cases a tooltip names each.
LISTED = 24


def as_named(shares: Sequence[Share], project: Project) -> tuple[Share, ...]:
    """The shares with their cases called as the window shows them; one that is gone by its id."""
    titles = {case.id: case.title for case in project.cases}
    return tuple(replace(share, case=titles.get(share.case, share.case)) for share in shares)


def in_a_line(shares: Sequence[Share]) -> str:
    """Each case where they are few, such as "9 slices of case-001 teach, 2 stay out beside those
    that validate, 3 validate; case-002, 69 slices, validates"; else sums over the cases."""
    if len(shares) <= NAMED:
        return Sentence.joined(map(_of_case, shares), "; ")
    rows = [*zip(*map(_counts, shares), strict=True), [_left_out(share) for share in shares]]
    *sums, aside = map(sum, rows)
    said = (*_verbs(*sums), Sentence.counted("is left out", "are left out", aside))
    parts = (
        Sentence(
            "{slices} of {cases} {are}",
            slices=_slices(total),
            cases=Sentence.counted("{n} case", "{n} cases", sum(count > 0 for count in row)),
            are=words,
        )
        for row, words in zip(rows, said, strict=True)
        if (total := sum(row))
    )
    return Sentence.joined(parts, ", ")


def in_short(shares: Sequence[Share]) -> str:
    """How many slices teach and validate, whichever case they are of: "17 teach, 5 validate"."""
    counts = sum(share.teach for share in shares), 0, sum(share.validate for share in shares), 0
    said = zip(counts, _verbs(*counts), strict=True)
    parts = (Sentence("{count} {are}", count=count, are=are) for count, are in said if count)
    return Sentence.joined(parts, ", ")


def in_lines(shares: Sequence[Share]) -> str:
    """A line for each case, up to `LISTED`, under a line with the sums where there are many."""
    lines = [_of_case(share) for share in shares[:LISTED]]
    if len(shares) > NAMED:
        lines.insert(0, in_a_line(shares))
    more = len(shares) - LISTED
    if more > 0:
        lines.append(Sentence.counted("and {n} more case", "and {n} more cases", more))
    return Sentence.joined(lines, "\n")


def _counts(share: Share) -> tuple[int, int, int, int]:
    """Slices that have a part in a training, in the order of `_verbs`."""
    return share.teach, share.between, share.validate, share.test


def _verbs(teach: int, between: int, validate: int, test: int) -> tuple[Sentence, ...]:
    """What is said of so many."""
    return (
        Sentence.counted("teaches", "teach", teach),
        Sentence.counted(
            "stays out beside those that validate",
            "stay out beside those that validate",
            between,
        ),
        Sentence.counted("validates", "validate", validate),
        Sentence.counted("is kept for the test", "are kept for the test", test),
    )


def _of_case(share: Share) -> str:
    counts = _counts(share)
    parts = [(count, are) for count, are in zip(counts, _verbs(*counts), strict=True) if count]
    if not parts:
        words = share.case
    elif len(parts) == 1:
        (slices,) = filter(None, counts)
        (does,) = (does for count, does in zip(counts, _verbs(1, 1, 1, 1), strict=True) if count)
        words = Sentence(
            "{case}, {slices}, {does}", case=share.case, slices=_slices(slices), does=does
        )
    else:
        (count, are), *others = parts
        first = Sentence(
            "{slices} of {case} {are}", slices=_slices(count), case=share.case, are=are
        )
        rest = (Sentence("{count} {are}", count=n, are=are) for n, are in others)
        words = Sentence.joined((first, *rest), ", ")
    reasons = _reasons(share)
    if not reasons:
        return words
    return Sentence("{share} (left out: {reasons})", share=words, reasons=reasons)


def _reasons(share: Share) -> str:
    rows = (
        (
            share.in_part,
            Sentence(
                "{count} drawn in part, where only whole slices validate", count=share.in_part
            ),
        ),
        (share.predicted, Sentence("{count} predicted", count=share.predicted)),
        (share.rejected, Sentence("{count} rejected", count=share.rejected)),
    )
    return Sentence.joined((words for count, words in rows if count), ", ")


def _left_out(share: Share) -> int:
    return share.in_part + share.predicted + share.rejected


def _slices(count: int) -> Sentence:
    return Sentence.counted("{n} slice", "{n} slices", count)
