"""Label maps from the world, brought onto the scan's Grid: `read_labels`.

NIfTI, NRRD, MetaImage, arrays and pictures. What is not on the same Grid is refused, never
resampled. Which whole numbers the values stand for is decided in `label_values`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from segdesk.core.case import AS_STORED, Axes
from segdesk.core.grid import Grid
from segdesk.errors import InputError
from segdesk.formats.arrays import ARRAY_ENDINGS, open_array
from segdesk.formats.dicom_header import looks_like_dicom
from segdesk.formats.geometry import placed
from segdesk.formats.images import header_of, image_ending, open_image
from segdesk.formats.label_values import Labels, as_numbers
from segdesk.formats.picture import GREY_HINT
from segdesk.formats.pictures import PICTURE_ENDINGS, open_pictures
from segdesk.formats.planes import source_axes
from segdesk.formats.sources import parse_source
from segdesk.formats.stored import Stored
from segdesk.formats.tiff import TURNED
from segdesk.sentence import Sentence


@dataclass(frozen=True, eq=False)
class LabelMap:
    """Labels on the scan's Grid. Without slots, so that it keeps its `numbers`.

    Parameters
    ----------
    labels : uint8, (slices, rows, columns)
    names : (number, name) of the segments that the file names
    notes : sentences that name no file
    """

    labels: Labels
    names: tuple[tuple[int, str], ...] = ()
    notes: tuple[str, ...] = ()

    @cached_property
    def numbers(self) -> frozenset[int]:
        """Numbers of the segments that it shows, counted once: a large scan takes a while."""
        counts = np.zeros(256, np.int64)
        # Slice by slice, because bincount makes eight bytes of every voxel that it is given.
        for plane in self.labels:
            counts += np.bincount(plane.reshape(-1), minlength=256)
        return frozenset((np.flatnonzero(counts[1:]) + 1).tolist())


def read_labels(source: str | Path, grid: Grid, *, axes: Axes = AS_STORED) -> LabelMap:
    """Read labels and place each voxel where it lies on the scan.

    Parameters
    ----------
    source : a file, `FILE.npz:KEY`, `FILE.h5:/path`, or a folder of pictures
    grid : of the scan. Without geometry on either side, the shapes must be equal
    axes : of the scan's file, as `core.case.Source.axes`. Labels without geometry are taken in the
        order of that file, and in the scan's order where only that has their shape

    Raises
    ------
    InputError
        Where the labels are damaged, no whole numbers from 0 to 255, or not on this Grid; then
        the sentence says what differs.
    UsageError
        Where a file holds several arrays and none was named.
    """
    stored = _open(source)
    if stored.is_colour:
        raise InputError(
            Sentence("{stored} is a picture in colour or with transparency.", stored=stored.name),
            GREY_HINT,
        )
    has_place = stored.grid.stacked and grid.stacked
    is_turned = stored.grid.shape == tuple(grid.shape[axis] for axis in source_axes(axes))
    if not has_place and not is_turned and stored.grid.shape != grid.shape:
        raise InputError(
            Sentence(
                "{stored} is on another grid than the scan: {ours} voxels instead of {theirs}.",
                stored=stored.name,
                ours=_times(stored.grid.shape),
                theirs=_times(grid.shape),
            ),
            "Labels need one number for each voxel of their scan.",
        )
    try:
        array = stored.read()
    except MemoryError as error:
        raise InputError(
            Sentence("{stored} does not fit into memory.", stored=stored.name),
            "Close other programs first.",
        ) from error
    numbers, notes = as_numbers(array, stored)
    notes = (*stored.notes, *notes)
    if TURNED in stored.notes and numbers.all():
        raise InputError(
            Sentence(
                "{stored} counts from white to black, so that no pixel of it is background.",
                stored=stored.name,
            ),
            "Save it with 0 as black and as background.",
        )
    if has_place:
        labels = placed(numbers, stored.grid, grid, stored.name, turn_rad=stored.turn_rad)
    else:
        labels = np.ascontiguousarray(np.transpose(numbers, axes) if is_turned else numbers)
        if grid.stacked:
            order = (
                Sentence("in the order of the scan's file")
                if axes != AS_STORED and is_turned
                else (Sentence("slice by slice"))
            )
            notes = (
                *notes,
                Sentence("The labels have no geometry; they were placed {order}.", order=order),
            )
    return LabelMap(labels, stored.names, notes)


def _open(source: str | Path) -> Stored:
    path, key = parse_source(source)
    path = header_of(path)
    ending = path.suffix.lower()
    if path.is_dir():
        files = [file for file in path.iterdir() if file.suffix.lower() in PICTURE_ENDINGS]
        if len({file.suffix.lower()[:4] for file in files}) != 1:
            raise InputError(
                Sentence("There is no one stack of pictures in {path}.", path=path.name),
                "Name a file with labels.",
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
        raise InputError(Sentence("{path} cannot be read.", path=path.name)) from error
    what = (
        Sentence("a DICOM file, which holds no label map")
        if is_dicom
        else Sentence("of no known format")
    )
    raise InputError(
        Sentence("{path} is {what}.", path=path.name, what=what),
        "Labels may be .nii.gz, .nrrd, .mha, .npy, .npz:KEY, .h5:/path or pictures.",
    )


def _times(shape: tuple[int, int, int]) -> str:
    return "×".join(str(size) for size in shape)
