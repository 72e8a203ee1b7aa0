"""Batches made ahead of the step, on threads of their own.

Which slices come belongs to `order`, how they are changed to `augment`.
"""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import count

import numpy as np
import numpy.typing as npt

from segdesk.core.run import Plan
from segdesk.learning import backend
from segdesk.learning.augment import augmented, swap_table
from segdesk.learning.geometry import without_border
from segdesk.learning.order import batches
from segdesk.learning.samples import Samples, batch_of

#: Images, float32, (batch, rows, columns, channels); targets, uint8, with one, of the rows and
#: columns that the network answers for; and float32,
#: (batch, classes), 1 for each class that the slice is not complete for.
Batch = tuple[npt.NDArray[np.float32], npt.NDArray[np.uint8], npt.NDArray[np.float32]]
#: Fewest and most threads that make batches: SciPy lets go of the interpreter's lock, and a core is
#: left for the step. As many batches wait at most, and two more.
FEWEST_THREADS, MOST_THREADS = 2, 8


class Feed:
    """An endless row of training batches. Owned by `fit`, which closes it.

    Parameters
    ----------
    samples : at least one
    batch : slices in each batch
    strength : of the augmentation, 0 to 1
    partners : classes that are each other's left and right
    seed : the same seed gives the same batches
    drawn : so many of them were learnt from already, and are left out
    """

    def __init__(
        self,
        samples: Samples,
        *,
        batch: int,
        strength: float,
        partners: tuple[tuple[int, int], ...],
        seed: int,
        drawn: int = 0,
    ) -> None:
        self.samples = samples
        self._strength = strength
        self._swap = swap_table(partners)
        self._seed = seed
        self._order = batches(samples.segments, batch, seed)
        for _ in range(drawn):
            next(self._order)
        self._numbers = count(drawn)
        #: Batches that were given, those of an earlier feed among them.
        self.drawn = drawn
        threads = min(MOST_THREADS, max(FEWEST_THREADS, backend.cores() - 1))
        self._ahead = threads + 2
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="batches")
        self._waiting: deque[Future[Batch]] = deque()
        self.batch = batch

    def close(self) -> None:
        """End the threads; no batch may be asked for afterwards."""
        self._threads.shutdown(cancel_futures=True)

    def next(self) -> Batch:
        """The next batch; waits where it is not ready yet."""
        while len(self._waiting) <= self._ahead:
            chosen, number = next(self._order), next(self._numbers)
            self._waiting.append(self._threads.submit(self._make, chosen, number))
        batch = self._waiting.popleft().result()
        self.drawn += 1
        return batch

    def _make(self, chosen: tuple[int, ...], number: int) -> Batch:
        rows = [
            augmented(
                *self.samples.read(index),
                self.samples.incomplete(index),
                np.random.default_rng([self._seed, number, place]),
                strength=self._strength,
                swap=self._swap,
            )
            for place, index in enumerate(chosen)
        ]
        images, targets, incomplete = zip(*rows, strict=True)
        answered = without_border(np.stack(targets), self.samples.border)
        return batch_of(images), answered[..., None], np.stack(incomplete)


def first_batch(samples: Samples, plan: Plan) -> Batch:
    """Slices as a training's steps get them, without augmentation; none of its draws is used."""
    feed = Feed(samples, batch=plan.batch, strength=0.0, partners=(), seed=plan.seed)
    try:
        return feed.next()
    finally:
        feed.close()
