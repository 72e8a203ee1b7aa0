"""TIFF files, by tifffile: grey levels, indices of a palette, or colour, on one or many pages.

Which axis of a file is the slices' is what the file says (ImageJ, OME, tifffile's own notes), else
the pages'. Numbers are grey levels with black at 0, as the file's photometric field says.
"""

from __future__ import annotations

import logging
import math
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from segdesk.errors import InputError
from segdesk.formats.picture import GREY_HINT, Colours, Picture, palette_of
from segdesk.formats.stored import COPY_AGAIN, DEFLATE_LIMIT
from segdesk.formats.tiff_pages import check_pages
from segdesk.sentence import Sentence

#: TIFF compression: none, deflate (old and new number), PackBits.
READABLE = frozenset({1, 8, 32946, 32773})
#: Differences between neighbours before the compression: none, of whole numbers.
READABLE_PREDICTOR = frozenset({1, 2})
MIN_IS_WHITE, MIN_IS_BLACK, RGB, PALETTE, MASK = 0, 1, 2, 3, 4
GREY = frozenset({MIN_IS_WHITE, MIN_IS_BLACK, PALETTE, MASK})
#: Of the pixels: the header stands before.
LEAST_OFFSET = 8
#: The first row is the top one and its first pixel the left one. Of the seven others some programs
#: turn the picture and others do not.
UPRIGHT = 1
#: Said of a file that was turned round.
TURNED = Sentence(
    "The file counts from white to black; its numbers were turned, so that 0 is black."
)
#: What tifffile raises on damaged files, besides its own TiffFileError (an Exception).
DAMAGE = (
    OSError,
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    AttributeError,
    ArithmeticError,
    RuntimeError,
    NotImplementedError,
    EOFError,
    MemoryError,
    AssertionError,
    struct.error,
    zlib.error,
)


def open_tiff(file: Path) -> Picture:
    """The header of a TIFF file that holds one stack of slices.

    Raises
    ------
    InputError
        Where it is damaged, in colours of other depths, compressed in a way that is not read here,
        not upright, or its pages are of several sizes or of more than one stack.
    """
    import tifffile

    # tifffile logs what it finds odd; without a handler Python would print that on stderr.
    log = logging.getLogger("tifffile")
    if not log.handlers:
        log.addHandler(logging.NullHandler())
    try:
        nbytes = file.stat().st_size
        check_pages(file)
        with _opened(file) as tiff:
            all_series = tiff.series
            series, page = all_series[0], all_series[0].keyframe
            axes, shape, dtype = series.axes, series.shape, series.dtype
            is_elsewhere = bool(series.is_multifile)
            unwritten = any(min(one.dataoffsets, default=0) < LEAST_OFFSET for one in series.pages)
            photometric, bits = int(page.photometric), page.bitspersample
            packing, predictor = int(page.compression), int(page.predictor)
            orientation = int(page.tags.valueof("Orientation", default=UPRIGHT))
            colours = _colours(page.colormap) if photometric == PALETTE else ()
    except (*DAMAGE, tifffile.TiffFileError) as error:
        raise _damaged(file, error) from error
    if len(all_series) > 1:
        raise InputError(
            Sentence("The pages of {file} differ in size or depth.", file=file.name),
            "Save the slices alone, without a preview, all of one size.",
        )
    if is_elsewhere:
        raise InputError(
            Sentence("{file} keeps pages in other files.", file=file.name), "Save it as one file."
        )
    if unwritten:
        # Some programs read what was never written as 0, which here would be black or background.
        raise InputError(Sentence("{file} lacks a part of its pixels.", file=file.name), COPY_AGAIN)
    if orientation != UPRIGHT:
        raise InputError(
            Sentence(
                "{file} says that its first pixel is not at the top left (orientation "
                "{orientation}), which programs show in two ways.",
                file=file.name,
                orientation=orientation,
            ),
            "Save it once more, upright.",
        )
    in_colour = _is_colour(photometric, axes, shape, dtype)
    if in_colour:
        axes = axes[:-1]
    elif photometric not in GREY or "S" in axes or dtype is None or dtype.kind not in "biuf":
        raise InputError(
            Sentence("{file} is not a picture in grey levels.", file=file.name), GREY_HINT
        )
    if packing not in READABLE or predictor not in READABLE_PREDICTOR:
        raise InputError(
            Sentence("{file} is compressed in a way that is not read here.", file=file.name),
            "Save it uncompressed or with deflate.",
        )
    order = _order(axes, shape[: len(axes)], file.name)
    pages, rows, columns = ([1, *(shape[axis] for axis in order)])[-3:]
    held = nbytes if packing == 1 else nbytes * DEFLATE_LIMIT
    if min(shape) < 1 or math.prod(shape) * _bits(bits, dtype) // 8 > held:
        raise InputError(Sentence("{file} ends before its last pixel.", file=file.name), COPY_AGAIN)
    turned = _top(bits, dtype, file.name) if photometric == MIN_IS_WHITE else None
    return Picture(
        file,
        (pages, rows, columns),
        np.dtype(dtype).newbyteorder("="),
        lambda: _read(file, (*order, len(axes)) if in_colour else order, turned),
        palette_of(colours),
        (TURNED,) if turned is not None else (),
        in_colour,
    )


