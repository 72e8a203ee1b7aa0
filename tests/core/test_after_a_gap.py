"""Edits on a mask that may lack some before them call no slice right."""

from __future__ import annotations

import numpy as np
import pytest

from segdesk.core.after_a_gap import AfterGap
from segdesk.core.annotation import Annotation, Provenance
from segdesk.core.box import Box
from segdesk.core.edit import Edit, Patch, Planes, StatusMove
from segdesk.core.grid import Grid
from segdesk.core.status import NONE, SliceStatus

GRID = Grid((3, 4, 4), (1.0, 1.0, 1.0))
LUNG = frozenset({1})
UNLABELLED, PARTIAL, CORRECTED, VERIFIED, REJECTED = (
    SliceStatus.UNLABELLED,
    SliceStatus.PARTIAL,
    SliceStatus.CORRECTED,
    SliceStatus.VERIFIED,
    SliceStatus.REJECTED,
)


def move(before: SliceStatus, after: SliceStatus, *, had: frozenset[int] = LUNG) -> Edit:
    return Edit("Status", "case-001", statuses=(StatusMove(0, before, after, had, LUNG),))


def paint(mask: Annotation) -> Edit:
    box = Box(0, 1, 0, 4, 0, 4)
    before, said = mask.labels[box.window].copy(), mask.provenance[box.window].copy()
    hand = np.full_like(said, Provenance.HAND)
    planes = Planes(before, np.full_like(before, 1), said, hand)
    return Edit("Brush", "case-001", patches=(Patch.of(box, planes),))


def done(mask: Annotation, *edits: Edit) -> AfterGap:
    unsure = AfterGap(mask)
    for edit in edits:
        mask.apply(unsure.softened(edit))
        unsure.did()
    return unsure


@pytest.mark.parametrize("after", [CORRECTED, VERIFIED])
def test_a_slice_that_is_called_right_ends_as_partial_and_is_named(after: SliceStatus) -> None:
    mask = Annotation(GRID)
    unsure = done(mask, move(UNLABELLED, after, had=NONE))
    assert (mask.status(0), mask.complete_for(0)) == (PARTIAL, NONE)
    assert unsure.words("case-001").endswith("they are partial now: 1.")


def test_what_leads_on_from_there_fits_all_the_same() -> None:
    mask = Annotation(GRID)
    row = move(UNLABELLED, VERIFIED, had=NONE), move(VERIFIED, CORRECTED)
    assert done(mask, *row).slices == {0} and mask.status(0) is PARTIAL
    mask = Annotation(GRID)
    assert done(mask, *row, move(CORRECTED, REJECTED)).slices == set()
    assert mask.status(0) is REJECTED


def test_a_slice_that_was_right_and_is_drawn_on_is_not_any_more() -> None:
    mask = Annotation(GRID, statuses=(CORRECTED,) * 3, complete=(LUNG,) * 3)
    unsure = done(mask, paint(mask), move(CORRECTED, VERIFIED))
    assert mask.statuses == (PARTIAL, CORRECTED, CORRECTED)
    assert unsure.slices == {0} and mask.labels[0].all()


def test_what_does_not_fit_changes_nothing() -> None:
    mask = Annotation(GRID)
    unsure = AfterGap(mask)
    for edit in (move(CORRECTED, VERIFIED), move(REJECTED, PARTIAL)):
        with pytest.raises(ValueError, match="status"):
            mask.apply(unsure.softened(edit))
    assert unsure.slices == set() and mask.status(0) is UNLABELLED
