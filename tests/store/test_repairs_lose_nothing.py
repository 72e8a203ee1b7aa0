"""What a repair does where journals have a gap, or what waits cannot be done or read; and that what
waits and is damaged is said wherever it lies."""

from __future__ import annotations

import errno
import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from segdesk.app.project.workbench import Workbench
from segdesk.core.annotation import Annotation
from segdesk.core.completeness import status_move
from segdesk.core.edit import Edit
from segdesk.core.project import Project
from segdesk.core.status import SliceStatus
from segdesk.errors import ProjectError
from segdesk.store import waiting
from segdesk.store.checking import check
from segdesk.store.disk.layout import Layout
from segdesk.store.index import Index
from segdesk.store.journal import journal_contents
from segdesk.store.project_folder import ProjectFolder
from segdesk.store.repairing import repair
from segdesk.store.waiting import put
from tests.full_disk import full_disk
from tests.out_of_reach import closed_folder
from tests.store.painter import masks_of, paint, save, stroke
from tests.store.strategies import project_with_cases

CASE = "case-001"


@pytest.fixture
def made(tmp_path: Path) -> Path:
    return tmp_path / "new.segdesk"


def opened(path: Path) -> tuple[ProjectFolder, Project, Annotation]:
    """A project of two cases, the first with a stroke, saved once and open."""
    folder, project = project_with_cases(path, CASE, "case-002")
    masks = {case.id: Annotation(case.grid) for case in project.cases}
    paint(folder, masks[CASE], CASE, 1)
    project = save(folder, project, masks)
    return folder, project, masks[CASE]


def right(mask: Annotation, index: int) -> Edit:
    move = status_move(mask, index, SliceStatus.VERIFIED, cause="said right", segments=(1,))
    assert move is not None
    return Edit("Right", CASE, statuses=(move,))


def mask_in(path: Path) -> Annotation:
    with ProjectFolder.open(path, writable=False) as folder:
        return masks_of(folder, folder.load())[CASE]


def kept_apart(path: Path) -> list[float]:
    return [edit.time for edit in journal_contents.read(path / "left-out-1.journal", 0).edits]


