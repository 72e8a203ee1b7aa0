"""After the network: small pieces, the learned edge and holes, as the labelled slices decide.

A `Decider` looks at slices that teach and at those that validate; what it decides belongs to the
run, and `refiner` does it to the slices of a prediction. The arithmetic is in `ops`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby

import numpy as np
import numpy.typing as npt

from segdesk.core.refinement import Refinement
from segdesk.jobs.bundle import IGNORE, Bundle
from segdesk.learning.predict import Predictor
from segdesk.learning.refiner import grey_of, pixel_share, radius_of, without_specks
from segdesk.learning.samples import Samples
from segdesk.ops import edge
from segdesk.ops.fill import holes
from segdesk.ops.pieces import areas, smallest_meant

Labels = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]
#: Slices that are looked at: more would not decide otherwise.
MOST_SLICES = 48
#: A smaller labelled piece, in pixels of the network, is a slip of the hand; so are the smallest
#: ones that together have at most this share of what is labelled: published masks have such specks.
MEANT, SLIPS = 9.0, 0.002
#: A piece is left out where it is under this share of the smallest labelled one.
SHARE = 0.5
#: Where all slices teach, an edge that costs at most so much Dice on them is used: the network has
#: learnt these slices, which flatters it there and nowhere else. Measured on lungs and five other
#: organs: the rest of a scan always gained more than they did.
FLATTERS = 0.0005
#: Voxels of a slice that teach an edge, and parts that are left out in turn where all slices teach.
MOST_VOXELS, FOLDS = 4000, 8


@dataclass(frozen=True, slots=True, eq=False)
class _Seen:
    """A labelled slice beside the network's answer, for one class."""

    known: edge.Weights
    inside: Mask
    #: Of the slice: voxels in both, in the answer and in the truth, and the answer's in the band.
    both: int
    answered: int
    true: int
    found: Mask
    #: Voxels that are right only without the small pieces, less those that are wrong only so.
    gained: int

    def counts(self, weights: edge.Weights | None) -> tuple[int, int]:
        """Twice the voxels in both, and those of either, with the edge or without."""
        if weights is None or not len(self.known):
            return 2 * self.both, self.answered + self.true
        new = self.known @ weights > 0
        both = self.both - int((self.found & self.inside).sum()) + int((new & self.inside).sum())
        answered = self.answered - int(self.found.sum()) + int(new.sum())
        return 2 * both, answered + self.true


