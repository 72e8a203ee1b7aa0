"""How a scan's slice meets the network's shape, and how the answer comes back on the slice's grid.

Four shapes, each (rows, columns): a slice's own; the one that it is resampled to, so that its
pixels are as large as those that the network was trained on; the network's, for which it answers,
which is padded to; what the network sees, larger by its border.
The arithmetic of resampling lives in `ops.resample`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from segdesk.core.networks import NetworkInfo
from segdesk.core.run import LARGEST_INPUT, LONGEST_SIDE
from segdesk.errors import TrainingError
from segdesk.jobs.bundle import IGNORE, VolumeRef
from segdesk.ops.resample import Shape, resample_image, resample_labels, resample_probabilities
from segdesk.sentence import Sentence


@dataclass(frozen=True, slots=True)
class Scale:
    """How large the network's pixels are. It belongs to a run and travels with its model.

    Parameters
    ----------
    side : pixels of the longer side of the largest training slice
    pixel_mm : (row, column), or None where the training slices had no geometry
    """

    side: int
    pixel_mm: tuple[float, float] | None

    def halved(self) -> Scale:
        """The same slices at half the size."""
        mm = self.pixel_mm
        return Scale(max(1, round(self.side / 2)), mm and (2 * mm[0], 2 * mm[1]))

    def resampled(self, volume: VolumeRef) -> Shape:
        """The shape that a scan's slices are resampled to.

        Without geometry on either side nothing is known of sizes: the longer side then takes the
        training's.

        Raises
        ------
        TrainingError
            Where the scan would be larger than any memory should have to hold.
        """
        own = volume.shape[1:]
        if self.pixel_mm is None or volume.pixel_mm is None:
            factors = (self.side / max(own),) * 2
        else:
            factors = (
                volume.pixel_mm[0] / self.pixel_mm[0],
                volume.pixel_mm[1] / self.pixel_mm[1],
            )
        shape = max(1, round(own[0] * factors[0])), max(1, round(own[1] * factors[1]))
        if max(shape) > LARGEST_INPUT:
            raise TrainingError(
                Sentence(
                    "Case {case} would have to be enlarged to {max} pixels a side, "
                    "because its pixels are that much larger than those of the training.",
                    case=volume.case,
                    max=max(shape),
                ),
                "Choose a run that was trained on scans with a similar pixel size.",
            )
        return shape


def scale_for(volumes: Iterable[VolumeRef], size: int) -> Scale:
    """The scale at which the longer side of the training slices has `size` pixels.

    Parameters
    ----------
    volumes : of the training pool, at least one
    size : 16 to 1024, or 0 for the slices' own, up to 256
    """
    volumes = list(volumes)
    with_geometry = [volume for volume in volumes if volume.pixel_mm is not None]
    # The largest field of view sets the pixel, so that no slice outgrows the size.
    volume = max(with_geometry or volumes, key=_extent)
    own = max(volume.shape[1:])
    side = size or min(own, LONGEST_SIDE)
    if volume.pixel_mm is None:
        return Scale(side, None)
    return Scale(side, (volume.pixel_mm[0] * own / side, volume.pixel_mm[1] * own / side))


@dataclass(frozen=True, slots=True)
class Frame:
    """A slice's way to the network and back. The slice lies in the middle of the network's shape.

    Parameters
    ----------
    own, resampled, network : (rows, columns)
    border : pixels that the network sees on each side beyond its answer
    """

    own: Shape
    resampled: Shape
    network: Shape
    border: int = 0

    @property
    def input(self) -> Shape:
        """(rows, columns) of what the network sees."""
        return self.network[0] + 2 * self.border, self.network[1] + 2 * self.border

    def image(self, image: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """An image in [0, 1], own shape, as the network sees it; the padding is 0, as air is, or
        where there is a border the slice mirrored, as often as it takes.

        In colour with its channels as a last axis, here and there.
        """
        resampled = resample_image(image, self.resampled)
        if self.border:
            sides = [
                (place.start, seen - place.stop)
                for place, seen in zip(self._window_of_input, self.input, strict=True)
            ]
            sides += [(0, 0)] * (image.ndim - 2)
            return np.pad(resampled, sides, mode="symmetric")
        framed = np.zeros((*self.network, *image.shape[2:]), np.float32)
        framed[self._window] = resampled
        return framed

    def target(self, target: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        """A target, own shape, as large as the image; what is beside the slice is 255 and teaches
        nothing."""
        framed = np.full(self.input, IGNORE, np.uint8)
        framed[self._window_of_input] = resample_labels(target, self.resampled)
        return framed

    def probabilities(self, framed: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Probabilities, (network's rows, columns, classes), on the slice's own grid, linearly."""
        return resample_probabilities(framed[self._window], self.own)

    @property
    def _window(self) -> tuple[slice, slice]:
        top = (self.network[0] - self.resampled[0]) // 2
        left = (self.network[1] - self.resampled[1]) // 2
        return slice(top, top + self.resampled[0]), slice(left, left + self.resampled[1])

    @property
    def _window_of_input(self) -> tuple[slice, slice]:
        rows, columns = self._window
        return _moved(rows, self.border), _moved(columns, self.border)


def padded(shapes: Iterable[Shape], multiple: int, rest: int = 0) -> Shape:
    """The smallest shape of multiples, plus the rest, that holds all these shapes."""
    rows, columns = (
        -((rest - max(sides)) // multiple) * multiple + rest for sides in zip(*shapes, strict=True)
    )
    return rows, columns


def framed(shapes: Iterable[Shape], row: NetworkInfo) -> Shape:
    """The smallest shape that holds all these shapes and that a network answers for."""
    return padded(shapes, row.multiple, row.rest)


def without_border(targets: npt.NDArray[np.uint8], border: int) -> npt.NDArray[np.uint8]:
    """Of targets, (n, rows, columns), that are as large as their images the part that a network
    answers for."""
    return targets[:, border:-border, border:-border] if border else targets


def _moved(place: slice, by: int) -> slice:
    return slice(place.start + by, place.stop + by)


def _extent(volume: VolumeRef) -> float:
    row, column = volume.pixel_mm or (1.0, 1.0)
    return max(volume.shape[1] * row, volume.shape[2] * column)
