"""Real scans through the command line, against SimpleITK and published figures."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813 - its own documentation calls it so

from tests.cli.conftest import Run


def imported(segdesk: Run, project: Path, *arguments: object) -> dict[str, Any]:
    (case,) = segdesk("import", project, *arguments, "--json").json["cases"]
    return case


def series(folder: Path) -> sitk.Image:
    reader = sitk.ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(folder), recursive=True))
    return reader.Execute()


def check_geometry(case: dict[str, Any], image: sitk.Image) -> None:
    columns, rows, slices = image.GetSize()
    assert (case["slices"], case["rows"], case["columns"]) == (slices, rows, columns)
    assert case["spacing_mm"] == pytest.approx(image.GetSpacing()[::-1], abs=1e-4)
    assert case["origin_mm"] == pytest.approx(image.GetOrigin(), abs=1e-4)
    assert case["direction"] == pytest.approx(image.GetDirection(), abs=1e-4)


def test_a_chest_ct_has_its_fingerprint_and_simpleitks_geometry(
    segdesk: Run, shared_data: Path, tmp_path: Path
) -> None:
    case = imported(segdesk, tmp_path / "p.segdesk", shared_data / "chest_dicom")
    assert case["fingerprint"].startswith("883346cf8fb735c8")
    assert (case["hu_min"], case["hu_max"], case["unit"]) == (-1024, 1904, "HU")
    check_geometry(case, series(shared_data / "chest_dicom"))


def test_a_liver_mask_lies_on_the_liver(segdesk: Run, shared_data: Path, tmp_path: Path) -> None:
    folder, project = shared_data / "chest3d_mask" / "totalseg_dicom", tmp_path / "p.segdesk"
    case = imported(
        segdesk, project, folder / "dicom", "--labels", folder / "example_seg_dicom.nii.gz"
    )
    assert case["fingerprint"].startswith("0d9f62d8433a424e")
    assert case["statuses"] == {"corrected": 20}
    check_geometry(case, series(folder / "dicom"))
    arrays = {}
    for what in ("annotation", "volume"):
        file = tmp_path / f"{what}.npy"
        assert segdesk("export", project, file, "--case", "case-001", "--what", what).code == 0
        arrays[what] = np.load(file)
    liver = arrays["volume"][arrays["annotation"] == 5]
    assert liver.size == 366_708
    assert liver.mean() == pytest.approx(89.3, abs=0.05)


@pytest.mark.parametrize(
    "name", ["elastix/3DCT_lung_baseline_small.mha", "totalseg/example_ct_sm.nii.gz"]
)
def test_image_files_lie_where_simpleitk_puts_them(
    segdesk: Run, shared_data: Path, tmp_path: Path, name: str
) -> None:
    file = shared_data / "chest3d_mask" / name
    image = sitk.ReadImage(str(file))
    project = tmp_path / "p.segdesk"
    case = imported(segdesk, project, file)
    check_geometry(case, image)
    written = tmp_path / "again.nii.gz"
    assert segdesk("export", project, written, "--case", "case-001", "--what", "volume").code == 0
    again = sitk.ReadImage(str(written))
    assert np.array_equal(sitk.GetArrayFromImage(again), sitk.GetArrayFromImage(image))
    assert again.GetOrigin() == pytest.approx(image.GetOrigin(), abs=1e-4)
    assert again.GetDirection() == pytest.approx(image.GetDirection(), abs=1e-4)


def test_two_kernels_in_one_folder_are_two_series(
    segdesk: Run, shared_data: Path, tmp_path: Path
) -> None:
    shutil.copytree(shared_data / "chest_dicom", tmp_path / "study" / "a")
    shutil.copytree(shared_data / "dicom_odd" / "mixed_kernel_b40f", tmp_path / "study" / "b")
    said = segdesk("import", tmp_path / "p.segdesk", tmp_path / "study")
    assert said.code == 2
    assert [line.split(", ")[1:3] for line in said.err.splitlines()[1:]] == [
        ["B70f", "30 slices of 512×512"],
        ["B40f", "2 slices of 512×512"],
    ]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("ge_tilt_varying_step", ["tilted", "18.5°", "12.dcm"]),
        ("missing_slice", ["missing", "IM-0001-0009-0001.dcm", "10 mm instead of 5 mm"]),
        ("same_position", ["one place", "001.dcm", "002.dcm"]),
        ("localizer", ["localizer", "I10"]),
        ("pydicom_broken/MR_truncated.dcm", ["MR_truncated.dcm"]),
        ("pydicom_broken/rtplan_truncated.dcm", ["rtplan_truncated.dcm"]),
        ("pydicom_broken", [".dcm"]),
    ],
)
def test_what_is_no_volume_ends_with_3_and_a_true_sentence(
    segdesk: Run, shared_data: Path, tmp_path: Path, name: str, words: list[str]
) -> None:
    project = tmp_path / "p.segdesk"
    assert segdesk("import", project, shared_data / "dicom_odd" / name).is_refusal(3, *words)
    assert not project.exists()


def test_the_tutorials_arrays_are_independent_slices_with_cut_labels(
    segdesk: Run, shared_data: Path, tmp_path: Path
) -> None:
    file, project = shared_data / "lungs2d" / "all267_64.npz", tmp_path / "p.segdesk"
    case = imported(
        segdesk, project, f"{file}:x_val", "--labels", f"{file}:y_val", "--pool", "validation"
    )
    assert (case["slices"], case["rows"], case["columns"]) == (27, 64, 64)
    assert (case["stacked"], case["unit"], case["pool"]) == (False, "raw", "validation")
    assert any("soft edges" in note for note in case["notes"])
    assert segdesk("export", project, tmp_path / "y.npy", "--case", "case-001").code == 0
    truth = np.load(file)["y_val"][..., 0] > 127
    assert np.array_equal(np.load(tmp_path / "y.npy"), truth)
    volume = tmp_path / "x.npy"
    assert segdesk("export", project, volume, "--case", "case-001", "--what", "volume").code == 0
    assert np.abs(np.load(volume) - np.load(file)["x_val"][..., 0]).max() < 1 / 65535
