"""Image files with a geometry (NIfTI, NRRD, MetaImage), and how any `Stored` becomes a Scan.

None of these formats has a field for HU. Whole numbers (or fractions, rounded) that reach down to
air, -500 or less, and fit int16 are taken as HU, and that is said; everything else stays raw with
its rescale. Arrays and pictures are never HU.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy.typing as npt

from segdesk.core.case import Source
from segdesk.core.volume import Unit
from segdesk.errors import InputError
from segdesk.formats.findings import Finding
from segdesk.formats.metaimage import open_metaimage
from segdesk.formats.nifti import open_nifti
from segdesk.formats.nrrd import open_nrrd
from segdesk.formats.rescale import HIGHEST, IDENTITY, LOWEST, Extent, Rescale, extent, fit
from segdesk.formats.scan import ArrayScan
from segdesk.formats.stored import Stored

OPENERS = {
    ".nii": open_nifti,
    ".nii.gz": open_nifti,
    ".hdr": open_nifti,
    ".nrrd": open_nrrd,
    ".nhdr": open_nrrd,
    ".mha": open_metaimage,
    ".mhd": open_metaimage,
}
#: A scan whose lowest value is above this has no air, so nothing tells HU from other numbers.
AIR_BELOW_HU = -500


def image_ending(file: Path) -> str:
    """The ending of an image file that is read here, in lower case, or empty."""
    name = file.name.lower()
    return next((ending for ending in sorted(OPENERS, key=len) if name.endswith(ending)), "")


def header_of(file: Path) -> Path:
    """The .hdr of a pair whose .img was named; any other file as it is."""
    if file.suffix.lower() == ".img":
        for ending in (".hdr", ".HDR"):
            if file.with_suffix(ending).is_file():
                return file.with_suffix(ending)
    return file


def open_image(file: Path) -> Stored:
    """The header of an image file by its ending.

    Raises
    ------
    InputError
        Where it is damaged or not one volume of plain numbers.
    """
    try:
        return OPENERS[image_ending(file)](file)
    except (OSError, MemoryError, OverflowError) as error:
        raise InputError(f"{file.name} cannot be read.") from error


def finding_of(stored: Stored) -> Finding:
    """What the survey shows of a source that is not DICOM.

    Raises
    ------
    InputError
        Where its numbers are those of colours.
    """
    if stored.is_indexed:
        raise InputError(
            f"The numbers of {stored.name} stand for colours, so it is no scan.",
            "Import it as the labels of a scan; a scan is saved in grey levels.",
        )
    return Finding(
        kind=stored.kind,
        description=stored.name,
        kernel="",
        date="",
        uid="",
        shape=stored.grid.shape,
        spacing_mm=stored.grid.spacing_mm if stored.grid.stacked else None,
        nbytes=2 * math.prod(stored.grid.shape),
        files=stored.files,
        key=stored.key,
        notes=stored.notes,
    )


def scan_of(stored: Stored) -> ArrayScan:
    """Read the numbers and decide how they become int16.

    Raises
    ------
    InputError
        Where they are damaged, not finite, or do not fit.
    """
    try:
        array = stored.read()
        found = extent(array, stored.name)
    except MemoryError as error:
        raise InputError(f"{stored.name} does not fit into memory.") from error
    values = _valued(found, stored.values)
    if stored.grid.stacked and _looks_like_hu(values):
        return _scan(array, stored, "HU", stored.values, IDENTITY, IDENTITY, _hu_notes(values))
    if stored.values.slope > 0:
        storing = fit(found, stored.name)
        return _scan(array, stored, "raw", IDENTITY, storing, stored.values.after(storing), ())
    storing = fit(values, stored.name)
    return _scan(array, stored, "raw", stored.values, storing, storing, ())


def _scan(
    array: npt.NDArray[Any],
    stored: Stored,
    unit: Unit,
    values: Rescale,
    storing: Rescale,
    rescale: Rescale,
    notes: tuple[str, ...],
) -> ArrayScan:
    return ArrayScan(
        array,
        stored.name,
        values=values,
        storing=storing,
        grid=stored.grid,
        unit=unit,
        rescale=rescale,
        source=Source(stored.kind, notes=(*stored.notes, *notes)),
    )


def _valued(found: Extent, values: Rescale) -> Extent:
    """The extent after the file's own rescale."""
    if values.is_identity:
        return found
    ends = [end * values.slope + values.intercept for end in (found.low, found.high)]
    whole = found.whole and values.slope.is_integer() and values.intercept.is_integer()
    return Extent(min(ends), max(ends), whole)


def _looks_like_hu(values: Extent) -> bool:
    return values.low >= LOWEST and values.low <= AIR_BELOW_HU and values.high <= HIGHEST


def _hu_notes(values: Extent) -> tuple[str, ...]:
    span = f"values from {values.low:g} to {values.high:g} were taken as HU"
    if values.whole:
        return (f"The file does not name its unit; {span}.",)
    return (f"The file does not name its unit; {span} and rounded to whole HU.",)
