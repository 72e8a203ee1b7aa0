"""A picture in colour on every way that the store takes a project."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from segdesk.app.project.elsewhere import Elsewhere
from segdesk.app.project.saving import save
from segdesk.app.project.workbench import Workbench
from segdesk.core.volume import fingerprint
from segdesk.errors import ProjectError
from segdesk.store.checking import check
from segdesk.store.project_folder import ProjectFolder
from segdesk.store.repairing import repair
from tests.packs import content_of, pack_of, unpack_here
from tests.projects import add_picture, make_project, stroke


@pytest.fixture
def pictured(tmp_path: Path) -> Iterator[Workbench]:
    """A project with a CT and a picture, both drawn on and saved; then drawn on once more."""
    workbench = make_project(tmp_path)
    add_picture(workbench)
    for id in ("case-001", "picture"):
        stroke(workbench, 1, case=id)
    save(workbench)
    stroke(workbench, 2, case="picture")
    yield workbench
    workbench.close()


def content_at(path: Path) -> dict[str, object]:
    workbench = Workbench.open(path, writable=False)
    try:
        assert workbench.volume("picture").voxels.dtype == np.uint8
        return content_of(workbench)
    finally:
        workbench.close()


def test_it_comes_back_as_it_was_written(pictured: Workbench) -> None:
    case = pictured.project.case("picture")
    voxels = pictured.volume("picture").voxels
    assert voxels.shape == (3, 24, 32, 3) and voxels.dtype == np.uint8
    assert isinstance(voxels, np.memmap) and not voxels.flags.writeable
    assert fingerprint(voxels) == case.fingerprint
    assert (case.stored_min, case.stored_max) == (0, 255)


def test_the_project_goes_elsewhere_and_into_one_file_and_back(
    pictured: Workbench, tmp_path: Path
) -> None:
    Elsewhere(pictured).write(tmp_path / "copy.segdesk")
    pack_of(pictured, tmp_path / "one.h5")
    save(pictured)
    wanted = content_of(pictured)
    again = content_at(tmp_path / "copy.segdesk")
    assert {key: again[key] for key in again if key != "project"} == {
        key: wanted[key] for key in wanted if key != "project"
    }
    unpack_here(tmp_path / "one.h5", tmp_path / "unpacked.segdesk")
    assert content_at(tmp_path / "unpacked.segdesk") == wanted


def test_without_any_index_it_is_repaired_from_its_own_file(
    pictured: Workbench, tmp_path: Path
) -> None:
    path, labels = pictured.folder.path, pictured.annotation("picture").labels.copy()
    pictured.folder.close()
    for name in ("project.h5", "project-previous.h5"):
        (path / name).unlink()
    repair(path, tmp_path / "new.segdesk")
    made = Workbench.open(tmp_path / "new.segdesk")
    try:
        assert made.project.case("picture").unit == "RGB"
        assert made.volume("picture").voxels.shape == (3, 24, 32, 3)
        assert np.array_equal(made.annotation("picture").labels, labels)
    finally:
        made.close()


@pytest.mark.parametrize("index", [0, 2])
def test_one_changed_byte_names_its_slice(pictured: Workbench, index: int) -> None:
    path, offset = pictured.folder.scans.location(pictured.project.case("picture"))
    folder = pictured.folder.path
    pictured.folder.close()
    content = bytearray(path.read_bytes())
    content[offset + index * 24 * 32 * 3 + 24 * 32 * 3 - 1] ^= 1
    path.write_bytes(content)
    (found,) = check(folder).findings
    assert (found.case, found.slice) == ("picture", index)


def test_an_index_of_another_unit_does_not_read_it_as_grey(pictured: Workbench) -> None:
    folder: ProjectFolder = pictured.folder
    case = replace(pictured.project.case("picture"), unit="raw")
    with pytest.raises(ProjectError, match="another unit than the project says"):
        folder.scans.read(case)
