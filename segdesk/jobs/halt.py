"""Where a training stood after one of its steps: the `Halt`, the readable part of a checkpoint.

Beside it in checkpoint-N lie the arrays, whose SHA-256 it keeps. Both ends of the line read it:
`app` to know whether and where a run can go on, `learning` to go on. What a file says may come from
a stranger: its types, its sum and its Plan are looked at before anything is made of it.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from segdesk.core.durable_files import Check, no_check, write_whole
from segdesk.core.regular_file import open_regular
from segdesk.core.run import LARGEST_INPUT, Plan
from segdesk.errors import SegdeskError
from segdesk.jobs.wire import OtherFields, fits, is_integer, is_text, made
from segdesk.sentence import Sentence

VERSION = 2
#: A case has some hundred bytes in it, nothing else grows; what is larger is not ours.
LARGEST = 1 << 24
#: Steps, epochs and batches that nobody will ever take.
MOST = 2**31
_OTHER_VERSION = Sentence("was written by another version of segdesk")


class BadHalt(Exception):
    """A checkpoint cannot be used; the text says why, after "it"."""


@dataclass(frozen=True, slots=True)
class Scheduled:
    """What `learning.schedule` knows.

    Parameters
    ----------
    seconds : of training so far
    steps_done, epochs_done : since the run's start
    step_s, rest_s, usual_rest_s, save_s : what a step, the rest of an epoch and a save cost
    plateau_share, plateau_waited : of `learning.rates.Plateau`
    """

    seconds: float
    steps_done: int
    epochs_done: int
    step_s: float
    rest_s: float
    usual_rest_s: float
    save_s: float
    plateau_share: float
    plateau_waited: int


@dataclass(frozen=True, slots=True)
class Kept:
    """What `learning.keeper` knows.

    Parameters
    ----------
    epoch : whose weights are the best; 0 for none
    sha256 : of their file; empty for none
    is_half : whether they learnt from slices of half the size
    figures : loss, accuracy, Dice and that of a constant answer on the validation slices
    top : the same of the epoch that had the best ones; not always the one whose weights are kept
    overlap : voxels shared, found, real and known, of each segment in the epoch's batches
    has_learnt, waited, better_at : for how long there was nothing better
    least_loss : of the training, where nothing validates; None for none yet
    """

    epoch: int
    sha256: str
    is_half: bool
    figures: tuple[float, float, float | None, float] | None
    top: tuple[float, float, float | None, float] | None
    overlap: tuple[tuple[float, ...], ...] | None
    has_learnt: bool
    least_loss: float | None
    waited: int
    better_at: float


@dataclass(frozen=True, slots=True)
class Halt:
    """Between two steps of a training.

    Parameters
    ----------
    run : id
    plan, segments : of the run
    labels : (case, pool, digest) that it learnt and validated from
    built_for : (rows, columns) that the network was first built for
    channels : of a slice
    side : pixels along the longer side of the largest training slice in full size
    pixel_mm : (row, column) of those pixels, or None without geometry
    fold : (number, of) of the patients, that validates; None where the project's pool does
    epoch : whole epochs
    losses : of the first of them, and of the last
    taken : steps of the epoch in hand
    started : training seconds when that epoch began
    rate, share : the rate as it is now, and the share of it that the last step took
    has_recovered : whether the loss was infinite once
    is_half : whether slices have half the size
    batch : slices a step, which a small memory may have halved
    drawn : batches since the sampler began, which it does anew with another size or batch
    scheduled, kept : see there
    arrays : (file's name, SHA-256)
    """

    run: str
    plan: Plan
    segments: tuple[tuple[int, str], ...]
    labels: tuple[tuple[str, str, str], ...]
    built_for: tuple[int, int]
    channels: int
    side: int
    pixel_mm: tuple[float, float] | None
    fold: tuple[int, int] | None
    epoch: int
    losses: tuple[float, float]
    taken: int
    started: float
    rate: float
    share: float
    has_recovered: bool
    is_half: bool
    batch: int
    drawn: int
    scheduled: Scheduled
    kept: Kept
    arrays: tuple[tuple[str, str], ...] = ()

    @property
    def step(self) -> int:
        """Steps since the run's start."""
        return self.scheduled.steps_done

    def sha256_of(self, path: Path) -> str:
        """Of one of the checkpoint's files.

        Raises
        ------
        BadHalt
            Where it says none.
        """
        for name, sha256 in self.arrays:
            if name == path.name:
                return sha256
        raise BadHalt(Sentence("lacks '{name}'", name=path.name))


def write(path: Path, halt: Halt, check: Check = no_check) -> None:
    """Write a halt with the sum of what it says.

    Raises
    ------
    OSError
        Where the disk refuses.
    """
    fields = asdict(halt)
    whole = {"version": VERSION, "sha256": _sum_of(fields), "halt": fields}
    write_whole(path, json.dumps(whole).encode(), json.loads, check)


def read(path: Path) -> Halt:
    """Read a halt.

    Raises
    ------
    BadHalt
        Where it is not there, damaged, of another version, or says what cannot be.
    """
    try:
        with open_regular(path) as file:
            content = file.read(LARGEST + 1)
    except FileNotFoundError as error:
        raise BadHalt(Sentence("is not complete")) from error
    except OSError as error:
        raise BadHalt(
            Sentence(
                "cannot be read ({reason})", reason=error.strerror or Sentence("the system refused")
            )
        ) from error
    try:
        whole: dict[str, Any] = json.loads(content) if len(content) <= LARGEST else {}
        if whole.get("version", VERSION) != VERSION:
            raise BadHalt(_OTHER_VERSION)
        fields = whole["halt"]
        if _sum_of(fields) != whole["sha256"]:
            raise ValueError("it was changed")
        halt: Halt = made(Halt, fields)
        if not _is_halt()(halt) or not _can_be(halt):
            raise ValueError("it says what cannot be")
    except OtherFields as error:
        # Its sum is right: another version knows other settings.
        raise BadHalt(_OTHER_VERSION) from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, SegdeskError) as error:
        raise BadHalt(Sentence("is damaged")) from error
    return halt


def _is_halt() -> Callable[[Any], bool]:
    return fits(Halt, is_integer, is_text)


def _can_be(halt: Halt) -> bool:
    """Whether its numbers lie where a training's can, so that none of them asks for more memory or
    time than there is."""
    return (
        0 <= halt.epoch <= MOST
        and 0 <= halt.taken <= halt.step <= MOST
        and 0 <= halt.drawn <= MOST
        and 1 <= halt.batch <= halt.plan.batch
        and halt.channels in (1, 3)
        and all(0 < side <= LARGEST_INPUT for side in (*halt.built_for, halt.side))
        and (halt.pixel_mm is None or all(0.0 < mm < math.inf for mm in halt.pixel_mm))
        and (halt.fold is None or 1 <= halt.fold[0] <= halt.fold[1])
    )


def _sum_of(fields: Any) -> str:
    # What is read has lists for tuples, and both are written alike.
    text = json.dumps(fields, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
