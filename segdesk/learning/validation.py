"""The validation after each epoch: loss, accuracy and Dice on the scans' own grids.

Voxels are counted for each segment over all chosen slices that are complete for it, and Dice comes
from these sums.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from segdesk.errors import Cancelled
from segdesk.jobs.bundle import IGNORE
from segdesk.learning.figures import constant_dice, shown_dice
from segdesk.learning.forward import Forward, batch_for, in_batches, probabilities
from segdesk.learning.geometry import without_border
from segdesk.learning.losses import Loss
from segdesk.learning.reporter import Reporter
from segdesk.learning.samples import Samples, batch_of
from segdesk.ops.metrics import Tally, tally

#: Slices that are looked at after an epoch: more would make a curve point wait for too long.
MOST_SLICES = 200
#: Under so many slices, Dice that differ by less are the same: which comes out higher is chance.
FEW_SLICES, SAME_DICE = 3, 0.002


@dataclass(frozen=True, slots=True)
class Validated:
    """Figures over the validation slices. Better is the higher Dice, then the lower loss.

    `dice` is None where no slice shows a segment: the loss decides then. `constant_dice` is what
    one class everywhere would score.
    """

    loss: float
    accuracy: float
    dice: float | None
    constant_dice: float = 0.0

    def is_better_than(self, other: Validated | None) -> bool:
        if not np.isfinite(self.loss):
            return False
        return other is None or (self.dice or 0.0, -self.loss) > (other.dice or 0.0, -other.loss)

    def is_no_worse_than(self, other: Validated | None) -> bool:
        """Whether so few slices cannot tell them apart (`SAME_DICE`)."""
        if not np.isfinite(self.loss) or self.dice is None:
            return False
        return other is not None and self.dice >= (other.dice or 0.0) - SAME_DICE


class Validation:
    """Measures a network on the validation slices. Owned by `fit`.

    Parameters
    ----------
    samples : may be empty
    forward : of the network under training
    loss : of the training
    """

    def __init__(self, samples: Samples, forward: Forward, loss: Loss) -> None:
        self.samples = samples
        self._forward = forward
        self._loss = loss
        self._chosen = samples.thinned(MOST_SLICES)

    @property
    def chosen(self) -> tuple[int, ...]:
        """Which of the samples are looked at."""
        return tuple(self._chosen)

    @property
    def slices(self) -> int:
        """How many are looked at."""
        return len(self._chosen)

    @property
    def are_few(self) -> bool:
        """Whether there are too few to choose between epochs that are nearly alike."""
        return len(self._chosen) < FEW_SLICES

    def measure(self, reporter: Reporter) -> Validated | None:
        """The figures now, or None without a validation slice.

        Raises
        ------
        Cancelled
            Where a stop was asked for meanwhile.
        """
        if not self._chosen:
            return None
        losses: list[float] = []
        counted = Tally()
        for places in in_batches(len(self._chosen), batch_for(self.samples.frame(0).input)):
            if reporter.should_stop():
                raise Cancelled
            chosen = [self._chosen[place] for place in places]
            pairs = [self.samples.read(index) for index in chosen]
            outputs = self._forward.outputs(batch_of([image for image, _ in pairs]))
            seen = np.stack([target for _, target in pairs])
            targets = without_border(seen, self.samples.border)[..., None]
            incomplete = np.stack([self.samples.incomplete(index) for index in chosen])
            losses.append(float(self._loss(targets, outputs, incomplete)) * len(chosen))
            for index, chances in zip(chosen, probabilities(outputs), strict=True):
                found = self.samples.frame(index).probabilities(chances).argmax(axis=-1)
                counted += count_slice(self.samples, index, found.astype(np.uint8))
        return Validated(
            loss=sum(losses) / len(self._chosen),
            accuracy=counted.right / counted.compared,
            dice=shown_dice(counted),
            constant_dice=constant_dice(
                [(counts.in_truth, counts.voxels) for _, counts in counted.segments]
            ),
        )


def count_slice(samples: Samples, index: int, found: npt.NDArray[np.uint8]) -> Tally:
    """Count what a network found on a slice's own grid against its target.

    A class is counted where the slice is complete for it, and is background elsewhere.

    Parameters
    ----------
    found : uint8, the slice's own (rows, columns), class indices of the training
    """
    target = samples.own_target(index)
    return tally(target, found, samples.complete(index), ignore=target == IGNORE)
