"""The header of one DICOM file as values: `Header` with a `Plane` for each image in it.

Reads tags, never pixels. `dicom_series` groups headers into volumes, `dicom_pixels` decodes.
Classic objects have one plane; enhanced ones a plane for each frame, described by functional
groups (DICOM PS3.3 C.7.6.16).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from segdesk.sentence import Sentence

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

from segdesk.formats.deflated import DEFLATED, check_inflation
from segdesk.formats.dicom_damage import damage, quiet
from segdesk.formats.privacy import KEPT_TAGS, clean

NEEDED_TAGS: tuple[str, ...] = (
    *KEPT_TAGS[:-1],  # the last one stands in the file's meta header
    "SOPClassUID",
    "SOPInstanceUID",
    "SeriesInstanceUID",
    "SeriesNumber",
    "SeriesDescription",
    "StudyDate",
    "PatientID",
    "PatientName",
    "AcquisitionNumber",
    "TemporalPositionIdentifier",
    "TemporalPositionIndex",
    "PixelPaddingValue",
    "PixelPaddingRangeLimit",
    "Rows",
    "Columns",
    "NumberOfFrames",
    "SamplesPerPixel",
    "BitsAllocated",
    "BitsStored",
    "HighBit",
    "PhotometricInterpretation",
    "PixelRepresentation",
    "PixelSpacing",
    "ImagePositionPatient",
    "ImageOrientationPatient",
    "RescaleSlope",
    "RescaleIntercept",
    "WindowCenter",
    "WindowWidth",
    "SharedFunctionalGroupsSequence",
    "PerFrameFunctionalGroupsSequence",
)
LOCALIZER_WORDS = frozenset({"LOCALIZER", "SCOUT", "TOPOGRAM"})
NATIVE = frozenset({"1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2"})
#: CT image, enhanced CT image, legacy converted enhanced CT image.
CT_IMAGES = frozenset(f"1.2.840.10008.5.1.4.1.1.{number}" for number in ("2", "2.1", "2.2"))
DICOMDIR = "1.2.840.10008.1.3.10"

Vector = tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Plane:
    """One image of a DICOM object.

    Parameters
    ----------
    path : its file
    frame : from 0; frames : how many the file holds
    position_mm : (x, y, z), LPS; orientation : six cosines; pixel_mm : (row, column) step.
        Each None where the file does not say it
    thickness_mm : or None
    rescale : (slope, intercept), or None
    rescale_type : as the file says, or empty
    position_unit_mm : the last decimal of each of the position's numbers, such as 0.1 for "12.5"
    acquisition : number of the acquisition, or empty
    temporal : number of the position in time, or empty
    """

    path: Path
    frame: int
    frames: int
    position_mm: Vector | None
    orientation: Vector | None
    pixel_mm: Vector | None
    thickness_mm: float | None
    rescale: tuple[float, float] | None
    rescale_type: str
    position_unit_mm: Vector = (0.0, 0.0, 0.0)
    acquisition: str = ""
    temporal: str = ""

    @property
    def name(self) -> str:
        """Of its file, with its frame where that holds several."""
        if self.frames <= 1:
            return self.path.name
        return Sentence("{file} frame {number}", file=self.path.name, number=self.frame + 1)

    @property
    def is_hu(self) -> bool:
        """Whether the file says Hounsfield units; without a type CT means them (PS3.3 C.8.2.1)."""
        return self.rescale is not None and (
            self.rescale_type in ("", "HU") or self.is_hu_by_its_rescale
        )

    @property
    def is_hu_by_its_rescale(self) -> bool:
        """Whether the type is unspecified ("US", as converters write) but air lies at -1000."""
        return self.rescale_type == "US" and self.rescale in ((1.0, -1024.0), (1.0, -1000.0))


@dataclass(frozen=True, slots=True)
class Header:
    """One DICOM file.

    Parameters
    ----------
    problem : why it cannot be used, or empty. With `planes` it is an image of a CT whose pixels
        are not all there; without, it is none
    is_damaged : the file could not be parsed at all
    object_uid : SOP instance; series_uid : may be empty where a file was stripped
    is_localizer, is_enhanced : see DICOM PS3.3 C.8.2.1 and A.38
    bits, is_signed : of the stored pixels
    padding : first and last stored number that stands for "no pixel", or None
    window : first pair of (centre, width), or None
    tags : those of `KEPT_TAGS` that the file has, cleaned
    identity : patient's ID or name; it is hashed and goes nowhere else
    """

    path: Path
    problem: str = ""
    is_damaged: bool = False
    object_uid: str = ""
    series_uid: str = ""
    series_number: int = 0
    modality: str = ""
    description: str = ""
    kernel: str = ""
    date: str = ""
    is_localizer: bool = False
    is_enhanced: bool = False
    rows: int = 0
    columns: int = 0
    bits: int = 16
    is_signed: bool = False
    padding: tuple[int, int] | None = None
    window: tuple[float, float] | None = None
    tags: tuple[tuple[str, str], ...] = ()
    identity: str = ""
    planes: tuple[Plane, ...] = ()


def looks_like_dicom(file: Path) -> bool:
    """Whether a file has DICOM's mark, or begins as a data set without preamble does."""
    with file.open("rb") as stream:
        start = stream.read(132)
    if start[128:132] == b"DICM":
        return True
    # Group 0002 or 0008 in either byte order, and an element number of that group's usual range.
    return len(start) >= 132 and start[:4] in _FIRST_TAGS


