"""A `Project` as HDF5 groups, and back: the layout of project.h5.

    /               format, version, needs, id, generation
    segments/001    number, name, colour, meaning, partner, visible, locked
    segments        spent: numbers that no other segment gets
    cases/ID        order, shape, spacing_mm, …; predictions, pool_reasons; source; what
                    `complete_codec` says of the slices
    split           seed; patients and pools, one row for each patient
    runs/ID         order, started, …; plan, intensities, curves (one column for each figure)
    settings        names and values
    in_use          chosen, by_hand, reason, slices; runs and dice on which it was chosen

What is None is not there. A figure of a curve that was not measured is NaN. `project_file` writes
and reads the whole file; a change here needs a new VERSION and a migration.
"""

from __future__ import annotations

import numpy as np

from segdesk.core.case import AS_STORED, Axes, Case, Source
from segdesk.core.project import Project
from segdesk.core.segment import Segment, SegmentTable
from segdesk.core.split import POOLS, Pool, Split
from segdesk.core.window import Window
from segdesk.store.disk.names import checked_id
from segdesk.store.parts.complete_codec import put_slices, slices_of
from segdesk.store.parts.hdf5 import Group, NewGroup
from segdesk.store.parts.run_codec import decode_in_use, decode_run, encode_in_use, encode_run
from segdesk.store.parts.value_codec import UNITS, grid_of, one_of, pairs_of, put_grid, put_pairs


def encode(project: Project, root: NewGroup) -> None:
    """Put a project into the root group of a new file."""
    root.put(id=project.id)
    segments = root.group("segments")
    for segment in project.segments:
        _encode_segment(segment, segments.group(f"{segment.number:03d}"))
    segments.column("spent", np.array(sorted(project.segments.spent), dtype=np.uint8))
    cases = root.group("cases")
    for order, case in enumerate(project.cases):
        _encode_case(case, order, cases.group(checked_id(case.id)))
    split = root.group("split")
    split.put(seed=project.split.seed)
    split.texts("patients", [patient for patient, _ in project.split.pools])
    split.texts("pools", [pool for _, pool in project.split.pools])
    runs = root.group("runs")
    for order, run in enumerate(project.runs):
        group = runs.group(checked_id(run.id, what="run"))
        encode_run(run, order, group)
    put_pairs(root.group("settings"), project.settings)
    encode_in_use(project.in_use, root.group("in_use"))


def link_files(project: Project, root: NewGroup) -> None:
    """Links from what `encode` has put to the other files of the folder, for people with h5py."""
    cases, runs = root.again("cases"), root.again("runs")
    for case in project.cases:
        group = cases.again(case.id)
        group.link_file("volume", f"cases/{case.id}/volume.h5")
        if case.generation:
            group.link_file("annotation", f"cases/{case.id}/annotation-{case.generation}.h5")
    for run in project.runs:
        predicted = runs.again(run.id).group("predictions")
        for case in project.cases:
            if run.id in case.predictions:
                predicted.link_file(case.id, f"runs/{run.id}/predictions/{case.id}.h5")


def decode(root: Group) -> Project:
    """The project of a file.

    Raises
    ------
    ValueError, KeyError, UsageError
        Where the content is not what `encode` writes.
    """
    segments, cases, runs = root.group("segments"), root.group("cases"), root.group("runs")
    split = root.group("split")
    pools = zip(split.texts("patients"), split.texts("pools"), strict=True)
    table = [_decode_segment(segments.group(name)) for name in segments.names()]
    spent = frozenset(segments.column("spent", np.uint8).tolist())
    decoded_cases = [_decode_case(name, cases.group(name)) for name in cases.names()]
    decoded_runs = [decode_run(name, runs.group(name)) for name in runs.names()]
    return Project(
        id=root.text("id"),
        cases=tuple(case for _, case in sorted(decoded_cases, key=lambda pair: pair[0])),
        segments=SegmentTable(tuple(sorted(table, key=lambda segment: segment.number)), spent),
        split=Split(
            split.integer("seed"), tuple((patient, _pool(name)) for patient, name in pools)
        ),
        runs=tuple(run for _, run in sorted(decoded_runs, key=lambda pair: pair[0])),
        settings=pairs_of(root.group("settings")),
        in_use=decode_in_use(root.group("in_use")),
    )


def _encode_segment(segment: Segment, group: NewGroup) -> None:
    group.put(
        number=segment.number,
        name=segment.name,
        colour=segment.colour,
        meaning=segment.meaning,
        partner=segment.partner,
        visible=segment.visible,
        locked=segment.locked,
    )


def _decode_segment(group: Group) -> Segment:
    return Segment(
        number=group.integer("number"),
        name=group.text("name"),
        colour=group.text("colour"),
        meaning=group.text("meaning"),
        partner=group.integer("partner"),
        visible=group.flag("visible"),
        locked=group.flag("locked"),
    )


def _encode_case(case: Case, order: int, group: NewGroup) -> None:
    put_grid(case.grid, group)
    group.put(
        order=order,
        unit=case.unit,
        slope=float(case.slope),
        intercept=float(case.intercept),
        fingerprint=case.fingerprint,
        stored_min=case.stored_min,
        stored_max=case.stored_max,
        patient=case.patient,
        generation=case.generation,
        name=case.name,
    )
    if case.pool is not None:
        group.put(pool=case.pool)
    if case.window is not None:
        group.put(window=(float(case.window.level), float(case.window.width)))
    put_slices(group, case.statuses, case.complete)
    group.texts("predictions", case.predictions)
    group.texts("pool_reasons", case.pool_reasons)
    source = group.group("source")
    source.put(kind=case.source.kind, series=case.source.series)
    source.column("axes", np.array(case.source.axes, dtype=np.uint8))
    put_pairs(source.group("tags"), case.source.tags)
    source.texts("notes", case.source.notes)


def _decode_case(id: str, group: Group) -> tuple[int, Case]:
    source = group.group("source")
    grid = grid_of(group)
    statuses, complete = slices_of(group, grid.shape[0])
    window = None
    if group.has("window"):
        level, width = group.numbers("window")
        window = Window(level, width)
    case = Case(
        id=checked_id(id),
        grid=grid,
        unit=one_of(group.text("unit"), UNITS),
        fingerprint=group.text("fingerprint"),
        stored_min=group.integer("stored_min"),
        stored_max=group.integer("stored_max"),
        source=Source(
            kind=source.text("kind"),
            tags=pairs_of(source.group("tags")),
            notes=source.texts("notes"),
            series=source.text("series"),
            axes=_axes(source.column("axes", np.uint8).tolist()),
        ),
        slope=group.number("slope"),
        intercept=group.number("intercept"),
        patient=group.text("patient"),
        pool=_pool(group.text("pool")) if group.has("pool") else None,
        window=window,
        statuses=statuses,
        complete=complete,
        generation=group.integer("generation"),
        predictions=tuple(checked_id(run, what="run") for run in group.texts("predictions")),
        pool_reasons=group.texts("pool_reasons"),
        name=group.text("name"),
    )
    return group.integer("order"), case


def _axes(axes: list[int]) -> Axes:
    if sorted(axes) != list(AS_STORED):
        raise ValueError(f"expected the axes 0, 1 and 2 in some order, received {axes}")
    return axes[0], axes[1], axes[2]


def _pool(name: str) -> Pool:
    return one_of(name, POOLS)
