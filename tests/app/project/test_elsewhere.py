"""A copy of the open project at another place, whatever became of its folder."""

from __future__ import annotations

import hashlib
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from segdesk.app.project import saving
from segdesk.app.project.elsewhere import Elsewhere
from segdesk.app.project.mask_alone import mask_alone
from segdesk.app.project.workbench import Workbench
from segdesk.core.prediction import Prediction
from segdesk.core.run import Run, plan_for
from segdesk.errors import Cancelled, ProjectError, ProjectGone
from segdesk.store import repairing
from segdesk.store.copying import Copy
from segdesk.store.journal import journal_contents, older
from tests.app.project.test_one_damaged_file import damage, take_older
from tests.projects import make_project, stroke, voxels
from tests.store.disk.test_guard import (
    an_older_copy,
    another_folder,
    deleted,
    everything,
    lock_deleted,
    renamed,
)

ONE, TWO = "case-001", "case-002"
State = tuple[dict[str, bytes], tuple[str, ...], tuple[str, ...]]


def state(workbench: Workbench) -> State:
    """Every mask, and what can be undone and redone."""
    masks = {
        case.id: b"".join(
            (
                workbench.annotation(case.id).labels.tobytes(),
                workbench.annotation(case.id).provenance.tobytes(),
                repr(workbench.annotation(case.id).statuses).encode(),
            )
        )
        for case in workbench.project.cases
    }
    done = tuple(edit.name for edit in workbench.history.done)
    undone = workbench.history.next_redo
    return masks, done, () if undone is None else (undone.name,)


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Workbench]:
    """Two cases with a run and its prediction, saved; then strokes that are not saved."""
    (tmp_path / "here").mkdir()
    (tmp_path / "there").mkdir()
    workbench = make_project(tmp_path / "here", cases=2)
    stroke(workbench, 1, case=TWO)
    sha256 = hashlib.sha256(b"weights").hexdigest()
    run = Run("run-001", plan_for(), started=1.0, best=1, outcome="finished")
    workbench.put_run(replace(run, weights_sha256=sha256))
    workbench.folder.runs.paths("run-001").weights(1).write_bytes(b"weights")
    labels = np.ones(workbench.project.case(ONE).grid.shape, np.uint8)
    workbench.folder.runs.write_prediction(Prediction("run-001", ONE, labels, labels, sha256))
    workbench.add_prediction("run-001", ONE)
    workbench.folder.write_index()
    saving.save(workbench)
    stroke(workbench, 2)
    stroke(workbench, 3)
    workbench.undo()
    yield workbench
    with suppress(ProjectError):
        workbench.close()


def opened_there(path: Path) -> Workbench:
    return Workbench.open(path)


@pytest.mark.parametrize("change", [None, renamed, another_folder, an_older_copy, lock_deleted])
def test_a_copy_holds_everything_while_the_files_can_be_reached(
    opened: Workbench, tmp_path: Path, change: Callable[[Path], None] | None
) -> None:
    expected = state(opened)
    here = tmp_path / "here"
    if change is not None:
        change(opened.folder.path)
        # Where no journal can have it, it waits in memory.
        stroke(opened, 4)
        expected = state(opened)
    before = everything(here)
    target = tmp_path / "there" / "copy.segdesk"
    assert Elsewhere(opened).write(target) == ()
    assert everything(here) == before
    again = opened_there(target)
    masks, done, undone = state(again)
    assert masks == expected[0]
    assert (done, undone) == expected[1:]
    assert np.array_equal(again.volume(TWO).voxels, voxels(seed=1))
    assert again.prediction(ONE, "run-001") is not None
    assert again.folder.runs.paths("run-001").weights(1).read_bytes() == b"weights"
    stroke(again, 0)
    saving.save(again)
    again.close()
    assert [path.name for path in (tmp_path / "there").iterdir()] == ["copy.segdesk"]


def test_a_copy_of_a_deleted_project_holds_what_is_in_memory_and_names_the_rest(
    opened: Workbench, tmp_path: Path
) -> None:
    opened.prediction(ONE, "run-001")
    expected = opened.annotation(ONE).labels.copy()
    opened._memory.drop_case(TWO)
    deleted(opened.folder.path)
    target = tmp_path / "there" / "copy.segdesk"
    lost = Elsewhere(opened).write(target)
    assert any(sentence.startswith(TWO) for sentence in lost)
    assert any("run-001" in sentence for sentence in lost)
    again = opened_there(target)
    assert [case.id for case in again.project.cases] == [ONE]
    assert np.array_equal(again.annotation(ONE).labels, expected)
    assert np.array_equal(again.volume(ONE).voxels, voxels(seed=0))
    assert again.prediction(ONE, "run-001") is not None
    kept = [edit.name for edit in opened.history.done if edit.case in ("", ONE)]
    assert [edit.name for edit in again.history.done] == kept
    again.redo()
    opened.redo()
    assert np.array_equal(again.annotation(ONE).labels, opened.annotation(ONE).labels)
    again.close()