def test_no_slice_is_right_by_a_journal_behind_a_gap(
    tmp_path: Path, made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, project, mask = opened(path := tmp_path / "p.segdesk")
    drawn = replace(stroke(mask, CASE, 1 + 4 * 13 * 9 + 1), statuses=())
    mask.apply(drawn)
    folder.append(drawn)
    at = drawn.slices[0]

    def refuse(*_: object, **__: object) -> None:
        raise ProjectError("The disk is full.", "Free some space.")

    with monkeypatch.context() as patch:
        patch.setattr(Index, "commit", refuse)
        with pytest.raises(ProjectError):
            save(folder, project, {CASE: mask})
    edit = right(mask, at)
    mask.apply(edit)
    folder.append(edit)
    folder.close()
    journal = path / "journal-1"
    content = bytearray(journal.read_bytes())
    content[-4] ^= 1
    journal.write_bytes(content)
    repaired = repair(path, made)
    again = mask_in(made)
    assert not again.labels[at].any()
    assert again.status(at) is not SliceStatus.VERIFIED
    assert f"they are partial now: {at + 1}." in " ".join(repaired.lost)


def test_what_waits_and_fits_nowhere_is_kept_apart(tmp_path: Path, made: Path) -> None:
    folder, _, mask = opened(path := tmp_path / "p.segdesk")
    folder.close()
    # Made on a stroke that nothing has any more.
    other = Annotation(mask.grid)
    other.apply(stroke(other, CASE, 2))
    lost = stroke(other, CASE, 2 + 4 * 13 * 9)
    put(Layout(path), CASE, [lost])
    repaired = repair(path, made)
    assert kept_apart(made) == [lost.time]
    assert "they are kept in 'left-out-1.journal'" in repaired.lost[-1]


def test_what_waits_beside_the_journals_of_a_case_that_is_left_out_is_kept_apart(
    tmp_path: Path, made: Path
) -> None:
    folder, _, mask = opened(path := tmp_path / "p.segdesk")
    edit = stroke(mask, CASE, 2)
    folder.close()
    home = path / "cases" / CASE
    put(Layout(path), CASE, [edit])
    shutil.move(home / "waiting.journal", path / f"waiting-{CASE}.journal")
    with closed_folder(home):
        repaired = repair(path, made)
    assert sorted(kept_apart(made)) == [1, edit.time]
    assert "in 'left-out-1.journal'" in repaired.lost[-1]


@pytest.mark.parametrize("fault", ["a link", "a folder", "a run's folder"])
def test_what_cannot_be_read_costs_no_more_than_itself(
    tmp_path: Path, made: Path, fault: str
) -> None:
    folder, _, mask = opened(path := tmp_path / "p.segdesk")
    paint(folder, mask, CASE, 3)
    folder.close()
    if fault == "a run's folder":
        (path / "runs/run-001").mkdir()
        with closed_folder(path / "runs/run-001"):
            repaired = repair(path, made)
        assert "run-001" in " ".join(repaired.lost)
    else:
        waiting = path / f"cases/{CASE}/waiting.journal"
        waiting.mkdir() if fault == "a folder" else waiting.symlink_to(tmp_path / "elsewhere")
        repaired = repair(path, made)
        assert not repaired.lost
    assert mask_in(made).status(3) is SliceStatus.PARTIAL
    assert [case.id for case in repaired.project.cases] == [CASE, "case-002"]


def damaged(path: Path, place: str) -> Path:
    """Two strokes wait in the case's folder, or beside the journals, and the second one is
    damaged."""
    folder, _, mask = opened(path)
    edits = [stroke(mask, CASE, 2), stroke(mask, CASE, 3)]
    folder.close()
    put(Layout(path), CASE, [*waiting.steps_of(Layout(path), CASE), *edits])
    file = path / "cases" / CASE / "waiting.journal"
    if place == "beside":
        file = file.rename(path / f"waiting-{CASE}.journal")
    content = bytearray(file.read_bytes())
    content[-4] ^= 1
    file.write_bytes(content)
    return file


NOT_WHOLE = f"Not all that waits until '{CASE}' can be read is whole; the rest is lost."


@pytest.mark.parametrize("place", ["in its folder", "beside"])
def test_damage_of_what_waits_is_said_wherever_it_lies(
    tmp_path: Path, made: Path, place: str
) -> None:
    file = damaged(path := tmp_path / "p.segdesk", place).relative_to(tmp_path / "p.segdesk")
    (found,) = check(path).findings
    assert (found.what, found.file, found.sentence) == ("journal", file.as_posix(), NOT_WHOLE)
    repaired = repair(path, made)
    assert NOT_WHOLE in repaired.lost
    assert mask_in(made).labels[2].any() and not mask_in(made).labels[3].any()
    workbench = Workbench.open(path)
    assert NOT_WHOLE in workbench.notes
    workbench.close()


def test_damage_of_what_waits_for_a_case_that_is_left_out_is_said(
    tmp_path: Path, made: Path
) -> None:
    damaged(path := tmp_path / "p.segdesk", "beside")
    for name in ("project.h5", "project-previous.h5", f"cases/{CASE}/volume.h5"):
        (path / name).unlink()
    assert NOT_WHOLE in repair(path, made).lost


def test_what_waits_and_the_disk_does_not_give_is_said(tmp_path: Path) -> None:
    file = damaged(tmp_path / "p.segdesk", "beside")
    with closed_folder(file, errno.EIO), pytest.MonkeyPatch.context() as patch:
        really = waiting.read

        def read(path: Path, number: int) -> journal_contents.Contents:
            if path == file:
                raise OSError(errno.EIO, os.strerror(errno.EIO))
            return really(path, number)

        patch.setattr(waiting, "read", read)
        (found,) = check(tmp_path / "p.segdesk").findings
    assert found.sentence == f"What waits until '{CASE}' can be read cannot be read itself."


def test_what_can_be_read_of_what_waits_stays_where_the_disk_takes_nothing_in_its_place(
    tmp_path: Path,
) -> None:
    file = damaged(path := tmp_path / "p.segdesk", "in its folder")
    kept = waiting.kept_of(Layout(path), CASE)
    assert len(kept) == 2
    with full_disk(path), pytest.raises(OSError):
        put(Layout(path), CASE, kept)
    assert waiting.kept_of(Layout(path), CASE) == kept
    put(Layout(path), CASE, kept)
    assert waiting.kept_of(Layout(path), CASE) == kept
    assert file.with_name("waiting.journal.damaged").is_file()
