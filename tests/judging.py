"""Slices of a test's project brought to a status, as a person would."""

from __future__ import annotations

from collections.abc import Mapping

from segdesk.app.project.workbench import Workbench
from segdesk.core.completeness import Cause, status_move
from segdesk.core.edit import Edit
from segdesk.core.status import SliceStatus


def judgement(workbench: Workbench, case: str, statuses: Mapping[int, SliceStatus]) -> Edit:
    """The Edit that brings slices to a status; those that are right, for today's segments."""
    annotation, numbers = workbench.annotation(case), workbench.segments.numbers
    moves = (
        status_move(annotation, index, status, cause=_cause(status), segments=numbers)
        for index, status in statuses.items()
    )
    return Edit("Judge", case, statuses=tuple(move for move in moves if move is not None))


def judge(workbench: Workbench, case: str, statuses: Mapping[int, SliceStatus]) -> None:
    """Bring slices to a status."""
    workbench.do(judgement(workbench, case, statuses))


def _cause(status: SliceStatus) -> Cause:
    return "said right" if status.teaches_whole else "other"
