"""A training as a value: the `Plan` (every setting) and the `Run` (its lasting record)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from segdesk.core.beginning import Beginning
from segdesk.core.networks import DEFAULT, network
from segdesk.core.refinement import Refinement
from segdesk.core.share import Share
from segdesk.core.volume import Unit, channels
from segdesk.errors import UsageError
from segdesk.sentence import Sentence

#: Why a run ended; "running" while it has not.
Outcome = Literal["running", "finished", "stopped", "crashed"]
#: Type of the features while it learns; its weights are float32 in any.
Precision = Literal["float32", "mixed_bfloat16"]
LONGEST_SIDE = 256
#: Pixels of the longest side of what a network sees; its features of more fill no memory here.
LARGEST_INPUT = 2048


@dataclass(frozen=True, slots=True)
class Plan:
    """Every setting of a training, resolved: no None means "the network's default".

    Parameters
    ----------
    network : id from `core.networks`
    filters : first level's filters, 1 to 256
    size : pixels of the longer side of the training slices, 16 to 1024; 0: their own, up to 256,
        or more where the smallest labelled piece needs it (`learning.working_size`)
    epochs : >= 1, or None without a limit
    max_minutes : > 0 training minutes, or None without a limit
    batch : slices a step, 1 to 256
    rate : first learning rate, > 0
    augmentation : strength 0 (off) to 1
    seed : of the weights, the order and the augmentation
    start_from : run that is fine-tuned, HOME:RUN where it is another project's or a file's; or
        empty
    validates : some slices are kept out and measure; False: all teach, and the run has no figure
    neighbours_mm : the slices that lie about so far below and above are channels beside each slice
        ("2.5-D"); 0: each slice alone
    """

    network: str
    filters: int
    size: int
    epochs: int | None
    max_minutes: float | None
    batch: int
    rate: float
    augmentation: float
    seed: int = 0
    start_from: str = ""
    validates: bool = True
    neighbours_mm: float = 0.0

    def __post_init__(self) -> None:
        network(self.network)
        _within("filters", self.filters, 1, 256)
        if self.size:
            _within("size", self.size, 16, 1024)
        _within("batch", self.batch, 1, 256)
        _within("augmentation", self.augmentation, 0, 1)
        _within("rate", self.rate, 1e-7, 1.0)
        _within("seed", self.seed, 0, 2**31 - 1)
        if self.neighbours_mm:
            _within("neighbours", self.neighbours_mm, 0.1, 50.0)
        if self.epochs is not None:
            _within("epochs", self.epochs, 1, 100_000)
        if self.max_minutes is not None:
            _within("max-minutes", self.max_minutes, 0.01, 60 * 24 * 30)

    @property
    def is_open_ended(self) -> bool:
        return self.epochs is None and self.max_minutes is None

    def channels(self, unit: Unit) -> int:
        """Of what its network sees of a scan: in colour three, and three with neighbours."""
        return 3 if self.neighbours_mm else channels(unit)


def plan_for(
    id: str = DEFAULT,
    *,
    filters: int | None = None,
    size: int = 0,
    epochs: int | None = None,
    max_minutes: float | None = None,
    batch: int | None = None,
    rate: float | None = None,
    augmentation: float | None = None,
    seed: int = 0,
    start_from: str = "",
    validates: bool = True,
    neighbours_mm: float = 0.0,
) -> Plan:
    """A Plan with the network's defaults where nothing was asked for.

    The network's own number of epochs holds only where neither epochs nor minutes are given.

    Raises
    ------
    UsageError
        Where a value is out of range or the network unknown.
    """
    row = network(id)
    if epochs is None and max_minutes is None:
        epochs = row.epochs
    return Plan(
        network=id,
        filters=row.filters if filters is None else filters,
        size=size,
        epochs=epochs,
        max_minutes=max_minutes,
        batch=row.batch if batch is None else batch,
        rate=row.rate if rate is None else rate,
        augmentation=row.augmentation if augmentation is None else augmentation,
        seed=seed,
        start_from=start_from,
        validates=validates,
        neighbours_mm=neighbours_mm,
    )


def _within(name: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise UsageError(
            Sentence(
                "{name} is {value}; it has to lie between {low} and {high}.",
                name=name,
                value=str(value),
                low=str(low),
                high=str(high),
            )
        )


@dataclass(frozen=True, slots=True)
class Epoch:
    """Figures of one epoch. None where there was nothing to measure.

    `dice` and `val_dice` are means over the segments that the truth shows; a segment's voxels are
    added up over the epoch's batches, and over the validation slices. `seconds` counts training
    time since the run started, without the start of the process. `steps` are those since then; 0 in
    records of before they were kept.
    """

    number: int
    seconds: float
    loss: float
    accuracy: float
    rate: float
    dice: float | None = None
    val_loss: float | None = None
    val_accuracy: float | None = None
    val_dice: float | None = None
    steps: int = 0


@dataclass(frozen=True, slots=True)
class Intensities:
    """How stored values become the network's [0, 1]: clipped to (low, high) in values."""

    low: float
    high: float
    unit: Unit


