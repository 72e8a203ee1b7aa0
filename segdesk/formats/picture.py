"""One file of pictures whose header has been read: `Picture`. `png` and `tiff` make them.

How files become one stack is `pictures`' business.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from segdesk.sentence import Sentence

Colours = tuple[tuple[int, int, int], ...]

#: What a picture must be, said wherever one is not; a mask turned to grey levels would lose its
#: numbers.
GREY_HINT = Sentence(
    "Save a scan in grey levels, or in colour with 8 bits a channel and nothing "
    "transparent; save a mask with the number of each pixel's segment as its grey "
    "level, or as its index in a palette."
)


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """Pages of one size in one file, not decoded yet.

    Parameters
    ----------
    file : that holds them
    shape : (pages, rows, columns)
    dtype : of the numbers that `read` gives
    read : decodes all pages; InputError where they are damaged
    palette : colour of each number where the numbers are indices of colours, or empty
    notes : sentences that name no file
    is_colour : `read` gives uint8 with red, green and blue as its last axis
    """

    file: Path
    shape: tuple[int, int, int]
    dtype: np.dtype[Any]
    read: Callable[[], npt.NDArray[Any]]
    palette: Colours = ()
    notes: tuple[str, ...] = ()
    is_colour: bool = False


def palette_of(colours: Colours) -> Colours:
    """A palette, or nothing where it only says that each number is its own grey level."""
    is_grey = all(colour == (number,) * 3 for number, colour in enumerate(colours))
    return () if is_grey and len(colours) == 256 else colours
