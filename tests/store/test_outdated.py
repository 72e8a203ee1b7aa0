"""An index that is older than the masks beside it, as after a part of a backup was put back."""

from __future__ import annotations

import shlex
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from segdesk.app.project import saving
from segdesk.app.project.workbench import Workbench
from segdesk.errors import ProjectError
from segdesk.store.checking import check
from segdesk.store.disk.layout import PROJECT_FILE
from segdesk.store.outdated import unless_saved_since
from segdesk.store.parts import project_file
from segdesk.store.repairing import repair
from tests.projects import add_case, make_project, stroke


@pytest.fixture(params=[0, 1, 2])
def outdated(tmp_path: Path, request: pytest.FixtureRequest) -> tuple[Path, dict[str, np.ndarray]]:
    """Saved seven times, then with the index of the first times; and the masks as they were."""
    workbench = make_project(tmp_path, cases=2)
    path = workbench.folder.path
    old = (path / PROJECT_FILE).read_bytes()
    for _ in range(request.param):
        stroke(workbench, 0)
        stroke(workbench, 1)
        saving.save(workbench)
        old = (path / PROJECT_FILE).read_bytes()
    workbench.history.clear()
    add_case(workbench, id="case-003")
    for index in range(1, 5):
        stroke(workbench, index)
        stroke(workbench, index, case="case-003")
        workbench.history.clear()
        saving.save(workbench)
    ids = ("case-001", "case-003")
    drawn = {case: workbench.annotation(case).labels.copy() for case in ids}
    workbench.close()
    (path / PROJECT_FILE).write_bytes(old)
    return path, drawn


def everything(path: Path) -> dict[Path, bytes]:
    """The files; the lock has who held it last."""
    files = (file for file in path.rglob("*") if file.is_file() and file.name != "lock")
    return {file.relative_to(path): file.read_bytes() for file in files}


def test_it_is_not_written_to(outdated: tuple[Path, dict[str, np.ndarray]]) -> None:
    path, _ = outdated
    before = everything(path)
    with pytest.raises(ProjectError, match="older than the masks of 'case-001', 'case-003'") as no:
        Workbench.open(path)
    made = path.with_name(f"{path.stem}-repaired.segdesk")
    assert f"'segdesk check {shlex.quote(str(path))} --repair {shlex.quote(str(made))}' makes" in (
        no.value.hint
    )
    assert everything(path) == before
    Workbench.open(path, writable=False).close()


def test_it_is_said_where_it_is_only_read(outdated: tuple[Path, dict[str, np.ndarray]]) -> None:
    path, _ = outdated
    workbench = Workbench.open(path, writable=False)
    assert workbench.notes[0].startswith(f"The index of the project '{path.name}' is older than")
    with pytest.raises(ProjectError, match="older than the masks of 'case-001'"):
        workbench.annotation("case-001")
    assert not workbench.annotation("case-002").labels.any()
    workbench.close()


def test_check_says_so(outdated: tuple[Path, dict[str, np.ndarray]]) -> None:
    path, _ = outdated
    first = check(path).findings[0]
    assert (first.what, first.file) == ("index", PROJECT_FILE)
    assert "older than the masks of 'case-001', 'case-003'" in first.sentence


def test_a_repair_takes_the_newest_masks(
    outdated: tuple[Path, dict[str, np.ndarray]], tmp_path: Path
) -> None:
    path, drawn = outdated
    repair(path, tmp_path / "new.segdesk")
    with_all = Workbench.open(tmp_path / "new.segdesk")
    assert {case.id for case in with_all.project.cases} == {"case-001", "case-002", "case-003"}
    for case, labels in drawn.items():
        assert np.array_equal(with_all.annotation(case).labels, labels), case
    assert check(tmp_path / "new.segdesk").findings == ()
    with_all.close()


def test_it_is_not_written_to_though_its_journal_is_kept_for_undo(tmp_path: Path) -> None:
    workbench = make_project(tmp_path)
    path = workbench.folder.path
    stroke(workbench, 0)
    saving.save(workbench)
    old = (path / PROJECT_FILE).read_bytes()
    for index in (1, 2, 3):
        stroke(workbench, index)
        saving.save(workbench)
    workbench.close()
    (path / PROJECT_FILE).write_bytes(old)
    assert (path / "journal-1").exists()
    before = everything(path)
    with pytest.raises(ProjectError, match="older than the masks of 'case-001'"):
        Workbench.open(path)
    assert everything(path) == before


def test_what_a_writer_cannot_read_is_not_said_to_be_saved_by_another(tmp_path: Path) -> None:
    """Its index on the disk may be older than what it knows."""
    workbench = make_project(tmp_path)
    path, case = workbench.folder.path, workbench.project.case("case-001")
    workbench.close()
    unsaved = replace(case, generation=9)
    for is_writer, said in ((True, "It is damaged."), (False, "Another program has saved")):
        with (
            pytest.raises(ProjectError, match=said),
            unless_saved_since(path, unsaved, is_writer=is_writer),
        ):
            raise ProjectError("It is damaged.")


def test_a_mask_that_is_gone_beside_one_of_a_save_that_failed_costs_its_case_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workbench = make_project(tmp_path, cases=2)
    path = workbench.folder.path
    for index in (0, 1):
        for case in ("case-001", "case-002"):
            stroke(workbench, index, case=case)
        pending = saving.PendingSave(workbench)
        if index == 0:
            pending.succeeded(pending.run())

    def refuses(*_: object, **__: object) -> None:
        raise ProjectError("The disk is full.")

    monkeypatch.setattr(project_file, "write", refuses)
    with pytest.raises(ProjectError):
        pending.run()
    pending.failed()
    monkeypatch.undo()
    stroke(workbench, 2)
    wanted = {id: workbench.annotation(id).labels.copy() for id in ("case-001", "case-002")}
    workbench.close()
    home = path / "cases/case-001"
    (home / "annotation-1.h5").unlink()
    newer = (home / "annotation-2.h5").read_bytes()
    again = Workbench.open(path)
    said = "The mask of 'case-001' is missing. A newer one, of a save that failed, is there."
    assert any(note.startswith(said) for note in again.notes)
    assert np.array_equal(again.annotation("case-002").labels, wanted["case-002"])
    stroke(again, 3, case="case-002")
    saving.save(again)
    wanted["case-002"] = again.annotation("case-002").labels.copy()
    again.close()
    assert (home / "annotation-2.h5").read_bytes() == newer
    assert [finding.case for finding in check(path).findings] == ["case-001"]
    repaired = repair(path, tmp_path / "new.segdesk")
    assert repaired.lost == ()
    whole = Workbench.open(tmp_path / "new.segdesk")
    for case, labels in wanted.items():
        assert np.array_equal(whole.annotation(case).labels, labels)
    whole.close()


def test_what_a_save_that_was_cut_off_leaves_is_no_newer_index(tmp_path: Path) -> None:
    """A kill between the masks and the index: the journals lead to the same."""
    workbench = make_project(tmp_path)
    path = workbench.folder.path
    stroke(workbench, 0)
    saving.save(workbench)
    old = (path / PROJECT_FILE).read_bytes()
    stroke(workbench, 1)
    saving.save(workbench)
    workbench.close()
    (path / PROJECT_FILE).write_bytes(old)
    again = Workbench.open(path)
    assert not any("older than" in note for note in again.notes)
    assert again.annotation("case-001").labels[1].any()
    again.close()