def test_a_scan_that_can_be_read_no_more_comes_from_memory(
    opened: Workbench, tmp_path: Path
) -> None:
    opened.volume(ONE)
    path = opened.folder.path
    mask = opened.annotation(ONE).labels.copy()
    renamed(path)
    (path.with_name("renamed.segdesk") / "cases" / ONE / "volume.h5").unlink()
    target = tmp_path / "there" / "copy.segdesk"
    assert Elsewhere(opened).write(target) == ()
    again = opened_there(target)
    assert np.array_equal(again.volume(ONE).voxels, voxels(seed=0))
    assert np.array_equal(again.annotation(ONE).labels, mask)
    again.close()


def test_a_copy_that_differs_from_what_is_in_memory_is_written_from_memory(
    opened: Workbench, tmp_path: Path
) -> None:
    path = opened.folder.path
    expected = opened.annotation(ONE).labels.copy()
    for journal in path.glob("journal-*"):
        journal.write_bytes(b"")
    target = tmp_path / "there" / "copy.segdesk"
    assert Elsewhere(opened).write(target) == ()
    again = opened_there(target)
    assert np.array_equal(again.annotation(ONE).labels, expected)
    again.close()


def test_nothing_is_left_behind_where_a_copy_is_cancelled_or_the_place_is_taken(
    opened: Workbench, tmp_path: Path
) -> None:
    there = tmp_path / "there"
    with pytest.raises(Cancelled):
        Elsewhere(opened).write(there / "copy.segdesk", cancelled=lambda: True)
    assert list(there.iterdir()) == []
    (there / "copy.segdesk").mkdir()
    with pytest.raises(ProjectError, match="already something"):
        Elsewhere(opened).write(there / "copy.segdesk")
    assert [path.name for path in there.iterdir()] == ["copy.segdesk"]