class Decider:
    """Decides for one training, with the weights that it keeps.

    Parameters
    ----------
    bundle, train, validation : of the training
    predictor : of the kept weights
    """

    def __init__(
        self, bundle: Bundle, train: Samples, validation: Samples, predictor: Predictor
    ) -> None:
        self._bundle = bundle
        self._train, self._validation = train, validation
        self._predictor = predictor

    def decide(self, most: int = MOST_SLICES) -> tuple[Refinement, ...]:
        """What is to be done for each segment.

        Parameters
        ----------
        most : slices of each pool that are looked at

        Raises
        ------
        TrainingError
            Where a scan cannot be read.
        """
        taught = _Looked(self._train, self._train.thinned(most))
        held_out = _Looked(self._validation, self._validation.thinned(most))
        rows = [
            self._pieces_and_holes(place, number, taught)
            for place, (number, _) in enumerate(self._bundle.segments, start=1)
        ]
        seen = [self._look(looked, rows) for looked in (taught, held_out)]
        rows = [
            row if not _lost(*ours, *theirs) else replace(row, least_piece=0.0)
            for row, ours, theirs in zip(rows, *seen, strict=True)
        ]
        return tuple(
            self._with_edge(row, seen[0][place], seen[1][place]) for place, row in enumerate(rows)
        )

    def _pieces_and_holes(self, place: int, number: int, taught: _Looked) -> Refinement:
        labelled: list[float] = []
        shows = encloses = False
        for index in taught.indices:
            if place not in taught.samples.complete(index):
                continue
            target = taught.samples.own_target(index)
            mask, factor = target == place, pixel_share(taught.samples.frame(index))
            shows |= bool(mask.any())
            encloses |= bool((holes(mask) & (target == 0)).any())
            labelled.extend(float(area) * factor for area in areas(mask))
        smallest = smallest_meant(labelled, least=MEANT, slips=SLIPS)
        return Refinement(
            number,
            least_piece=SHARE * (smallest or 0.0),
            fills_holes=shows and not encloses,
        )

    def _look(self, looked: _Looked, rows: Sequence[Refinement]) -> list[list[_Seen]]:
        """For each class the slices that are complete for it, beside the answer."""
        seen: list[list[_Seen]] = [[] for _ in rows]
        samples = looked.samples
        for index, image, chances in self._answers(looked):
            target, frame = samples.own_target(index), samples.frame(index)
            answer = chances.argmax(axis=-1)
            for place, row in enumerate(rows, start=1):
                if place not in samples.complete(index):
                    continue
                whole = answer == place
                mask = without_specks(whole, row.least_piece / pixel_share(frame))
                known = target != IGNORE
                left_out = whole & ~mask & known
                near = _thinned(edge.band(mask, radius_of(frame)) & known)
                truth = target == place
                seen[place - 1].append(
                    _Seen(
                        edge.features(chances[..., place], grey_of(image), near),
                        truth[near],
                        int((mask & truth & known).sum()),
                        int((mask & known).sum()),
                        int((truth & known).sum()),
                        mask[near],
                        int((left_out & ~truth).sum()) - int((left_out & truth).sum()),
                    )
                )
        return seen

    def _answers(self, looked: _Looked) -> Iterator[tuple[int, Floats, Floats]]:
        for case, group in groupby(looked.indices, key=lambda index: looked.samples[index].case):
            indices = list(group)
            volume = self._bundle.volume(case)
            slices = [looked.samples[index].slice for index in indices]
            answers = self._predictor.answers(volume, slices)
            for index, (image, chances) in zip(indices, answers, strict=True):
                yield index, image, chances

    def _with_edge(
        self, row: Refinement, taught: Sequence[_Seen], held_out: Sequence[_Seen]
    ) -> Refinement:
        """Take the edge where it is better on slices that it did not learn from."""
        if held_out and any(one.true for one in held_out):
            pairs, least = [(list(taught), list(held_out))], 0.0
        else:
            least = -FLATTERS
            pairs = [
                ([one for at, one in enumerate(taught) if at % FOLDS != fold], list(part))
                for fold in range(min(FOLDS, len(taught)))
                if (part := taught[fold::FOLDS])
            ]
        before, after = np.zeros(2), np.zeros(2)
        for learnt_from, looked_at in pairs:
            weights = _fitted(learnt_from)
            if weights is None:
                return row
            for one in looked_at:
                before += one.counts(None)
                after += one.counts(weights)
        weights = _fitted(taught)
        if weights is None or not before[1] or not after[1]:
            return row
        dice = float(before[0] / before[1]), float(after[0] / after[1])
        return Refinement(
            row.segment,
            row.least_piece,
            row.fills_holes,
            edge=tuple(map(float, weights)) if dice[1] - dice[0] > least else (),
            edge_before=dice[0],
            edge_after=dice[1],
        )


@dataclass(frozen=True, slots=True, eq=False)
class _Looked:
    samples: Samples
    indices: list[int] = field(default_factory=list)


def _lost(*seen: _Seen) -> bool:
    """Whether leaving out small pieces costs labelled slices more than slips of the hand."""
    return sum(one.gained for one in seen) < -SLIPS * sum(one.true for one in seen)


def _fitted(seen: Iterable[_Seen]) -> edge.Weights | None:
    """Weights, or None where the voxels are all inside, or all outside."""
    rows = [one for one in seen if len(one.known)]
    if not rows:
        return None
    inside = np.concatenate([one.inside for one in rows])
    if inside.all() or not inside.any():
        return None
    return edge.fitted(np.concatenate([one.known for one in rows]), inside)


def _thinned(near: Mask) -> Mask:
    """At most so many voxels, evenly spread."""
    places = np.flatnonzero(near)
    step = max(1, -(-len(places) // MOST_VOXELS))
    kept = np.zeros(near.size, bool)
    kept[places[::step]] = True
    return kept.reshape(near.shape)
