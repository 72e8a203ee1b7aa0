"""The slices that teach or validate, read from a bundle one by one, in the network's shape.

What is needed to choose among them stands in the manifest; a scan's slice and its target are read
when they are asked for. What has been prepared is kept up to a budget, so memory is bounded
whatever the project's size. Shapes belong to `geometry`, batches to `order` and `feed`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from segdesk.core.neighbours import beside, steps
from segdesk.core.networks import network as catalogue_row
from segdesk.core.run import Intensities
from segdesk.core.split import Pool
from segdesk.core.volume import Voxels
from segdesk.errors import TrainingError
from segdesk.jobs.bundle import IGNORE, TARGETS, Bundle, Lesson, VolumeRef
from segdesk.jobs.targets_file import Packed, TargetsFile
from segdesk.learning.geometry import Frame, Scale
from segdesk.learning.scan_file import ScanFile
from segdesk.ops.resample import Shape
from segdesk.sentence import Sentence

#: Prepared slices that are kept, in bytes: about 800 slices of 256x256, once for each pool.
CACHE_BYTES = 256 * 1024 * 1024

Image = npt.NDArray[np.float32]
Target = npt.NDArray[np.uint8]
Incomplete = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Sample:
    """One slice that teaches something.

    Parameters
    ----------
    case : id
    slice : index in the volume
    target : where its target lies
    segments : foreground classes that it shows
    has_background : whether any voxel is known to be background
    incomplete : foreground classes that its background may be: it is not complete for them
    """

    case: str
    slice: int
    target: Packed
    segments: frozenset[int]
    has_background: bool
    incomplete: frozenset[int] = frozenset()


class Samples:
    """The slices of one pool. Frozen but for its cache; any thread may read.

    Slices on which nothing is known are left out, and of those that validate the ones that are
    complete for no class: a figure leaves a class out where a slice is not complete for it.

    Parameters
    ----------
    bundle : its lessons of `pool` are taken
    folder : the bundle's
    scale, shape : the network's pixel and its (rows, columns), which stays as `shape`
    cache_bytes : prepared slices that are kept. What came first stays: of a shuffled pass over
        more than fits, a cache of the latest would never hit

    Raises
    ------
    TrainingError
        Where a volume or the targets cannot be read.
    """

    def __init__(
        self,
        bundle: Bundle,
        folder: Path,
        pool: Pool,
        *,
        scale: Scale,
        shape: Shape,
        cache_bytes: int = CACHE_BYTES,
    ) -> None:
        self._intensities = bundle.intensities
        self._neighbours_mm = bundle.plan.neighbours_mm
        self.shape = shape
        #: Pixels on each side of an image that its network does not answer for.
        self.border = catalogue_row(bundle.plan.network).border
        self._scans: dict[str, ScanFile] = {}
        self._volumes: dict[str, VolumeRef] = {}
        self._frames: dict[str, Frame] = {}
        self._samples: list[Sample] = []
        lessons = [lesson for lesson in bundle.lessons if lesson.pool == pool]
        #: By case, all the same one.
        self._targets: dict[str, TargetsFile] = {}
        if lessons:
            file = _open_targets(folder / TARGETS, lessons[0].case)
            self._targets = {lesson.case: file for lesson in lessons}
        for lesson in lessons:
            volume = bundle.volume(lesson.case)
            self._volumes[volume.case] = volume
            self._scans[volume.case] = ScanFile(volume)
            resampled = scale.resampled(volume)
            self._frames[volume.case] = Frame(volume.shape[1:], resampled, shape, self.border)
            known = _known(lesson)
            if pool == "validation":
                known = [row for row in known if len(row.incomplete) < len(bundle.segments)]
            self._samples += known
        self._classes = len(bundle.segments) + 1
        self._kept: dict[int, tuple[Image, Target]] = {}
        self._cache_bytes = self._room = cache_bytes
        self._lock = threading.Lock()

    def at(self, scale: Scale, shape: Shape) -> Samples:
        """The same slices for another pixel and shape, with a cache of their own."""
        other = copy(self)
        other.shape = shape
        other._frames = {
            case: Frame(volume.shape[1:], scale.resampled(volume), shape, self.border)
            for case, volume in self._volumes.items()
        }
        other._kept, other._room, other._lock = {}, self._cache_bytes, threading.Lock()
        return other

    def __len__(self) -> int:
        return len(self._samples)

    def __getitem__(self, index: int) -> Sample:
        return self._samples[index]

    @property
    def segments(self) -> list[frozenset[int]]:
        """The foreground classes that each slice shows."""
        return [sample.segments for sample in self._samples]

    @property
    def has_background(self) -> bool:
        return any(sample.has_background for sample in self._samples)

    def frame(self, index: int) -> Frame:
        return self._frames[self._samples[index].case]

    def read(self, index: int) -> tuple[Image, Target]:
        """Image in [0, 1], with its channels last where there are more than one, and target, both
        as large as what the network sees. Not to be changed in place."""
        kept = self._kept.get(index)
        if kept is not None:
            return kept
        sample, frame = self._samples[index], self.frame(index)
        volume, scan = self._volumes[sample.case], self._scans[sample.case]
        image = frame.image(
            seen(scan.slice, volume, sample.slice, self._intensities, self._neighbours_mm)
        )
        target = frame.target(self.own_target(index))
        with self._lock:
            size = image.nbytes + target.nbytes
            if size <= self._room and index not in self._kept:
                self._kept[index] = image, target
                self._room -= size
        return image, target

    def incomplete(self, index: int) -> Incomplete:
        """float32, (classes,), 1 for each class that the slice is not complete for."""
        row = np.zeros(self._classes, np.float32)
        row[list(self._samples[index].incomplete)] = 1.0
        return row

    def complete(self, index: int) -> list[int]:
        """The foreground classes that the slice is complete for, ascending."""
        incomplete = self._samples[index].incomplete
        return [number for number in range(1, self._classes) if number not in incomplete]

    def own_target(self, index: int) -> Target:
        """The target on the slice's own grid, uint8, (rows, columns).

        Raises
        ------
        TrainingError
            Where it is not what was written.
        """
        sample = self._samples[index]
        try:
            return self._targets[sample.case].target(sample.target, self.frame(index).own)
        except (OSError, ValueError) as error:
            raise TrainingError(
                Sentence(
                    "The labels of case {case} for this training are damaged.", case=sample.case
                ),
                "Train again: they are written anew.",
            ) from error

    def thinned(self, most: int) -> list[int]:
        """Indices of at most so many slices, evenly spread."""
        if len(self) <= most:
            return list(range(len(self)))
        return [int(index) for index in np.linspace(0, len(self) - 1, most).round()]


def seen(
    plane: Callable[[int], Voxels],
    volume: VolumeRef,
    index: int,
    intensities: Intensities,
    neighbours_mm: float,
) -> Image:
    """A slice as a network sees it, in [0, 1], on its own grid.

    Parameters
    ----------
    plane : gives a slice as it is stored
    neighbours_mm : of the Plan

    Returns
    -------
    float32, (rows, columns); (rows, columns, 3) in colour, or with neighbours: the slice below, the
    slice itself, the one above
    """
    image = scaled(plane(index), volume, intensities)
    if not neighbours_mm:
        return image
    away = steps(neighbours_mm, volume.slice_mm)
    below, above = (
        image if other == index else scaled(plane(other), volume, intensities)
        for other in beside(index, volume.shape[0], away)
    )
    return np.stack([below, image, above], axis=-1)


def itself(image: Image, neighbours_mm: float) -> Image:
    """Of what `seen` gave, the slice without its neighbours."""
    return image[..., 1] if neighbours_mm else image


def scaled(stored: Voxels, volume: VolumeRef, intensities: Intensities) -> Image:
    """Stored voxels in [0, 1]: values clipped to the run's intensities.

    Parameters
    ----------
    stored : int16, or in colour uint8; any shape
    volume : its rescale makes values of what is stored

    Returns
    -------
    float32, same shape
    """
    width = max(intensities.high - intensities.low, np.finfo(np.float32).tiny)
    image = stored.astype(np.float32)
    image *= volume.slope / width
    image += (volume.intercept - intensities.low) / width
    return np.clip(image, 0.0, 1.0, out=image)


def batch_of(images: Sequence[Image]) -> Image:
    """Slices as a network takes them: float32, (n, rows, columns, channels)."""
    stacked = np.stack(images)
    return stacked if stacked.ndim == 4 else stacked[..., None]


def _open_targets(path: Path, case: str) -> TargetsFile:
    try:
        return TargetsFile(path)
    except OSError as error:
        raise TrainingError(
            Sentence("The labels of case {case} for this training are gone.", case=case)
        ) from error


def _known(lesson: Lesson) -> list[Sample]:
    samples: list[Sample] = []
    # Of thousands of slices most show the same.
    sets: dict[tuple[int, ...], frozenset[int]] = {}
    for index, target, incomplete in zip(
        lesson.slices, lesson.targets, lesson.incomplete, strict=True
    ):
        classes = [number for number, _ in target.counts if number != IGNORE]
        if classes:
            shown, unsure = (
                sets.setdefault(numbers, frozenset(numbers))
                for numbers in (tuple(filter(None, classes)), incomplete)
            )
            samples.append(Sample(lesson.case, index, target, shown, 0 in classes, unsure))
    return samples
