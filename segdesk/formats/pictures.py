"""PNG and TIFF pictures: slices without geometry, in the natural order of their names.

A folder of single pictures of one size is one stack; a TIFF of many pages is a stack of its own.
What one file holds is said by `png` and `tiff`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from segdesk.core.grid import Grid
from segdesk.errors import InputError
from segdesk.formats.findings import name_files
from segdesk.formats.picture import Picture
from segdesk.formats.png import open_png
from segdesk.formats.stored import Stored
from segdesk.formats.tiff import open_tiff
from segdesk.sentence import Sentence

PNG_ENDINGS, TIFF_ENDINGS = (".png",), (".tif", ".tiff")
PICTURE_ENDINGS = PNG_ENDINGS + TIFF_ENDINGS


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
        Where one is damaged, or their sizes, depths, colours or palettes differ.
    """
    ordered = sorted(files, key=natural_order)
    is_png = ordered[0].suffix.lower() in PNG_ENDINGS
    pictures = [open_png(file) if is_png else open_tiff(file) for file in ordered]
    _check_alike(pictures)
    first = pictures[0].shape
    if len(ordered) > 1 and first[0] > 1:
        raise InputError(
            Sentence("{files} each hold several pages.", files=name_files(ordered)),
            "Import them one by one.",
        )

    def read() -> npt.NDArray[Any]:
        shape = (*first, 3) if pictures[0].is_colour else first
        return np.concatenate([picture.read().reshape(shape) for picture in pictures])

    return Stored(
        kind="PNG" if is_png else "TIFF",
        name=ordered[0].name if len(ordered) == 1 else ordered[0].parent.name,
        files=tuple(ordered),
        grid=Grid((len(ordered) * first[0], *first[1:]), stacked=False),
        dtype=pictures[0].dtype,
        read=read,
        is_indexed=bool(pictures[0].palette),
        is_colour=pictures[0].is_colour,
        notes=tuple(dict.fromkeys(note for picture in pictures for note in picture.notes)),
    )


def _check_alike(pictures: Sequence[Picture]) -> None:
    """Raise InputError where the pictures of one stack do not go together."""
    first = pictures[0]
    forms = [(one.shape, one.dtype, bool(one.palette), one.is_colour) for one in pictures]
    odd = [picture.file for picture, form in zip(pictures, forms, strict=True) if form != forms[0]]
    if odd:
        raise InputError(
            Sentence(
                "The pictures of one stack differ in size, depth or colour: {unlike}.",
                unlike=_unlike(odd, first),
            ),
            "Keep the pictures of one stack in a folder of their own.",
        )
    longest = max(pictures, key=lambda picture: len(picture.palette))
    odd = [
        picture.file
        for picture in pictures
        if picture.palette != longest.palette[: len(picture.palette)]
    ]
    if odd:
        raise InputError(
            Sentence(
                "The pictures of one stack number their colours in several ways: {unlike}.",
                unlike=_unlike(odd, longest),
            ),
            "Save them all with one palette, so that a number is one segment.",
        )


def _unlike(odd: Sequence[Path], pattern: Picture) -> str:
    return Sentence.counted(
        "{files} is not like {file}",
        "{files} are not like {file}",
        len(odd),
        files=name_files(odd),
        file=pattern.file.name,
    )