_FIRST_TAGS = frozenset(
    group + element
    for group, elements in (
        (b"\x02\x00", (0x00, 0x01, 0x02, 0x03, 0x10)),
        (b"\x08\x00", (0x00, 0x01, 0x05, 0x08, 0x12, 0x14, 0x16, 0x18)),
    )
    for element in (bytes((number, 0)) for number in elements)
) | frozenset(b"\x00\x08\x00" + bytes((n,)) for n in (0x00, 0x01, 0x05, 0x08, 0x12, 0x14, 0x16))


def read_header(file: Path) -> Header | None:
    """The header of one file, or None where it is not DICOM at all.

    Never raises for what a file holds: a damaged one is a Header with a problem.

    Raises
    ------
    OSError
        Where the file cannot be opened.
    """
    if not looks_like_dicom(file):
        return None
    with quiet(), file.open("rb") as stream:
        try:
            dataset = read_dataset(stream, pixels=False)
            header = _header_of(dataset, file)
            if header is None or header.problem:
                return header
            return _with_pixels_checked(header, dataset, stream)
        except damage():
            return Header(file, _damaged(file), is_damaged=True)


def read_dataset(source: BinaryIO | Path, *, pixels: bool) -> Dataset:
    """A data set with or without its pixels; files without preamble are read too.

    Raises whatever pydicom raises; call inside `quiet` and translate.
    """
    from pydicom import dcmread

    if isinstance(source, Path):
        with source.open("rb") as stream:
            return read_dataset(stream, pixels=pixels)
    check_inflation(source)
    if pixels:
        return dcmread(source, force=True)
    return dcmread(source, force=True, stop_before_pixels=True, specific_tags=list(NEEDED_TAGS))


def transfer_syntax(dataset: Dataset) -> str:
    """UID of the transfer syntax: the file's, or the one that it turned out to be read by."""
    meta = getattr(dataset, "file_meta", None)
    named = str(meta.get("TransferSyntaxUID", "")) if meta is not None else ""
    if named:
        return named
    implicit, little = dataset.original_encoding
    if implicit:
        return "1.2.840.10008.1.2"
    return "1.2.840.10008.1.2.1" if little else "1.2.840.10008.1.2.2"


def _damaged(file: Path) -> Sentence:
    return Sentence("{file} is a damaged DICOM file.", file=file.name)


