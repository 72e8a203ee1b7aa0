"""For which segments a slice is complete, and the one maker of every move of status.

A slice that is said to be right is right for the segments that exist at that moment. A segment
that came later is not absent there: nobody has looked for it. What a number in such a set means
is never changed, because a number is never given twice (`core.segment`), so sets may keep the
numbers of segments that are gone.

What follows for a training stands in `app.runs.teaching` and `learning.losses`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from segdesk.core.annotation import Annotation
from segdesk.core.edit import StatusMove
from segdesk.core.status import NONE, Complete, SliceStatus

#: Why a slice moves: a person said that it is right, drew on it, or anything else happened.
Cause = Literal["said right", "drawn", "other"]


def status_move(
    annotation: Annotation,
    index: int,
    after: SliceStatus,
    *,
    cause: Cause,
    segments: Iterable[int],
) -> StatusMove | None:
    """The move of a slice to a status, with what becomes of its completeness.

    Every StatusMove is made here. "Said right" makes the slice complete for the segments that
    exist now. "Drawn" keeps what the slice has; on one that nobody has touched, the background
    that a hand paints counts for the segments that exist now, and for none that comes later. Any
    other move keeps what the slice has. Whatever moves it, an unlabelled or predicted slice is
    complete for none: nothing on it teaches.

    Parameters
    ----------
    annotation : as it is
    index : of the slice
    after : the status that it gets, which may be the one that it has
    segments : numbers of the segments that exist now

    Returns
    -------
    The move; None where neither status nor completeness changes.
    """
    before, had = annotation.status(index), annotation.complete_for(index)
    if cause == "said right":
        has = frozenset(segments)
    elif after in (SliceStatus.UNLABELLED, SliceStatus.PREDICTED):
        has = NONE
    elif cause == "drawn":
        has = had if had or before.teaches else frozenset(segments)
    else:
        has = had
    if (before, had) == (after, has):
        return None
    return StatusMove(index, before, after, had, has)


def not_complete(
    status: SliceStatus, complete: Complete, segments: Iterable[int]
) -> tuple[int, ...]:
    """Segments for which a slice that is said to be right is not complete, ascending.

    Empty for every other status: of those slices nobody has said anything yet.
    """
    if not status.teaches_whole:
        return ()
    return tuple(number for number in sorted(segments) if number not in complete)
