"""A source that is open for reading: the `Scan`, whose planes are decoded one by one.

The importing room asks for the middle plane first and shows it while the others follow.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import numpy as np
import numpy.typing as npt

from segdesk.core.case import Source
from segdesk.core.grid import Grid
from segdesk.core.volume import Unit, Voxels
from segdesk.core.window import Window
from segdesk.formats.plausible import Plausible
from segdesk.formats.rescale import IDENTITY, Rescale, store
from segdesk.sentence import Sentence


class Scan(ABC):
    """One volume of the world, open for reading. Owned by the one thread that reads it.

    Parameters
    ----------
    grid : where the voxels lie
    unit : "HU" where slope and intercept are 1 and 0 and a stored number is a whole HU; "RGB" of a
        picture in colour
    rescale : value = stored * slope + intercept
    window : the file's own, in values, or None
    source : what is kept about the import; its notes name no file
    patient : salted hash, or empty where the source names nobody
    mask : what makes it look like a mask, for a sentence, or empty
    doubt : a sentence where the values don't tell their unit, so that a person has to; or empty
    """

    def __init__(
        self,
        *,
        grid: Grid,
        unit: Unit,
        rescale: Rescale,
        source: Source,
        window: Window | None = None,
        patient: str = "",
        doubt: str = "",
        mask: str = "",
    ) -> None:
        self.grid = grid
        self.unit: Unit = unit
        self.slope = rescale.slope
        self.intercept = rescale.intercept
        self.window = window
        self.source = source
        self.patient = patient
        self.doubt = doubt
        self.mask = mask

    @abstractmethod
    def plane(self, index: int) -> Voxels:
        """Stored voxels of one slice: int16, (rows, columns), or in colour uint8,
        (rows, columns, 3); C order.

        Raises
        ------
        InputError
            Where the slice cannot be decoded or does not fit; the sentence names the file.
        """


class ArrayScan(Scan):
    """A Scan whose numbers lie in one array or memory map.

    Parameters
    ----------
    array : bool, whole or floating, (slices, rows, columns)
    name : of the source, for a sentence
    measured, fill : which numbers are measured values, and what the others become first
    values : the file's own rescale, applied to a number then
    storing : the rescale that then brings it into int16
    """

    def __init__(
        self,
        array: npt.NDArray[Any],
        name: str,
        *,
        measured: Plausible,
        fill: float,
        values: Rescale = IDENTITY,
        storing: Rescale,
        grid: Grid,
        unit: Unit,
        rescale: Rescale,
        source: Source,
        doubt: str = "",
        mask: str = "",
    ) -> None:
        super().__init__(
            grid=grid, unit=unit, rescale=rescale, source=source, doubt=doubt, mask=mask
        )
        self._array = array
        self._name = name
        self._measured, self._fill = measured, fill
        self._values = values
        self._storing = storing

    def plane(self, index: int) -> npt.NDArray[np.int16]:
        plane = self._measured.clean(np.asarray(self._array[index]), self._fill)
        if not self._values.is_identity:
            plane = plane.astype(np.float64) * self._values.slope + self._values.intercept
        return store(
            plane,
            self._storing,
            Sentence("Slice {index} of {name}", index=index + 1, name=self._name),
        )
