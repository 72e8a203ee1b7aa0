"""PNG and TIFF pictures: grey slices without geometry, in the natural order of their names.

A folder of single pictures of one size is one stack; a TIFF of many pages is a stack of its own.
"""

from __future__ import annotations

import logging
import re
import struct
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from segdesk.core.grid import Grid
from segdesk.errors import InputError
from segdesk.formats.findings import name_files
from segdesk.formats.stored import DEFLATE_LIMIT, Stored

PNG_ENDINGS, TIFF_ENDINGS = (".png",), (".tif", ".tiff")
PICTURE_ENDINGS = PNG_ENDINGS + TIFF_ENDINGS
PNG_START = b"\x89PNG\r\n\x1a\n"
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


def natural_order(file: Path) -> tuple[tuple[int, int, str], ...]:
    """Sort key by which slice-2 comes before slice-10."""
    parts = re.findall(r"\d+|\D+", file.name.lower())
    return tuple((0, int(part), "") if part.isdecimal() else (1, 0, part) for part in parts)


def open_pictures(files: Sequence[Path]) -> Stored:
    """One stack of single pictures, or one TIFF of many pages.

    Parameters
    ----------
    files : at least one, of one folder and one kind (PNG or TIFF)

    Raises
    ------
    InputError
        Where one is damaged or in colour, or their sizes or depths differ.
    """
    ordered = sorted(files, key=natural_order)
    is_png = ordered[0].suffix.lower() in PNG_ENDINGS
    forms = [_png_form(file) if is_png else _tiff_form(file) for file in ordered]
    first_shape, first_dtype = forms[0]
    odd = [file for file, form in zip(ordered, forms, strict=True) if form != forms[0]]
    if odd:
        verb = "is not like" if len(odd) == 1 else "are not like"
        raise InputError(
            f"The pictures of one stack differ in size or depth: {name_files(odd)} {verb} "
            f"{ordered[0].name}."
        )
    if len(ordered) > 1 and first_shape[0] > 1:
        raise InputError(
            f"{name_files(ordered)} each hold several pages.", "Import them one by one."
        )
    shape = (len(ordered) * first_shape[0], *first_shape[1:])
    read_one = _read_png if is_png else _read_tiff

    def read() -> npt.NDArray[Any]:
        return np.concatenate([read_one(file).reshape(first_shape) for file in ordered])

    return Stored(
        kind="PNG" if is_png else "TIFF",
        name=ordered[0].name if len(ordered) == 1 else ordered[0].parent.name,
        files=tuple(ordered),
        grid=Grid(shape, stacked=False),
        dtype=first_dtype,
        read=read,
    )


def _png_form(file: Path) -> tuple[tuple[int, int, int], np.dtype[Any]]:
    """Shape and dtype of a grey PNG all of whose checksums are right.

    Checked here because libpng writes its complaints to stderr.
    """
    try:
        data = file.read_bytes()
    except OSError as error:
        raise InputError(f"{file.name} cannot be read.") from error
    damaged = InputError(f"{file.name} is a damaged PNG file.")
    at, kinds, packed = len(PNG_START), [], 0
    while data.startswith(PNG_START) and at + 12 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        if at + 12 + length > len(data):
            break
        (checksum,) = struct.unpack_from(">I", data, at + 8 + length)
        if zlib.crc32(data[at + 4 : at + 8 + length]) != checksum:
            raise damaged
        kinds.append(kind)
        packed += length if kind == b"IDAT" else 0
        at += 12 + length
    if kinds[:1] != [b"IHDR"] or kinds[-1:] != [b"IEND"] or not packed:
        raise damaged
    columns, rows, depth, colour = struct.unpack_from(">IIBB", data, 16)
    if colour != 0:
        raise InputError(f"{file.name} is a picture in colour.", "Save it as grey levels.")
    if not rows or not columns or rows * columns * depth // 8 > packed * DEFLATE_LIMIT:
        raise damaged
    return (1, rows, columns), np.dtype(np.uint16 if depth == 16 else np.uint8)


def _read_png(file: Path) -> npt.NDArray[Any]:
    # SimpleITK takes a fifth of a second to import: only an import of pictures needs it.
    import SimpleITK as sitk  # noqa: N813 - its own documentation calls it so

    sitk.ProcessObject.SetGlobalWarningDisplay(False)
    try:
        return sitk.GetArrayFromImage(sitk.ReadImage(str(file), imageIO="PNGImageIO"))
    except RuntimeError as error:
        raise InputError(f"{file.name} is a damaged PNG file.") from error


def _tiff_form(file: Path) -> tuple[tuple[int, int, int], np.dtype[Any]]:
    import tifffile

    # tifffile logs what it finds odd; without a handler Python would print that on stderr.
    log = logging.getLogger("tifffile")
    if not log.handlers:
        log.addHandler(logging.NullHandler())
    try:
        with tifffile.TiffFile(file) as tiff:
            forms = {(page.shape, page.dtype) for page in tiff.pages}
            pages = len(tiff.pages)
            lossless = {int(getattr(page, "compression", 1)) for page in tiff.pages}
    except (*DAMAGE, tifffile.TiffFileError) as error:
        raise InputError(f"{file.name} is a damaged TIFF file.") from error
    if len(forms) != 1:
        raise InputError(f"The pages of {file.name} differ in size or depth.")
    shape, dtype = forms.pop()
    if len(shape) != 2 or min(shape) < 1 or dtype is None or dtype.kind not in "biuf":
        raise InputError(f"{file.name} is not a picture in grey levels.", "Save it as grey levels.")
    if not lossless <= READABLE_TIFF:
        raise InputError(
            f"{file.name} is compressed in a way that is not read here.",
            "Save it uncompressed or with deflate.",
        )
    if pages * shape[0] * shape[1] * dtype.itemsize > file.stat().st_size * DEFLATE_LIMIT:
        raise InputError(f"{file.name} ends before its last pixel.")
    return (pages, int(shape[0]), int(shape[1])), np.dtype(dtype)


#: TIFF compression: none, deflate (old and new number), PackBits.
READABLE_TIFF = frozenset({1, 8, 32946, 32773})


def _read_tiff(file: Path) -> npt.NDArray[Any]:
    import tifffile

    try:
        with tifffile.TiffFile(file) as tiff:
            return np.stack([page.asarray() for page in tiff.pages])
    except (*DAMAGE, tifffile.TiffFileError) as error:
        raise InputError(f"{file.name} is a damaged TIFF file.") from error
