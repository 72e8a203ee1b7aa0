"""HU, raw values, tags and patients of DICOM scans."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from segdesk.core.window import Window
from segdesk.errors import InputError
from segdesk.formats import dicom_pixels
from segdesk.formats.intake import open_scan, survey
from tests.builders import ct_slice, save, small_hu, write_dicom_series
from tests.examples import examples
from tests.formats.reading import QUICK, SALT, only, opened, values, voxels


def each_file(folder: Path):
    for file in sorted(folder.iterdir()):
        dataset = pydicom.dcmread(file)
        yield dataset
        dataset.save_as(file)


def test_slope_and_intercept_count_for_each_slice(tmp_path: Path):
    hu = write_dicom_series(tmp_path, (3, 4, 4))
    dataset = pydicom.dcmread(tmp_path / "slice-002.dcm")
    stored = dataset.pixel_array.astype(np.int16)
    dataset.RescaleSlope, dataset.RescaleIntercept = "2", "-2000"
    dataset.save_as(tmp_path / "slice-002.dcm")
    scan = opened(tmp_path)
    assert (scan.unit, scan.slope, scan.intercept) == ("HU", 1.0, 0.0)
    assert np.array_equal(scan.plane(1), stored * 2 - 2000)
    assert np.array_equal(scan.plane(0), hu[0])


def test_fractions_of_hu_are_rounded_to_the_nearest_and_said(tmp_path: Path):
    write_dicom_series(tmp_path, (2, 4, 4), rescale=(1.3, -1000.5))
    stored = pydicom.dcmread(tmp_path / "slice-002.dcm").pixel_array.astype(float)
    scan = opened(tmp_path)
    assert scan.unit == "HU" and "rounded" in scan.source.notes[0]
    assert np.array_equal(scan.plane(0), np.rint(stored * 1.3 - 1000.5))


def test_hu_that_sixteen_bits_cannot_keep_are_refused_with_the_file(tmp_path: Path):
    write_dicom_series(tmp_path, (2, 4, 4), rescale=None)
    for dataset in each_file(tmp_path):
        dataset.RescaleSlope, dataset.RescaleIntercept = "100", "0"
    with pytest.raises(InputError, match=r"slice-00[12]\.dcm holds -?\d+.*16 bits"):
        voxels(opened(tmp_path))


@pytest.mark.parametrize("tags", [{"RescaleType": "US"}, {"RescaleSlope": None}])
def test_values_that_the_file_does_not_call_hu_stay_raw(tmp_path: Path, tags: dict):
    hu = write_dicom_series(tmp_path, rescale=(0.5, 0.0), tags=tags)
    stored = np.rint(hu / 0.5)
    scan = opened(tmp_path)
    assert scan.unit == "raw" and "raw numbers" in scan.source.notes[-1]
    expected = stored if "RescaleSlope" in tags else stored * 0.5
    assert np.array_equal(values(scan), expected)


def test_an_open_unit_with_the_rescale_of_hu_is_hu_and_said(tmp_path: Path):
    hu = write_dicom_series(tmp_path, tags={"RescaleType": "US"})
    scan = opened(tmp_path)
    assert scan.unit == "HU" and "leaves its unit open" in scan.source.notes[0]
    assert np.array_equal(voxels(scan), hu)


@settings(QUICK, max_examples=examples(25))
@given(
    slope=st.sampled_from([0.001, 0.25, 1.0, 3.0, -2.0]),
    intercept=st.sampled_from([-100.0, 0.0, 0.125]),
    second=st.sampled_from([None, 0.7]),
    unsigned=st.booleans(),
    seed=st.integers(0, 99),
)
def test_raw_values_come_back_by_the_rescale_that_is_kept(
    tmp_path: Path, slope: float, intercept: float, second: float | None, unsigned: bool, seed: int
):
    folder = tmp_path / f"{slope}{intercept}{second}{unsigned}{seed}"
    stored = np.random.default_rng(seed).integers(-(2**15), 2**15, (2, 5, 5)).astype(np.int16)
    write_dicom_series(folder, (2, 5, 5), hu=stored, rescale=None)
    truth = []
    # Files are numbered against the order in space.
    for own, dataset in zip((second or slope, slope), each_file(folder), strict=True):
        dataset.RescaleSlope, dataset.RescaleIntercept = str(own), str(intercept)
        dataset.RescaleType = "OD"
        dataset.PixelRepresentation = 0 if unsigned else 1
        pixels = np.frombuffer(dataset.PixelData, "<u2" if unsigned else "<i2").reshape(5, 5)
        truth.insert(0, pixels * own + intercept)
    scan = opened(folder)
    # One slope for all: the file's own numbers, exactly; else at most half a step off.
    loss = scan.slope / 2 if second or slope < 0 else 1e-9
    assert np.abs(values(scan) - np.array(truth)).max() <= loss * (1 + 1e-6)


def test_the_first_of_several_windows_is_taken(tmp_path: Path):
    write_dicom_series(tmp_path, tags={"WindowCenter": [-600, 50], "WindowWidth": [1200, 350]})
    assert opened(tmp_path).window == Window(-600, 1200)


@pytest.mark.parametrize("tags", [{}, {"WindowCenter": "40", "WindowWidth": "0"}])
def test_a_missing_or_useless_window_is_none(tmp_path: Path, tags: dict):
    write_dicom_series(tmp_path, tags=tags)
    assert opened(tmp_path).window is None


def test_a_colour_picture_is_refused(tmp_path: Path):
    write_dicom_series(tmp_path, (1, 4, 4), tags={"SamplesPerPixel": 3})
    with pytest.raises(InputError, match=r"slice-001\.dcm is a colour picture"):
        survey([tmp_path])


@pytest.mark.parametrize(
    ("tags", "why"),
    [
        ({"PixelData": None}, "is DICOM but holds no pixels"),
        ({"Rows": None}, "is a damaged DICOM file"),
        ({"Rows": None, "SOPClassUID": "1.2.840.10008.5.1.4.1.1.88.67"}, "but holds no image"),
    ],
)
def test_an_object_without_an_image_is_refused(tmp_path: Path, tags: dict, why: str):
    write_dicom_series(tmp_path, (1, 4, 4), tags=tags)
    with pytest.raises(InputError, match=rf"slice-001\.dcm.* {why}"):
        survey([tmp_path])


@pytest.mark.parametrize("syntax", ["1.2.840.10008.1.2", "1.2.840.10008.1.2.1.99"])
def test_plain_transfer_syntaxes_give_the_same_voxels(tmp_path: Path, syntax: str):
    hu = write_dicom_series(tmp_path, (1, 6, 6))
    dataset = pydicom.dcmread(tmp_path / "slice-001.dcm")
    save(dataset, tmp_path / "slice-001.dcm", transfer_syntax=syntax)
    assert np.array_equal(voxels(opened(tmp_path)), hu)


@pytest.mark.parametrize(("implicit", "little"), [(True, True), (False, True), (False, False)])
def test_a_data_set_without_preamble_and_meta_header_is_read(
    tmp_path: Path, implicit: bool, little: bool
):
    stored = small_hu((1, 6, 6))
    dataset = ct_slice(stored[0], np.zeros(3), (1, 1, 1))
    if not little:
        dataset.PixelData = stored.astype(">i2").tobytes()
    file = tmp_path / "bare"
    dataset.save_as(file, implicit_vr=implicit, little_endian=little, enforce_file_format=False)
    assert file.read_bytes()[128:132] != b"DICM"
    assert np.array_equal(voxels(opened(file)), stored)


@pytest.mark.parametrize("name", ["RLELossless", "JPEG2000Lossless"])
def test_compressed_slices_are_decoded_and_a_torn_one_is_named(tmp_path: Path, name: str):
    hu = write_dicom_series(tmp_path, (2, 64, 64))
    for dataset in each_file(tmp_path):
        dataset.compress(getattr(pydicom.uid, name), generate_instance_uid=False)
    assert np.array_equal(voxels(opened(tmp_path)), hu)
    for dataset in each_file(tmp_path):
        dataset.PixelData = dataset.PixelData[:60] + b"\0" * (len(dataset.PixelData) - 60)
    with pytest.raises(InputError, match=r"slice-00[12]\.dcm cannot be decoded"):
        voxels(opened(tmp_path))


def test_a_transfer_syntax_without_a_decoder_is_named(tmp_path: Path):
    write_dicom_series(tmp_path, (1, 16, 16))
    for dataset in each_file(tmp_path):
        dataset.compress(pydicom.uid.RLELossless)
        dataset.file_meta.TransferSyntaxUID = pydicom.uid.MPEG2MPML
    with pytest.raises(InputError, match=r"slice-001\.dcm cannot be decoded .*MPEG2"):
        voxels(opened(tmp_path))


def test_a_file_that_is_decoded_to_another_size_is_refused(tmp_path: Path, monkeypatch):
    write_dicom_series(tmp_path, (1, 16, 16))
    scan = opened(tmp_path)
    monkeypatch.setattr(dicom_pixels, "_by_pydicom", lambda *_: np.zeros((3, 3), np.int16))
    with pytest.raises(InputError, match="16×16"):
        scan.plane(0)


def test_the_patient_is_only_kept_as_a_salted_hash(tmp_path: Path):
    write_dicom_series(tmp_path / "a", patient="DOE^JANE", description="Jane's chest")
    write_dicom_series(tmp_path / "b", patient="DOE^JANE")
    write_dicom_series(tmp_path / "c", patient="OTHER")
    scans = [open_scan(found, salt=SALT) for found in survey([tmp_path]).volumes]
    assert scans[0].patient == scans[1].patient != scans[2].patient
    assert len(scans[0].patient) == 16 and int(scans[0].patient, 16) >= 0
    assert open_scan(only(tmp_path / "a"), salt="another").patient != scans[0].patient
    for kept in (repr(scans[0].source), scans[0].patient):
        assert "DOE" not in kept and "Jane" not in kept and "2020" not in kept
        assert only(tmp_path / "a").uid not in kept


def test_kept_tags_are_those_on_which_all_slices_agree(tmp_path: Path):
    write_dicom_series(tmp_path, (2, 4, 4), tags={"KVP": "120", "InstitutionName": "Clinic"})
    for number, dataset in enumerate(each_file(tmp_path)):
        dataset.XRayTubeCurrent = str(100 + number)
    tags = dict(opened(tmp_path).source.tags)
    assert tags["KVP"] == "120" and tags["Manufacturer"] == "Maker"
    assert "XRayTubeCurrent" not in tags and "InstitutionName" not in tags


def test_a_long_value_is_kept_short(tmp_path: Path):
    with warnings.catch_warnings(action="ignore"):  # of the writer, who knows better
        write_dicom_series(tmp_path, (1, 4, 4), tags={"Manufacturer": "x" * 200})
    assert dict(opened(tmp_path).source.tags)["Manufacturer"] == "x" * 64


def test_a_modality_that_ran_into_the_patient_s_name_is_not_shown(tmp_path: Path):
    with warnings.catch_warnings(action="ignore"):
        write_dicom_series(tmp_path, (1, 4, 4), tags={"Modality": "CT\x10\0PN\x08\0DOE^JANE"})
    with pytest.raises(InputError) as caught:
        survey([tmp_path])
    assert str(caught.value) == "slice-001.dcm is a damaged DICOM file."


def enhanced(hu, spacing, positions, rescales) -> Dataset:
    """An Enhanced CT object: everything of a frame stands in functional groups."""
    whole = ct_slice(np.concatenate(hu), np.zeros(3), spacing)
    whole.SOPClassUID = pydicom.uid.EnhancedCTImageStorage
    whole.Rows, whole.NumberOfFrames = hu.shape[1], len(hu)
    whole.SeriesInstanceUID, whole.PatientID = "1.2.3", "P"
    shared = Dataset()
    measures, turn = Dataset(), Dataset()
    measures.PixelSpacing, measures.SliceThickness = whole.PixelSpacing, whole.SliceThickness
    turn.ImageOrientationPatient = whole.ImageOrientationPatient
    shared.PixelMeasuresSequence = Sequence([measures])
    shared.PlaneOrientationSequence = Sequence([turn])
    whole.SharedFunctionalGroupsSequence = Sequence([shared])
    frames = []
    for position, (slope, intercept) in zip(positions, rescales, strict=True):
        frame, place, value = Dataset(), Dataset(), Dataset()
        place.ImagePositionPatient = list(map(str, position))
        value.RescaleSlope, value.RescaleIntercept, value.RescaleType = slope, intercept, "HU"
        frame.PlanePositionSequence = Sequence([place])
        frame.PixelValueTransformationSequence = Sequence([value])
        frames.append(frame)
    whole.PerFrameFunctionalGroupsSequence = Sequence(frames)
    for keyword in (
        "PixelSpacing", "SliceThickness", "ImageOrientationPatient", "ImagePositionPatient",
    ):  # fmt: skip
        del whole[keyword]
    return whole


def test_an_enhanced_object_is_read_frame_by_frame_from_its_functional_groups(tmp_path: Path):
    stored = small_hu((3, 4, 5))
    # Written from the top to the bottom; the volume grows along the normal, upwards.
    dataset = enhanced(
        stored, (3.0, 0.5, 0.6), [(1, 2, z) for z in (30, 27, 24)], [(1, 0), (2, 5), (1, -9)]
    )
    save(dataset, tmp_path / "enhanced.dcm")
    scan = opened(tmp_path)
    assert scan.grid.spacing_mm == (3.0, 0.5, 0.6) and scan.grid.origin_mm == (1, 2, 24)
    assert np.array_equal(voxels(scan), [stored[2] - 9, stored[1] * 2 + 5, stored[0]])


def write_enhanced(file: Path, heights: tuple[float, ...], seed: int = 7) -> np.ndarray:
    stored = small_hu((len(heights), 4, 4), seed=seed)
    places = [(0, 0, z) for z in heights]
    save(enhanced(stored, (1.0, 1, 1), places, [(1, 0)] * len(heights)), file)
    return stored


def test_enhanced_objects_of_one_series_are_put_together_by_position(tmp_path: Path):
    upper = write_enhanced(tmp_path / "a.dcm", (2, 3), seed=1)
    lower = write_enhanced(tmp_path / "b.dcm", (0, 1), seed=2)
    scan = opened(tmp_path)
    assert scan.grid.spacing_mm[0] == 1.0 and scan.grid.origin_mm[2] == 0
    assert np.array_equal(voxels(scan), [*lower, *upper])
    assert "put together from 2 files" in scan.source.notes[0]


def test_enhanced_objects_at_the_same_places_are_volumes_by_themselves(tmp_path: Path):
    first = write_enhanced(tmp_path / "a.dcm", (0, 1), seed=1)
    second = write_enhanced(tmp_path / "b.dcm", (0, 1), seed=2)
    found = survey([tmp_path]).volumes
    assert [finding.description for finding in found] == [
        "a.dcm",
        "b.dcm",
    ]
    for finding, stored in zip(found, (first, second), strict=True):
        assert "at the same places" in finding.notes[0]
        assert np.array_equal(voxels(open_scan(finding, salt=SALT)), stored)


def test_enhanced_objects_with_a_gap_between_them_do_not_pass_for_one_volume(tmp_path: Path):
    write_enhanced(tmp_path / "a.dcm", (0, 1))
    write_enhanced(tmp_path / "b.dcm", (5, 6))
    found = survey([tmp_path]).volumes
    assert [finding.shape[0] for finding in found] == [2, 2]
    assert all("do not join into one" in finding.notes[0] for finding in found)


def test_frames_at_several_times_are_a_volume_for_each_time(tmp_path: Path):
    stored = small_hu((4, 4, 4))
    dataset = enhanced(
        stored, (1.0, 1, 1), [(0, 0, z) for z in (0, 1, 0, 1)], [(1, 0)] * 4
    )  # fmt: skip
    for number, frame in enumerate(dataset.PerFrameFunctionalGroupsSequence):
        content = Dataset()
        content.TemporalPositionIndex = 1 + number // 2
        frame.FrameContentSequence = Sequence([content])
    save(dataset, tmp_path / "perfusion.dcm")
    found = survey([tmp_path]).volumes
    assert [finding.key for finding in found] == ["time 1", "time 2"]
    for at, finding in enumerate(found):
        assert np.array_equal(voxels(open_scan(finding, salt=SALT)), stored[2 * at : 2 * at + 2])


def test_frames_that_do_not_say_where_they_lie_are_refused(tmp_path: Path):
    dataset = enhanced(small_hu((2, 4, 4)), (1.0, 1, 1), [(0, 0, 0), (0, 0, 1)], [(1, 0)] * 2)
    del dataset.PerFrameFunctionalGroupsSequence
    save(dataset, tmp_path / "frames.dcm")
    with pytest.raises(InputError, match=r"frames\.dcm holds several frames"):
        survey([tmp_path])


def test_numbers_that_begin_at_nought_are_no_hu_unless_the_file_says_so(tmp_path: Path):
    stored = np.abs(small_hu((3, 4, 4))) + np.int16(24)
    for name, kind in (("silent", None), ("said", "HU")):
        write_dicom_series(tmp_path / name, (3, 4, 4), hu=stored, rescale=(1, 0))
        for dataset in each_file(tmp_path / name):
            dataset.PixelRepresentation = 0
            if kind:
                dataset.RescaleType = kind
    silent, said = opened(tmp_path / "silent"), opened(tmp_path / "said")
    assert (silent.unit, said.unit) == ("raw", "HU")
    assert "begin at 0" in silent.source.notes[0]
    assert np.array_equal(values(silent), stored) and np.array_equal(values(said), stored)


def test_indices_of_a_palette_are_no_ct(tmp_path: Path):
    write_dicom_series(tmp_path, (3, 4, 4), tags={"PhotometricInterpretation": "PALETTE COLOR"})
    with pytest.raises(InputError, match="numbers of colours"):
        survey([tmp_path])


def test_pixels_that_do_not_begin_at_the_lowest_bit_are_refused(tmp_path: Path):
    hu = write_dicom_series(tmp_path, (3, 4, 4))
    for dataset in each_file(tmp_path):
        stored = np.frombuffer(dataset.PixelData, np.uint16) << 4
        dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 12, 15, 0
        dataset.PixelData = stored.tobytes()
    assert hu.min() >= -1024
    with pytest.raises(InputError, match="bit 15 is the highest"):
        survey([tmp_path])


@pytest.mark.parametrize("overlay", [False, True])
def test_twelve_bits_are_read_whatever_lies_in_the_other_four(tmp_path: Path, overlay: bool):
    hu = write_dicom_series(tmp_path, (3, 4, 4))
    for dataset in each_file(tmp_path):
        stored = np.frombuffer(dataset.PixelData, np.uint16)
        dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 12, 11, 0
        dataset.PixelData = (stored | (0x5000 if overlay else 0)).tobytes()
    assert np.array_equal(voxels(opened(tmp_path)), hu)


@pytest.mark.parametrize("odd", ["without a position", "turned"])
def test_a_frame_that_is_no_slice_is_left_out_and_the_others_come_in(tmp_path: Path, odd: str):
    stored = small_hu((5, 4, 6)) + np.int16(1024)
    places = [(0.0, 0.0, 2.0 * k) for k in range(5)]
    whole = enhanced(stored, (2, 1, 1), places, [("1", "-1024")] * 5)
    frame = whole.PerFrameFunctionalGroupsSequence[4]
    if odd == "turned":
        turn = Dataset()
        turn.ImageOrientationPatient = ["1", "0", "0", "0", "0", "-1"]
        frame.PlaneOrientationSequence = Sequence([turn])
    else:
        del frame["PlanePositionSequence"]
    save(whole, tmp_path / "enhanced.dcm")
    found = survey([tmp_path])
    assert found.notes[0].startswith("enhanced.dcm frame 5 ")
    assert np.array_equal(voxels(open_scan(found.volumes[0], salt=SALT)), stored[:4] - 1024)
