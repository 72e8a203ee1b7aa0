"""Hypothesis strategies and small makers for the store's tests. Every field is drawn by name."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from segdesk.core.beginning import Beginning
from segdesk.core.box import TILE, Box
from segdesk.core.case import Case, Source
from segdesk.core.edit import Dismissal, Edit, Patch, Planes, SegmentChange, StatusMove
from segdesk.core.grid import IDENTITY, Grid
from segdesk.core.networks import CATALOGUE
from segdesk.core.project import Project
from segdesk.core.refinement import EDGE_WEIGHTS, Refinement
from segdesk.core.run import Epoch, Intensities, Plan, Run
from segdesk.core.run_in_use import RunInUse
from segdesk.core.segment import Segment, SegmentTable
from segdesk.core.share import Share
from segdesk.core.split import POOLS, Split
from segdesk.core.status import SliceStatus
from segdesk.core.window import Window
from segdesk.store.project_folder import ProjectFolder

# What HDF5 texts can hold; what becomes of the rest has a test of its own.
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
names = texts.filter(str.strip)
numbers = st.floats(allow_nan=False, allow_infinity=False)
counts = st.integers(0, 2**40)
sides = st.integers(0, 1056)
ids = st.sampled_from([f"case-{n:03d}" for n in range(1, 6)] + ["Lung.1", "x_y-z"])
run_ids = st.sampled_from([f"run-{n:03d}" for n in range(1, 5)])
pairs = st.lists(st.tuples(texts, texts), max_size=3).map(tuple)
many_texts = st.lists(texts, max_size=3).map(tuple)
statuses = st.sampled_from(SliceStatus)
numbers_of_segments = st.frozensets(st.integers(1, 255), max_size=3)

segments = st.builds(
    Segment,
    number=st.integers(1, 255),
    name=names,
    colour=st.from_regex(r"#[0-9a-f]{6}", fullmatch=True),
    meaning=texts,
    partner=st.integers(0, 255),
    visible=st.booleans(),
    locked=st.booleans(),
)


@st.composite
def grids(draw: st.DrawFn) -> Grid:
    step = st.floats(1e-3, 1e3)
    return Grid(
        shape=draw(st.tuples(*[st.integers(1, 5)] * 3)),
        spacing_mm=draw(st.tuples(step, step, step)),
        origin_mm=draw(st.tuples(numbers, numbers, numbers)),
        direction=draw(st.sampled_from([IDENTITY, (0.0, 1.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, -1.0)])),
        stacked=draw(st.booleans()),
    )


@st.composite
def cases(draw: st.DrawFn, id: str) -> Case:
    grid = draw(grids())
    slices = grid.shape[0]
    marked = st.lists(statuses, min_size=slices, max_size=slices).map(tuple)
    said = st.lists(numbers_of_segments, min_size=slices, max_size=slices).map(tuple)
    generation = draw(st.integers(0, 7))
    return Case(
        id=id,
        grid=grid,
        unit=draw(st.sampled_from(["HU", "raw"])),
        fingerprint=draw(texts),
        stored_min=draw(st.integers(-32768, 32767)),
        stored_max=draw(st.integers(-32768, 32767)),
        source=draw(
            st.builds(
                Source,
                kind=texts,
                tags=pairs,
                notes=many_texts,
                series=texts,
                axes=st.permutations(range(3)).map(tuple),
            )
        ),
        slope=draw(numbers),
        intercept=draw(numbers),
        patient=draw(texts),
        pool=draw(st.none() | st.sampled_from(POOLS)),
        window=draw(st.none() | st.builds(Window, level=numbers, width=st.floats(1e-9, 1e9))),
        statuses=draw(st.just(()) | marked),
        complete=draw(st.just(()) | said),
        generation=generation,
        mask_sha256=f"{generation:064x}" if generation else "",
        predictions=draw(st.lists(run_ids, unique=True, max_size=3).map(tuple)),
        pool_reasons=draw(many_texts),
        name=draw(texts),
    )


plans = st.builds(
    Plan,
    network=st.sampled_from([row.id for row in CATALOGUE]),
    filters=st.integers(1, 256),
    size=st.just(0) | st.integers(16, 1024),
    epochs=st.none() | st.integers(1, 100_000),
    max_minutes=st.none() | st.floats(0.01, 1e4),
    batch=st.integers(1, 256),
    rate=st.floats(1e-7, 1.0),
    augmentation=st.floats(0, 1),
    seed=st.integers(0, 2**31 - 1),
    start_from=texts,
    validates=st.booleans(),
)
epochs = st.builds(
    Epoch,
    number=counts,
    seconds=numbers,
    loss=numbers,
    accuracy=numbers,
    rate=numbers,
    dice=st.none() | numbers,
    val_loss=st.none() | numbers,
    val_accuracy=st.none() | numbers,
    val_dice=st.none() | numbers,
)


shares = st.builds(
    Share,
    case=ids,
    teach=counts,
    validate=counts,
    between=counts,
    test=counts,
    in_part=counts,
    predicted=counts,
    rejected=counts,
)


refinements = st.builds(
    Refinement,
    segment=st.integers(1, 255),
    least_piece=st.floats(0, 1e6),
    fills_holes=st.booleans(),
    edge=st.just(())
    | st.lists(st.floats(-1e6, 1e6), min_size=EDGE_WEIGHTS, max_size=EDGE_WEIGHTS).map(tuple),
    edge_before=st.none() | st.floats(0, 1),
    edge_after=st.none() | st.floats(0, 1),
)


def runs(id: str) -> st.SearchStrategy[Run]:
    return st.builds(
        Run,
        id=st.just(id),
        plan=plans,
        started=numbers,
        ended=numbers,
        outcome=st.sampled_from(["running", "finished", "stopped", "crashed"]),
        reason=texts,
        train_slices=counts,
        validation_slices=counts,
        validation=texts,
        segments=st.lists(st.tuples(st.integers(1, 255), names), max_size=3).map(tuple),
        intensities=st.none()
        | st.builds(Intensities, low=numbers, high=numbers, unit=st.sampled_from(["HU", "raw"])),
        pixel_mm=st.none() | st.tuples(numbers, numbers),
        input_shape=st.tuples(sides, sides),
        versions=pairs,
        device=texts,
        device_reason=texts,
        precision=st.sampled_from(["float32", "mixed_bfloat16"]),
        xla=st.booleans(),
        epochs=st.lists(epochs, max_size=3).map(tuple),
        best=counts,
        labels_seen=pairs,
        notes=many_texts,
        parameters=counts,
        split_seed=counts,
        seconds=numbers,
        nothing_learnt=texts,
        shares=st.lists(shares, max_size=3).map(tuple),
        built_for=st.tuples(sides, sides),
        weights_sha256=texts,
        refinements=st.lists(refinements, max_size=3).map(tuple),
        begun_from=st.none()
        | st.builds(Beginning, home=texts, run=texts, epoch=counts, step=counts, sha256=texts),
    )


in_use = st.builds(
    RunInUse,
    chosen=texts,
    reason=texts,
    figures=st.lists(st.tuples(texts, numbers), max_size=2).map(tuple),
    slices=counts,
    by_hand=texts,
)


@st.composite
def projects(draw: st.DrawFn) -> Project:
    case_ids = draw(st.lists(ids, unique=True, max_size=3))
    own_runs = draw(st.lists(run_ids, unique=True, max_size=2))
    table = draw(st.lists(segments, unique_by=lambda segment: segment.number, max_size=3))
    members = st.lists(st.tuples(texts, st.sampled_from(POOLS)), max_size=3).map(tuple)
    return Project(
        id=draw(texts),
        cases=tuple(draw(cases(id)) for id in case_ids),
        segments=SegmentTable(
            tuple(sorted(table, key=lambda segment: segment.number)), draw(numbers_of_segments)
        ),
        split=draw(st.builds(Split, seed=counts, pools=members)),
        runs=tuple(draw(runs(id)) for id in own_runs),
        settings=draw(pairs),
        in_use=draw(in_use),
    )


@st.composite
def patches(draw: st.DrawFn) -> Patch:
    sides: list[int] = []
    for side, most in zip(TILE, (3, 6, 6), strict=True):
        first = draw(st.integers(0, side))
        at = side * draw(st.integers(0, 1000)) + first
        sides += [at, at + draw(st.integers(0, min(most, side - first)))]
    box = Box(*sides)
    planes = [draw(hnp.arrays(np.uint8, box.shape)) for _ in range(4)]
    return Patch.of(box, Planes(*planes))


any_text = st.text(max_size=12)
moments = st.floats(0, 1e12)
edits = st.builds(
    Edit,
    name=any_text,
    case=any_text,
    group=any_text,
    reader=any_text,
    time=moments,
    patches=st.lists(patches(), max_size=3, unique_by=lambda patch: patch.box.tile).map(tuple),
    statuses=st.lists(
        st.builds(
            StatusMove,
            slice=st.integers(0, 2000),
            before=statuses,
            after=statuses,
            complete_before=numbers_of_segments,
            complete_after=numbers_of_segments,
        ),
        max_size=3,
    ).map(tuple),
    dismissals=st.lists(
        st.builds(
            Dismissal,
            run=any_text,
            slice=st.integers(0, 2000),
            before=st.booleans(),
            after=st.booleans(),
        ),
        max_size=2,
    ).map(tuple),
    segments=st.lists(
        st.builds(SegmentChange, before=st.none() | segments, after=st.none() | segments),
        max_size=2,
    ).map(tuple),
)

GRID = Grid((4, 16, 12), spacing_mm=(2.5, 0.7, 0.7))


def new_case(folder: ProjectFolder, id: str, *, grid: Grid = GRID, seed: int = 0) -> Case:
    """Write a random scan and give the case that describes it."""
    voxels = np.random.default_rng(seed).integers(-1024, 2000, grid.shape, dtype=np.int16)
    facts = folder.scans.write(
        id, grid, unit="HU", slope=1.0, intercept=0.0, patient=id, planes=lambda k: voxels[k]
    )
    return Case(
        id,
        grid,
        "HU",
        facts.fingerprint,
        facts.stored_min,
        facts.stored_max,
        Source("array"),
        patient=id,
    )


def project_with_cases(path: Path, *case_ids: str) -> tuple[ProjectFolder, Project]:
    """A new project with some cases in its index, open for writing."""
    folder = ProjectFolder.create(path)
    project = folder.load().project
    for seed, id in enumerate(case_ids):
        project = project.with_case(new_case(folder, id, seed=seed))
    folder.save_index(project)
    return folder, project
