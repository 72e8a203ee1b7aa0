"""The trainer's messages, tasks and commands as values. `wire` turns them into lines.

In the order in which a training sends them: hello, started, resumed where it goes on, then step,
full-sized, epoch, proposed, checkpoint and note as they come, judged, refined, then progress and
predicted, and at last finished or failed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from segdesk.core.refinement import Refinement
from segdesk.core.run import Epoch, Outcome, Precision

#: Raised when a message changes its meaning; both ends must agree.
PROTOCOL = 4


@dataclass(frozen=True, slots=True)
class Hello:
    """The child lives. `versions` are (name, version) pairs."""

    protocol: int
    pid: int
    versions: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Started:
    """The network stands and the data are read: the first step comes next.

    `device` is the GPU's name or the CPU, `device_reason` says in words why. `input_shape` is
    (rows, columns), `pixel_mm` (row, column) or None without geometry; `built_for` (rows, columns)
    that the network was first built for, by this run or by one that it goes back to; `precision`
    that of the features, and `xla` whether XLA compiled the steps.
    """

    device: str
    device_reason: str
    parameters: int
    input_shape: tuple[int, int]
    pixel_mm: tuple[float, float] | None
    train_slices: int
    validation_slices: int
    built_for: tuple[int, int]
    precision: Precision = "float32"
    xla: bool = False


@dataclass(frozen=True, slots=True)
class Resumed:
    """The run goes on after so many steps and whole epochs; what it did after them is done anew."""

    step: int
    epoch: int


@dataclass(frozen=True, slots=True)
class FullSized:
    """From the step after so many on, slices have their full size."""

    step: int


@dataclass(frozen=True, slots=True)
class Step:
    """One optimiser step, at most five a second. `seconds` of training so far."""

    epoch: int
    step: int
    steps: int
    loss: float
    seconds: float
    seconds_left: float | None


@dataclass(frozen=True, slots=True)
class EpochDone:
    """An epoch with all its figures."""

    epoch: Epoch


@dataclass(frozen=True, slots=True)
class Proposed:
    """What the network makes of a slice after so many steps: a .npy file, uint8 segment numbers,
    its own (rows, columns). The file goes when some more have come.
    """

    step: int
    case: str
    slice: int
    file: str


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Weights are on disk: the best so far. `sha256` is that of the file, `file` its name.

    `input_shape` and `pixel_mm`, as in Started, are those of the slices that they learnt from: a
    network that begins with slices of half the size is best at that at first. (0, 0) where they are
    Started's own.
    """

    epoch: int
    file: str
    sha256: str
    input_shape: tuple[int, int] = (0, 0)
    pixel_mm: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Note:
    """A sentence for the user.

    Parameters
    ----------
    left_out : id of the case that a training goes on without, or empty
    """

    sentence: str
    left_out: str = ""


@dataclass(frozen=True, slots=True)
class Judged:
    """The training is over and its best weights are on disk: what they are worth.

    Parameters
    ----------
    nothing_learnt : why its figures say that it learnt nothing, or empty
    slices : that validate
    dice : of the best weights on them; None where none shows a segment
    rival : id of the bundle's rival, or empty
    rival_dice : of the rival on the same slices; None where it was not measured
    rival_problem : why it cannot be measured at all, or empty
    """

    nothing_learnt: str
    slices: int
    dice: float | None
    rival: str = ""
    rival_dice: float | None = None
    rival_problem: str = ""


@dataclass(frozen=True, slots=True)
class Refined:
    """What is done from now on to the answers of the kept weights, for each segment."""

    refinements: tuple[Refinement, ...]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the prediction of a case is, in slices."""

    case: str
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Predicted:
    """A case is predicted: .npy files, uint8, (slices, rows, columns).

    `left_out_file` has the segment numbers of the pieces that were left out, which are background
    in the labels; empty where none were.
    """

    case: str
    labels_file: str
    probability_file: str
    left_out_file: str = ""


@dataclass(frozen=True, slots=True)
class Finished:
    """The job ended as it should. `best` is the epoch whose weights are kept, 0 for none."""

    outcome: Outcome
    reason: str
    best: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Failed:
    """The job ended with an error that a person can read."""

    sentence: str
    hint: str


@dataclass(frozen=True, slots=True)
class Ready:
    """A child that stays can do another job; never part of one."""


@dataclass(frozen=True, slots=True)
class Work:
    """A job: the folder of its bundle."""

    folder: str


@dataclass(frozen=True, slots=True)
class Prepare:
    """What the next job will probably learn: libraries are loaded and the network traced for it.

    `classes` counts the background, `channels` those of a slice.
    """

    network: str
    filters: int
    classes: int
    channels: int


Message = (
    Hello
    | Started
    | Resumed
    | FullSized
    | Step
    | EpochDone
    | Proposed
    | Checkpoint
    | Note
    | Judged
    | Refined
    | Progress
    | Predicted
    | Finished
    | Failed
    | Ready
)


@dataclass(frozen=True, slots=True)
class Look:
    """The slice that is on screen now: what a training proposes for it is wanted first."""

    case: str
    slice: int


#: Of the job in hand.
Command = Literal["stop", "pause", "go_on"]
#: What a child that stays does next.
Task = Work | Prepare
#: What has fields; a command has none.
Said = Task | Look
