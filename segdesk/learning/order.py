"""Which slices make a batch: half of it from slices with foreground, the rarest segment first.

Reading the slices belongs to `samples`, changing them to `augment`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np

#: A segment that fewer of the slices show would come too seldom to be learnt.
RARE = 0.25


def batches(segments: Sequence[frozenset[int]], batch: int, seed: int) -> Iterator[tuple[int, ...]]:
    """Indices of the slices of each batch, without an end. Every batch is full.

    Each slice comes once before any comes again. Where only some have foreground, or a segment is
    shown by few, half of the batch goes through the segments in turn, the rarest first, and takes
    for each the next of the slices that show it; the other half makes passes through all that have
    foreground and at most as many of the others, drawn anew for each pass, until each of them has
    come.

    Parameters
    ----------
    segments : the foreground classes that each slice shows, at least one slice
    batch : >= 1
    seed : the same seed gives the same batches
    """
    generator = np.random.default_rng([seed, batch])
    whole = _passes(segments, generator)
    if not any(segments) or (all(segments) and not _is_any_rare(segments)):
        while True:
            yield tuple(next(whole) for _ in range(batch))
    foreground = _by_segment(segments, generator)
    while True:
        wanted = batch // 2
        chosen = [next(foreground) for _ in range(wanted)]
        yield (*chosen, *(next(whole) for _ in range(batch - wanted)))


def slices_of_a_pass(segments: Sequence[frozenset[int]]) -> int:
    """How many slices a pass goes through; parameters as for `batches`."""
    shown = sum(map(bool, segments))
    return min(len(segments), 2 * shown) if shown else len(segments)


def _is_any_rare(segments: Sequence[frozenset[int]]) -> bool:
    shown = Counter(number for one in segments for number in one)
    return min(shown.values()) < RARE * len(segments)


def _passes(segments: Sequence[frozenset[int]], generator: np.random.Generator) -> Iterator[int]:
    most = slices_of_a_pass(segments)
    if most == len(segments):
        yield from _shuffled(range(most), generator)  # without an end
    showing = [index for index, shown in enumerate(segments) if shown]
    others = [index for index, shown in enumerate(segments) if not shown]
    waiting: list[int] = []
    while True:
        while len(waiting) < most - len(showing):
            # None comes twice in a pass: those that wait still come first now, and last next time.
            first = set(waiting)
            rest = [index for index in others if index not in first]
            waiting += [*generator.permutation(rest), *generator.permutation(waiting)]
        drawn, waiting = waiting[: most - len(showing)], waiting[most - len(showing) :]
        yield from (int(index) for index in generator.permutation([*showing, *drawn]))


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
