"""Looking through a project: all is well, or what is wrong and where."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from segdesk.core.annotation import Annotation
from segdesk.core.history import Stacks
from segdesk.core.project import Project
from segdesk.errors import Cancelled, ProjectError
from segdesk.store.checking import Finding, check
from segdesk.store.journal.older import gather, older_files
from segdesk.store.parts import project_file
from segdesk.store.project_folder import ProjectFolder
from tests.store.painter import masks_of, paint, save, stroke
from tests.store.strategies import project_with_cases

SCAN = "cases/case-001/volume.h5"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A project of two cases with masks, saved twice, and strokes since."""
    path = tmp_path / "p.segdesk"
    folder, project = project_with_cases(path, "case-001", "case-002")
    masks = {case.id: Annotation(case.grid) for case in project.cases}
    for step in range(3):
        for id, mask in masks.items():
            paint(folder, mask, id, step)
        project = save(folder, project, masks)
    paint(folder, masks["case-001"], "case-001", 3)
    folder.close()
    return path


@pytest.fixture
def kept_for_undo(tmp_path: Path) -> Path:
    """A project saved three times, of which every stroke can be undone."""
    path = tmp_path / "p.segdesk"
    folder, project = project_with_cases(path, "case-001")
    masks = {case.id: Annotation(case.grid) for case in project.cases}
    done: list[int] = []
    for step in range(3):
        edit = folder.numbered(stroke(masks["case-001"], "case-001", step))
        done.append(edit.sequence)
        paint(folder, masks["case-001"], "case-001", step)
        saving = folder.begin_save(project, masks, Stacks(tuple(done), ()))
        project = saving.run()
        saving.finish()
    folder.close()
    return path


def _flip(file: Path, at: int) -> None:
    content = bytearray(file.read_bytes())
    content[at] ^= 16
    file.write_bytes(content)


def test_all_is_well_with_a_project_that_nobody_harmed(path: Path) -> None:
    before = {file: file.read_bytes() for file in path.rglob("*") if file.is_file()}
    told: list[tuple[str, int, int]] = []
    found = check(path, tell=lambda *said: told.append(said))
    assert (found.findings, found.slices) == ((), 8)
    assert told[0] == ("Checking case-001", 1, 8) and told[-1] == ("Checking case-002", 8, 8)
    assert {file: file.read_bytes() for file in path.rglob("*") if file.is_file()} == before


def test_every_damaged_slice_of_a_scan_is_named_and_the_first_refuses_the_scan(path: Path) -> None:
    with ProjectFolder.open(path, writable=False) as folder:
        case = folder.load().project.cases[0]
        file, offset = folder.scans.location(case)
    nbytes = 2 * 16 * 12
    for index in (1, 3):
        _flip(file, offset + index * nbytes + 77)
    found = check(path)
    assert found.findings == tuple(
        Finding(
            "scan",
            SCAN,
            f"Slice {index + 1} of the scan of 'case-001' is damaged.",
            case="case-001",
            slice=index,
        )
        for index in (1, 3)
    )
    with (
        ProjectFolder.open(path, writable=False) as folder,
        pytest.raises(ProjectError, match=r"'case-001' is damaged: slice 2"),
    ):
        folder.scans.read(case)


@pytest.mark.parametrize(
    ("file", "what"),
    [
        ("project.h5", "index"),
        ("project-previous.h5", "previous index"),
        (SCAN, "scan"),
        ("cases/case-002/annotation-3.h5", "mask"),
        ("journal-3", "journal"),
    ],
)
def test_each_file_that_is_damaged_or_gone_is_named_alone(path: Path, file: str, what: str) -> None:
    _flip(path / file, 40)
    (found,) = check(path).findings
    assert (found.what, found.file) == (what, file)
    (path / file).unlink()
    if file == "project-previous.h5":
        assert not check(path).findings
        return
    (found,) = check(path).findings
    assert found.what == what and "is missing" in found.sentence


