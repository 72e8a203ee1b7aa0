"""`segdesk export`: other libraries read back what was in the project."""

from __future__ import annotations

from pathlib import Path

import nibabel
import nrrd
import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813 - its own documentation calls it so

from tests.builders import write_dicom_series
from tests.cli.conftest import Run
from tests.projects import disc, voxels

SPACING = (2.5, 0.7, 0.8)
ORIGIN = (-20.0, -30.0, 40.0)


@pytest.fixture
def hu() -> np.ndarray:
    return voxels((5, 12, 16))


@pytest.fixture
def ct(segdesk: Run, tmp_path: Path, hu: np.ndarray) -> Path:
    """A project with a DICOM scan and a mask with a named segment."""
    write_dicom_series(tmp_path / "dicom", hu=hu, spacing_mm=SPACING, origin_mm=ORIGIN)
    mask = sitk.GetImageFromArray(disc(hu))
    mask.SetSpacing(SPACING[::-1])
    mask.SetOrigin(ORIGIN)
    for key, value in {"Name": "Liver", "LabelValue": "1", "ID": "S1", "Layer": "0"}.items():
        mask.SetMetaData(f"Segment0_{key}", value)
    sitk.WriteImage(mask, str(tmp_path / "mask.nrrd"))
    project = tmp_path / "ct.segdesk"
    arguments = ("import", project, tmp_path / "dicom", "--labels", tmp_path / "mask.nrrd")
    assert segdesk(*arguments).code == 0
    return project


@pytest.mark.parametrize("what", ["annotation", "volume"])
@pytest.mark.parametrize("ending", [".nii.gz", ".nii", ".nrrd", ".mha"])
def test_an_image_file_reads_back_equal_with_its_geometry(
    segdesk: Run, ct: Path, tmp_path: Path, hu: np.ndarray, ending: str, what: str
) -> None:
    file = tmp_path / f"out{ending}"
    said = segdesk("export", ct, file, "--case", "case-001", "--what", what, "--json").json
    assert (said["file"], said["case"], said["what"]) == (str(file), "case-001", what)
    wanted = hu if what == "volume" else disc(hu)
    image = sitk.ReadImage(str(file))
    assert np.array_equal(sitk.GetArrayFromImage(image), wanted)
    assert image.GetSpacing() == pytest.approx(SPACING[::-1])
    assert image.GetOrigin() == pytest.approx(ORIGIN)
    assert image.GetDirection() == pytest.approx((1, 0, 0, 0, 1, 0, 0, 0, 1))


def test_nibabel_and_pynrrd_agree(segdesk: Run, ct: Path, tmp_path: Path, hu: np.ndarray) -> None:
    for ending in ("nii.gz", "nrrd"):
        assert segdesk("export", ct, tmp_path / f"out.{ending}", "--case", "case-001").code == 0
    nifti = nibabel.Nifti1Image.from_filename(tmp_path / "out.nii.gz")
    assert np.array_equal(np.asarray(nifti.dataobj).T, disc(hu))
    # RAS: the first two axes run the other way than in LPS.
    affine = [[-0.8, 0, 0, 20], [0, -0.7, 0, 30], [0, 0, 2.5, 40], [0, 0, 0, 1]]
    assert np.allclose(nifti.affine, affine)
    array, header = nrrd.read(str(tmp_path / "out.nrrd"), index_order="C")
    assert np.array_equal(array, disc(hu))
    assert header["space"] == "left-posterior-superior"
    assert header["Segment0_Name"] == "Liver"


def test_arrays_and_pictures_read_back_equal(
    segdesk: Run, ct: Path, tmp_path: Path, hu: np.ndarray
) -> None:
    what = ("--case", "case-001", "--what", "volume")
    said = segdesk("export", ct, tmp_path / "out.npy", *what, "--json").json
    assert np.array_equal(np.load(tmp_path / "out.npy"), hu)
    assert said["notes"] == ["A .npy file keeps no geometry."]
    assert segdesk("export", ct, tmp_path / "pictures", *what).code == 0
    files = sorted((tmp_path / "pictures").iterdir())
    levels = np.stack([sitk.GetArrayFromImage(sitk.ReadImage(str(file))) for file in files])
    assert np.array_equal(levels.astype(int) - 32768, hu)


@pytest.mark.parametrize(
    "source",
    [
        np.linspace(0, 1, 2 * 8 * 9).reshape(2, 8, 9),
        np.arange(0, 65520, 455).reshape(2, 8, 9).astype(np.uint16),
        np.arange(70_000, 70_144).reshape(2, 8, 9),
        np.arange(-70, 74).reshape(2, 8, 9).astype(np.int16),
    ],
    ids=["fractions", "uint16", "whole", "int16"],
)
def test_an_array_keeps_its_values(segdesk: Run, tmp_path: Path, source: np.ndarray) -> None:
    np.save(tmp_path / "in.npy", source)
    project, out = tmp_path / "p.segdesk", tmp_path / "out.npy"
    (case,) = segdesk("import", project, tmp_path / "in.npy", "--json").json["cases"]
    assert (case["hu_min"], case["hu_max"]) == pytest.approx((source.min(), source.max()))
    assert segdesk("export", project, out, "--case", "case-001", "--what", "volume").code == 0
    written = np.load(out)
    if source.dtype.kind == "f":
        assert np.abs(written - source).max() <= 1 / 65535
    else:
        assert np.array_equal(written, source)


def test_a_file_is_replaced_only_by_a_whole_one(
    segdesk: Run, ct: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "out.nrrd"
    file.write_text("an older export")
    with monkeypatch.context() as fault:
        fault.setattr(nrrd, "write", lambda name, *_, **__: Path(name).write_bytes(b"NRRD0004\n\n"))
        assert segdesk("export", ct, file, "--case", "case-001").code == 3
    assert file.read_text() == "an older export"
    assert segdesk("export", ct, file, "--case", "case-001").code == 0
    assert sitk.ReadImage(str(file)).GetSize() == (16, 12, 5)
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_an_unknown_ending_is_bad_use_and_the_known_ones_are_listed(
    segdesk: Run, ct: Path, tmp_path: Path
) -> None:
    said = segdesk("export", ct, tmp_path / "out.stl", "--case", "case-001")
    assert said.is_refusal(2, ".nii.gz", ".nrrd", ".mha", ".npy", "PNG")
    assert not (tmp_path / "out.stl").exists()


def test_a_folder_with_files_is_not_written_into(segdesk: Run, ct: Path, tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    (folder / "mine.txt").write_text("keep")
    assert segdesk("export", ct, folder, "--case", "case-001").is_refusal(3, "pictures")
    assert [path.name for path in folder.iterdir()] == ["mine.txt"]


def test_a_prediction_that_is_not_there_is_bad_use(segdesk: Run, ct: Path, tmp_path: Path) -> None:
    what = ("--case", "case-001", "--what", "prediction")
    assert segdesk("export", ct, tmp_path / "out.nrrd", *what).is_refusal(2, "Train or predict")