def _header_of(dataset: Dataset, file: Path) -> Header | None:
    meta = getattr(dataset, "file_meta", None) or {}
    sop_class = _text(dataset, "SOPClassUID") or str(meta.get("MediaStorageSOPClassUID", ""))
    if sop_class == DICOMDIR:
        return None
    modality = _text(dataset, "Modality")
    common: dict[str, Any] = {
        "path": file,
        "object_uid": _text(dataset, "SOPInstanceUID"),
        "series_uid": _text(dataset, "SeriesInstanceUID"),
        "modality": modality,
    }
    if not re.fullmatch(r"[A-Z]{0,16}", modality):  # never shown: it may have run into a name
        return Header(
            **common,
            problem=_damaged(file),
            is_damaged=True,
        )
    if modality not in ("", "CT"):
        return Header(
            **common,
            problem=Sentence("{file} is {modality} and not CT.", file=file.name, modality=modality),
        )
    rows, columns = _whole(dataset, "Rows"), _whole(dataset, "Columns")
    if not rows or not columns:
        if sop_class in CT_IMAGES:
            return Header(
                **common,
                problem=_damaged(file),
                is_damaged=True,
            )
        return Header(
            **common, problem=Sentence("{file} is DICOM but holds no image.", file=file.name)
        )
    if _whole(dataset, "SamplesPerPixel", 1) != 1:
        return Header(
            **common,
            problem=Sentence("{file} is a colour picture and not a CT image.", file=file.name),
        )
    bits = _whole(dataset, "BitsAllocated", 16)
    if bits not in (8, 16, 32):
        return Header(
            **common,
            problem=Sentence(
                "{file} has {bits} bits for a pixel, which is no CT.", file=file.name, bits=bits
            ),
        )
    problem = _odd_pixels(dataset, file, bits)
    if problem:
        return Header(**common, problem=problem)
    planes = _planes(dataset, file)
    if not planes:
        problem = Sentence(
            "{file} holds several frames and does not say where each lies.", file=file.name
        )
        return Header(**common, problem=problem)
    image_type = {word.strip().upper() for word in _texts(dataset, "ImageType")}
    centre, width = _numbers(dataset, "WindowCenter"), _numbers(dataset, "WindowWidth")
    window = (centre[0], width[0]) if centre and width and width[0] > 0 else None
    return Header(
        **common,
        series_number=_whole(dataset, "SeriesNumber"),
        description=clean(_text(dataset, "SeriesDescription")),
        kernel=clean("\\".join(_texts(dataset, "ConvolutionKernel"))),
        date=_iso_date(_text(dataset, "StudyDate")),
        is_localizer=bool(image_type & LOCALIZER_WORDS),
        is_enhanced="PerFrameFunctionalGroupsSequence" in dataset,
        rows=rows,
        columns=columns,
        bits=min(_whole(dataset, "BitsStored", bits) or bits, bits),
        is_signed=_whole(dataset, "PixelRepresentation") == 1,
        padding=_padding(dataset, bits),
        window=window,
        tags=_kept_tags(dataset),
        identity=_text(dataset, "PatientID") or _text(dataset, "PatientName"),
        planes=planes,
    )


def _odd_pixels(dataset: Dataset, file: Path, bits: int) -> str:
    """Why stored pixels are not what they seem, as a sentence, or empty."""
    if _text(dataset, "PhotometricInterpretation").startswith("PALETTE"):
        return Sentence("{file} holds numbers of colours and not a CT image.", file=file.name)
    used = _whole(dataset, "BitsStored", bits) or bits
    highest = _whole(dataset, "HighBit", used - 1)
    if used < bits and highest != used - 1:
        return Sentence(
            "{file} keeps {used} bits for a pixel and says that bit {highest} is the "
            "highest of them and not bit {last}, so its numbers cannot be told.",
            file=file.name,
            used=used,
            highest=highest,
            last=used - 1,
        )
    return ""


def _planes(dataset: Dataset, file: Path) -> tuple[Plane, ...]:
    frames = max(_whole(dataset, "NumberOfFrames", 1), 1)
    groups = dataset.get("PerFrameFunctionalGroupsSequence")
    if not groups:
        if frames > 1:
            return ()
        return (_plane(file, 0, 1, dataset, dataset, dataset, dataset, dataset),)
    if len(groups) != frames:
        return ()
    shared_items = dataset.get("SharedFunctionalGroupsSequence")
    shared = shared_items[0] if shared_items else {}

    def group(own: Any, keyword: str) -> Any:
        for holder in (own, shared):
            items = holder.get(keyword)
            if items:
                return items[0]
        return {}

    return tuple(
        _plane(
            file,
            index,
            frames,
            group(own, "PlanePositionSequence"),
            group(own, "PlaneOrientationSequence"),
            group(own, "PixelMeasuresSequence"),
            group(own, "PixelValueTransformationSequence"),
            group(own, "FrameContentSequence"),
        )
        for index, own in enumerate(groups)
    )


