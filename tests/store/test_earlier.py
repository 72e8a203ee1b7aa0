"""A project that an earlier version made is no damaged one, and nothing of it is changed."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import pytest

from segdesk.app.project import saving
from segdesk.app.project.workbench import Workbench
from segdesk.errors import ProjectTooOld
from segdesk.store.checking import check
from segdesk.store.disk.layout import PREVIOUS_FILE, PROJECT_FILE
from segdesk.store.pack import read as pack_read
from segdesk.store.parts import seal
from segdesk.store.repairing import repair
from tests.projects import make_project, stroke

SAID = "was made by an earlier version of segdesk, which this one cannot read; nothing was changed."


def as_before(file: Path) -> None:
    """The file with the seal of an earlier build."""
    head = bytearray(file.read_bytes()[: seal.SIZE])
    head[:8] = b"\x89segdsk\1"
    head[-4:] = struct.pack("<I", zlib.crc32(head[:-4]))
    with file.open("rb+") as there:
        there.write(head)


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A saved project with a stroke since, all of whose files are an earlier build's."""
    workbench = make_project(tmp_path)
    stroke(workbench, 0)
    saving.save(workbench)
    stroke(workbench, 1)
    workbench.close()
    for file in workbench.folder.path.rglob("*.h5"):
        as_before(file)
    return workbench.folder.path


def everything(path: Path) -> dict[Path, bytes]:
    files = (file for file in path.rglob("*") if file.is_file() and file.name != "lock")
    return {file.relative_to(path): file.read_bytes() for file in files}


def test_it_is_not_called_damaged_and_nothing_is_set_aside(old: Path) -> None:
    before = everything(old)
    for writable in (True, False):
        with pytest.raises(ProjectTooOld) as no:
            Workbench.open(old, writable=writable)
        assert no.value.sentence == f"The project '{old.name}' {SAID}"
        assert no.value.hint == "Open it with the version that made it."
    assert everything(old) == before


@pytest.mark.parametrize("has_index", [True, False])
def test_check_and_repair_say_the_same_and_make_nothing(
    old: Path, tmp_path: Path, has_index: bool
) -> None:
    if not has_index:
        (old / PROJECT_FILE).unlink()
        (old / PREVIOUS_FILE).unlink()
    before = everything(old)
    with pytest.raises(ProjectTooOld, match=SAID) if has_index else pytest.raises(ProjectTooOld):
        check(old)
    with pytest.raises(ProjectTooOld):
        repair(old, tmp_path / "new.segdesk")
    assert not (tmp_path / "new.segdesk").exists()
    assert everything(old) == before


def test_a_packed_project_of_an_earlier_version_is_still_known_for_one(tmp_path: Path) -> None:
    file = tmp_path / "all.h5"
    file.write_bytes(seal.sealed(bytes(2 * seal.SIZE), "pack"))
    as_before(file)
    assert pack_read.is_packed(file)
    with pytest.raises(ProjectTooOld, match=SAID), pack_read.faults(file):
        pack_read.open_sealed(file)
