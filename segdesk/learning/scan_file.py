"""The voxels of a scan, slice by slice: the `ScanFile`.

A training looks at every slice of every case for hours, a prediction goes through whole scans. What
is mapped counts as memory of the process while it stays, and a file that is cut meanwhile ends it
without a word; so slices are read.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from segdesk.core.held_file import HeldFile
from segdesk.core.volume import Voxels, stored_shape, stored_type
from segdesk.errors import TrainingError
from segdesk.jobs.bundle import VolumeRef
from segdesk.sentence import Sentence


class ScanFile:
    """A scan, open for reading wherever its folder goes. Any thread.

    Parameters
    ----------
    volume : whose voxels are read

    Raises
    ------
    TrainingError
        Where the file is gone or shorter than it should be.
    """

    def __init__(self, volume: VolumeRef) -> None:
        self._case, self._offset = volume.case, volume.offset
        self._kind = stored_type(volume.unit)
        slices, *self._shape = stored_shape(volume.shape, volume.unit)
        self._size = int(np.prod(self._shape)) * self._kind.itemsize
        try:
            self._file = HeldFile(Path(volume.file))
        except OSError as error:
            raise _unreadable(self._case) from error
        if self._file.size < self._offset + slices * self._size:
            raise _unreadable(self._case)

    def slice(self, index: int) -> Voxels:
        """A slice as it is stored, (rows, columns), in colour with three channels last.

        Raises
        ------
        TrainingError
            Where it cannot be read any more.
        """
        try:
            content = self._file.read(self._offset + index * self._size, self._size)
        except (OSError, ValueError) as error:
            raise _unreadable(self._case) from error
        return np.frombuffer(content, self._kind).reshape(self._shape)


def _unreadable(case: str) -> TrainingError:
    return TrainingError(
        Sentence("The scan of case {case} cannot be read.", case=case),
        "Check the project: its volume file is missing or damaged.",
    )
