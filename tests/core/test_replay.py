"""What a mask lacks of a row of Edits, and what it has of it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from segdesk.core.annotation import Annotation, Provenance
from segdesk.core.box import Box
from segdesk.core.edit import Edit, Patch, Planes
from segdesk.core.grid import Grid
from segdesk.core.replay import count_in, lacking

GRID = Grid((3, 4, 4), (1.0, 1.0, 1.0))


def paint(mask: Annotation, index: int, value: int) -> Edit:
    """Fill a slice, and give the Edit that did it."""
    box = Box(index, index + 1, 0, 4, 0, 4)
    before, said = mask.labels[box.window].copy(), mask.provenance[box.window].copy()
    hand = np.full_like(said, Provenance.HAND)
    edit = Edit(
        "Fill",
        "case-001",
        patches=(Patch.of(box, Planes(before, np.full_like(before, value), said, hand)),),
    )
    mask.apply(edit)
    return edit


def a_row() -> list[Edit]:
    mask = Annotation(GRID)
    return [paint(mask, 0, 1), paint(mask, 1, 1), paint(mask, 2, 1), paint(mask, 0, 2)]


def with_steps(*steps: Edit) -> Annotation:
    mask = Annotation(GRID)
    for step in steps:
        mask.apply(step)
    return mask


@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_a_mask_on_the_way_lacks_the_rest(count: int) -> None:
    row = a_row()
    found = lacking(with_steps(*row[:count]), row)
    assert (found.edits, found.is_all) == (tuple(row[count:]), count > 0)


def test_a_mask_with_the_whole_row_is_known_to_lack_nothing() -> None:
    row = a_row()
    mask = with_steps(*row)
    before = mask.labels.copy()
    found = lacking(mask, row)
    assert (found.edits, found.is_all) == ((), True)
    assert np.array_equal(mask.labels, before)


def test_a_mask_with_the_last_step_and_not_one_before_it_is_not_called_whole() -> None:
    row = a_row()
    found = lacking(with_steps(row[0], row[2], row[3]), row)
    assert (found.edits, found.is_all) == ((), False)


def test_the_steps_that_are_in_are_counted_from_the_end_at_the_price_of_these_alone() -> None:
    row = a_row()
    mask = with_steps(row[0], row[2], row[3])
    tried = mask.revision
    assert count_in(mask, [*row * 500, *row]) == 2
    assert mask.revision - tried == 4
    assert count_in(mask, [row[0], row[2], row[3]]) == 3
    assert count_in(mask, [row[1]]) == 0


def test_an_end_on_other_slices_is_not_all_where_the_step_before_it_is_not_there() -> None:
    _, second, third, _ = row = a_row()
    again = with_steps(*row[:3])
    over = paint(again, 0, 2)
    elsewhere = paint(again, 1, 2)
    # The mask never had the first: what was painted over it cannot be done.
    mask = with_steps(second, third)
    before = mask.labels.copy()
    assert not lacking(mask, [over, elsewhere]).is_all
    found = lacking(mask, [over, elsewhere])
    assert (found.edits, found.is_all, found.hidden) == ((elsewhere,), False, (over,))
    back = replace(elsewhere.inverse(), kind="undo")
    found = lacking(mask, [over, elsewhere, back])
    assert (found.edits, found.is_all, found.hidden) == ((), False, (over,))
    assert np.array_equal(mask.labels, before)
