"""Which slices teach, validate, stand between or are left out, and of which case, in words.

The numbers come from `teaching.curriculum` before a training and from its Run afterwards, so both
are said alike, in the window and on the command line.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from segdesk.core.project import Project
from segdesk.core.share import Share

#: Up to so many cases a line names each.
NAMED = 3
#: Up to so many cases a tooltip names each.
LISTED = 24


def as_named(shares: Sequence[Share], project: Project) -> tuple[Share, ...]:
    """The shares with their cases called as the window shows them; one that is gone by its id."""
    titles = {case.id: case.title for case in project.cases}
    return tuple(replace(share, case=titles.get(share.case, share.case)) for share in shares)


def in_a_line(shares: Sequence[Share]) -> str:
    """Each case where they are few, such as "9 slices of case-001 teach, 2 stand between, 3
    validate; case-002, 69 slices, validates"; else sums over the cases."""
    if len(shares) <= NAMED:
        return "; ".join(map(_of_case, shares))
    parts = [
        f"{_slices(sum(counts))} of {_cases(counts)} {words}"
        for counts, words in (
            ([share.teach for share in shares], "teach"),
            ([share.between for share in shares], "stand between"),
            ([share.validate for share in shares], "validate"),
            ([share.test for share in shares], "are kept for the test"),
            ([_left_out(share) for share in shares], "are left out"),
        )
        if sum(counts)
    ]
    return ", ".join(parts)


def in_lines(shares: Sequence[Share]) -> str:
    """A line for each case, up to `LISTED`, under a line with the sums where there are many."""
    lines = [_of_case(share) for share in shares[:LISTED]]
    if len(shares) > NAMED:
        lines.insert(0, in_a_line(shares))
    if len(shares) > LISTED:
        lines.append(f"and {len(shares) - LISTED} more cases")
    return "\n".join(lines)


def _of_case(share: Share) -> str:
    parts = [
        (count, one, many)
        for count, one, many in (
            (share.teach, "teaches", "teach"),
            (share.between, "stands between", "stand between"),
            (share.validate, "validates", "validate"),
            (share.test, "is kept for the test", "are kept for the test"),
        )
        if count
    ]
    if not parts:
        words = share.case
    elif len(parts) == 1:
        count, one, _ = parts[0]
        words = f"{share.case}, {_slices(count)}, {one}"
    else:
        (count, one, many), *others = parts
        words = f"{_slices(count)} of {share.case} {one if count == 1 else many}"
        words += "".join(f", {n} {a if n == 1 else b}" for n, a, b in others)
    reasons = _reasons(share)
    return f"{words} (left out: {reasons})" if reasons else words


def _reasons(share: Share) -> str:
    return ", ".join(
        f"{count} {words}"
        for count, words in (
            (share.in_part, "drawn in part"),
            (share.predicted, "predicted"),
            (share.rejected, "rejected"),
        )
        if count
    )


def _left_out(share: Share) -> int:
    return share.in_part + share.predicted + share.rejected


def _slices(count: int) -> str:
    return "1 slice" if count == 1 else f"{count:,} slices"


def _cases(counts: Sequence[int]) -> str:
    number = sum(count > 0 for count in counts)
    return "1 case" if number == 1 else f"{number} cases"
