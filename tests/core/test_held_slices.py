"""Slices of a mask as they were, while strokes go on."""

from __future__ import annotations

import threading
import weakref

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segdesk.core.annotation import Annotation
from segdesk.core.box import Box
from segdesk.core.cutting import cut
from segdesk.core.edit import Edit, Planes
from segdesk.core.grid import Grid
from tests.core.strategies import edits, masks

SHAPE = (40, 128, 128)


@given(st.data(), masks())
def test_held_slices_are_those_of_the_moment_whatever_is_drawn_before_they_are_taken(
    data: st.DataObject, mask: Annotation
) -> None:
    slices = range(mask.grid.shape[0])
    mask.apply(data.draw(edits(mask)))
    labels, provenance = mask.labels.copy(), mask.provenance.copy()
    in_part = data.draw(st.sets(st.sampled_from(slices)))
    held = mask.hold(slices, with_provenance=in_part)
    for index in data.draw(st.permutations(slices)):
        mask.apply(data.draw(edits(mask)))
        found, setter = held.take(index)
        np.testing.assert_array_equal(found, labels[index])
        assert (setter is not None) == (index in in_part)
        if setter is not None:
            np.testing.assert_array_equal(setter, provenance[index])


def drawn(mask: Annotation, value: int) -> Edit:
    """All of a mask in one value."""
    box = Box(0, mask.grid.shape[0], 0, mask.grid.shape[1], 0, mask.grid.shape[2])
    after = np.full(mask.grid.shape, value, np.uint8)
    planes = Planes(mask.labels.copy(), after, mask.provenance.copy(), after)
    return Edit("Draw", "case-001", patches=cut(box, planes))


def test_a_worker_takes_slices_while_the_mask_changes_under_it() -> None:
    mask = Annotation(Grid(SHAPE))
    held = mask.hold(range(SHAPE[0]))
    found: list[int] = []
    begun = threading.Event()

    def take() -> None:
        for index in range(SHAPE[0]):
            found.append(int(held.take(index)[0].max()))
            begun.set()

    edit = drawn(mask, 3)
    worker = threading.Thread(target=take)
    worker.start()
    assert begun.wait(30)
    mask.apply(edit)
    worker.join()
    assert found == [0] * SHAPE[0]
    assert mask.labels.min() == 3


def test_a_slice_is_taken_once() -> None:
    mask = Annotation(Grid(SHAPE))
    held = mask.hold([2, 5])
    held.take(2)
    for index in (2, 3):
        with pytest.raises(ValueError, match=f"waits, received {index}"):
            held.take(index)


@pytest.mark.parametrize("how", ["let go", "dropped"])
def test_nothing_of_a_mask_is_kept_for_who_has_let_go(how: str) -> None:
    mask = Annotation(Grid(SHAPE))
    held = mask.hold(range(SHAPE[0]))
    mask.apply(drawn(mask, 3))
    kept, labels = held._kept, weakref.ref(mask.labels.base)
    assert len(kept) == SHAPE[0]
    if how == "let go":
        held.let_go()
        assert not kept
        del mask
    else:
        del held
        assert not list(mask._held)
        del mask
    assert labels() is None
