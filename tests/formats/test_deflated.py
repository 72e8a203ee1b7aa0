"""A deflated DICOM file that grows beyond what its head promises is refused before it grows."""

from __future__ import annotations

import zlib
from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, DeflatedExplicitVRLittleEndian, generate_uid

from segdesk.formats.dicom_header import read_dataset, read_header


def written(path: Path, *, behind: int = 0) -> Path:
    """A small deflated slice; `behind` it so many zeros, packed to a thousandth."""
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    dataset.file_meta.MediaStorageSOPClassUID = CTImageStorage
    dataset.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    dataset.SOPClassUID, dataset.SOPInstanceUID = CTImageStorage, generate_uid()
    dataset.SeriesInstanceUID, dataset.Modality = generate_uid(), "CT"
    dataset.Rows = dataset.Columns = 8
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.BitsAllocated = dataset.BitsStored = 16
    dataset.HighBit, dataset.PixelRepresentation = 15, 1
    dataset.PixelSpacing, dataset.ImagePositionPatient = [1, 1], [0, 0, 0]
    dataset.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    dataset.PixelData = np.arange(64, dtype="<i2").tobytes()
    dataset.save_as(path, enforce_file_format=True)
    if behind:
        content = path.read_bytes()
        start = len(content) - len(_packed_part(content))
        plain = zlib.decompress(content[start:], -zlib.MAX_WBITS)
        packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
        pieces = [packer.compress(plain)]
        pieces += [packer.compress(bytes(1 << 20)) for _ in range(behind >> 20)]
        path.write_bytes(content[:start] + b"".join(pieces) + packer.flush())
    return path


def _packed_part(content: bytes) -> bytes:
    """What follows the meta information, whose length stands in its first element."""
    length = int.from_bytes(content[140:144], "little")
    return content[144 + length :]


def test_a_deflated_slice_is_read(tmp_path: Path) -> None:
    path = written(tmp_path / "a.dcm")
    assert len(read_dataset(path, pixels=True).PixelData) == 128
    header = read_header(path)
    assert header is not None and not header.is_damaged


def test_a_deflated_slice_that_grows_without_end_is_refused_before_it_grows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path / "a.dcm", behind=100 << 20)
    assert path.stat().st_size < 1 << 20
    header = read_header(path)
    assert header is not None and header.is_damaged
    grown: list[int] = []
    real = zlib.decompress
    monkeypatch.setattr(
        zlib, "decompress", lambda *a, **k: grown.append(len(out := real(*a, **k))) or out
    )
    with pytest.raises(ValueError, match="at most"):
        read_dataset(path, pixels=True)
    assert grown == []
