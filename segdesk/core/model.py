"""What a run has learnt, without its history: the `Model`. Another training can begin with it, in
this project or in another one; the weights lie in a file beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from segdesk.core.run import Intensities, Run

#: In another project's model: a segment that this project does not have.
NOWHERE = 0


@dataclass(frozen=True, slots=True)
class Model:
    """A network with what it takes to use it.

    Parameters
    ----------
    run : id in its project
    network, filters, neighbours_mm : of its Plan
    segments : (number, name) of class 1, 2, …; where it came from another project, the number is
        that of the segment here, or NOWHERE
    intensities, pixel_mm, input_shape, built_for : as its Run has them
    epoch, step : of the weights; step 0 where it was not kept
    sha256 : of the file of the weights
    """

    run: str
    network: str
    filters: int
    neighbours_mm: float
    segments: tuple[tuple[int, str], ...]
    intensities: Intensities | None
    pixel_mm: tuple[float, float] | None
    input_shape: tuple[int, int]
    built_for: tuple[int, int]
    epoch: int
    step: int
    sha256: str

    @classmethod
    def of(cls, run: Run) -> Model:
        """That of a run, which has weights."""
        best = run.best_epoch
        return cls(
            run=run.id,
            network=run.plan.network,
            filters=run.plan.filters,
            neighbours_mm=run.plan.neighbours_mm,
            segments=run.segments,
            intensities=run.intensities,
            pixel_mm=run.pixel_mm,
            input_shape=run.input_shape,
            built_for=run.built_for,
            epoch=run.best,
            step=best.steps if best is not None else 0,
            sha256=run.weights_sha256,
        )

    def among(self, segments: Sequence[tuple[int, str]]) -> Model:
        """As another project has it, whose segments it knows by number and name, and where the
        number is another one by name: a number says nothing there of what it stands for.

        Parameters
        ----------
        segments : (number, name) of that project
        """
        left = list(segments)
        found: dict[int, int] = {}
        for is_same in (_is_same, _has_same_name):
            for at, own in enumerate(self.segments):
                match = next((row for row in left if is_same(row, own)), None)
                if at not in found and match is not None:
                    left.remove(match)
                    found[at] = match[0]
        rows = ((found.get(at, NOWHERE), name) for at, (_, name) in enumerate(self.segments))
        return replace(self, segments=tuple(rows))

    def class_of(self, number: int) -> int:
        """Of a segment of this project; 0 where the model does not know it."""
        numbers = [own for own, _ in self.segments]
        return 1 + numbers.index(number) if number in numbers else 0


def _has_same_name(one: tuple[int, str], other: tuple[int, str]) -> bool:
    return one[1].strip().casefold() == other[1].strip().casefold()


def _is_same(one: tuple[int, str], other: tuple[int, str]) -> bool:
    return one[0] == other[0] and _has_same_name(one, other)
