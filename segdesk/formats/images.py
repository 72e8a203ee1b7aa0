"""Image files with a geometry (NIfTI, NRRD, MetaImage), and what a survey shows of any `Stored`.

How a Stored becomes a Scan is `valuing`'s.
"""

from __future__ import annotations

from pathlib import Path

from segdesk.core.regular_file import is_regular
from segdesk.core.volume import stored_bytes
from segdesk.errors import InputError
from segdesk.formats.findings import Finding
from segdesk.formats.metaimage import open_metaimage
from segdesk.formats.nifti import open_nifti
from segdesk.formats.nrrd import open_nrrd
from segdesk.formats.stored import Stored
from segdesk.sentence import Sentence

OPENERS = {
    ".nii": open_nifti,
    ".nii.gz": open_nifti,
    ".hdr": open_nifti,
    ".nrrd": open_nrrd,
    ".nhdr": open_nrrd,
    ".mha": open_metaimage,
    ".mhd": open_metaimage,
}


def image_ending(file: Path) -> str:
    """The ending of an image file that is read here, in lower case, or empty."""
    name = file.name.lower()
    return next((ending for ending in sorted(OPENERS, key=len) if name.endswith(ending)), "")


def header_of(file: Path) -> Path:
    """The .hdr of a pair whose .img was named; any other file as it is."""
    if file.suffix.lower() == ".img":
        for ending in (".hdr", ".HDR"):
            if is_regular(file.with_suffix(ending)):
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
        raise InputError(Sentence("{file} cannot be read.", file=file.name)) from error


def finding_of(stored: Stored) -> Finding:
    """What the survey shows of a source that is not DICOM.

    Raises
    ------
    InputError
        Where its numbers are those of colours.
    """
    if stored.is_indexed:
        raise InputError(
            Sentence(
                "The numbers of {stored} stand for colours, so it is no scan.", stored=stored.name
            ),
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
        nbytes=stored_bytes(stored.grid.shape, "RGB" if stored.is_colour else "raw"),
        files=stored.files,
        key=stored.key,
        notes=stored.notes,
        is_colour=stored.is_colour,
    )
