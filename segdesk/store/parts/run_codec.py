"""A `Run` as HDF5 groups, and back; `project_codec` puts it under runs/ID, and which of them is in
use under in_use."""

from __future__ import annotations

import math
from dataclasses import asdict, fields
from typing import get_args

import numpy as np

from segdesk.core.beginning import Beginning
from segdesk.core.refinement import EDGE_WEIGHTS, Refinement
from segdesk.core.run import LARGEST_INPUT, Epoch, Intensities, Outcome, Plan, Precision, Run
from segdesk.core.run_in_use import RunInUse
from segdesk.core.share import Share
from segdesk.sentence import Sentence, kept
from segdesk.store.disk.names import checked_id
from segdesk.store.parts.hdf5 import Group, NewGroup
from segdesk.store.parts.value_codec import UNITS, one_of, pairs_of, put_pairs

_OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)
_PRECISIONS: tuple[Precision, ...] = get_args(Precision)
#: What is measured in an epoch, a column of curves each, in the order of `Epoch`; NaN where it was
#: not.
FIGURES = (
    "seconds",
    "loss",
    "accuracy",
    "rate",
    "dice",
    "val_loss",
    "val_accuracy",
    "val_dice",
)
#: Those of them that may not have been measured.
_MEASURED = frozenset({"dice", "val_loss", "val_accuracy", "val_dice"})
#: Columns of the shares: everything of a Share but its case.
_COUNTS = tuple(field.name for field in fields(Share) if field.name != "case")


def encode_run(run: Run, order: int, group: NewGroup) -> None:
    """Put a run into its new group."""
    group.put(
        order=order,
        started=float(run.started),
        ended=float(run.ended),
        outcome=run.outcome,
        reason=kept(run.reason),
        train_slices=run.train_slices,
        validation_slices=run.validation_slices,
        validation=kept(run.validation),
        input_shape=run.input_shape,
        device=kept(run.device),
        device_reason=kept(run.device_reason),
        best=run.best,
        parameters=run.parameters,
        split_seed=run.split_seed,
        seconds=float(run.seconds),
        nothing_learnt=kept(run.nothing_learnt),
        built_for=run.built_for,
        weights_sha256=run.weights_sha256,
    )
    if run.pixel_mm is not None:
        row, column = run.pixel_mm
        group.put(pixel_mm=(float(row), float(column)))
    if run.intensities is not None:
        group.group("intensities").put(
            low=float(run.intensities.low),
            high=float(run.intensities.high),
            unit=run.intensities.unit,
        )
    group.put(has_intensities=run.intensities is not None)
    if run.resumed:
        group.column("resumed", np.array(run.resumed, dtype=np.int64))
    if run.full_sized_after:
        group.put(full_sized_after=run.full_sized_after)
    if run.begun_from is not None:
        group.group("begun_from").put(**asdict(run.begun_from))
    if (run.precision, run.xla) != ("float32", False):
        group.put(precision=run.precision, xla=run.xla)
    group.texts("notes", list(map(kept, run.notes)))
    put_pairs(group.group("versions"), run.versions)
    _put_numbered(group.group("segments"), [(name, number) for number, name in run.segments])
    put_pairs(group.group("labels_seen"), run.labels_seen)
    _encode_shares(run.shares, group.group("shares"))
    if run.refinements:
        _encode_refinements(run.refinements, group.group("refinements"))
    _encode_plan(run.plan, group.group("plan"))
    encode_curves(run.epochs, group.group("curves"))


