"""The door of the room: what is in some files and folders, and one of it opened for reading.

`survey` looks at headers only and sorts what it finds into volumes and refusals; `open_scan` gives
one volume plane by plane. Labels come through `labels`, files are written by `export`. Nothing
here knows the project.

nibabel, pydicom, tifffile and h5py are imported inside the functions that need them: together
they cost a second, and neither the window's start nor `segdesk info` reads a stranger's file.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from segdesk.core.regular_file import is_regular
from segdesk.errors import InputError, SegdeskError
from segdesk.formats.arrays import ARRAY_ENDINGS, array_keys, open_array
from segdesk.formats.dicom import open_series
from segdesk.formats.dicom_header import Header, looks_like_dicom, read_header
from segdesk.formats.dicom_series import survey_headers
from segdesk.formats.findings import (
    CancelFn,
    Finding,
    ProgressFn,
    Survey,
    check_cancelled,
    name_files,
    refusal,
)
from segdesk.formats.images import finding_of, header_of, image_ending, open_image
from segdesk.formats.pictures import PICTURE_ENDINGS, PNG_ENDINGS, natural_order, open_pictures
from segdesk.formats.planes import axial
from segdesk.formats.scan import Scan
from segdesk.formats.sources import Named, parse_source
from segdesk.formats.units import UnitChoice
from segdesk.formats.valuing import scan_of
from segdesk.sentence import Sentence

__all__ = ["CancelFn", "Finding", "ProgressFn", "Scan", "Survey", "open_scan", "survey"]

ENDINGS = Sentence(
    "DICOM, .nii, .nii.gz, .hdr with .img, .nrrd, .nhdr, .mha, .mhd, .tif, .png, "
    ".npy, .npz:KEY or .h5:/path"
)


def survey(
    sources: Sequence[str | Path],
    *,
    progress: ProgressFn | None = None,
    cancelled: CancelFn | None = None,
) -> Survey:
    """Find the volumes in files and folders.

    Parameters
    ----------
    sources : paths, `FILE.npz:KEY`, `FILE.h5:/path`; folders are searched with their sub-folders
    progress : told after each file
    cancelled : asked before each file

    Returns
    -------
    At least one volume; what else was found is in `refused` and `notes`.

    Raises
    ------
    InputError
        Where nothing is there, a format is unknown, or no volume can be imported; then the
        sentence is that of the first refusal.
    UsageError
        Where a file has no array of the name that was given.
    Cancelled
    """
    named = [parse_source(source) for source in sources]
    # A file that is named twice, or named and in a named folder, is one file: the first counts.
    found_files: dict[tuple[Path, str], bool] = {}
    for file, key, alone in _all_files(named, cancelled):
        found_files.setdefault((file, key), alone)
    files = [(file, key, alone) for (file, key), alone in found_files.items()]
    headers: list[Header] = []
    others: list[Path] = []
    found: list[Finding] = []
    pictures: dict[tuple[Path, bool], list[Path]] = {}
    for done, (file, key, alone) in enumerate(files):
        check_cancelled(cancelled)
        _look_at(file, key, alone, headers, others, found, pictures)
        if progress is not None:
            progress(Sentence("Reading headers"), done + 1, len(files))
    dicom = survey_headers(headers, others)
    notes = list(dicom.notes)
    if headers and any(not alone for _, _, alone in files):
        pictures = _only_named(pictures, files, notes)
    found.extend(_look_at_pictures(stack) for stack in pictures.values())
    volumes = (*dicom.volumes, *(finding for finding in found if not finding.problem))
    refused = (*dicom.refused, *(finding for finding in found if finding.problem))
    if not volumes:
        raise _nothing(named, refused)
    return Survey(volumes, refused, tuple(notes))


def open_scan(finding: Finding, *, salt: str, unit: UnitChoice = "") -> Scan:
    """Open what a survey found.

    Parameters
    ----------
    finding : without a problem
    salt : of the project; patient and series are only kept as hashes with it
    unit : what a person says that the numbers are; DICOM files say it themselves

    Raises
    ------
    InputError
        Where the files changed since the survey, or are damaged behind their headers.
    """
    if finding.problem:
        raise InputError(Sentence.of(finding.problem), Sentence.of(finding.hint))
    try:
        if finding.kind == "DICOM":
            return open_series(finding, salt=salt)
        if finding.kind == "array":
            return scan_of(open_array(finding.files[0], finding.key), unit)
        if finding.kind in ("PNG", "TIFF"):
            return scan_of(open_pictures(finding.files), unit)
        return scan_of(axial(open_image(finding.files[0])), unit)
    except OSError as error:
        raise InputError(
            Sentence(
                "{files} cannot be read: {reason}.",
                files=name_files(finding.files),
                reason=error.strerror or "",
            )
        ) from error


def _all_files(
    named: Sequence[Named], cancelled: CancelFn | None
) -> Iterator[tuple[Path, str, bool]]:
    """(file, key, whether it was named itself), each folder in natural order, no links followed."""
    for path, key in named:
        if is_regular(path):
            yield header_of(path.resolve()), key, True
            continue
        for folder, folders, names in os.walk(path.resolve()):
            check_cancelled(cancelled)
            folders.sort(key=lambda name: natural_order(Path(name)))
            here = [Path(folder) / name for name in names if not name.startswith(".")]
            for file in sorted(here, key=natural_order):
                if is_regular(file) and not _half_of_a_pair(file):
                    yield file, "", False


def _half_of_a_pair(file: Path) -> bool:
    """An .img, whose .hdr stands for both; or a .hdr of another program, without an .img."""
    if file.suffix.lower() == ".img":
        return header_of(file) != file
    return file.suffix.lower() == ".hdr" and not any(
        is_regular(file.with_suffix(ending)) for ending in (".img", ".IMG")
    )


def _look_at(
    file: Path,
    key: str,
    alone: bool,
    headers: list[Header],
    others: list[Path],
    found: list[Finding],
    pictures: dict[tuple[Path, bool], list[Path]],
) -> None:
    """Sort one file into what it is. In a folder, what is no image is left out in silence."""
    ending = file.suffix.lower()
    try:
        if image_ending(file):
            found.append(finding_of(axial(open_image(file))))
        elif ending in PICTURE_ENDINGS:
            pictures.setdefault((file.parent, ending in PNG_ENDINGS), []).append(file)
        elif ending in ARRAY_ENDINGS:
            if alone:
                found.extend(_look_at_arrays(file, key))
        elif (header := read_header(file)) is not None:
            headers.append(header)
        elif alone:
            raise InputError(
                Sentence("{file} is of no known format.", file=file.name),
                Sentence("It may be {endings}.", endings=ENDINGS),
            )
        elif not looks_like_dicom(file):
            others.append(file)
    except OSError as error:
        problem = Sentence(
            "{file} cannot be read: {reason}.", file=file.name, reason=error.strerror or ""
        )
        found.append(refusal("DICOM", (file,), problem))
    except InputError as error:
        if alone:
            raise
        found.append(refusal(_kind_of(file), (file,), error.sentence, hint=error.hint))


def _kind_of(file: Path) -> str:
    kinds = {".nrrd": "NRRD", ".nhdr": "NRRD", ".mha": "MetaImage", ".mhd": "MetaImage"}
    return kinds.get(file.suffix.lower(), "NIfTI")


def _only_named(
    pictures: dict[tuple[Path, bool], list[Path]],
    files: Sequence[tuple[Path, str, bool]],
    notes: list[str],
) -> dict[tuple[Path, bool], list[Path]]:
    """Pictures beside DICOM files are thumbnails, not scans, unless they were named themselves."""
    named = {file for file, _, alone in files if alone}
    kept = {stack: [f for f in those if f in named] for stack, those in pictures.items()}
    left = [file for those in pictures.values() for file in those if file not in named]
    if left:
        verb = (
            Sentence("is a picture and was")
            if len(left) == 1
            else Sentence("are pictures and were")
        )
        notes.append(
            Sentence(
                "{files} {verb} left out beside the DICOM files.",
                files=name_files(left),
                verb=verb,
            )
        )
    return {stack: those for stack, those in kept.items() if those}


def _look_at_arrays(file: Path, key: str) -> list[Finding]:
    """The array that was named, or all of a file: what are no slices is refused among them."""
    keys = (key,) if key else array_keys(file)
    if len(keys) == 1:
        return [finding_of(open_array(file, keys[0]))]
    found: list[Finding] = []
    for one in keys:
        try:
            found.append(finding_of(open_array(file, one)))
        except InputError as error:
            found.append(refusal("array", (file,), error.sentence, hint=error.hint))
    return found


def _look_at_pictures(files: Sequence[Path]) -> Finding:
    try:
        return finding_of(open_pictures(files))
    except InputError as error:
        kind = "PNG" if files[0].suffix.lower() in PNG_ENDINGS else "TIFF"
        return refusal(kind, files, error.sentence, hint=error.hint)


def _nothing(named: Sequence[Named], refused: Sequence[Finding]) -> SegdeskError:
    if refused:
        first, more = refused[0], len(refused) - 1
        others = Sentence("{more} more could not be imported either.", more=more) if more else ""
        return InputError(Sentence.of(first.problem), Sentence.joined((first.hint, others)))
    names = name_files([source.path for source in named]) if named else Sentence("nothing")
    return InputError(
        Sentence("There are no images in {names}.", names=names),
        Sentence("A scan may be {endings}; name arrays one by one.", endings=ENDINGS),
    )
