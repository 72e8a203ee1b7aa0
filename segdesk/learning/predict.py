"""Whole cases predicted, slice by slice, on their own grids.

The answers go to .npy files in the bundle's folder; `app.runs.predicting` makes project files of
them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from copy import copy
from pathlib import Path
from typing import BinaryIO

import keras
import numpy as np
import numpy.typing as npt

from segdesk.core.networks import network as catalogue_row
from segdesk.core.refinement import Refinement
from segdesk.core.run import Intensities
from segdesk.errors import Cancelled, TrainingError
from segdesk.jobs.bundle import VolumeRef
from segdesk.jobs.messages import Note, Predicted, Progress
from segdesk.learning.clock import Pace
from segdesk.learning.forward import (
    Floats,
    Forward,
    batch_for,
    in_batches,
    over_classes,
    probabilities,
)
from segdesk.learning.geometry import Frame, Scale, framed
from segdesk.learning.refiner import Refiner
from segdesk.learning.reporter import Reporter
from segdesk.learning.run_folder import HeldRun
from segdesk.learning.samples import batch_of, itself, seen
from segdesk.learning.scan_file import ScanFile
from segdesk.learning.start import reshaped
from segdesk.ops.pieces import Pieces
from segdesk.ops.resample import Shape
from segdesk.sentence import Sentence

FOLDER = "predictions"
SMALLER_BATCH = Sentence(
    "The memory was too small for so many slices at once: fewer are predicted at a time."
)


class Predictor:
    """A trained network and what it needs to know about scans. Owned by `trainer`.

    Parameters
    ----------
    network : trained, or still being trained
    id : of the catalogue
    intensities, scale, neighbours_mm : of its run
    segments : (number, name) of class 1, 2, …
    forward : that of the network, if there is one already
    refinements : what is done to its answers of whole cases, for each segment; none by itself

    Raises
    ------
    TrainingError
        Where the network has another number of classes.
    """

    def __init__(
        self,
        network: keras.Model,
        id: str,
        *,
        intensities: Intensities,
        scale: Scale,
        segments: tuple[tuple[int, str], ...],
        neighbours_mm: float = 0.0,
        forward: Forward | None = None,
        refinements: Sequence[Refinement] = (),
    ) -> None:
        self._network = network
        self._refinements = tuple(refinements)
        self._row = catalogue_row(id)
        #: (rows, columns) that the network takes; None where it takes any.
        self._shape = _shape(network)
        self._intensities = intensities
        self._neighbours_mm = neighbours_mm
        self._scale = scale
        self._numbers = np.array([0, *(number for number, _ in segments)], np.uint8)
        if network.output_shape[-1] not in (1, len(self._numbers)) or (
            network.output_shape[-1] == 1 and len(segments) != 1
        ):
            raise TrainingError(
                "The model was trained for another number of segments.", "Choose another run."
            )
        self._forwards: dict[Shape | None, Forward] = {}
        if forward is not None:
            self._forwards[self._shape] = forward

    def labels(self, volume: VolumeRef, index: int) -> npt.NDArray[np.uint8]:
        """Segment numbers of one slice, uint8, its own (rows, columns)."""
        frame = self._frame(volume)
        (image,) = self._images(ScanFile(volume), volume, [index])
        (chances,) = self._chances([image], frame)
        own = itself(image, self._neighbours_mm)
        return self._numbers[Refiner(self._refinements, frame).slice(own, chances)]

    def slices(self, volume: VolumeRef, indices: Sequence[int]) -> Iterator[npt.NDArray[np.uint8]]:
        """Segment numbers of some slices, each uint8, its own (rows, columns)."""
        for _, chances in self.answers(volume, indices):
            yield self._numbers[chances.argmax(axis=-1)]

    def answers(
        self, volume: VolumeRef, indices: Sequence[int]
    ) -> Iterator[tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]]:
        """Of some slices the image in [0, 1] and the probabilities, on their own grid."""
        scan, frame = ScanFile(volume), self._frame(volume)
        for places in in_batches(len(indices), batch_for(frame.input)):
            images = self._images(scan, volume, [indices[place] for place in places])
            own = (itself(image, self._neighbours_mm) for image in images)
            yield from zip(own, self._chances(images, frame), strict=True)

    def refined(self, refinements: Sequence[Refinement]) -> Predictor:
        """The same, but for what is done to its answers."""
        other = copy(self)
        other._refinements = tuple(refinements)
        return other

    def case(self, volume: VolumeRef, held: HeldRun, reporter: Reporter) -> None:
        """Predict every slice of a case and say where the files are.

        Parameters
        ----------
        held : the bundle's folder, where the files go

        Raises
        ------
        TrainingError
            Where the scan cannot be read, is too large, or the disk is full.
        Cancelled
            Where a stop was asked for.
        """
        names = [f"{volume.case}-{name}.npy" for name in ("labels", "probability", "left-out")]
        try:
            folder = held.bundle() / FOLDER
            folder.mkdir(exist_ok=True)
            files = [folder / name for name in names]
            # Written in order and not through a memory map, where a full disk is a crash.
            with files[0].open("wb") as labels, files[1].open("wb") as certainty:
                self._write(volume, labels, certainty, reporter)
            if not self._leave_out_pieces(volume, files[0], files[2]):
                del names[2]
        except OSError as error:
            raise TrainingError(
                Sentence(
                    "The prediction of case {case} could not be written: {reason}.",
                    case=volume.case,
                    reason=error.strerror or Sentence("the system refused"),
                ),
                "Free some disk space.",
            ) from error
        reporter.send(Predicted(volume.case, *(str(held.named / FOLDER / name) for name in names)))

    def _write(
        self, volume: VolumeRef, labels: BinaryIO, certainty: BinaryIO, reporter: Reporter
    ) -> None:
        scan, frame = ScanFile(volume), self._frame(volume)
        refiner = Refiner(self._refinements, frame)
        header = {"descr": "|u1", "fortran_order": False, "shape": volume.shape}
        for file in (labels, certainty):
            np.lib.format.write_array_header_1_0(file, header)
        pace, slices = Pace(), volume.shape[0]
        forward = self._forward(frame)

        def read(places: range) -> tuple[list[Floats], Floats]:
            images = self._images(scan, volume, places)
            return images, batch_of([frame.image(one) for one in images])

        def write(images: list[Floats], outputs: Floats) -> None:
            for image, said in zip(images, probabilities(outputs), strict=True):
                chances = frame.probabilities(said)
                own = itself(image, self._neighbours_mm)
                labels.write(self._numbers[refiner.slice(own, chances)].tobytes())
                best = over_classes(np.maximum, chances)
                certainty.write(np.rint(best * 255).astype(np.uint8).tobytes())

        # While the network has one batch, the next is read and the one before it written.
        with ThreadPoolExecutor(1) as reader, ThreadPoolExecutor(1) as writer:
            batches = list(in_batches(slices, batch_for(frame.input)))
            ahead, behind = reader.submit(read, batches[0]), None
            for places, after in zip(batches, [*batches[1:], None], strict=True):
                reporter.wait_while_paused()
                if reporter.should_stop():
                    raise Cancelled
                images, batch = ahead.result()
                if after is not None:
                    ahead = reader.submit(read, after)
                most = forward.most_pixels
                outputs = forward.outputs(batch)
                if forward.most_pixels != most:
                    reporter.send(Note(SMALLER_BATCH))
                if behind is not None:
                    behind.result()
                behind = writer.submit(write, images, outputs)
                if pace.is_due() or after is None:
                    if after is None:
                        behind.result()
                    reporter.send(Progress(volume.case, places.stop, slices))

    def _leave_out_pieces(self, volume: VolumeRef, file: Path, beside: Path) -> bool:
        """Go through the labels of a case once more, now that all of its slices are there.

        Parameters
        ----------
        beside : a file of what is left out, written where that is anything

        Returns
        -------
        Whether it was.
        """
        refiner = Refiner(self._refinements, self._frame(volume))
        if all(refiner.least(place) <= 0 for place in range(1, len(self._refinements) + 1)):
            return False
        slices, rows, columns = volume.shape
        size, start = rows * columns, file.stat().st_size - slices * rows * columns
        is_any = False
        with file.open("r+b") as labels, beside.open("w+b") as left_out:
            labels.seek(0)
            left_out.write(labels.read(start))
            # What is not written to reads as zeros.
            left_out.truncate(start + slices * size)

            def plane(index: int) -> npt.NDArray[np.uint8]:
                labels.seek(start + index * size)
                return np.frombuffer(labels.read(size), np.uint8).reshape(rows, columns)

            for place, number in enumerate(self._numbers[1:], start=1):
                least = refiner.least(place)
                if least <= 0:
                    continue
                pieces = Pieces(
                    lambda index, number=number: plane(index) == number,
                    slices,
                    least=least,
                    joined=volume.pixel_mm is not None,
                )
                for index in range(slices):
                    small = pieces.small(index)
                    if not small.any():
                        continue
                    is_any = True
                    whole = plane(index)
                    labels.seek(start + index * size)
                    labels.write(np.where(small, 0, whole).astype(np.uint8).tobytes())
                    left_out.seek(start + index * size)
                    others = np.frombuffer(left_out.read(size), np.uint8).reshape(rows, columns)
                    left_out.seek(start + index * size)
                    left_out.write(np.where(small, whole, others).astype(np.uint8).tobytes())
        if not is_any:
            beside.unlink()
        return is_any

    def _images(
        self, scan: ScanFile, volume: VolumeRef, indices: Iterable[int]
    ) -> list[npt.NDArray[np.float32]]:
        """Slices as the network sees them, on their own grid."""
        return [
            seen(scan.slice, volume, index, self._intensities, self._neighbours_mm)
            for index in indices
        ]

    def _chances(
        self, images: Sequence[npt.NDArray[np.float32]], frame: Frame
    ) -> list[npt.NDArray[np.float32]]:
        """Probabilities, (rows, columns, classes), of slices on their own grid."""
        outputs = self._forward(frame).outputs(batch_of([frame.image(one) for one in images]))
        return [frame.probabilities(one) for one in probabilities(outputs)]

    def _frame(self, volume: VolumeRef) -> Frame:
        resampled = self._scale.resampled(volume)
        own = self._shape
        if own is not None and resampled[0] <= own[0] and resampled[1] <= own[1]:
            # A smaller slice is padded to the trained shape: another one would be traced anew.
            return Frame(volume.shape[1:], resampled, own, self._row.border)
        shape = framed([resampled], self._row)
        return Frame(volume.shape[1:], resampled, shape, self._row.border)

    def _forward(self, frame: Frame) -> Forward:
        shape = None if self._shape is None else frame.network
        if shape not in self._forwards:
            network = self._network if shape is None else reshaped(self._network, shape)
            self._forwards[shape] = Forward(network)
        return self._forwards[shape]


def _shape(network: keras.Model) -> Shape | None:
    rows, columns = network.input_shape[1:3]
    return None if rows is None else (rows, columns)
