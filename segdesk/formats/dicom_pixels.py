"""Stored pixels of one DICOM plane, whatever its transfer syntax.

pydicom decodes what is not compressed, RLE and, with openjpeg, JPEG 2000. The JPEG and JPEG-LS
families go through the GDCM inside SimpleITK: pydicom's own plug-ins for them are under the GPL or
know 8 bits only. One table decides, never what happens to be installed, so that a scan gives the
same voxels on every machine.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from segdesk.errors import InputError
from segdesk.formats.dicom_header import (
    DEFLATED,
    NATIVE,
    Plane,
    damage,
    quiet,
    read_dataset,
    transfer_syntax,
)

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

RLE = "1.2.840.10008.1.2.5"
#: RLE, JPEG 2000 (lossless, lossy), HTJ2K (lossless, with RPCL, lossy).
BY_PYDICOM = (
    NATIVE
    | {DEFLATED, RLE}
    | {f"1.2.840.10008.1.2.4.{number}" for number in (90, 91, 201, 202, 203)}
)
#: JPEG baseline, extended, progressive (retired), lossless; JPEG-LS lossless and near.
BY_GDCM = frozenset(f"1.2.840.10008.1.2.4.{number}" for number in (50, 51, 55, 57, 70, 80, 81))

Stored = npt.NDArray[Any]


class PixelReader:
    """Reads planes; keeps the last file, so that the frames of one object are read once."""

    def __init__(self) -> None:
        self._path: Path | None = None
        self._dataset: Dataset | None = None

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
                pixels = _decode(dataset, syntax, plane)
            except damage() as error:
                raise InputError(
                    f"The pixels of {plane.path.name} cannot be decoded ({_syntax_name(syntax)})."
                ) from error
        if pixels.shape != shape or pixels.dtype.kind not in "iu":
            raise InputError(
                f"The pixels of {plane.path.name} are not the {shape[0]}×{shape[1]} whole numbers "
                "that its header promises."
            )
        return pixels

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
            raise InputError(f"The pixels of {path.name} cannot be read.") from error


def _decode(dataset: Dataset, syntax: str, plane: Plane) -> Stored:
    if syntax in BY_PYDICOM:
        return _by_pydicom(dataset, syntax, plane.frame)
    if syntax in BY_GDCM:
        return _by_gdcm(dataset, syntax, plane)
    raise NotImplementedError(f"no decoder for transfer syntax {syntax}")


def _by_pydicom(dataset: Dataset, syntax: str, frame: int) -> Stored:
    from pydicom.dataset import FileMetaDataset
    from pydicom.pixels.utils import pixel_array
    from pydicom.uid import UID

    if getattr(dataset, "file_meta", None) is None:
        dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = UID(syntax)
    plugin = "pydicom" if syntax == RLE else "pylibjpeg"  # not asked where nothing is compressed
    pixels = pixel_array(dataset, index=frame, raw=True, decoding_plugin=plugin)
    return pixels.reshape(pixels.shape[-2:])


def _by_gdcm(dataset: Dataset, syntax: str, plane: Plane) -> Stored:
    """One frame's code stream, put alone into a file without rescale, read by SimpleITK.

    GDCM would apply the rescale that it finds, with rules of its own for enhanced objects; this
    way it finds none, and no tag of the patient is written.
    """
    import SimpleITK as sitk  # noqa: N813 - its own documentation calls it so
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.encaps import encapsulate, get_frame
    from pydicom.uid import UID, SecondaryCaptureImageStorage, generate_uid

    bare = Dataset()
    bare.file_meta = FileMetaDataset()
    bare.file_meta.TransferSyntaxUID = UID(syntax)
    bare.SOPClassUID = SecondaryCaptureImageStorage
    bare.SOPInstanceUID = generate_uid()
    bare.Modality = "OT"
    for keyword in (
        "SamplesPerPixel",
        "PhotometricInterpretation",
        "Rows",
        "Columns",
        "BitsAllocated",
        "BitsStored",
        "HighBit",
        "PixelRepresentation",
    ):
        setattr(bare, keyword, dataset[keyword].value)
    stream = get_frame(dataset.PixelData, plane.frame, number_of_frames=plane.frames)
    bare.PixelData = encapsulate([stream])
    bare["PixelData"].is_undefined_length = True
    with tempfile.TemporaryDirectory(prefix="segdesk-") as folder:
        file = Path(folder) / "frame.dcm"
        bare.save_as(file, enforce_file_format=True)
        sitk.ProcessObject.SetGlobalWarningDisplay(False)
        with _stderr_closed():
            pixels = sitk.GetArrayFromImage(sitk.ReadImage(str(file)))
    return np.squeeze(pixels, axis=0) if pixels.ndim == 3 else pixels


@contextmanager
def _stderr_closed() -> Iterator[None]:
    """GDCM tries its 8-bit JPEG decoder on 12-bit streams first, which writes to descriptor 2."""
    try:
        kept = os.dup(2)
    except OSError:  # a window program on Windows has none
        yield
        return
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(null)


def _syntax_name(syntax: str) -> str:
    from pydicom.uid import UID

    return f"transfer syntax {UID(syntax).name}" if syntax else "no transfer syntax"
