"""What a training proposes while it goes on: the slice on screen first, then those around it.

Proposals come by time, not by epoch, cost at most a fifth of it, and draw none of the training's
random numbers; a slice that somebody turns to comes after the step in hand. Each is made with the
averaged weights of its step.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import suppress

import numpy as np

from segdesk.errors import TrainingError
from segdesk.jobs.bundle import Bundle, VolumeRef
from segdesk.jobs.messages import Look, Proposed
from segdesk.learning.learner import Learner
from segdesk.learning.predict import Predictor
from segdesk.learning.reporter import Reporter
from segdesk.learning.run_folder import HeldRun

#: The first proposal comes after so many seconds of steps.
FIRST_S = 5.0
#: Steps have this many times the seconds of the proposals.
TIMES_THE_COST = 4.0
#: A slice that comes on screen waits for the step in hand alone, however soon after another, until
#: the steps lack so many seconds of their share, or as many as one proposal takes from them.
MOST_OWED_S = 2.0
#: Then the slice on screen comes anew, between those around it.
ROUND_S = 5.0
#: Files of proposals that wait to be read.
KEPT_FILES = 16


class Proposer:
    """Owned by `fit`, which calls it between steps.

    Parameters
    ----------
    learner : whose network proposes
    bundle : says whose slices can be looked at, and at which to look first
    held : the bundle's folder, where the files go
    reporter : gets them, and knows which slice is on screen
    """

    def __init__(self, learner: Learner, bundle: Bundle, held: HeldRun, reporter: Reporter) -> None:
        self._learner = learner
        self._volumes = {volume.case: volume for volume in bundle.volumes}
        self._first = None if bundle.preview is None else Look(*bundle.preview)
        self._held = held
        self._reporter = reporter
        self._looked_at: Look | None = None
        self._waiting: Iterator[int] = iter(())
        self._looked_at_s = 0.0
        #: From when on slices are proposed at all, and when the next one is.
        self._first_due = self._due = -1.0
        self._may_owe = MOST_OWED_S
        self._files: list[str] = []

    def after_step(self, step: int, predictor: Predictor) -> None:
        """Propose a slice where it is time for one.

        Parameters
        ----------
        step : optimiser steps so far
        predictor : of the size that is learnt from now
        """
        now = time.perf_counter()
        if self._due < 0.0:
            # From the end of the first step on, which traces too.
            self._first_due = self._due = now + FIRST_S
        if now < self._first_due:
            return
        look = self._in_reach(self._reporter.looked_at()) or self._in_reach(self._first)
        if look is None:
            return
        owed = self._due - now
        if owed > 0.0 and (look == self._looked_at or owed > self._may_owe):
            return
        volume = self._volumes[look.case]
        if look != self._looked_at:
            self._looked_at, self._looked_at_s = look, -math.inf
            self._waiting = outwards(look.slice, volume.shape[0])
            next(self._waiting)
        index = look.slice
        if now - self._looked_at_s > ROUND_S:
            self._looked_at_s = now
        else:
            index = next(self._waiting, -1)
        if index < 0:
            self._waiting = outwards(look.slice, volume.shape[0])
            return
        self._propose(step, volume, index, predictor)
        done = time.perf_counter()
        cost = done - now
        self._due = max(now, self._due) + cost + TIMES_THE_COST * cost
        self._may_owe = max(MOST_OWED_S, TIMES_THE_COST * cost)

    def _in_reach(self, look: Look | None) -> Look | None:
        """A look at a slice that the bundle has; else None."""
        volume = None if look is None else self._volumes.get(look.case)
        if look is None or volume is None or not 0 <= look.slice < volume.shape[0]:
            return None
        return look

    def _propose(self, step: int, volume: VolumeRef, index: int, predictor: Predictor) -> None:
        try:
            with self._learner.averaged():
                name = propose(
                    predictor, volume, index, self._held, step=step, reporter=self._reporter
                )
            self._files.append(name)
            if len(self._files) > KEPT_FILES:
                # Whoever reads it right now keeps it, on Windows.
                with suppress(OSError):
                    (self._held.bundle() / self._files.pop(0)).unlink(missing_ok=True)
        except (OSError, TrainingError):
            # A look at what is learnt is not worth the learning; the next one tries again.
            return


def propose(
    predictor: Predictor,
    volume: VolumeRef,
    index: int,
    held: HeldRun,
    *,
    step: int,
    reporter: Reporter,
) -> str:
    """Have a network propose a slice, and say where the file is.

    Returns
    -------
    The file's name in the bundle's folder.

    Raises
    ------
    OSError
        Where the disk refuses.
    TrainingError
        Where the scan cannot be read, or the run's folder is gone.
    """
    name = f"proposal-{step:07d}-{index:05d}.npy"
    labels = predictor.labels(volume, index)
    np.save(held.bundle() / name, labels)
    reporter.send(Proposed(step, volume.case, index, str(held.named / name)))
    return name


def outwards(index: int, count: int) -> Iterator[int]:
    """All of `count` slices, the nearest to one first."""
    yield from sorted(range(count), key=lambda other: (abs(other - index), other))