def decode_run(id: str, group: Group) -> tuple[int, Run]:
    """The place in the project's order, and the run."""
    intensities = None
    if group.flag("has_intensities"):
        kept = group.group("intensities")
        intensities = Intensities(
            kept.number("low"), kept.number("high"), one_of(kept.text("unit"), UNITS)
        )
    pixel_mm = None
    if group.has("pixel_mm"):
        row_mm, column_mm = group.numbers("pixel_mm")
        pixel_mm = (row_mm, column_mm)
    run = Run(
        id=checked_id(id, what="run"),
        plan=_decode_plan(group.group("plan")),
        started=group.number("started"),
        ended=group.number("ended"),
        outcome=one_of(group.text("outcome"), _OUTCOMES),
        reason=Sentence.read(group.text("reason")),
        train_slices=group.integer("train_slices"),
        validation_slices=group.integer("validation_slices"),
        validation=Sentence.read(group.text("validation")),
        segments=tuple((number, name) for name, number in _numbered(group.group("segments"))),
        intensities=intensities,
        pixel_mm=pixel_mm,
        input_shape=_shape(group, "input_shape"),
        versions=pairs_of(group.group("versions")),
        device=Sentence.read(group.text("device")),
        device_reason=Sentence.read(group.text("device_reason")),
        epochs=_decode_curves(group.group("curves")),
        best=group.integer("best"),
        labels_seen=pairs_of(group.group("labels_seen")),
        notes=tuple(map(Sentence.read, group.texts("notes"))),
        parameters=group.integer("parameters"),
        split_seed=group.integer("split_seed"),
        seconds=group.number("seconds"),
        nothing_learnt=Sentence.read(group.text("nothing_learnt")),
        shares=_decode_shares(group.group("shares")),
        built_for=_shape(group, "built_for"),
        weights_sha256=group.text("weights_sha256"),
        refinements=(
            _decode_refinements(group.group("refinements"))
            if group.has_member("refinements")
            else ()
        ),
        resumed=(
            tuple(group.column("resumed", np.int64).tolist()) if group.has_member("resumed") else ()
        ),
        full_sized_after=(
            group.integer("full_sized_after") if group.has("full_sized_after") else 0
        ),
        begun_from=(
            _decode_beginning(group.group("begun_from")) if group.has_member("begun_from") else None
        ),
        precision=(
            one_of(group.text("precision"), _PRECISIONS) if group.has("precision") else "float32"
        ),
        xla=group.flag("xla") if group.has("xla") else False,
    )
    return group.integer("order"), run


def _decode_beginning(group: Group) -> Beginning:
    return Beginning(
        home=group.text("home"),
        run=group.text("run"),
        epoch=group.integer("epoch"),
        step=group.integer("step"),
        sha256=group.text("sha256"),
    )


def _encode_refinements(refinements: tuple[Refinement, ...], group: NewGroup) -> None:
    """A row for each segment; NaN for a Dice that was not measured, a weight that is not used."""
    group.column("segment", np.array([row.segment for row in refinements], np.uint8))
    group.column("least_piece", np.array([row.least_piece for row in refinements], np.float64))
    group.column("fills_holes", np.array([row.fills_holes for row in refinements], np.uint8))
    for name in ("edge_before", "edge_after"):
        figures = [getattr(row, name) for row in refinements]
        group.column(name, np.array([_or_nan(figure) for figure in figures], np.float64))
    for at in range(EDGE_WEIGHTS):
        weights = [row.edge[at] if row.edge else math.nan for row in refinements]
        group.column(f"edge_{at}", np.array(weights, np.float64))


def _decode_refinements(group: Group) -> tuple[Refinement, ...]:
    flags = [group.column(name, np.uint8).tolist() for name in ("segment", "fills_holes")]
    names = ("least_piece", "edge_before", "edge_after")
    figures = [group.column(name, np.float64).tolist() for name in names]
    weights = [group.column(f"edge_{at}", np.float64).tolist() for at in range(EDGE_WEIGHTS)]
    rows: list[Refinement] = []
    for (number, fills), (least, before, after), edge in zip(
        zip(*flags, strict=True),
        zip(*figures, strict=True),
        zip(*weights, strict=True),
        strict=True,
    ):
        if not number or fills not in (0, 1):
            raise ValueError("expected a segment and whether its holes are filled")
        rows.append(
            Refinement(
                number,
                least,
                bool(fills),
                edge=() if all(map(math.isnan, edge)) else edge,
                edge_before=_or_none(before),
                edge_after=_or_none(after),
            )
        )
    return tuple(rows)


def _or_nan(figure: float | None) -> float:
    return math.nan if figure is None else figure


def _or_none(figure: float) -> float | None:
    return None if math.isnan(figure) else figure


def _shape(group: Group, name: str) -> tuple[int, int]:
    rows, columns = group.integers(name)
    if not (0 <= rows <= LARGEST_INPUT and 0 <= columns <= LARGEST_INPUT):
        raise ValueError(f"expected sides of at most {LARGEST_INPUT} in '{name}'")
    return rows, columns


def encode_in_use(in_use: RunInUse, group: NewGroup) -> None:
    """Put which run is in use into its new group."""
    group.put(
        chosen=in_use.chosen,
        by_hand=in_use.by_hand,
        reason=kept(in_use.reason),
        slices=in_use.slices,
    )
    group.texts("runs", [run for run, _ in in_use.figures])
    group.column("dice", np.array([dice for _, dice in in_use.figures], dtype=np.float64))


