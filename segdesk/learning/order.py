"""Which slices make a batch: half of it from slices with foreground, the rarest segment first.

Reading the slices belongs to `samples`, changing them to `augment`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np


def batches(segments: Sequence[frozenset[int]], batch: int, seed: int) -> Iterator[tuple[int, ...]]:
    """Indices of the slices of each batch, without an end. Every batch is full.

    Each slice comes once before any comes again; where only some have foreground, this holds for
    half of the batch, and the other half goes through the segments in turn, the rarest first, and
    takes for each the next of the slices that show it.

    Parameters
    ----------
    segments : the foreground classes that each slice shows, at least one slice
    batch : >= 1
    seed : the same seed gives the same batches
    """
    generator = np.random.default_rng([seed, batch])
    whole = _shuffled(range(len(segments)), generator)
    if all(segments) or not any(segments):
        while True:
            yield tuple(next(whole) for _ in range(batch))
    foreground = _by_segment(segments, generator)
    while True:
        wanted = batch // 2
        chosen = [next(foreground) for _ in range(wanted)]
        yield (*chosen, *(next(whole) for _ in range(batch - wanted)))


def _by_segment(
    segments: Sequence[frozenset[int]], generator: np.random.Generator
) -> Iterator[int]:
    showing = {
        number: [index for index, shown in enumerate(segments) if number in shown]
        for number in sorted(frozenset().union(*segments))
    }
    rarest_first = sorted(showing, key=lambda number: len(showing[number]))
    streams = [_shuffled(showing[number], generator) for number in rarest_first]
    while True:
        for stream in streams:
            yield next(stream)


def _shuffled(indices: Sequence[int], generator: np.random.Generator) -> Iterator[int]:
    while True:
        yield from (int(index) for index in generator.permutation(indices))
