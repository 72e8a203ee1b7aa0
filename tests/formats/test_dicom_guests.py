"""One odd file does not cost a series, and nothing of two volumes becomes one."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import numpy as np
import pydicom
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from segdesk.errors import InputError
from segdesk.formats.intake import open_scan, survey
from tests.builders import ct_slice, save, small_hu, write_dicom_series
from tests.examples import examples
from tests.formats.reading import QUICK, SALT, only, opened, voxels

UID = "1.2.3.4"


def problem(folder: Path) -> str:
    with pytest.raises(InputError) as caught:
        survey([folder])
    return caught.value.sentence


def change(file: Path, **tags: object) -> None:
    """Set tags of a file; None removes one."""
    dataset = pydicom.dcmread(file)
    for keyword, value in tags.items():
        if value is None:
            del dataset[keyword]
        else:
            setattr(dataset, keyword, value)
    dataset.save_as(file)


def write_scout(file: Path, orientation: tuple[float, ...]) -> None:
    stored = small_hu((1, 8, 10))[0]
    dataset = ct_slice(stored, np.zeros(3), (1, 1, 1), orientation=orientation)
    dataset.SeriesInstanceUID, dataset.PatientID = UID, "PATIENT-1"
    dataset.ConvolutionKernel, dataset.RescaleSlope, dataset.RescaleIntercept = "B30f", "1", "0"
    save(dataset, file)


def test_scouts_that_do_not_call_themselves_so_are_left_out_and_named(tmp_path: Path):
    hu = write_dicom_series(tmp_path, series_uid=UID)
    write_scout(tmp_path / "front.dcm", (1, 0, 0, 0, 0, -1))
    write_scout(tmp_path / "side.dcm", (0, 1, 0, 0, 0, -1))
    found = survey([tmp_path])
    assert np.array_equal(voxels(open_scan(found.volumes[0], salt=SALT)), hu)
    assert found.refused == () and len(found.notes) == 1
    assert found.notes[0].startswith("front.dcm and side.dcm are turned against the 5 slices")


def test_a_picture_without_a_position_is_left_out_and_named(tmp_path: Path):
    hu = write_dicom_series(tmp_path, series_uid=UID)
    shutil.copy(tmp_path / "slice-001.dcm", tmp_path / "report.dcm")
    change(
        tmp_path / "report.dcm", ImagePositionPatient=None, ImageOrientationPatient=None,
        SOPInstanceUID="1.2.3.4.5",
    )  # fmt: skip
    found = survey([tmp_path])
    assert np.array_equal(voxels(open_scan(found.volumes[0], salt=SALT)), hu)
    assert found.notes == ("report.dcm does not say where it lies and was left out.",)


def test_a_slice_without_a_position_is_missed_between_its_neighbours(tmp_path: Path):
    write_dicom_series(tmp_path)
    change(tmp_path / "slice-003.dcm", ImagePositionPatient=None)
    assert problem(tmp_path) == (
        "A slice is missing between slice-004.dcm and slice-002.dcm: 5 mm instead of 2.5 mm."
    )


@pytest.mark.parametrize("same_object", [True, False])
def test_the_same_slice_sent_twice_is_one_slice(tmp_path: Path, same_object: bool):
    hu = write_dicom_series(tmp_path, duplicate=3)
    if same_object:
        shutil.copy(tmp_path / "slice-002.dcm", tmp_path / "slice-002-again.dcm")
    found = survey([tmp_path])
    assert np.array_equal(voxels(open_scan(found.volumes[0], salt=SALT)), hu)
    assert found.notes == ("slice-002.dcm is a slice that is there already and was left out.",)


@pytest.mark.parametrize("tags", [{"RescaleIntercept": "-1000"}, {"PixelSpacing": ["0.7", "0.9"]}])
def test_equal_pixels_that_mean_something_else_are_not_the_same_slice(tmp_path: Path, tags: dict):
    write_dicom_series(tmp_path, duplicate=3)
    change(tmp_path / "slice-002-again.dcm", **tags)
    assert "one place" in (sentence := problem(tmp_path)) or "mixed" in sentence


def test_one_identity_for_all_slices_does_not_make_them_one(tmp_path: Path):
    hu = write_dicom_series(tmp_path, tags={"SOPInstanceUID": "1.2.3.4.5"})
    assert np.array_equal(voxels(opened(tmp_path)), hu)


@pytest.mark.parametrize("tag", ["AcquisitionNumber", "TemporalPositionIdentifier"])
def test_two_acquisitions_at_the_same_places_are_two_volumes(tmp_path: Path, tag: str):
    truth = [
        write_dicom_series(
            tmp_path / f"{number}", series_uid=UID, hu=small_hu((5, 12, 16), seed=number),
            tags={tag: number},
        )
        for number in (9, 10)
    ]  # fmt: skip
    found = survey([tmp_path])
    assert [finding.key[-2:].strip() for finding in found.volumes] == ["9", "10"]
    for finding, hu in zip(found.volumes, truth, strict=True):
        assert finding.description == f"Thorax, {finding.key}"
        scan = open_scan(finding, salt=SALT)
        assert np.array_equal(voxels(scan), hu)
        assert "holds 2" in scan.source.notes[0] and "at the same places" in scan.source.notes[0]


def test_an_acquisition_between_the_slices_of_another_is_not_mixed_in(tmp_path: Path):
    for number in (1, 2):
        write_dicom_series(
            tmp_path / f"{number}", series_uid=UID, tags={"AcquisitionNumber": number},
            origin_mm=(0, 0, 1.25 * number),
        )  # fmt: skip
    assert [finding.spacing_mm[0] for finding in survey([tmp_path]).volumes] == [2.5, 2.5]


@pytest.mark.parametrize("reach", [1, 2, 3])
def test_acquisitions_that_follow_each_other_along_the_table_are_one_volume(
    tmp_path: Path, reach: int
):
    hu = write_dicom_series(tmp_path)
    for number in range(1, 6):
        change(tmp_path / f"slice-{number:03d}.dcm", AcquisitionNumber=number // reach)
    assert np.array_equal(voxels(opened(tmp_path)), hu)


def test_two_patients_in_one_series_are_refused_without_their_names(tmp_path: Path):
    write_dicom_series(tmp_path, series_uid=UID)
    change(tmp_path / "slice-004.dcm", PatientID="SOMEBODY ELSE")
    sentence = problem(tmp_path)
    assert sentence == (
        "The slices of one series name several patients: slice-004.dcm belongs to another than "
        "slice-001.dcm."
    )


def test_steps_that_change_are_irregular_and_no_slice_is_missing(tmp_path: Path):
    write_dicom_series(tmp_path / "a", (7, 4, 4), (2.5, 1, 1), series_uid=UID, origin_mm=(0, 0, 0))
    write_dicom_series(tmp_path / "b", (5, 4, 4), (5, 1, 1), series_uid=UID, origin_mm=(0, 0, 20))
    sentence = problem(tmp_path)
    assert sentence == (
        "The steps between slices are irregular: 2.5 mm as far as slice-001.dcm, 5 mm from there "
        "on."
    )


@pytest.mark.parametrize("missing", [[4], [2, 5], [3, 4]])
def test_slices_that_are_truly_missing_are_still_said_to_be(tmp_path: Path, missing: list[int]):
    write_dicom_series(tmp_path, (9, 4, 4), missing=missing)
    assert " missing between slice-00" in problem(tmp_path)


@settings(QUICK, max_examples=examples(40))
@given(
    step=st.sampled_from([0.625, 1.25, 0.7, 3.0]),
    count=st.integers(2, 60),
    start=st.floats(-500, 500),
    rounded=st.booleans(),
    missing=st.booleans(),
    seed=st.integers(0, 99),
)
@example(step=1.25, count=5, start=0.0, rounded=True, missing=True, seed=0)
def test_positions_that_are_rounded_are_even_and_a_missing_slice_is_still_found(
    tmp_path: Path, step: float, count: int, start: float, rounded: bool, missing: bool, seed: int
):
    folder = Path(tempfile.mkdtemp(dir=tmp_path))
    noise = np.random.default_rng(seed).uniform(-0.02, 0.02, count)
    heights = start + step * np.arange(count)
    heights = np.round(heights, 1) if rounded else heights + noise
    lost = count // 2 if missing and count > 4 else None
    write_heights(folder, np.delete(heights, [] if lost is None else lost), 1 if rounded else 6)
    if lost is None:
        finding = only(folder)
        assert finding.shape[0] == count and finding.spacing_mm is not None
        allowed = (0.1 if rounded else 0.04) / (count - 1)
        assert finding.spacing_mm[0] == pytest.approx(step, abs=allowed + 1e-6)
    else:
        assert "missing between" in problem(folder)


def write_heights(folder: Path, heights: np.ndarray, digits: int) -> None:
    folder.mkdir(exist_ok=True)
    for number, height in enumerate(heights):
        dataset = ct_slice(np.zeros((2, 2), np.int16), np.zeros(3), (1, 1, 1))
        dataset.ImagePositionPatient = ["-10", "-10", f"{height:.{digits}f}"]
        dataset.SeriesInstanceUID, dataset.RescaleSlope, dataset.RescaleIntercept = UID, "1", "0"
        save(dataset, folder / f"{number:03d}.dcm")


def test_a_drift_that_no_single_step_shows_is_found(tmp_path: Path):
    # Each step is 1 % longer than the one before: within rounding, but not over 40 of them.
    write_heights(tmp_path / "drift", np.cumsum(1.0 + 0.002 * np.arange(40)), 1)
    assert "steps between slices differ, from" in problem(tmp_path / "drift")


def test_a_drift_is_told_in_numbers_that_differ(tmp_path: Path):
    write_heights(tmp_path / "drift", np.cumsum(1.0 + 4e-7 * np.arange(1000)), 6)
    assert "differ, from 1 to 1.0004 mm: " in problem(tmp_path / "drift")


def test_a_tilt_of_less_than_a_tenth_of_a_degree_is_not_told_as_none(tmp_path: Path):
    write_dicom_series(tmp_path, (400, 2, 2), tilt_degrees=0.06)
    assert "tilted by 0.06°" in problem(tmp_path)


@pytest.mark.parametrize("content", [b"", b"no DICOM at all " * 20])
def test_a_file_that_should_have_been_a_slice_is_named(tmp_path: Path, content: bytes):
    write_dicom_series(tmp_path)
    (tmp_path / "slice-003.dcm").write_bytes(content)
    what = "no DICOM file" if content else "empty"
    assert problem(tmp_path) == (
        "A slice is missing between slice-004.dcm and slice-002.dcm: 5 mm instead of 2.5 mm; "
        f"slice-003.dcm is {what}."
    )


def test_a_file_that_is_no_slice_beside_a_whole_volume_is_a_note(tmp_path: Path):
    write_dicom_series(tmp_path)
    (tmp_path / "slice-009.dcm").touch()
    (tmp_path / "LICENSE.txt").write_text("words" * 100)
    found = survey([tmp_path])
    assert found.notes == ("slice-009.dcm is empty, and was left out.",)
    assert [finding.shape[0] for finding in found.volumes] == [5]


def test_files_that_are_cut_are_all_named(tmp_path: Path):
    write_dicom_series(tmp_path)
    for number in (2, 4):
        file = tmp_path / f"slice-{number:03d}.dcm"
        file.write_bytes(file.read_bytes()[:-40])
    assert problem(tmp_path) == "The pixels of slice-002.dcm and slice-004.dcm are not all there."


@pytest.mark.parametrize(
    ("sign", "stored", "tag", "hu"),
    [
        (1, -2000, -2000, -3024),  # lower than all, as most scanners write it: kept
        (1, -32768, -32768, -1024),  # -33792 HU, which 16 bits cannot keep
        (1, 30000, 30000, -1024),  # would pass for metal
        (0, 65535, 65535, -1024),
        (0, 63536, -2000, -1024),  # written with the other sign than the pixels
        (1, -32768, 32768, -1024),
        (1, 100, 100, -924),  # inside of what is plausible: the tag may be wrong
    ],
)
def test_padding_is_never_taken_for_tissue_or_metal(
    tmp_path: Path, sign: int, stored: int, tag: int, hu: int
):
    write_dicom_series(tmp_path, (1, 4, 4))
    dataset = pydicom.dcmread(tmp_path / "slice-001.dcm")
    pixels = np.arange(16).reshape(4, 4)
    pixels[0, 0] = stored
    dataset.PixelRepresentation = sign
    dataset.PixelData = pixels.astype("<i2" if sign else "<u2").tobytes()
    dataset.add_new(
        "PixelPaddingValue", "US" if tag >= 2**15 or not (sign or tag < 0) else "SS", tag
    )
    dataset.save_as(tmp_path / "slice-001.dcm")
    scan = opened(tmp_path)
    plane = scan.plane(0)
    assert scan.unit == "HU" and plane[0, 0] == hu
    assert np.array_equal(plane.ravel()[1:], np.arange(1, 16) - 1024)
    assert any("padding" in note for note in scan.source.notes) is (hu == -1024)


def test_padding_may_be_a_range(tmp_path: Path):
    write_dicom_series(tmp_path, (1, 2, 4))
    dataset = pydicom.dcmread(tmp_path / "slice-001.dcm")
    dataset.PixelData = np.array([0, 30001, 30500, 31000, 29999, 31001, 7, 8], "<i2").tobytes()
    dataset.add_new("PixelPaddingValue", "SS", 31000)
    dataset.add_new("PixelPaddingRangeLimit", "SS", 30000)
    dataset.save_as(tmp_path / "slice-001.dcm")
    got = opened(tmp_path).plane(0).ravel()
    assert got.tolist() == [-1024, -1024, -1024, -1024, 28975, 29977, -1017, -1016]


def test_the_strangers_series_have_their_right_volumes(shared_data: Path):
    folder = shared_data / "strangers/series-with-guests"
    scout = survey([folder / "scout-without-its-word"])
    assert [finding.shape[0] for finding in scout.volumes] == [12]
    assert len(scout.notes) == 1 and scout.notes[0].startswith("scout.dcm is turned against")
    two = survey([folder / "two-acquisitions"])
    assert [(f.shape[0], f.key) for f in two.volumes] == [
        (12, "acquisition 1"), (12, "acquisition 2"),
    ]  # fmt: skip
    for finding, prefix in zip(two.volumes, ("", "b"), strict=True):
        truth = [
            pydicom.dcmread(folder / f"two-acquisitions/{prefix}{number:03d}.dcm")
            for number in range(12)
        ]
        hu = np.array(
            [d.pixel_array * float(d.RescaleSlope) + float(d.RescaleIntercept) for d in truth]
        )
        assert np.array_equal(voxels(open_scan(finding, salt=SALT)), hu)
    sentence = problem(folder / "thick-then-thicker")
    assert "irregular: 2.5 mm as far as 06.dcm, 5 mm from there on" in sentence


def test_the_enhanced_ct_in_two_pieces_is_one_volume(shared_data: Path):
    scan = opened(shared_data / "strangers/enhanced-ct-in-pieces/two-halves")
    assert scan.grid.shape[0] == 12 and scan.grid.spacing_mm[0] == 2.5


def test_a_real_volume_whose_acquisitions_follow_each_other_stays_one(shared_data: Path):
    assert only(shared_data / "dicom_odd/pydicom_ct/dicomdirtests/98892001/CT5N").shape[0] == 5


def test_two_objects_of_one_series_at_the_same_places_keep_what_each_says(shared_data: Path):
    folder = shared_data / "dicom_odd/multiframe"
    found = [f for f in survey([folder]).volumes if f.shape == (2, 512, 512)]
    assert len(found) == 2 and len({finding.uid for finding in found}) == 1
    assert all("2 objects at the same places" in finding.notes[0] for finding in found)
    scans = [open_scan(finding, salt=SALT) for finding in found]
    lowest = sorted(round(float(voxels(s).min() * s.slope + s.intercept)) for s in scans)
    assert lowest == [-1024, -14]


@pytest.mark.parametrize(("degrees", "is_said"), [(0.0, False), (0.02, True)])
def test_a_shift_over_the_whole_stack_is_said_where_it_is_let_through(
    tmp_path: Path, degrees: float, is_said: bool
):
    hu = write_dicom_series(tmp_path, (60, 3, 4), (1.0, 0.7, 0.7), tilt_degrees=degrees)
    scan = opened(tmp_path)
    assert np.array_equal(voxels(scan), hu)
    assert [("sideways by 0.029 voxels" in note) for note in scan.source.notes] == [True] * is_said