def _is_colour(photometric: int, axes: str, shape: tuple[int, ...], dtype: Any) -> bool:
    """Whether each pixel is red, green and blue of 8 bits, one beside the other."""
    return (photometric, dtype, axes[-1:], shape[-1:]) == (RGB, np.uint8, "S", (3,))


def _opened(file: Path) -> Any:
    import tifffile

    # An OME file may name others, in any folder; a stranger's file is never followed.
    return tifffile.TiffFile(file, _multifile=False)


def _damaged(file: Path, error: Exception) -> InputError:
    if isinstance(error, OSError) and error.errno is not None:
        return InputError(
            Sentence(
                "{file} cannot be read: {reason}.", file=file.name, reason=error.strerror or ""
            )
        )
    return InputError(Sentence("{file} is a damaged TIFF file.", file=file.name), COPY_AGAIN)


def _order(axes: str, shape: tuple[int, ...], name: str) -> tuple[int, ...]:
    """Which axes are (slices,) rows and columns; others have the size 1 and are left out.

    Raises
    ------
    InputError
        Where there is more than one stack, such as several channels of several slices.
    """
    last = len(axes) - 1
    rows = axes.index("Y") if "Y" in axes else last - 1
    columns = axes.index("X") if "X" in axes else last
    others = [at for at, size in enumerate(shape) if size > 1 and at not in (rows, columns)]
    if len(shape) < 2 or len(others) > 1:
        words = " × ".join(f"{size} {letter}" for letter, size in zip(axes, shape, strict=True))
        raise InputError(
            Sentence(
                "{name} holds more than one stack of slices ({words}).", name=name, words=words
            ),
            "Save one channel at one time as a file of its own.",
        )
    return (*others, rows, columns)


def _bits(bits: Any, dtype: np.dtype[Any]) -> int:
    return 1 if dtype.kind == "b" and bits == 1 else dtype.itemsize * 8


def _top(bits: Any, dtype: np.dtype[Any], name: str) -> int:
    """The number of black in a file that counts from white.

    Raises
    ------
    InputError
        Where its numbers have no end: signed or floating ones.
    """
    if dtype.kind not in "bu" or not isinstance(bits, int):
        raise InputError(
            Sentence("{name} counts from white to black, in numbers that have no end.", name=name),
            "Save it with 0 as black.",
        )
    return (1 << bits) - 1


def _colours(colormap: Any) -> Colours:
    """Colours of 8 bits from TIFF's of 16, in which some writers leave them as they are."""
    table = np.asarray(colormap).reshape(3, -1).T
    table = table // 257 if table.max() > 255 else table
    return tuple((int(red), int(green), int(blue)) for red, green, blue in table)


def _read(file: Path, order: tuple[int, ...], turned: int | None) -> npt.NDArray[Any]:
    import tifffile

    try:
        with _opened(file) as tiff:
            series = tiff.series[0]
            array = np.asarray(series.asarray()).reshape(series.shape)
    except (*DAMAGE, tifffile.TiffFileError) as error:
        raise _damaged(file, error) from error
    single = tuple(at for at in range(array.ndim) if at not in order)
    moved = np.transpose(array, (*single, *order)).reshape([array.shape[at] for at in order])
    moved = moved.astype(moved.dtype.newbyteorder("="), copy=False)
    if turned is None:
        return moved
    return ~moved if moved.dtype.kind == "b" else moved.dtype.type(turned) - moved
