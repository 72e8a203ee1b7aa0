"""Label maps from the world, brought onto the scan's Grid: `read_labels`.

NIfTI, NRRD, MetaImage, arrays and pictures. What is not on the same Grid is refused, never
resampled; numbers keep their meaning; only a mask with soft edges is cut, and that is said.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from segdesk.core.grid import Grid
from segdesk.errors import InputError
from segdesk.formats.arrays import ARRAY_ENDINGS, open_array
from segdesk.formats.dicom_header import looks_like_dicom
from segdesk.formats.geometry import placed
from segdesk.formats.images import image_ending, open_image
from segdesk.formats.pictures import PICTURE_ENDINGS, open_pictures
from segdesk.formats.rescale import extent
from segdesk.formats.sources import parse_source
from segdesk.formats.stored import Stored

Labels = npt.NDArray[np.uint8]

#: A mask that was resampled as a picture has this for foreground.
WHITE = 255
#: Of the voxels between black and white of a soft mask, at most this share may lie inside an area
#: of their own level; those of a segment mostly do. Resized lung masks have under 0.02.
MOST_INSIDE = 0.2
#: More levels than this are not counted for the note.
MANY_LEVELS = 256


@dataclass(frozen=True, slots=True, eq=False)
class LabelMap:
    """Labels on the scan's Grid.

    Parameters
    ----------
    labels : uint8, (slices, rows, columns)
    names : (number, name) of the segments that the file names
    notes : sentences that name no file
    """

    labels: Labels
    names: tuple[tuple[int, str], ...] = ()
    notes: tuple[str, ...] = ()


def read_labels(source: str | Path, grid: Grid) -> LabelMap:
    """Read labels and place each voxel where it lies on the scan.

    Parameters
    ----------
    source : a file, `FILE.npz:KEY`, `FILE.h5:/path`, or a folder of pictures
    grid : of the scan. Without geometry on either side, the shapes must be equal

    Raises
    ------
    InputError
        Where the labels are damaged, no whole numbers from 0 to 255, or not on this Grid; then
        the sentence says what differs.
    UsageError
        Where a file holds several arrays and none was named.
    """
    stored = _open(source)
    try:
        array = stored.read()
    except MemoryError as error:
        raise InputError(f"{stored.name} does not fit into memory.") from error
    numbers, notes = _as_numbers(array, stored)
    if stored.grid.stacked and grid.stacked:
        labels = placed(numbers, stored.grid, grid, stored.name)
    elif stored.grid.shape == grid.shape:
        labels = np.ascontiguousarray(numbers)
        if grid.stacked:
            notes = (*notes, "The labels have no geometry; they were placed slice by slice.")
    else:
        raise InputError(
            f"{stored.name} is on another grid than the scan: {_times(stored.grid.shape)} voxels "
            f"instead of {_times(grid.shape)}."
        )
    return LabelMap(labels, stored.names, notes)


def _open(source: str | Path) -> Stored:
    path, key = parse_source(source)
    ending = path.suffix.lower()
    if path.is_dir():
        files = [file for file in path.iterdir() if file.suffix.lower() in PICTURE_ENDINGS]
        if len({file.suffix.lower()[:4] for file in files}) != 1:
            raise InputError(
                f"There is no one stack of pictures in {path.name}.", "Name a file with labels."
            )
        return open_pictures(files)
    if image_ending(path):
        return open_image(path)
    if ending in ARRAY_ENDINGS:
        return open_array(path, key)
    if ending in PICTURE_ENDINGS:
        return open_pictures([path])
    try:
        is_dicom = looks_like_dicom(path)
    except OSError as error:
        raise InputError(f"{path.name} cannot be read.") from error
    what = "a DICOM file, which holds no label map" if is_dicom else "of no known format"
    raise InputError(
        f"{path.name} is {what}.", "Labels may be .nii.gz, .nrrd, .mha, .npy, .npz:KEY or pictures."
    )


def _as_numbers(array: npt.NDArray[Any], stored: Stored) -> tuple[Labels, tuple[str, ...]]:
    """Labels as uint8, and what had to be done to make them so.

    - fractions: a soft mask of one segment, cut at half of its largest value;
    - black, white (255) and levels between that only lie on edges: the same;
    - nothing but 0 and 255: segment 1;
    - any other whole numbers from 0 to 255: as they are.
    """
    if not stored.values.is_identity:
        array = array * stored.values.slope + stored.values.intercept
    found = extent(array, stored.name)
    if found.low < 0 or found.high > 255:
        raise InputError(
            f"{stored.name} holds numbers from {found.low:g} to {found.high:g}; labels are whole "
            "numbers from 0 to 255."
        )
    if not found.whole:
        return _cut(array, found.high)
    numbers = array.astype(np.uint8)
    counts = np.bincount(numbers.ravel(), minlength=256)
    if counts[WHITE] and not counts[1:WHITE].any():
        return (numbers == WHITE).astype(np.uint8), ()
    if _has_soft_edges(numbers, counts):
        return _cut(numbers, float(WHITE))
    return numbers, ()


def _cut(array: npt.NDArray[Any], high: float) -> tuple[Labels, tuple[str, ...]]:
    levels = _levels(array)
    note = (
        f"The labels have soft edges ({levels} levels from 0 to {high:g}); they were cut at half: "
        f"segment 1 is what lies above {high / 2:g}."
    )
    return (array > high / 2).astype(np.uint8), (note,)


def _levels(planes: Iterable[npt.NDArray[Any]]) -> str:
    seen: set[float] = set()
    for plane in planes:
        seen.update(np.unique(plane).tolist())
        if len(seen) > MANY_LEVELS:
            return f"over {MANY_LEVELS}"
    return str(len(seen))


def _has_soft_edges(numbers: Labels, counts: npt.NDArray[np.intp]) -> bool:
    """Whether levels between 0 and 255 are but the edges of one white segment.

    They must reach the middle of the range, be fewer than the white voxels, and hardly ever have
    their own level on all four sides.
    """
    between = counts[1:WHITE]
    if not counts[WHITE] or not counts[0] or not between[63:191].any():
        return False
    if between.sum() >= counts[WHITE]:
        return False
    inside = sum(_inside(plane) for plane in numbers)
    return inside <= MOST_INSIDE * int(between.sum())


def _inside(plane: Labels) -> int:
    """Number of voxels between black and white whose four neighbours have the same level."""
    centre = plane[1:-1, 1:-1]
    same = (centre > 0) & (centre < WHITE)
    for neighbour in (plane[:-2, 1:-1], plane[2:, 1:-1], plane[1:-1, :-2], plane[1:-1, 2:]):
        same &= centre == neighbour
    return int(np.count_nonzero(same))


def _times(shape: tuple[int, int, int]) -> str:
    return "×".join(str(size) for size in shape)
