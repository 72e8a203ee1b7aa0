"""Stored pixels of one DICOM plane, whatever its transfer syntax.

pydicom reads what is not compressed, and RLE; all other compressed pixels go to the `Decoder`. One
table decides, never what happens to be installed, so that a scan gives the same voxels everywhere.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy.typing as npt

from segdesk.errors import InputError
from segdesk.formats.decoder import Decoder
from segdesk.formats.deflated import DEFLATED
from segdesk.formats.dicom_damage import damage, quiet
from segdesk.formats.dicom_header import (
    NATIVE,
    Plane,
    read_dataset,
    transfer_syntax,
)
from segdesk.formats.frames import Frame
from segdesk.sentence import Sentence

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

RLE = "1.2.840.10008.1.2.5"
BY_PYDICOM = NATIVE | {DEFLATED, RLE}
#: JPEG baseline, extended, progressive (retired), lossless; JPEG-LS lossless and near; JPEG 2000
#: lossless and lossy; High-Throughput JPEG 2000 lossless, with RPCL, lossy.
BY_DECODER = frozenset(
    f"1.2.840.10008.1.2.4.{number}"
    for number in (50, 51, 55, 57, 70, 80, 81, 90, 91, 201, 202, 203)
)

Stored = npt.NDArray[Any]


class PixelReader:
    """Reads planes; keeps the last file, so that the frames of one object are read once."""

    def __init__(self) -> None:
        self._path: Path | None = None
        self._dataset: Dataset | None = None
        self._decoder = Decoder()

    def read(self, plane: Plane, shape: tuple[int, int]) -> Stored:
        """Stored pixels of one plane, before any rescale.

        Parameters
        ----------
        shape : (rows, columns) that the header promised

        Returns
        -------
        int or uint of 8, 16 or 32 bits, (rows, columns)

        Raises
        ------
        InputError
            Where they cannot be decoded; names the file and the transfer syntax.
        """
        syntax = ""
        with quiet():
            try:
                dataset = self._open(plane.path)
                syntax = transfer_syntax(dataset)
                pixels = self._decode(dataset, syntax, plane)
            except damage() as error:
                raise InputError(
                    Sentence(
                        "The pixels of {path} cannot be decoded ({syntax}).",
                        path=plane.path.name,
                        syntax=_syntax_name(syntax),
                    )
                ) from error
        if pixels.shape != shape or pixels.dtype.kind not in "iu":
            raise InputError(
                Sentence(
                    "The pixels of {path} are not the {rows}×{columns} whole numbers "
                    "that its header promises.",
                    path=plane.path.name,
                    rows=shape[0],
                    columns=shape[1],
                )
            )
        return pixels

    def _decode(self, dataset: Dataset, syntax: str, plane: Plane) -> Stored:
        if syntax in BY_PYDICOM:
            return _by_pydicom(dataset, syntax, plane.frame)
        if syntax in BY_DECODER:
            return self._decoder.decode(_frame(dataset, syntax, plane))
        raise NotImplementedError(f"no decoder for transfer syntax {syntax}")

    def _open(self, path: Path) -> Dataset:
        if self._dataset is None or self._path != path:
            self._dataset = read_dataset(path, pixels=True)
            self._path = path
        return self._dataset


def stored_digest(path: Path) -> str:
    """SHA-256 of a file's pixels as they are stored, compressed or not.

    Raises
    ------
    InputError
        Where they cannot be read.
    """
    with quiet():
        try:
            return hashlib.sha256(read_dataset(path, pixels=True).PixelData).hexdigest()
        except damage() as error:
            raise InputError(
                Sentence("The pixels of {path} cannot be read.", path=path.name)
            ) from error


def _frame(dataset: Dataset, syntax: str, plane: Plane) -> Frame:
    from pydicom.encaps import get_frame

    offsets = tuple(
        dataset[keyword].value
        for keyword in ("ExtendedOffsetTable", "ExtendedOffsetTableLengths")
        if keyword in dataset
    )
    return Frame(
        stream=get_frame(
            dataset.PixelData,
            plane.frame,
            number_of_frames=plane.frames,
            extended_offsets=(offsets[0], offsets[1]) if len(offsets) == 2 else None,
        ),
        syntax=syntax,
        rows=int(dataset.Rows),
        columns=int(dataset.Columns),
        allocated=int(dataset.BitsAllocated),
        bits=int(dataset.BitsStored),
        is_signed=int(dataset.PixelRepresentation) == 1,
        photometric=str(dataset.PhotometricInterpretation),
    )


def _by_pydicom(dataset: Dataset, syntax: str, frame: int) -> Stored:
    from pydicom.dataset import FileMetaDataset
    from pydicom.pixels.utils import pixel_array
    from pydicom.uid import UID

    if getattr(dataset, "file_meta", None) is None:
        dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = UID(syntax)
    # The plug-in, pydicom's own code for RLE, is not asked where nothing is compressed.
    pixels = pixel_array(dataset, index=frame, raw=True, decoding_plugin="pydicom")
    return pixels.reshape(pixels.shape[-2:])


def _syntax_name(syntax: str) -> str:
    from pydicom.uid import UID

    return (
        Sentence("transfer syntax {uid}", uid=UID(syntax).name)
        if syntax
        else Sentence("no transfer syntax")
    )
