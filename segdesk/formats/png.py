"""PNG files, by Pillow: grey levels, indices of a palette, or red, green and blue."""

from __future__ import annotations

import struct
import warnings
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from segdesk.errors import InputError
from segdesk.formats.picture import GREY_HINT, Colours, Picture, palette_of
from segdesk.formats.stored import COPY_AGAIN, DEFLATE_LIMIT
from segdesk.sentence import Sentence

#: Pillow's names of what is read, with the bits that a pixel has at least. "I" is what releases
#: before 11.3 made of 16 bits.
MODES = {"1": 1, "L": 1, "P": 1, "I;16": 16, "I": 16, "RGB": 24, "RGBA": 32}
COLOUR = ("RGB", "RGBA")
#: Far beyond any slice; Pillow refuses twice as much while it opens a file.
MOST_PIXELS = 1 << 28
#: The last chunk, which holds nothing; Pillow does not read its checksum.
END = b"\0\0\0\0IEND\xae\x42\x60\x82"
#: First column and row, and steps between them, of the passes of an interlaced PNG (its
#: specification, 8.2).
ADAM7 = (
    (0, 0, 8, 8),
    (4, 0, 8, 8),
    (0, 4, 4, 8),
    (2, 0, 4, 4),
    (0, 2, 2, 4),
    (1, 0, 2, 2),
    (0, 1, 1, 2),
)
#: What Pillow raises on damaged files, besides its own errors, which are OSErrors.
DAMAGE = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    AttributeError,
    OverflowError,
    EOFError,
    MemoryError,
    struct.error,
    zlib.error,
)


def open_png(file: Path) -> Picture:
    """The header of a PNG file all of whose checksums are right.

    Raises
    ------
    InputError
        Where it cannot be read, is damaged, or holds what `MODES` does not name.
    """
    # Pillow is imported where it is needed, as all libraries of this room.
    from PIL import Image

    Image.MAX_IMAGE_PIXELS = MOST_PIXELS
    try:
        nbytes = file.stat().st_size
        with warnings.catch_warnings(action="ignore"), Image.open(file, formats=("PNG",)) as png:
            mode, (columns, rows) = png.mode, png.size
            pages = int(getattr(png, "n_frames", 1))
            colours = _colours(bytes(png.palette.palette)) if mode == "P" and png.palette else ()
            depth = _depth(file) if mode in COLOUR else 8
            is_keyed = mode in COLOUR and "transparency" in png.info
            png.verify()
    except (*DAMAGE, Image.DecompressionBombError) as error:
        raise _damaged(file, error) from error
    if mode not in MODES or depth != 8 or is_keyed:
        raise InputError(
            Sentence("{file} is a picture in colour or with transparency.", file=file.name),
            GREY_HINT,
        )
    if pages > 1:
        raise InputError(
            Sentence("{file} is an animation.", file=file.name),
            "Save each slice as a file of its own.",
        )
    if rows * columns * MODES[mode] // 8 > nbytes * DEFLATE_LIMIT:
        raise _damaged(file)
    dtype = np.dtype(np.uint16 if MODES[mode] == 16 else np.uint8)
    return Picture(
        file,
        (1, rows, columns),
        dtype,
        lambda: _read(file),
        palette_of(colours),
        is_colour=mode in COLOUR,
    )


def _damaged(file: Path, error: Exception | None = None) -> InputError:
    if isinstance(error, OSError) and error.errno is not None:
        return InputError(
            Sentence(
                "{file} cannot be read: {reason}.", file=file.name, reason=error.strerror or ""
            )
        )
    return InputError(Sentence("{file} is a damaged PNG file.", file=file.name), COPY_AGAIN)


def _colours(palette: bytes) -> Colours:
    triples = [palette[at : at + 3] for at in range(0, len(palette) // 3 * 3, 3)]
    return tuple((red, green, blue) for red, green, blue in triples)


def _depth(file: Path) -> int:
    """Bits of each channel, which Pillow makes 8 of without a word."""
    with file.open("rb") as opened:
        return opened.read(25)[24]


def _opaque(numbers: npt.NDArray[np.uint8], file: Path) -> npt.NDArray[np.uint8]:
    """Red, green and blue of a picture, where nothing of it is transparent."""
    if numbers.shape[-1] == 4 and numbers[..., 3].min() < 255:
        raise InputError(
            Sentence("{file} is a picture with transparency.", file=file.name), GREY_HINT
        )
    return np.ascontiguousarray(numbers[..., :3])


def _check_whole(data: bytes) -> None:
    """Raise ValueError where a PNG with sound checksums has not all of its rows, or no end.

    Pillow leaves rows black that are not there.
    """
    columns, rows, depth, kind_of_colour, _, _, interlaced = struct.unpack_from(
        ">IIBBBBB", data, 16
    )
    passes = ADAM7 if interlaced else ((0, 0, 1, 1),)
    # Bits of a pixel: in colour three channels, or four with transparency (11.2.1).
    depth *= {2: 3, 4: 2, 6: 4}.get(kind_of_colour, 1)
    wanted = 0
    for left, top, right, down in passes:
        width, height = -(-(columns - left) // right), -(-(rows - top) // down)
        wanted += height * (1 + -(-width * depth // 8)) if width > 0 else 0
    at, unpacker, held = 8, zlib.decompressobj(), 0
    kind = b""
    while kind != b"IEND":
        length, kind = struct.unpack_from(">I4s", data, at)
        if kind == b"IDAT":
            # One byte more than there may be is enough to tell; a stream may hold any number.
            held += len(unpacker.decompress(data[at + 8 : at + 8 + length], wanted - held + 1))
        elif kind == b"tRNS" and kind_of_colour == 2:
            raise ValueError("a colour stands for transparency, behind the rows")
        at += 12 + length
        if held > wanted:
            break
    if held != wanted or data[at - len(END) : at] != END:
        raise ValueError(f"expected {wanted} bytes of rows, received {held}")


def _read(file: Path) -> npt.NDArray[Any]:
    from PIL import Image

    try:
        _check_whole(file.read_bytes())
        with warnings.catch_warnings(action="ignore"), Image.open(file, formats=("PNG",)) as png:
            numbers = np.asarray(png)
    except (*DAMAGE, Image.DecompressionBombError) as error:
        raise _damaged(file, error) from error
    if numbers.ndim == 3:
        return _opaque(numbers, file)
    if numbers.dtype == np.bool_:
        # A writer takes one bit where a slice has but black and white; beside others white is 255.
        return numbers.astype(np.uint8) * np.uint8(255)
    return numbers if numbers.dtype == np.uint8 else numbers.astype(np.uint16)
