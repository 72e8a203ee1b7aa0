"""DICOM volumes: the door of the DICOM files to `intake`.

`dicom_header` reads headers, `dicom_series` sorts them into volumes, `dicom_stack` says where each
plane lies, `dicom_pixels` decodes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from segdesk.core.case import Source
from segdesk.core.volume import Unit
from segdesk.core.window import Window
from segdesk.errors import InputError
from segdesk.formats.dicom_header import Header, Plane, read_header
from segdesk.formats.dicom_pixels import PixelReader
from segdesk.formats.dicom_series import stack_in
from segdesk.formats.dicom_stack import Stack
from segdesk.formats.findings import Finding
from segdesk.formats.privacy import KEPT_TAGS, salted_hash
from segdesk.formats.rescale import IDENTITY, LOWEST, Extent, Rescale, fit, store
from segdesk.formats.scan import Scan
from segdesk.sentence import Sentence

#: What stands for "no pixel" in HU: the lowest number that 12 bits hold, as outside of most scans.
LOWEST_HU = -1024
#: Padding above the highest number that 12 bits hold would pass for metal.
HIGHEST_HU = 3071


class DicomScan(Scan):
    """A DICOM series that is open for reading; each plane is decoded when it is asked for."""

    def __init__(self, stack: Stack, *, salt: str) -> None:
        hu = all(plane.is_hu for plane in stack.planes) and not _starts_at_air(stack)
        unit: Unit = "HU" if hu else "raw"
        rescale = IDENTITY if hu else _raw_rescale(stack)
        first = stack.headers[0]
        super().__init__(
            grid=stack.grid,
            unit=unit,
            rescale=rescale,
            source=Source(
                "DICOM",
                _common_tags(stack.headers),
                _notes(stack, hu),
                salted_hash(salt, first.series_uid),
            ),
            window=Window(*first.window) if first.window else None,
            patient=salted_hash(salt, first.identity),
        )
        self._stack = stack
        self._rescale = rescale
        self._pixels = PixelReader()

    def plane(self, index: int) -> npt.NDArray[np.int16]:
        plane = self._stack.planes[index]
        stored = self._pixels.read(plane, self.grid.slice_shape)
        slope, intercept = plane.rescale or (1.0, 0.0)
        name = plane.path.name
        if slope == 1.0 and intercept.is_integer() and self._rescale.is_identity:
            # Without a detour over float64, which costs more than the decoding.
            values = stored.astype(np.int64) + int(intercept)
        else:
            values = stored.astype(np.float64) * slope + intercept
        padding = self._stack.headers[index].padding
        if self.unit == "HU" and padding is not None and _is_misleading(padding, plane):
            empty = (stored >= padding[0]) & (stored <= padding[1])
            values[empty & ((values > HIGHEST_HU) | (values < LOWEST))] = LOWEST_HU
        return store(values, self._rescale, name)


def _is_misleading(padding: tuple[int, int], plane: Plane) -> bool:
    """Whether padding would be too high for air, or too low for 16 bits, once it is rescaled."""
    slope, intercept = plane.rescale or (1.0, 0.0)
    ends = [end * slope + intercept for end in padding]
    return max(ends) > HIGHEST_HU or min(ends) < LOWEST


def open_series(finding: Finding, *, salt: str) -> DicomScan:
    """Open the files of a Finding; their headers are read again.

    Raises
    ------
    InputError
        Where a file is gone or is no longer what it was.
    """
    headers: list[Header] = []
    for file in finding.files:
        header = read_header(file)
        if header is None or header.problem:
            raise InputError(
                Sentence.of(header.problem)
                if header
                else Sentence("{file} is no longer a DICOM file.", file=file.name)
            )
        headers.append(header)
    # The notes are the survey's, which saw all files of the series.
    return DicomScan(replace(stack_in(headers, finding.key), notes=finding.notes), salt=salt)


def _raw_rescale(stack: Stack) -> Rescale:
    """For values that are not HU: the file's own numbers where they fit, with its rescale."""
    ranges = {_stored_range(header) for header in stack.headers}
    rescales = {plane.rescale or (1.0, 0.0) for plane in stack.planes}
    low, high = min(low for low, _ in ranges), max(high for _, high in ranges)
    if len(rescales) == 1:
        slope, intercept = rescales.pop()
        if slope > 0:
            return Rescale(slope, intercept).after(
                fit(Extent(low, high, True), Sentence("The series"))
            )
        rescales = {(slope, intercept)}
    ends = [end * slope + intercept for slope, intercept in rescales for end in (low, high)]
    return fit(Extent(min(ends), max(ends), False), Sentence("The series"))


def _starts_at_air(stack: Stack) -> bool:
    """Whether no number can be below 0, in a series that does not say in words that it is in HU.

    So it is where somebody took the rescale away, or wrote the scanner's numbers with one of 0.
    """
    return all(
        not header.is_signed
        and plane.rescale is not None
        and plane.rescale[0] > 0
        and plane.rescale[1] >= 0
        and plane.rescale_type != "HU"
        for header, plane in zip(stack.headers, stack.planes, strict=True)
    )


def _stored_range(header: Header) -> tuple[int, int]:
    if header.is_signed:
        return -(1 << (header.bits - 1)), (1 << (header.bits - 1)) - 1
    return 0, (1 << header.bits) - 1


def _notes(stack: Stack, hu: bool) -> tuple[str, ...]:
    notes = list(stack.notes)
    rescales = [plane.rescale or (1.0, 0.0) for plane in stack.planes]
    if not hu:
        notes.append(
            Sentence(
                "The file's numbers begin at 0, so that air cannot be -1000 HU; they are "
                "kept as raw numbers."
            )
            if _starts_at_air(stack)
            else Sentence(
                "The file does not say that its values are HU; they are kept as raw numbers."
            )
        )
        return tuple(notes)
    if any(
        header.padding is not None and _is_misleading(header.padding, plane)
        for header, plane in zip(stack.headers, stack.planes, strict=True)
    ):
        notes.append(
            Sentence(
                "Where the file marks pixels as padding, {lowest_hu} HU stands for them.",
                lowest_hu=LOWEST_HU,
            )
        )
    if any(plane.is_hu_by_its_rescale for plane in stack.planes):
        notes.append(
            Sentence("The file leaves its unit open; its rescale (air near -1000) says HU.")
        )
    if not all(slope.is_integer() and shift.is_integer() for slope, shift in rescales):
        notes.append(
            Sentence("The file's rescale gives fractions of HU; they were rounded to whole HU.")
        )
    return tuple(notes)


def _common_tags(headers: Sequence[Header]) -> tuple[tuple[str, str], ...]:
    """The kept tags whose value is the same in all files."""
    tables = [dict(header.tags) for header in headers]
    return tuple(
        (tag, tables[0][tag])
        for tag in KEPT_TAGS
        if tag in tables[0] and all(table.get(tag) == tables[0][tag] for table in tables)
    )
