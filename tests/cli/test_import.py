"""`segdesk import`: what it says, and what the project holds then."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813 - its own documentation calls it so

from segdesk.app.project.workbench import Workbench
from segdesk.core.annotation import Annotation
from segdesk.core.volume import fingerprint
from tests.builders import write_dicom_series
from tests.cli.conftest import Run
from tests.projects import SHAPE, disc, voxels

KEYS = {
    *("case", "slices", "rows", "columns", "spacing_mm", "origin_mm", "direction"),
    *("hu_min", "hu_max", "fingerprint", "notes"),
}


def annotation(project: Path, case: str = "case-001") -> Annotation:
    workbench = Workbench.open(project, writable=False)
    try:
        return workbench.annotation(case)
    finally:
        workbench.close()


def write_image(path: Path, array: np.ndarray, *, names: dict[int, str] | None = None) -> Path:
    image = sitk.GetImageFromArray(array)
    image.SetSpacing((0.8, 0.7, 2.5))
    image.SetOrigin((-20.0, -30.0, 40.0))
    for at, (number, name) in enumerate((names or {}).items()):
        image.SetMetaData(f"Segment{at}_Name", name)
        image.SetMetaData(f"Segment{at}_LabelValue", str(number))
        image.SetMetaData(f"Segment{at}_ID", f"Segment_{number}")
        image.SetMetaData(f"Segment{at}_Layer", "0")
    sitk.WriteImage(image, str(path))
    return path


def test_a_dicom_folder_becomes_a_case_with_all_that_is_promised(
    segdesk: Run, tmp_path: Path
) -> None:
    hu = write_dicom_series(tmp_path / "dicom")
    said = segdesk("import", tmp_path / "p.segdesk", tmp_path / "dicom", "--json").json
    (case,) = said["cases"]
    assert set(case) >= KEYS
    assert (case["case"], case["slices"], case["rows"], case["columns"]) == ("case-001", 5, 12, 16)
    assert case["spacing_mm"] == pytest.approx([2.5, 0.7, 0.8])
    assert case["origin_mm"] == pytest.approx([-20, -30, 40])
    assert case["direction"] == pytest.approx([1, 0, 0, 0, 1, 0, 0, 0, 1])
    assert (case["hu_min"], case["hu_max"]) == (hu.min(), hu.max())
    assert case["fingerprint"] == fingerprint(hu)
    assert case["notes"] == []
    assert case["statuses"] == {"unlabelled": 5}


def test_no_patient_and_no_path_is_in_what_is_said(segdesk: Run, tmp_path: Path) -> None:
    write_dicom_series(tmp_path / "dicom", patient="DOE^JANE")
    said = segdesk("import", tmp_path / "p.segdesk", tmp_path / "dicom", "--json")
    assert "DOE" not in said.out + said.err
    assert "DOE" not in segdesk("info", tmp_path / "p.segdesk", "--json").out


def test_several_series_need_a_choice_and_are_listed(segdesk: Run, tmp_path: Path) -> None:
    write_dicom_series(tmp_path / "dicom" / "a", description="Thorax", kernel="B30f")
    write_dicom_series(tmp_path / "dicom" / "b", description="Lung", kernel="B70f")
    project, source = tmp_path / "p.segdesk", tmp_path / "dicom"
    refused = segdesk("import", project, source, "--json")
    assert (refused.code, refused.out) == (2, "")
    sentence, *choices = refused.err.splitlines()
    assert "2 volumes" in sentence and "--series" in sentence
    assert [row.split()[0] for row in choices] == ["1", "2"]
    assert "5 slices of 12×16, 2.5 × 0.7 × 0.8 mm, 2020-01-02" in choices[0]
    assert not project.exists()
    assert segdesk("import", project, source, "--series", "3").is_refusal(2, "numbered from 1")
    assert segdesk("import", project, source, "--series", "1.2").is_refusal(2)
    chosen = segdesk("import", project, source, "--series", "2", "--json").json
    assert len(chosen["cases"]) == 1
    both = segdesk("import", project, source, "--series", "all", "--json").json
    assert [case["case"] for case in both["cases"]] == ["case-002", "case-003"]


def test_a_series_can_be_chosen_by_its_uid(segdesk: Run, tmp_path: Path) -> None:
    write_dicom_series(tmp_path / "dicom" / "a", series_uid="1.2.3")
    wanted = write_dicom_series(
        tmp_path / "dicom" / "b", series_uid="1.2.4", hu=voxels((5, 12, 16), seed=9)
    )
    said = segdesk(
        "import", tmp_path / "p.segdesk", tmp_path / "dicom", "--series", "1.2.4", "--json"
    )
    assert [case["fingerprint"] for case in said.json["cases"]] == [fingerprint(wanted)]


def test_several_sources_become_one_case_each(segdesk: Run, tmp_path: Path, scan: Path) -> None:
    write_dicom_series(tmp_path / "dicom")
    arguments = ("import", tmp_path / "p.segdesk", tmp_path / "dicom", scan)
    assert segdesk(*arguments).code == 2
    said = segdesk(*arguments, "--series", "all", "--json").json
    assert [case["slices"] for case in said["cases"]] == [5, 5]
    assert {case["unit"] for case in said["cases"]} == {"HU", "raw"}


def test_a_localizer_beside_a_volume_is_a_note(segdesk: Run, tmp_path: Path) -> None:
    write_dicom_series(tmp_path / "dicom", localizer=True)
    said = segdesk("import", tmp_path / "p.segdesk", tmp_path / "dicom", "--json")
    (note,) = said.json["cases"][0]["notes"]
    assert "scout.dcm" in note and note in said.err


def test_a_series_at_fault_beside_a_good_one_is_said(segdesk: Run, tmp_path: Path) -> None:
    write_dicom_series(tmp_path / "dicom" / "good")
    write_dicom_series(tmp_path / "dicom" / "tilted", tilt_degrees=10)
    said = segdesk("import", tmp_path / "p.segdesk", tmp_path / "dicom", "--json")
    assert len(said.json["cases"]) == 1
    (refused,) = said.json["refused"]
    assert "tilted" in refused and f"Left out: tilted: {refused}" in said.err


def test_the_same_scan_twice_is_said(segdesk: Run, tmp_path: Path, scan: Path) -> None:
    project = tmp_path / "p.segdesk"
    segdesk("import", project, scan)
    said = segdesk("import", project, scan, "--json")
    (note,) = said.json["cases"][0]["notes"]
    assert "case-001" in note and f"case-002: {note}" in said.err
    np.save(scan, voxels(seed=5))
    assert segdesk("import", project, scan, "--json").json["cases"][0]["notes"] == []


@pytest.mark.parametrize(
    "name", ["../x", "con", "LPT1.x", "a" * 300, "Lüdenscheid", "a b", ".hidden", "end.", "a/b"]
)
def test_a_name_that_is_no_file_name_everywhere_is_refused(
    segdesk: Run, tmp_path: Path, scan: Path, name: str
) -> None:
    before = set(tmp_path.iterdir())
    assert segdesk("import", tmp_path / "p.segdesk", scan, "--case", name).is_refusal(2)
    assert set(tmp_path.iterdir()) == before


def test_a_name_can_be_given_once(segdesk: Run, project: Path, scan: Path) -> None:
    assert segdesk("import", project, scan, "--case", "right_lung-2").code == 0
    assert segdesk("import", project, scan, "--case", "right_lung-2").is_refusal(2, "already")
    assert segdesk("import", project, scan, "--case", "case-001").is_refusal(2, "already")


def test_scans_cannot_share_a_name_or_labels(
    segdesk: Run, tmp_path: Path, scan: Path, labels: Path
) -> None:
    np.save(tmp_path / "other.npy", voxels(seed=1))
    several = ("import", tmp_path / "p.segdesk", scan, tmp_path / "other.npy", "--series", "all")
    assert segdesk(*several, "--case", "a").is_refusal(2, "2 scans cannot share a name")
    assert segdesk(*several, "--labels", labels).is_refusal(2, "2 scans cannot share labels")
    assert not (tmp_path / "p.segdesk").exists()


def test_a_new_project_has_to_end_in_segdesk(segdesk: Run, tmp_path: Path, scan: Path) -> None:
    assert segdesk("import", tmp_path / "p", scan).is_refusal(2, ".segdesk")
    assert not (tmp_path / "p").exists()


def test_the_pool_is_kept(segdesk: Run, tmp_path: Path, scan: Path) -> None:
    project = tmp_path / "p.segdesk"
    assert (
        segdesk("import", project, scan, "--pool", "validation", "--json").json["cases"][0]["pool"]
        == "validation"
    )
    assert segdesk("info", project, "--json").json["cases"][0]["pool"] == "validation"


@pytest.mark.parametrize(
    ("how", "statuses"),
    [
        ("auto", {"corrected": 4, "unlabelled": 1}),
        ("corrected", {"corrected": 5}),
        ("predicted", {"predicted": 4, "unlabelled": 1}),
    ],
)
def test_labels_become_a_mask_and_the_slices_statuses(
    segdesk: Run, tmp_path: Path, scan: Path, labels: Path, how: str, statuses: dict[str, int]
) -> None:
    project = tmp_path / "p.segdesk"
    segdesk("import", project, scan, "--labels", labels, "--labels-as", how)
    assert segdesk("info", project, "--json").json["cases"][0]["statuses"] == statuses
    mask = annotation(project)
    assert np.array_equal(mask.labels, np.load(labels))
    by = 1 if how == "predicted" else 3
    assert set(np.unique(mask.provenance[mask.labels > 0])) == {by}


def test_labels_that_show_nothing_are_said_to(segdesk: Run, tmp_path: Path, scan: Path) -> None:
    np.save(tmp_path / "empty.npy", np.zeros(SHAPE, np.uint8))
    done = segdesk("import", tmp_path / "p.segdesk", scan, "--labels", tmp_path / "empty.npy")
    assert done.code == 0
    assert "The labels show no segment at all: every number is 0." in done.err


def test_labels_can_lie_in_an_array_of_an_archive(segdesk: Run, tmp_path: Path) -> None:
    truth = disc(voxels())
    np.savez(tmp_path / "set.npz", x=voxels()[..., None], y=truth[..., None])
    source = tmp_path / "set.npz"
    project = tmp_path / "p.segdesk"
    refused = segdesk("import", project, f"{source}:x", "--labels", source)
    assert refused.is_refusal(2, "set.npz:x", "set.npz:y")
    assert segdesk("import", project, f"{source}:x", "--labels", f"{source}:y").code == 0
    assert np.array_equal(annotation(project).labels, truth)


def test_soft_edges_are_cut_at_half_and_that_is_said(
    segdesk: Run, tmp_path: Path, scan: Path
) -> None:
    soft = disc(voxels()).astype(np.float32)
    soft[:, 11, 12:18] *= 0.25
    np.save(tmp_path / "soft.npy", soft)
    project = tmp_path / "p.segdesk"
    said = segdesk("import", project, scan, "--labels", tmp_path / "soft.npy", "--json")
    (note,) = said.json["cases"][0]["notes"]
    assert "soft edges" in note and "half" in note
    assert np.array_equal(annotation(project).labels, soft > 0.5)


def test_segments_get_the_names_that_the_file_gives(segdesk: Run, tmp_path: Path) -> None:
    image = write_image(tmp_path / "ct.nrrd", voxels())
    numbers = disc(voxels()) * np.uint8(7)
    mask = write_image(tmp_path / "mask.nrrd", numbers, names={7: "Left lung", 9: "Nowhere"})
    project = tmp_path / "p.segdesk"
    assert segdesk("import", project, image, "--labels", mask).code == 0
    segments = segdesk("info", project, "--json").json["segments"]
    assert [(row["number"], row["name"]) for row in segments] == [(7, "Left lung")]


def test_another_name_for_a_known_number_is_said(segdesk: Run, tmp_path: Path) -> None:
    image = write_image(tmp_path / "ct.nrrd", voxels())
    lung = write_image(tmp_path / "lung.nrrd", disc(voxels()), names={1: "Lung"})
    liver = write_image(tmp_path / "liver.nrrd", disc(voxels()), names={1: "Liver"})
    project = tmp_path / "p.segdesk"
    segdesk("import", project, image, "--labels", lung)
    said = segdesk("import", project, image, "--labels", liver, "--json").json
    assert any("'Lung' here and 'Liver'" in note for note in said["cases"][0]["notes"])


def test_labels_on_flipped_axes_are_placed_by_their_geometry(segdesk: Run, tmp_path: Path) -> None:
    scan, truth = voxels(), disc(voxels())
    truth[:, :, 16:] = 0
    image = write_image(tmp_path / "ct.nrrd", scan)
    write_image(tmp_path / "mask.nrrd", truth)
    flipped = sitk.Flip(sitk.ReadImage(str(tmp_path / "mask.nrrd")), (True, True, False))
    sitk.WriteImage(flipped, str(tmp_path / "flipped.nrrd"))
    project = tmp_path / "p.segdesk"
    assert segdesk("import", project, image, "--labels", tmp_path / "flipped.nrrd").code == 0
    assert np.array_equal(annotation(project).labels, truth)


def test_a_script_reads_one_object_whatever_happens_beside_it(
    segdesk: Run, tmp_path: Path, scan: Path
) -> None:
    write_dicom_series(tmp_path / "dicom", localizer=True)
    write_dicom_series(tmp_path / "dicom" / "tilted", tilt_degrees=10)
    said = segdesk("import", tmp_path / "p.segdesk", tmp_path / "dicom", "--json")
    assert said.json["project"].endswith("p.segdesk")
    assert said.err and "Traceback" not in said.err


def test_numbers_that_do_not_tell_their_unit_are_asked_about_once_and_taken_as_said(
    segdesk: Run, tmp_path: Path
) -> None:
    tissue = np.rint(np.random.default_rng(2).normal(0, 80, (6, 12, 16))).astype(np.int16)
    scan, project = write_image(tmp_path / "a.nrrd", tissue), tmp_path / "p.segdesk"
    assert segdesk("import", project, scan).is_refusal(2, "a.nrrd", "--unit hu or --unit raw")
    assert not project.exists()
    assert segdesk("import", project, scan, "--unit", "HU?").is_refusal(2, "hu", "raw")
    for word, unit in (("hu", "HU"), ("raw", "raw")):
        (case,) = segdesk("import", project, scan, "--unit", word, "--json").json["cases"]
        assert case["unit"] == unit
        assert (case["hu_min"], case["hu_max"]) == (tissue.min(), tissue.max())


def test_a_mask_is_no_scan_unless_that_is_said(segdesk: Run, tmp_path: Path, labels: Path) -> None:
    project = tmp_path / "p.segdesk"
    refused = segdesk("import", project, labels)
    assert refused.is_refusal(2, "labels.npy looks like a mask", "only 0 and 1", "--as-scan")
    assert not project.exists()
    (case,) = segdesk("import", project, labels, "--as-scan", "--json").json["cases"]
    assert (case["hu_min"], case["hu_max"]) == (0, 1)
