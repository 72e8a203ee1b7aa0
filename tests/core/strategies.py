"""What Hypothesis draws for the core: grids, masks and Edits that fit them."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from segdesk.core.annotation import Annotation
from segdesk.core.box import Box
from segdesk.core.edit import Dismissal, Edit, Patch, Planes, StatusMove, Voxels
from segdesk.core.grid import Grid
from segdesk.core.status import SliceStatus

SHAPES = st.tuples(st.integers(1, 4), st.integers(1, 6), st.integers(1, 6))
STEPS = st.floats(0.1, 10.0)
PLACES = st.floats(-500.0, 500.0)
STATUSES = st.sampled_from(SliceStatus)
SETS = st.frozensets(st.integers(1, 255), max_size=3)


def planes(shape: tuple[int, ...], *, highest: int = 3) -> st.SearchStrategy[Voxels]:
    return hnp.arrays(np.uint8, shape, elements=st.integers(0, highest))


@st.composite
def directions(draw: st.DrawFn) -> tuple[float, ...]:
    """Orthonormal directions: any rotation, any axis flipped."""
    seed = draw(st.integers(0, 2**32 - 1))
    matrix, _ = np.linalg.qr(np.random.default_rng(seed).normal(size=(3, 3)))
    flips = draw(st.tuples(*[st.sampled_from([-1.0, 1.0])] * 3))
    return tuple(float(number) for number in (matrix * flips).ravel())


@st.composite
def grids(draw: st.DrawFn) -> Grid:
    return Grid(
        draw(SHAPES),
        draw(st.tuples(STEPS, STEPS, STEPS)),
        draw(st.tuples(PLACES, PLACES, PLACES)),
        draw(directions()),
    )


@st.composite
def masks(draw: st.DrawFn) -> Annotation:
    shape = draw(SHAPES)
    statuses = draw(st.tuples(*[STATUSES] * shape[0]))
    dismissed = draw(st.frozensets(st.tuples(st.just("run-001"), st.integers(0, shape[0] - 1))))
    return Annotation(
        Grid(shape),
        labels=draw(planes(shape)),
        provenance=draw(planes(shape)),
        statuses=statuses,
        complete=draw(st.tuples(*[SETS] * shape[0])),
        dismissed=dismissed,
    )


@st.composite
def boxes(draw: st.DrawFn, shape: tuple[int, int, int], first: int = 0) -> Box:
    """Any box of a mask, perhaps empty, from a slice on."""
    slices = sorted(draw(st.tuples(*[st.integers(first, shape[0])] * 2)))
    rows = sorted(draw(st.tuples(st.integers(0, shape[1]), st.integers(0, shape[1]))))
    columns = sorted(draw(st.tuples(st.integers(0, shape[2]), st.integers(0, shape[2]))))
    return Box(*slices, *rows, *columns)


@st.composite
def edits(draw: st.DrawFn, annotation: Annotation) -> Edit:
    """Edits that were made on this annotation, with Patches that share no slice."""
    shape = annotation.grid.shape
    slices = st.lists(st.integers(0, shape[0] - 1), unique=True, max_size=3)
    patches: list[Patch] = []
    first = 0
    for _ in range(draw(st.integers(0, 3))):
        box = draw(boxes(shape, first))
        first = box.slice1
        if not box.slices:
            continue
        labels, provenance = draw(planes(box.shape)), draw(planes(box.shape))
        before = annotation.labels[box.window], annotation.provenance[box.window]
        patches.append(Patch.of(box, Planes(before[0], labels, before[1], provenance)))
    moves = [
        StatusMove(k, annotation.status(k), draw(STATUSES), annotation.complete_for(k), draw(SETS))
        for k in draw(slices)
    ]
    dismissals = [
        Dismissal("run-001", k, annotation.is_dismissed("run-001", k), draw(st.booleans()))
        for k in draw(slices)
    ]
    return Edit(
        "Brush",
        "case-001",
        patches=tuple(patches),
        statuses=tuple(moves),
        dismissals=tuple(dismissals),
    )