def test_what_is_kept_for_undo_and_is_damaged_costs_no_voxels_and_is_named(
    kept_for_undo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = kept_for_undo
    monkeypatch.setattr("segdesk.store.checking._TRIES", 1)
    for name, at in (("journal-1", 8), ("journal-2", -1), ("history-1", -1)):
        if name == "history-1":
            gather(path, older_files(path, 2), range(1, 99), lambda: None)
            for number in (0, 1):
                (path / f"journal-{number}").unlink()
        assert not check(path).findings
        at %= (path / name).stat().st_size
        _flip(path / name, at)
        (found,) = check(path).findings
        assert (found.what, found.file) == ("journal", name)
        assert f"'{name}', kept for undo, is damaged" in found.sentence
        assert "nothing that was drawn is lost" in found.sentence
        _flip(path / name, at)
    (path / "history-1").unlink()
    (found,) = check(path).findings
    assert found.what == "journal" and "is missing" in found.sentence


def test_damaged_changes_that_wait_for_a_case_are_named(path: Path) -> None:
    _flip(path / "cases/case-001/annotation-3.h5", 40)
    with ProjectFolder.open(path, writable=True) as folder:
        folder.load()
        folder.waiting_edits.keep("case-001")
    waiting = path / "cases/case-001/waiting.journal"
    assert [one.what for one in check(path).findings] == ["mask"]
    _flip(waiting, 40)
    _, found = sorted(check(path).findings, key=lambda one: one.what != "mask")
    assert (found.what, found.file) == ("journal", "cases/case-001/waiting.journal")
    assert found.case == "case-001" and "'case-001'" in found.sentence


def test_without_any_index_the_scans_speak_for_themselves(path: Path) -> None:
    (path / "project.h5").unlink()
    _flip(path / "project-previous.h5", 600)
    found = check(path)
    assert [one.what for one in found.findings] == ["index", "previous index"]
    assert (found.project, found.slices) == (None, 8)


def test_an_index_that_is_damaged_or_gone_says_that_the_previous_one_is_there(path: Path) -> None:
    _flip(path / "project.h5", 600)
    for sentence in ("is damaged", "is missing"):
        with pytest.raises(ProjectError, match=sentence) as refused:
            ProjectFolder.open(path, writable=True)
        assert "project-previous.h5" in refused.value.hint and "--repair" in refused.value.hint
        (path / "project.h5").unlink(missing_ok=True)
    _flip(path / "project-previous.h5", 600)
    with pytest.raises(ProjectError) as refused:
        ProjectFolder.open(path, writable=False)
    assert "project-previous.h5" not in refused.value.hint


def test_the_previous_index_is_the_one_before_the_last_write(path: Path) -> None:
    project, generation = project_file.read(path, "project-previous.h5")
    assert generation == 2 and [case.generation for case in project.cases] == [2, 2]
    with ProjectFolder.open(path, writable=True) as folder:
        now = folder.load().project
        folder.save_index(Project(now.id, now.cases, settings=(("reader", "A"),)))
    assert project_file.read(path, "project-previous.h5") == (now, 3)
    # What is damaged takes nobody's place.
    _flip(path / "project.h5", 600)
    project_file.write(path, now, 3)
    assert project_file.read(path, "project-previous.h5") == (now, 3)


def test_a_disk_without_second_names_keeps_the_previous_index_as_a_copy(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError

    before = (path / "project.h5").read_bytes()
    monkeypatch.setattr(Path, "hardlink_to", refuse)
    project_file.write(path, Project("other"), 3)
    assert (path / "project-previous.h5").read_bytes() == before


def test_beside_a_writer_a_save_in_between_is_no_fault(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ProjectFolder.open(path, writable=True) as folder:
        opened = folder.load()
        masks = masks_of(folder, opened)
        read, project = project_file.read, opened.project
        reads: list[int] = []

        def and_save(where: Path, name: str = "project.h5") -> tuple[Project, int]:
            found = read(where, name)
            reads.append(found[1])
            # Two saves after the index was read: what it names is gone.
            for step in (len(reads) * 2, len(reads) * 2 + 1) if len(reads) < 5 else ():
                for id, mask in masks.items():
                    paint(folder, mask, id, step)
                save(folder, project, masks)
            return found

        monkeypatch.setattr(project_file, "read", and_save)
        assert check(path).findings == ()
    assert len(reads) > 4


def test_it_can_be_cancelled_and_refuses_what_is_no_project(path: Path, tmp_path: Path) -> None:
    with pytest.raises(Cancelled):
        check(path, cancelled=lambda: True)
    shutil.rmtree(path)
    with pytest.raises(ProjectError, match="is not there"):
        check(path)
    with pytest.raises(ProjectError, match="not a project"):
        check(tmp_path)