@dataclass(frozen=True, slots=True)
class Run:
    """The record of a training. Append-only while running; the project keeps it.

    Parameters
    ----------
    id : "run-001"
    plan : what was asked for, resolved
    started, ended : seconds since the epoch, UTC; ended 0 while running
    outcome, reason : why it ended, and in a sentence
    train_slices, validation_slices : how many taught and validated
    validation : sentence that says what the validation figure means
    shares : what the slices of each case did, as they were when it started
    segments : (number, name) of the classes after background, in the network's order
    intensities : travel with the model
    pixel_mm : (row, column) pixel size that the network saw, or None without geometry
    input_shape : (rows, columns) that the network was built for
    versions : (name, version) pairs
    device, device_reason : what it ran on, and why in words
    epochs : the curves
    best : number of the epoch whose weights are kept; 0 where none
    labels_seen : (case, digest) of what it learnt and validated from: the first 16 hexadecimal
        digits of the SHA-256 of the slices' numbers and targets, so equal labels have equal ones
    notes : sentences that the trainer said
    parameters : of the network
    nothing_learnt : why its figures say that it learnt nothing; empty where it learnt something
    built_for : (rows, columns) that the network was first built for: how deep it is can depend on
        it; a run that is fine-tuned keeps that of the run that it starts from
    weights_sha256 : of the file of its weights, in hexadecimal digits; empty where there is none
    refinements : what is done to its network's answers, for each segment; empty where nothing is
    resumed : the steps after which it was resumed, having been stopped or cut off
    full_sized_after : the step after which slices had their full size; 0 where they always had
    begun_from : the weights that it was fine-tuned from; None from scratch, and in older records
    precision, xla : how the device took the steps; of a GPU what was tried to be the fastest
    """

    id: str
    plan: Plan
    started: float
    ended: float = 0.0
    outcome: Outcome = "running"
    reason: str = ""
    train_slices: int = 0
    validation_slices: int = 0
    validation: str = ""
    segments: tuple[tuple[int, str], ...] = ()
    intensities: Intensities | None = None
    pixel_mm: tuple[float, float] | None = None
    input_shape: tuple[int, int] = (0, 0)
    versions: tuple[tuple[str, str], ...] = ()
    device: str = ""
    device_reason: str = ""
    epochs: tuple[Epoch, ...] = ()
    best: int = 0
    labels_seen: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()
    parameters: int = 0
    split_seed: int = 0
    seconds: float = 0.0
    nothing_learnt: str = ""
    shares: tuple[Share, ...] = ()
    built_for: tuple[int, int] = (0, 0)
    weights_sha256: str = ""
    refinements: tuple[Refinement, ...] = ()
    resumed: tuple[int, ...] = ()
    full_sized_after: int = 0
    begun_from: Beginning | None = None
    precision: Precision = "float32"
    xla: bool = False

    @property
    def has_weights(self) -> bool:
        """Whether it can predict or be fine-tuned."""
        return self.best > 0

    @property
    def has_learnt(self) -> bool:
        """Whether it may be used without being asked for: it ended by itself or was stopped, and
        its figures say that it learnt something."""
        ended = self.outcome in ("finished", "stopped")
        return ended and self.has_weights and not self.nothing_learnt

    @property
    def best_epoch(self) -> Epoch | None:
        # Epochs are numbered from 1 without a gap, so the place is known; looking is for the rest.
        if 0 < self.best <= len(self.epochs) and self.epochs[self.best - 1].number == self.best:
            return self.epochs[self.best - 1]
        return next((epoch for epoch in self.epochs if epoch.number == self.best), None)

    def going_on(self, step: int, epoch: int) -> Run:
        """The record of a run that goes on after so many steps and whole epochs; what it had done
        after them is done anew."""
        return replace(
            self,
            ended=0.0,
            outcome="running",
            reason="",
            nothing_learnt="",
            epochs=tuple(row for row in self.epochs if row.number <= epoch),
            full_sized_after=self.full_sized_after if self.full_sized_after <= step else 0,
            resumed=(*self.resumed, step),
        )

    def with_epoch(self, epoch: Epoch) -> Run:
        return replace(self, epochs=(*self.epochs, epoch), seconds=epoch.seconds)

    def only_learnt_on(self, before: Run) -> bool:
        """Whether epochs are all that is new since it was like this."""
        return self == replace(before, epochs=self.epochs, seconds=self.seconds)