def decode_in_use(group: Group) -> RunInUse:
    """Which run is in use."""
    dice = [float(figure) for figure in group.column("dice", np.float64)]
    return RunInUse(
        chosen=group.text("chosen"),
        reason=Sentence.read(group.text("reason")),
        figures=tuple(zip(group.texts("runs"), dice, strict=True)),
        slices=group.integer("slices"),
        by_hand=group.text("by_hand"),
    )


def _encode_shares(shares: tuple[Share, ...], group: NewGroup) -> None:
    group.texts("cases", [share.case for share in shares])
    for name in _COUNTS:
        counts = [getattr(share, name) for share in shares]
        group.column(name, np.array(counts, dtype=np.int64))


def _decode_shares(group: Group) -> tuple[Share, ...]:
    cases = group.texts("cases")
    columns = {name: group.column(name, np.int64).tolist() for name in _COUNTS}
    if any(len(column) != len(cases) for column in columns.values()):
        raise ValueError(f"expected {len(cases)} counts in each column of the shares")
    return tuple(
        Share(case, **{name: int(column[row]) for name, column in columns.items()})
        for row, case in enumerate(cases)
    )


def _encode_plan(plan: Plan, group: NewGroup) -> None:
    group.put(
        network=plan.network,
        filters=plan.filters,
        size=plan.size,
        batch=plan.batch,
        rate=float(plan.rate),
        augmentation=float(plan.augmentation),
        seed=plan.seed,
        start_from=plan.start_from,
    )
    if plan.epochs is not None:
        group.put(epochs=plan.epochs)
    if plan.max_minutes is not None:
        group.put(max_minutes=float(plan.max_minutes))
    if not plan.validates:
        group.put(validates=0)
    if plan.neighbours_mm:
        group.put(neighbours_mm=float(plan.neighbours_mm))


def _decode_plan(group: Group) -> Plan:
    return Plan(
        network=group.text("network"),
        filters=group.integer("filters"),
        size=group.integer("size"),
        epochs=group.integer("epochs") if group.has("epochs") else None,
        max_minutes=group.number("max_minutes") if group.has("max_minutes") else None,
        batch=group.integer("batch"),
        rate=group.number("rate"),
        augmentation=group.number("augmentation"),
        seed=group.integer("seed"),
        start_from=group.text("start_from"),
        validates=not group.has("validates") or bool(group.integer("validates")),
        neighbours_mm=group.number("neighbours_mm") if group.has("neighbours_mm") else 0.0,
    )


def encode_curves(epochs: tuple[Epoch, ...], group: NewGroup) -> None:
    """A column for each of `FIGURES`, and the epochs' numbers."""
    group.column("number", np.array([epoch.number for epoch in epochs], dtype=np.int64))
    for name in FIGURES:
        # numpy makes NaN of None where float64 is asked for.
        figures = [getattr(epoch, name) for epoch in epochs]
        group.column(name, np.array(figures, dtype=np.float64))
    if any(epoch.steps for epoch in epochs):
        group.column("steps", np.array([epoch.steps for epoch in epochs], dtype=np.int64))


def _decode_curves(group: Group) -> tuple[Epoch, ...]:
    numbers: list[int] = group.column("number", np.int64).tolist()
    figures = {name: group.column(name, np.float64) for name in FIGURES}
    has_steps = group.has_member("steps")
    steps: list[int] = group.column("steps", np.int64).tolist() if has_steps else [0] * len(numbers)
    if any(len(column) != len(numbers) for column in (steps, *figures.values())):
        raise ValueError(f"expected {len(numbers)} figures in each column of the curves")
    # By columns: a long run has fifty thousand epochs.
    columns = (
        [*map(_or_none, column.tolist())] if name in _MEASURED else column.tolist()
        for name, column in figures.items()
    )
    return tuple(map(Epoch, numbers, *columns, steps))


def _put_numbered(group: NewGroup, rows: list[tuple[str, int]]) -> None:
    group.texts("names", [name for name, _ in rows])
    group.column("numbers", np.array([number for _, number in rows], dtype=np.int64))


def _numbered(group: Group) -> tuple[tuple[str, int], ...]:
    numbers = [int(number) for number in group.column("numbers", np.int64)]
    return tuple(zip(group.texts("names"), numbers, strict=True))