def test_a_copy_that_is_cancelled_when_it_is_whole_is_not_kept(
    opened: Workbench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole: list[bool] = []
    real = Copy._finish_as_it_was

    def finish(copy: Copy, *given: Any) -> bool:
        whole.append(real(copy, *given))
        return whole[-1]

    monkeypatch.setattr(Copy, "_finish_as_it_was", finish)
    with pytest.raises(Cancelled):
        Elsewhere(opened).write(tmp_path / "there/copy.segdesk", cancelled=lambda: bool(whole))
    assert whole == [True] and list((tmp_path / "there").iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights on Windows")
def test_a_copy_holds_nothing_that_a_link_leads_to(opened: Workbench, tmp_path: Path) -> None:
    (tmp_path / "diary").mkdir()
    (tmp_path / "diary/letter.txt").write_text("dear diary")
    run = opened.folder.path / "runs/run-001"
    (run / "letter.txt").symlink_to(tmp_path / "diary/letter.txt")
    (run / "more").symlink_to(tmp_path / "diary")
    Elsewhere(opened).write(tmp_path / "there/copy.segdesk")
    there = {path.name for path in (tmp_path / "there/copy.segdesk/runs/run-001").iterdir()}
    assert there == {"predictions", "weights-1.npz"}


def test_a_disk_that_is_too_small_is_said_before_anything_is_written(
    opened: Workbench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=10))
    with pytest.raises(ProjectError, match="MB left"):
        Elsewhere(opened).write(tmp_path / "there" / "copy.segdesk")
    assert list((tmp_path / "there").iterdir()) == []


def test_a_case_is_read_from_the_folder_that_was_opened_and_never_from_another(
    opened: Workbench, tmp_path: Path
) -> None:
    stroke(opened, 0, case=TWO)
    saving.save(opened)
    expected = opened.annotation(TWO).labels.copy()
    older = replace(opened.project.case(TWO))
    opened._memory.drop_case(TWO)
    another_folder(opened.folder.path)
    assert np.array_equal(opened.read_case(older.id).annotation.labels, expected)
    deleted(opened.folder.path.with_name("renamed.segdesk"))
    with pytest.raises(ProjectGone):
        opened.read_case(TWO)


@pytest.fixture
def gathered(opened: Workbench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy from memory of a project with a history-N, its newest save undone in part."""
    monkeypatch.setattr(older, "MOST_JOURNALS", 1)
    for index in (0, 4, 1):
        stroke(opened, index, value=1, row=6.0 + index)
        saving.save(opened)
    opened.undo()
    saving.save(opened)
    assert list(opened.folder.path.glob("history-*"))
    for journal in opened.folder.path.glob("journal-*"):
        journal.write_bytes(b"")
    for case in (ONE, TWO):
        opened._memory.drop_case(case)
    target = tmp_path / "there" / "copy.segdesk"
    assert Elsewhere(opened).write(target) == ()
    return target


def test_a_copy_from_memory_undoes_what_is_in_memory_and_nothing_of_an_older_history(
    opened: Workbench, gathered: Path
) -> None:
    """A history-N of the folder would give other Edits under the numbers of the copy's own."""
    assert len(list(gathered.glob("history-*"))) == 1
    again = opened_there(gathered)
    assert again.notes == () and state(again) == state(opened)
    again.redo()
    opened.redo()
    while opened.undo() is not None:
        assert again.undo() is not None
        assert state(again) == state(opened)
    assert again.undo() is None
    again.close()


def test_a_copy_from_memory_that_loses_its_index_is_repaired_without_doing_again_what_was_undone(
    opened: Workbench, gathered: Path, tmp_path: Path
) -> None:
    (gathered / "project.h5").unlink()
    repaired = repairing.repair(gathered, tmp_path / "repaired.segdesk")
    assert repaired.lost == ()
    again = opened_there(tmp_path / "repaired.segdesk")
    assert state(again)[0] == state(opened)[0]
    again.close()


def with_a_damaged_mask(opened: Workbench) -> tuple[Workbench, np.ndarray]:
    """Opened again, with a second case whose newest mask cannot be read, and what it showed."""
    for index in (2, 3):
        stroke(opened, index, case=TWO)
        if index == 2:
            saving.save(opened)
    expected = opened.annotation(TWO).labels.copy()
    path = opened.folder.path
    damage(path / "cases" / TWO / f"annotation-{opened.project.case(TWO).generation}.h5")
    opened.folder.close()
    return Workbench.open(path), expected


@pytest.mark.parametrize("journals", ["there", "gone", "gone, and what waits too"])
def test_a_copy_carries_a_case_whose_newest_mask_is_damaged(
    opened: Workbench, tmp_path: Path, journals: str
) -> None:
    workbench, expected = with_a_damaged_mask(opened)
    path, target = workbench.folder.path, tmp_path / "there" / "copy.segdesk"
    generation = workbench.project.case(TWO).generation
    damaged = (path / "cases" / TWO / f"annotation-{generation}.h5").read_bytes()
    workbench.annotation(ONE)
    if journals != "there":
        for journal in (*path.glob("journal-*"), *path.glob("left-out-*")):
            journal.write_bytes(b"")
    if journals == "gone, and what waits too":
        (path / "cases" / TWO / "waiting.journal").unlink()
    (lost,) = Elsewhere(workbench).write(target)
    assert lost.startswith(f"The mask of '{TWO}' is damaged")
    assert "It is kept as it is, and so is the one of 2" in lost
    workbench.folder.close()
    again = opened_there(target)
    assert [case.id for case in again.project.cases] == [ONE, TWO]
    assert (target / "cases" / TWO / f"annotation-{generation}.h5").read_bytes() == damaged
    assert np.array_equal(again.folder.scans.read(again.project.case(TWO)).voxels, voxels(seed=1))
    # With the older mask and what was kept, all of it comes back there.
    take_older(again, TWO)
    assert np.array_equal(again.annotation(TWO).labels, expected)
    again.close()


def test_a_copy_keeps_what_waits_of_a_case_whose_scan_is_gone_with_the_folder(
    opened: Workbench, tmp_path: Path
) -> None:
    workbench, _ = with_a_damaged_mask(opened)
    waits = workbench.left_out[TWO].steps
    workbench.annotation(ONE)
    deleted(workbench.folder.path)
    target = tmp_path / "there" / "copy.segdesk"
    lost = Elsewhere(workbench).write(target)
    assert f"'left-out-1.journal' keeps what was drawn on '{TWO}' all the same." in lost
    assert (
        len(waits) == 3 and journal_contents.read(target / "left-out-1.journal", 0).edits == waits
    )
    with suppress(ProjectError):
        workbench.folder.close()


def test_a_copy_says_where_no_older_mask_can_be_read(opened: Workbench, tmp_path: Path) -> None:
    workbench, _ = with_a_damaged_mask(opened)
    for mask in (workbench.folder.path / "cases" / TWO).glob("annotation-*.h5"):
        mask.write_bytes(b"damage")
    target = tmp_path / "there" / "copy.segdesk"
    (lost,) = Elsewhere(workbench).write(target)
    assert lost.endswith("It is kept as it is; no older one can be read.")
    workbench.folder.close()
    with Workbench.open(target).folder as again:
        assert again.load().project.case(TWO).generation


def test_a_copy_keeps_the_mask_of_a_case_whose_scan_is_damaged(
    opened: Workbench, tmp_path: Path
) -> None:
    stroke(opened, 4, case=TWO)
    expected = opened.annotation(TWO).labels.copy()
    opened.close()
    scan = opened.folder.path / "cases" / TWO / "volume.h5"
    scan.write_bytes(scan.read_bytes()[:-9])
    workbench = Workbench.open(opened.folder.path)
    workbench.annotation(ONE)
    target = tmp_path / "there" / "copy.segdesk"
    (lost,) = Elsewhere(workbench).write(target)
    assert lost.startswith(f"The scan of '{TWO}' is damaged")
    assert lost.endswith("waits for its scan: import the same scan there.")
    workbench.close()
    again = opened_there(target)
    assert [case.id for case in again.project.cases] == [ONE, TWO]
    assert np.array_equal(mask_alone(again, TWO).mask.labels, expected)
    again.close()