def _plane(
    file: Path,
    index: int,
    frames: int,
    position: Any,
    turn: Any,
    measures: Any,
    values: Any,
    content: Any,
) -> Plane:
    slope, intercept = _numbers(values, "RescaleSlope"), _numbers(values, "RescaleIntercept")
    thickness = _numbers(measures, "SliceThickness")
    return Plane(
        file,
        index,
        frames,
        position_mm=_exactly(3, _numbers(position, "ImagePositionPatient")),
        orientation=_exactly(6, _numbers(turn, "ImageOrientationPatient")),
        pixel_mm=_exactly(2, _numbers(measures, "PixelSpacing")),
        thickness_mm=thickness[0] if thickness and thickness[0] > 0 else None,
        rescale=(slope[0], intercept[0]) if slope and intercept else None,
        rescale_type=_text(values, "RescaleType").upper(),
        position_unit_mm=tuple(map(_last_decimal, _texts(position, "ImagePositionPatient"))),
        acquisition=_number_text(content, "AcquisitionNumber", "FrameAcquisitionNumber"),
        temporal=_number_text(content, "TemporalPositionIdentifier", "TemporalPositionIndex"),
    )


def _padding(dataset: Dataset, bits: int) -> tuple[int, int] | None:
    """Stored numbers from the padding's value to its limit, as the pixels' own sign has them.

    The elements are often written with the other sign than the pixels (63536 for -2000).
    """
    ends = [
        int(number[0])
        for keyword in ("PixelPaddingValue", "PixelPaddingRangeLimit")
        if (number := _numbers(dataset, keyword))
    ]
    if not ends:
        return None
    if _whole(dataset, "PixelRepresentation") == 1:
        half = 1 << (bits - 1)
        ends = [(end + half) % (2 * half) - half for end in ends]
    else:
        ends = [end % (1 << bits) for end in ends]
    return min(ends), max(ends)


def _last_decimal(text: str) -> float:
    """What one step of the last digit of a number is worth; 0 where it is none."""
    try:
        exponent = Decimal(text).as_tuple().exponent
    except InvalidOperation:
        return 0.0
    return 10.0 ** min(exponent, 0) if isinstance(exponent, int) else 0.0


def _number_text(holder: Any, *keywords: str) -> str:
    """The first of some whole-number elements that is there, as text."""
    found = (_text(holder, keyword) for keyword in keywords)
    return next((text for text in found if re.fullmatch(r"-?[0-9]{1,12}", text)), "")


def _with_pixels_checked(header: Header, dataset: Dataset, stream: BinaryIO) -> Header:
    """The header, or one with a problem where the pixels are missing or end too early."""
    syntax = transfer_syntax(dataset)
    if syntax == DEFLATED:
        return header
    at = stream.tell()
    left = stream.seek(0, 2) - at
    if left <= 8:
        return replace(
            header, problem=Sentence("{path} is DICOM but holds no pixels.", path=header.path.name)
        )
    needed = header.rows * header.columns * (_whole(dataset, "BitsAllocated", 16) // 8)
    if syntax in NATIVE and left - 8 < needed * len(header.planes):
        return replace(
            header, problem=Sentence("{path} ends before its last pixel.", path=header.path.name)
        )
    return header


def _kept_tags(dataset: Dataset) -> tuple[tuple[str, str], ...]:
    values = {tag: clean("\\".join(_texts(dataset, tag))) for tag in KEPT_TAGS[:-1]}
    values["TransferSyntaxUID"] = clean(transfer_syntax(dataset))
    return tuple((tag, value) for tag, value in values.items() if value)


def _texts(dataset: Any, keyword: str) -> list[str]:
    """All values of an element as text; empty where it is missing or cannot be read."""
    try:
        value = dataset.get(keyword)
    except damage():
        return []
    if value is None:
        return []
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [str(item).strip() for item in value]
    return [str(value).strip()]


def _text(dataset: Any, keyword: str) -> str:
    texts = _texts(dataset, keyword)
    return "".join(texts[:1])


def _numbers(dataset: Any, keyword: str) -> Vector:
    """All values of an element as finite numbers; empty where one is not."""
    try:
        numbers = tuple(float(text) for text in _texts(dataset, keyword))
    except ValueError:
        return ()
    return numbers if np.all(np.isfinite(numbers)) else ()


def _whole(dataset: Any, keyword: str, default: int = 0) -> int:
    numbers = _numbers(dataset, keyword)
    return int(numbers[0]) if numbers else default


def _exactly(count: int, numbers: Vector) -> Vector | None:
    return numbers if len(numbers) == count else None


def _iso_date(text: str) -> str:
    digits = text.replace(".", "").replace("-", "")
    if len(digits) != 8 or not digits.isdigit():
        return ""
    return f"{digits[:4]}-{digits[4:6]}-{digits[6:]}"
