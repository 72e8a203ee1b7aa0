"""PNG and TIFF stacks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813 - its own documentation calls it so
import tifffile

from segdesk.errors import InputError
from segdesk.formats.intake import survey
from tests.builders import write_dicom_series
from tests.formats.reading import only, opened, values


def write(file: Path, plane: np.ndarray) -> None:
    if file.suffix == ".png":
        sitk.WriteImage(sitk.GetImageFromArray(plane), str(file))
    else:
        tifffile.imwrite(file, plane)


def planes(dtype="uint16", count=11):
    high = np.iinfo(dtype).max
    return np.random.default_rng(4).integers(0, high, (count, 6, 7), endpoint=True).astype(dtype)


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
@pytest.mark.parametrize("ending", [".png", ".tif"])
def test_a_folder_of_pictures_is_a_stack_in_natural_order(tmp_path: Path, ending: str, dtype: str):
    stack = planes(dtype)
    for index, plane in enumerate(stack):
        write(tmp_path / f"slice-{index}{ending}", plane)
    finding = only(tmp_path)
    assert finding.shape == (11, 6, 7) and finding.spacing_mm is None
    assert finding.kind == {".png": "PNG", ".tif": "TIFF"}[ending]
    assert np.array_equal(values(opened(tmp_path)), stack)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int16", "float32"])
@pytest.mark.parametrize("compression", [None, "zlib", "PackBits"])
def test_a_tiff_of_many_pages_is_a_stack(tmp_path: Path, dtype: str, compression: str | None):
    stack = np.random.default_rng(4).integers(0, 120, (3, 6, 7)).astype(dtype)
    if compression == "PackBits":
        write_packed(tmp_path / "pages.tif", stack, compression)
    else:
        grey = {"photometric": "minisblack", "metadata": None}
        tifffile.imwrite(tmp_path / "pages.tif", stack, compression=compression, **grey)
    assert np.array_equal(values(opened(tmp_path / "pages.tif")), stack)


def write_packed(file: Path, stack: np.ndarray, compressor: str) -> None:
    writer = sitk.ImageFileWriter()
    writer.SetFileName(str(file))
    writer.SetCompressor(compressor)
    writer.UseCompressionOn()
    writer.Execute(sitk.GetImageFromArray(stack))


def test_one_picture_is_one_slice(tmp_path: Path):
    write(tmp_path / "one.png", planes(count=1)[0])
    assert only(tmp_path / "one.png").shape == (1, 6, 7)


def test_pictures_of_other_sizes_are_refused_by_name(tmp_path: Path):
    write(tmp_path / "a.png", planes()[0])
    write(tmp_path / "b.png", planes()[0][:4])
    with pytest.raises(InputError, match=r"size, depth or colour: b\.png is not like a\.png"):
        survey([tmp_path])


def test_a_compression_that_is_not_read_is_said(tmp_path: Path):
    write_packed(tmp_path / "lzw.tif", planes()[0], "LZW")
    with pytest.raises(InputError, match=r"lzw\.tif is compressed in a way"):
        survey([tmp_path / "lzw.tif"])


def test_pictures_beside_dicom_files_are_left_out_and_said(tmp_path: Path):
    write_dicom_series(tmp_path)
    write(tmp_path / "thumb.png", planes()[0])
    found = survey([tmp_path])
    assert [finding.kind for finding in found.volumes] == ["DICOM"]
    assert found.notes == ("thumb.png is a picture and was left out beside the DICOM files.",)
    both = survey([tmp_path, tmp_path / "thumb.png"])
    assert [finding.kind for finding in both.volumes] == ["DICOM"]
    both = survey([tmp_path / "thumb.png", tmp_path])
    assert sorted(finding.kind for finding in both.volumes) == ["DICOM", "PNG"]


def test_each_folder_of_pictures_is_a_stack_of_its_own(tmp_path: Path):
    for name in "ab":
        (tmp_path / name).mkdir()
        write(tmp_path / name / "1.png", planes()[0])
    assert [finding.description for finding in survey([tmp_path]).volumes] == ["1.png", "1.png"]
