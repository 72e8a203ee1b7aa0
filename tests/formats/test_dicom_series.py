"""Which DICOM files make a volume, in which order, and what is refused."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segdesk.core.grid import Grid
from segdesk.errors import InputError
from segdesk.formats.intake import open_scan, survey
from tests.builders import small_hu, write_dicom_series, write_localizer
from tests.examples import examples
from tests.formats.reading import QUICK, SALT, only, opened, voxels

OBLIQUE = (0.954167, -0.208076, 0.215106, 0.278589, 0.880128, -0.3844)


def problem(*sources: Path) -> str:
    with pytest.raises(InputError) as caught:
        survey(list(sources))
    return caught.value.sentence


def test_slices_are_sorted_by_position_although_names_and_numbers_run_against_it(tmp_path: Path):
    hu = write_dicom_series(tmp_path)
    assert np.array_equal(voxels(opened(tmp_path)), hu)


def test_the_grid_is_that_of_the_positions_and_of_the_pixel_spacing(tmp_path: Path):
    write_dicom_series(tmp_path, tags={"SliceThickness": "9"})
    scan = opened(tmp_path)
    assert scan.grid == Grid((5, 12, 16), (2.5, 0.7, 0.8), (-20.0, -30.0, 40.0))


@pytest.mark.parametrize("orientation", [OBLIQUE, (-1, 0, 0, 0, 1, 0), (0, 1, 0, 0, 0, -1)])
def test_the_grid_says_where_simpleitk_sees_each_corner(tmp_path: Path, orientation):
    import SimpleITK as sitk  # noqa: N813 - its own documentation calls it so

    write_dicom_series(tmp_path, orientation=orientation)
    scan = opened(tmp_path)
    image = sitk.ReadImage(sitk.ImageSeriesReader.GetGDCMSeriesFileNames(str(tmp_path)))
    array = sitk.GetArrayFromImage(image)
    assert sorted(map(bytes, array.astype(np.int16))) == sorted(map(bytes, voxels(scan)))
    theirs = {
        tuple(np.round(image.TransformIndexToPhysicalPoint((i, j, k)), 4))
        for k in (0, 4)
        for j in (0, 11)
        for i in (0, 15)
    }
    ours = {
        tuple(np.round(scan.grid.to_physical((k, j, i)), 4))
        for k in (0, 4)
        for j in (0, 11)
        for i in (0, 15)
    }
    assert ours == theirs


def test_sub_folders_are_searched_and_files_that_are_no_images_are_passed_over(tmp_path: Path):
    hu = write_dicom_series(tmp_path / "deep" / "deeper")
    (tmp_path / "LICENSE.txt").write_text("words" * 100)
    (tmp_path / "empty").touch()
    assert np.array_equal(voxels(opened(tmp_path)), hu)


def test_two_series_in_one_folder_are_two_volumes(tmp_path: Path):
    one = write_dicom_series(tmp_path / "a", kernel="B70f")
    other = write_dicom_series(tmp_path / "b", kernel="B40f", hu=small_hu((5, 12, 16), seed=1))
    flat = tmp_path / "flat"
    flat.mkdir()
    for file in [*(tmp_path / "a").iterdir(), *(tmp_path / "b").iterdir()]:
        shutil.move(file, flat / f"{file.parent.name}-{file.name}")
    found = survey([flat]).volumes
    assert [finding.shape for finding in found] == [(5, 12, 16)] * 2
    scans = {finding.kernel: voxels(open_scan(finding, salt=SALT)) for finding in found}
    assert np.array_equal(scans["B70f"], one) and np.array_equal(scans["B40f"], other)


def test_two_kernels_under_one_series_uid_are_two_volumes(tmp_path: Path):
    write_dicom_series(tmp_path / "a", kernel="B70f", series_uid="1.2.3")
    write_dicom_series(tmp_path / "b", kernel="B40f", series_uid="1.2.3")
    assert sorted(f.kernel for f in survey([tmp_path]).volumes) == ["B40f", "B70f"]


def test_volumes_come_in_one_order_whatever_the_order_of_the_sources(tmp_path: Path):
    for name in "abc":
        write_dicom_series(tmp_path / name, description=name)
    folders = [tmp_path / name for name in "abc"]
    forwards = survey(folders).volumes
    assert [f.description for f in forwards] == ["a", "b", "c"]
    assert survey(folders[::-1]).volumes == forwards


def test_a_file_that_is_named_twice_is_one_slice(tmp_path: Path):
    write_dicom_series(tmp_path)
    (finding,) = survey([tmp_path, tmp_path / "slice-001.dcm"]).volumes
    assert finding.shape[0] == 5


def test_a_tilted_gantry_is_refused_with_its_angle(tmp_path: Path):
    write_dicom_series(tmp_path, tilt_degrees=18.5)
    sentence = problem(tmp_path)
    assert "tilted by 18.5°" in sentence and "slice-005.dcm" in sentence


def test_a_tilt_that_only_shows_over_the_whole_stack_is_refused(tmp_path: Path):
    write_dicom_series(tmp_path, (60, 4, 4), tilt_degrees=0.5)
    assert "tilted by 0.5°" in problem(tmp_path)


def test_a_missing_slice_is_refused_with_its_neighbours(tmp_path: Path):
    write_dicom_series(tmp_path, missing=[2])
    assert problem(tmp_path) == (
        "A slice is missing between slice-004.dcm and slice-002.dcm: 5 mm instead of 2.5 mm."
    )


def test_two_slices_at_one_place_are_refused_with_their_names(tmp_path: Path):
    write_dicom_series(tmp_path, duplicate=3)
    again = pydicom.dcmread(tmp_path / "slice-002-again.dcm")
    again.PixelData = again.PixelData[::-1]
    again.save_as(tmp_path / "slice-002-again.dcm")
    sentence = problem(tmp_path)
    assert sentence.startswith("Two slices lie at one place")
    assert "slice-002.dcm" in sentence and "slice-002-again.dcm" in sentence


def move_slice(folder: Path, number: int, by_mm: float) -> None:
    file = folder / f"slice-{number:03d}.dcm"
    dataset = pydicom.dcmread(file)
    x, y, z = dataset.ImagePositionPatient
    dataset.ImagePositionPatient = [x, y, f"{float(z) + by_mm:.6f}"]
    dataset.save_as(file)


@settings(QUICK, max_examples=examples(15))
@given(step=st.sampled_from([0.5, 1.0, 2.5, 8.0]), share=st.sampled_from([0.4, 0.9, 2.2, 3.0]))
def test_a_slice_is_out_of_place_where_it_passes_both_one_percent_and_two_hundredths(
    tmp_path: Path, step: float, share: float
):
    # Of a slice that is moved, half can be laid to the others: they might all be off.
    folder = tmp_path / f"{step}-{share}"
    write_dicom_series(folder, (9, 4, 4), (step, 1, 1))
    move_slice(folder, 4, share * max(0.01 * step, 0.02))
    if share > 2:
        assert "steps between slices differ" in problem(folder)
    else:
        assert only(folder).spacing_mm == (step, 1, 1)


def test_mixed_sizes_in_one_series_are_refused(tmp_path: Path):
    write_dicom_series(tmp_path / "a", series_uid="1.2.3")
    write_dicom_series(tmp_path / "b", (1, 8, 8), series_uid="1.2.3", origin_mm=(0, 0, 99))
    sentence = problem(tmp_path)
    assert "mixed sizes" in sentence and "slice-001.dcm" in sentence


def test_mixed_orientations_in_one_series_are_refused(tmp_path: Path):
    write_dicom_series(tmp_path / "a", series_uid="1.2.3")
    write_dicom_series(tmp_path / "b", series_uid="1.2.3", orientation=OBLIQUE)
    assert "mixed orientations" in problem(tmp_path)


def test_mixed_pixel_spacings_in_one_series_are_refused(tmp_path: Path):
    write_dicom_series(tmp_path / "a", series_uid="1.2.3")
    write_dicom_series(tmp_path / "b", spacing_mm=(2.5, 0.9, 0.9), series_uid="1.2.3")
    assert "mixed pixel spacings" in problem(tmp_path)


def test_nothing_but_a_localizer_is_refused_and_beside_a_volume_it_is_a_note(tmp_path: Path):
    scout = tmp_path / "scout.dcm"
    write_localizer(scout)
    assert problem(tmp_path) == "scout.dcm is a localizer; there is no volume beside it."
    write_dicom_series(tmp_path)
    found = survey([tmp_path])
    assert found.notes == ("scout.dcm is a localizer and was left out.",)
    assert [finding.shape[0] for finding in found.volumes] == [5]


def test_one_slice_is_a_volume_whose_step_is_its_thickness(tmp_path: Path):
    write_dicom_series(tmp_path / "a", (1, 6, 6))
    write_dicom_series(tmp_path / "b", (1, 6, 6), tags={"SliceThickness": None})
    first, second = survey([tmp_path]).volumes
    assert first.spacing_mm == (2.5, 0.7, 0.8) and "2.5 mm" in first.notes[0]
    assert second.spacing_mm == (1.0, 0.7, 0.8) and "1 mm" in second.notes[0]


@pytest.mark.parametrize("modality", ["MR", "PT", "RTSTRUCT", "SEG"])
def test_another_modality_is_refused_by_its_name(tmp_path: Path, modality: str):
    write_dicom_series(tmp_path, (1, 4, 4), tags={"Modality": modality})
    assert problem(tmp_path) == f"slice-001.dcm is {modality} and not CT."


def test_tags_that_a_volume_can_do_without_may_be_missing(tmp_path: Path):
    bare = dict.fromkeys(
        ("Modality", "SOPInstanceUID", "InstanceNumber", "PatientID", "PatientName", "StudyDate")
    )
    # The file's meta header needs the class; pydicom refuses to write a file without it.
    hu = write_dicom_series(tmp_path, tags={"ImageType": None, "SeriesDescription": None})
    for file in tmp_path.iterdir():
        dataset = pydicom.dcmread(file)
        for keyword in (*bare, "SOPClassUID"):
            del dataset[keyword]
        dataset.save_as(file)
    scan = opened(tmp_path)
    assert np.array_equal(voxels(scan), hu) and scan.patient == ""


def test_files_without_a_series_uid_are_one_series_by_folder(tmp_path: Path):
    for name in "ab":
        write_dicom_series(tmp_path / name, tags={"SeriesInstanceUID": None})
    assert [finding.shape[0] for finding in survey([tmp_path]).volumes] == [5, 5]


@pytest.mark.parametrize("tag", ["ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing"])
def test_a_series_without_geometry_is_refused(tmp_path: Path, tag: str):
    write_dicom_series(tmp_path, (2, 4, 4), tags={tag: None})
    sentence = problem(tmp_path)
    assert "slice-001.dcm" in sentence and "not say" in sentence


def test_a_long_list_of_files_is_cut(tmp_path: Path):
    write_dicom_series(tmp_path, (9, 4, 4), tags={"PixelSpacing": None})
    assert "and 6 more do not say" in problem(tmp_path)


@pytest.mark.parametrize("number", [1, 3])
def test_a_slice_that_was_cut_short_refuses_its_series(tmp_path: Path, number: int):
    write_dicom_series(tmp_path)
    file = tmp_path / f"slice-{number:03d}.dcm"
    file.write_bytes(file.read_bytes()[:-40])
    assert problem(tmp_path) == f"slice-{number:03d}.dcm ends before its last pixel."


def test_a_file_that_cannot_be_parsed_is_said_beside_a_volume(tmp_path: Path):
    write_dicom_series(tmp_path)
    whole = (tmp_path / "slice-001.dcm").read_bytes()
    (tmp_path / "torn.dcm").write_bytes(whole[:200])
    found = survey([tmp_path])
    assert found.refused[0].problem == "torn.dcm is a damaged DICOM file."
    assert found.notes == ("torn.dcm is a damaged DICOM file, and was left out.",)
    assert [finding.shape[0] for finding in found.volumes] == [5]
