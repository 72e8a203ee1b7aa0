"""Pictures in colour as scans: red, green and blue of 8 bits, kept as they are.

Many a grey picture is saved with three equal channels; it is read as the grey one that it is. As
labels no picture in colour is taken: which segment a colour means, only a palette says.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from segdesk.core.case import Source
from segdesk.errors import InputError
from segdesk.formats.masks import MOST_LEVELS
from segdesk.formats.rescale import IDENTITY
from segdesk.formats.scan import Scan
from segdesk.formats.stored import Stored
from segdesk.sentence import Sentence

#: Said of a picture whose three channels hold the same.
GREY_NOTE = Sentence(
    "Red, green and blue are equal everywhere, so the picture was read in grey levels."
)
#: Slices that are looked at for whether they hold but a few colours.
LOOKED_AT = 16


class ColourScan(Scan):
    """A Scan in colour.

    Parameters
    ----------
    array : uint8, (slices, rows, columns, 3)
    stored : that gave it
    """

    def __init__(self, array: npt.NDArray[np.uint8], stored: Stored) -> None:
        super().__init__(
            grid=stored.grid,
            unit="RGB",
            rescale=IDENTITY,
            source=Source(stored.kind, notes=stored.notes, axes=stored.axes),
            mask=_mask_words(array),
        )
        self._array = array

    def plane(self, index: int) -> npt.NDArray[np.uint8]:
        return np.ascontiguousarray(self._array[index])


def colour_or_grey(stored: Stored) -> ColourScan | Stored:
    """Read a picture in colour: its Scan, or the grey picture that it is.

    Parameters
    ----------
    stored : `is_colour`, gives uint8, (slices, rows, columns, 3)

    Raises
    ------
    InputError
        Where it is damaged or does not fit into memory.
    """
    try:
        array = stored.read()
        if any(np.any(plane[..., :1] != plane[..., 1:]) for plane in array):
            return ColourScan(array, stored)
        grey = np.ascontiguousarray(array[..., 0])
    except MemoryError as error:
        raise InputError(
            Sentence("{stored} does not fit into memory.", stored=stored.name),
            "Close other programs first.",
        ) from error
    notes = (*stored.notes, GREY_NOTE)
    return replace(stored, read=lambda: grey, is_colour=False, notes=notes)


def _mask_words(array: npt.NDArray[Any]) -> str:
    """What makes it look like a mask; empty where it looks like a picture."""
    colours: set[int] = set()
    for plane in array[:: -(-len(array) // LOOKED_AT)]:
        parts = plane.astype(np.uint32)
        colours |= set(np.unique(parts[..., 0] << 16 | parts[..., 1] << 8 | parts[..., 2]).tolist())
        if len(colours) > MOST_LEVELS:
            return ""
    return Sentence("it holds only {count} colours", count=len(colours))
