"""What only a person can say: HU or not, scan or mask. Nothing is guessed or left behind."""

# What the libraries load has their base class in the stubs.
# pyright: reportAttributeAccessIssue=false, reportArgumentType=false, reportCallIssue=false
from __future__ import annotations

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from segdesk.app.files import importing, joining
from segdesk.app.files.import_questions import look
from segdesk.app.project.workbench import Workbench
from segdesk.core.case import Case
from segdesk.errors import UsageError
from segdesk.formats.units import UnitChoice
from tests.builders import write_dicom_series
from tests.projects import SHAPE, disc, voxels

AFFINE = np.diag([-1.0, -1, 2, 1])


def bring(
    workbench: Workbench, source: Path, *, unit: UnitChoice = "", is_scan: bool = False
) -> Case:
    found = importing.survey([source])
    (row,) = importing.requests(workbench, found.volumes, unit=unit, is_scan=is_scan)
    return joining.import_scan(workbench, row)


def cases_of(workbench: Workbench) -> tuple:
    return tuple((case.id, case.grid) for case in workbench.project.cases)


def abdomen(file: Path) -> Path:
    """Soft tissue and fat without any air: HU, or a number of other things."""
    draw = np.random.default_rng(2)
    tissue = draw.normal(40, 15, (20, 10, 6))
    tissue[::3] = draw.normal(-100, 15, (7, 10, 6))
    nib.save(nib.Nifti1Image(np.rint(tissue).astype(np.int16), AFFINE), file)
    return file


def nifti(file: Path, array: np.ndarray) -> Path:
    nib.save(nib.Nifti1Image(array.T, AFFINE), file)
    return file


def _nodule() -> np.ndarray:
    """One voxel in more than are sorted; its indices are no multiples of any step."""
    mask = np.zeros((41, 256, 256), np.uint8)
    mask[7, 97, 101] = 1
    return mask


MASKS = {
    "0 and 1": (disc(voxels()), "0 and 1"),
    "0 and 255": (disc(voxels()) * np.uint8(255), "0 and 255"),
    "two lungs": (
        disc(voxels()) * np.uint8(2) - (np.arange(32) > 15) * disc(voxels()),
        "0, 1 and 2",
    ),
    "soft": (np.round(disc(voxels()) * np.linspace(0, 4, 5)[:, None, None]) / 4, "5 levels"),
    "true and false": (disc(voxels()) > 0, "0 and 1"),
    "nothing": (np.zeros(SHAPE, np.uint8), "only 0"),
    "all of it": (np.ones(SHAPE, np.uint8), "only 1"),
    "a nodule between the voxels that are looked at": (_nodule(), "0 and 1"),
}


@pytest.mark.parametrize("name", MASKS)
def test_a_mask_is_not_taken_for_a_scan(workbench: Workbench, tmp_path: Path, name: str) -> None:
    mask, levels = MASKS[name]
    np.save(tmp_path / "m.npy", mask)
    before = workbench.project
    (case,) = before.cases
    with pytest.raises(UsageError) as asked:
        bring(workbench, tmp_path / "m.npy")
    assert "m.npy looks like a mask" in asked.value.sentence and levels in asked.value.sentence
    assert "--as-scan" in asked.value.hint
    assert workbench.project == before
    assert sorted(path.name for path in (workbench.folder.path / "cases").iterdir()) == [case.id]


def test_a_mask_of_its_case_is_found_by_the_grid(workbench: Workbench, tmp_path: Path) -> None:
    hu = voxels()
    scan = bring(workbench, nifti(tmp_path / "ct.nii", hu))
    nifti(tmp_path / "mask.nii", disc(hu))
    elsewhere = AFFINE.copy()
    elsewhere[2, 3] = 9
    nib.save(nib.Nifti1Image(disc(hu).T, elsewhere), tmp_path / "other.nii")
    for name, mask_of in (("mask", (scan.id,)), ("other", ())):
        (found,) = importing.survey([tmp_path / f"{name}.nii"]).volumes
        assert look(found, cases_of(workbench)).mask_of == mask_of


def test_a_mask_is_a_scan_where_someone_says_so(workbench: Workbench, tmp_path: Path) -> None:
    np.save(tmp_path / "m.npy", disc(voxels()))
    case = bring(workbench, tmp_path / "m.npy", is_scan=True)
    assert np.array_equal(workbench.volume(case.id).voxels, disc(voxels()))


def test_a_scan_of_grey_levels_is_asked_nothing(workbench: Workbench, tmp_path: Path) -> None:
    grey = np.random.default_rng(0).integers(0, 255, SHAPE).astype(np.uint8)
    np.save(tmp_path / "grey.npy", grey)
    write_dicom_series(tmp_path / "dicom")
    nifti(tmp_path / "ct.nii", voxels())
    for source in ("grey.npy", "dicom", "ct.nii"):
        (found,) = importing.survey([tmp_path / source]).volumes
        asked = look(found, cases_of(workbench))
        assert (asked.unit, asked.mask) == ("", "")


def test_numbers_that_do_not_tell_their_unit_are_refused_until_someone_says(
    workbench: Workbench, tmp_path: Path
) -> None:
    file = abdomen(tmp_path / "abdomen.nii")
    before = workbench.project
    with pytest.raises(UsageError, match="do not tell whether they are HU") as asked:
        bring(workbench, file)
    assert "--unit hu or --unit raw" in asked.value.hint and workbench.project == before
    truth = np.asarray(nib.load(file).dataobj).T
    for unit in ("HU", "raw"):
        case = bring(workbench, file, unit=unit)
        assert case.unit == unit
        assert np.array_equal(workbench.volume(case.id).voxels, truth)
