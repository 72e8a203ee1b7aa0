"""A file that is sound in itself, but not the one that was saved: a copy's, or an older one."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import numpy as np
import pytest

from segdesk.app.project import saving
from segdesk.app.project.workbench import Workbench
from segdesk.core.annotation import Annotation
from segdesk.core.prediction import Prediction
from segdesk.core.run import Run, plan_for
from segdesk.errors import ProjectError
from segdesk.store.checking import Finding, check
from segdesk.store.journal.journal_contents import read
from segdesk.store.journal.journal_file import Journal
from segdesk.store.journal.older import gather
from segdesk.store.journal.recover import steps
from segdesk.store.parts.annotation_file import NewGeneration
from segdesk.store.project_folder import ProjectFolder
from segdesk.store.repairing import repair
from tests.projects import make_project, stroke
from tests.store.painter import masks_of, paint, same, save
from tests.store.strategies import project_with_cases

CASE = "case-001"
MASK = f"cases/{CASE}/annotation-2.h5"
SENTENCE = (
    f"The mask of '{CASE}' is not the one that was saved (a file of a copy, or of another time)."
)


def gone_on(path: Path, step: int) -> Path:
    """A stroke and a save in a project that has one save."""
    with ProjectFolder.open(path, writable=True) as folder:
        opened = folder.load()
        masks = masks_of(folder, opened)
        paint(folder, masks[CASE], CASE, step)
        save(folder, opened.project, masks)
        paint(folder, masks[CASE], CASE, step + 4)
    return path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A project that was saved, copied beside as `sibling`, and saved once more, as was the copy;
    both have a stroke in the journal since."""
    path = tmp_path / "p.segdesk"
    folder, project = project_with_cases(path, CASE)
    masks = {CASE: Annotation(project.cases[0].grid)}
    paint(folder, masks[CASE], CASE, 1)
    save(folder, project, masks)
    folder.close()
    shutil.copytree(path, path.with_name("sibling"))
    gone_on(path.with_name("sibling"), 14)
    return gone_on(path, 2)


def test_a_copy_that_is_put_there_while_a_save_runs_keeps_the_names_of_its_files(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    moved, copy = path.with_name("moved"), path.with_name("copy")
    shutil.copytree(path, copy)
    gone_on(copy, 3)
    before = sorted(file.name for file in (copy / f"cases/{CASE}").iterdir())
    real = NewGeneration._read_previous

    def slow(self: NewGeneration) -> object:
        found = real(self)
        path.rename(moved)
        copy.rename(path)
        return found

    folder = ProjectFolder.open(path, writable=True)
    opened = folder.load()
    masks = masks_of(folder, opened)
    paint(folder, masks[CASE], CASE, 5)
    monkeypatch.setattr(NewGeneration, "_read_previous", slow)
    with pytest.raises(ProjectError, match="there is another folder now"):
        save(folder, opened.project, masks)
    there = [file.name for file in (path / f"cases/{CASE}").iterdir()]
    assert "annotation-3.h5" in before and set(before) <= {*there}
    assert not [name for name in there if name.endswith(".damaged")]
    path.rename(copy)
    moved.rename(path)
    folder.close()


def test_what_older_changes_are_gathered_into_sets_nothing_aside_before_it_may(
    tmp_path: Path,
) -> None:
    Journal.create(tmp_path, 0, 1).close()
    (tmp_path / "history-0").write_bytes(b"of somebody")

    def refuse() -> None:
        raise ProjectError("another folder")

    with pytest.raises(ProjectError):
        gather(tmp_path, [tmp_path / "journal-0"], {1}, refuse)
    assert not list(tmp_path.glob("*.damaged"))
    gather(tmp_path, [tmp_path / "journal-0"], {1}, lambda: None)
    assert (tmp_path / "history-0.damaged").read_bytes() == b"of somebody"


def test_a_mask_of_a_copy_is_refused_and_named_and_a_repair_takes_the_one_before(
    path: Path,
) -> None:
    assert check(path).findings == ()
    with ProjectFolder.open(path, writable=False) as folder:
        right = masks_of(folder, folder.load())
    shutil.copy(path.with_name("sibling") / MASK, path / MASK)
    assert check(path).findings == (Finding("mask", MASK, SENTENCE, case=CASE),)
    with ProjectFolder.open(path, writable=False) as folder:
        project = folder.load().project
        with pytest.raises(ProjectError) as refused:
            folder.read_annotation(project.cases[0])
        assert refused.value.sentence == SENTENCE
        older = folder.previous_mask(project.cases[0])
        assert older is not None and older.case.generation == 1
    repaired = repair(path, made := path.with_name("new"))
    whole = f"{SENTENCE} It was made anew from the journals: nothing of it is lost."
    assert repaired.lost == () and whole in repaired.notes
    assert check(made).findings == ()
    with ProjectFolder.open(made, writable=False) as folder:
        # The journals have what the older mask lacks.
        assert same(masks_of(folder, folder.load())[CASE], right[CASE])


def test_no_slice_of_a_mask_of_a_copy_comes_into_the_next_save(path: Path) -> None:
    with ProjectFolder.open(path, writable=True) as folder:
        opened = folder.load()
        masks = masks_of(folder, opened)
        paint(folder, masks[CASE], CASE, 9)
        shutil.copy(path.with_name("sibling") / MASK, path / MASK)
        with pytest.raises(ProjectError, match="not the one that was saved"):
            save(folder, opened.project, masks)
        saved = save(folder, opened.project, masks)
        assert same(folder.read_annotation(saved.cases[0]), masks[CASE])


JOURNAL = (
    "'{0}' is not the one that was written here (a file of a copy, or of another time) and was "
    "left out"
)


def test_a_journal_of_a_copy_is_never_replayed_and_kept_apart(path: Path) -> None:
    with ProjectFolder.open(path, writable=False) as folder:
        saved = folder.read_annotation(folder.load().project.cases[0])
    other = (path.with_name("sibling") / "journal-2").read_bytes()
    (path / "journal-2").write_bytes(other)
    assert JOURNAL.format("journal-2") in " ".join(row.sentence for row in check(path).findings)
    repaired = repair(path, made := path.with_name("new"))
    assert JOURNAL.format("journal-2") in " ".join(repaired.lost)
    with ProjectFolder.open(made, writable=False) as folder:
        assert same(masks_of(folder, folder.load())[CASE], saved)
    with ProjectFolder.open(path, writable=True) as folder:
        opened = folder.load()
        assert opened.entries == () and JOURNAL.format("journal-2") in " ".join(opened.notes)
        paint(folder, masks_of(folder, opened)[CASE], CASE, 7)
    assert (path / "journal-2.damaged").read_bytes() == other
    with ProjectFolder.open(path, writable=True) as folder:
        opened = folder.load()
        assert (len(opened.entries), opened.notes) == (1, ())


def test_a_prediction_of_a_run_of_that_name_in_another_project_is_not_shown(
    tmp_path: Path,
) -> None:
    folders = list[Path]()
    for name in (b"ours", b"theirs"):
        (tmp_path / name.decode()).mkdir()
        workbench = make_project(tmp_path / name.decode())
        sha256 = hashlib.sha256(name).hexdigest()
        run = Run("run-001", plan_for(), 1.0, outcome="finished", best=1, weights_sha256=sha256)
        workbench.put_run(run)
        workbench.folder.runs.paths(run.id).weights(1).write_bytes(name)
        labels = np.ones(workbench.project.case(CASE).grid.shape, np.uint8)
        workbench.folder.runs.write_prediction(Prediction(run.id, CASE, labels, labels, sha256))
        workbench.add_prediction(run.id, CASE)
        saving.save(workbench)
        workbench.close()
        folders.append(workbench.folder.path)
    path, theirs = folders
    file = f"runs/run-001/predictions/{CASE}.h5"
    assert check(path).findings == ()
    shutil.copy(theirs / file, path / file)
    said = (
        f"The prediction of '{CASE}' by run-001 was not made by its weights (a file of a copy, or "
        "of another time)."
    )
    assert check(path).findings == (Finding("prediction", file, said, case=CASE, run="run-001"),)
    workbench = Workbench.open(path)
    assert workbench.prediction(CASE, "run-001") is None
    workbench.close()
    repaired = repair(path, tmp_path / "new.segdesk")
    assert any(said in lost for lost in repaired.lost)


def test_what_led_to_a_mask_is_not_taken_from_journals_of_two_copies(path: Path) -> None:
    assert len(steps(path).since) > 1
    shutil.copy(path.with_name("sibling") / "journal-2", path / "journal-2")
    assert steps(path).since == read(path / "journal-2", 2).edits


def test_a_journal_of_a_copy_that_would_follow_a_save_that_failed_is_not_replayed(
    path: Path,
) -> None:
    for one in (path, path.with_name("sibling")):
        with ProjectFolder.open(one, writable=True) as folder:
            opened = folder.load()
            masks = masks_of(folder, opened)
            folder.begin_save(opened.project, masks)
            paint(folder, masks[CASE], CASE, 9)
    with ProjectFolder.open(path, writable=False) as folder:
        assert (len(folder.load().entries), check(path).findings) == (2, ())
    shutil.copy(path.with_name("sibling") / "journal-3", path / "journal-3")
    with ProjectFolder.open(path, writable=True) as folder:
        opened = folder.load()
        assert len(opened.entries) == 1 and JOURNAL.format("journal-3") in " ".join(opened.notes)


def test_a_journal_of_a_copy_that_went_on_in_the_same_one_is_not_replayed(path: Path) -> None:
    """Both have begun the next journal behind one that was there before the copy was made."""
    new = path.with_name("other sibling")
    shutil.copytree(path, new)
    for one, step in ((path, 9), (new, 10)):
        with ProjectFolder.open(one, writable=True) as folder:
            opened = folder.load()
            masks = masks_of(folder, opened)
            paint(folder, masks[CASE], CASE, step)
            folder.begin_save(opened.project, masks)
            paint(folder, masks[CASE], CASE, step + 2)
    shutil.copy(new / "journal-3", path / "journal-3")
    assert JOURNAL.format("journal-3") in " ".join(row.sentence for row in check(path).findings)
    for index in ("project.h5", "project-previous.h5"):
        (path / index).rename(path.with_name(index))
    # Not even where no index says which journal is the right one.
    repaired = repair(path, made := path.with_name("new"))
    assert JOURNAL.format("journal-3") in " ".join(repaired.lost)
    path.with_name("project.h5").rename(path / "project.h5")
    with ProjectFolder.open(path, writable=True) as folder:
        opened = folder.load()
        assert len(opened.entries) == 2 and JOURNAL.format("journal-3") in " ".join(opened.notes)
        with ProjectFolder.open(made, writable=False) as other:
            right = masks_of(folder, opened)[CASE]
            assert same(masks_of(other, other.load())[CASE], right)
    assert (path / "journal-3.damaged").read_bytes() == (new / "journal-3").read_bytes()


def test_nothing_of_a_copy_that_went_on_in_the_same_journal_can_be_undone(tmp_path: Path) -> None:
    workbench = make_project(tmp_path)
    stroke(workbench, 0)
    saving.save(workbench)
    workbench.close()
    path, sibling = workbench.folder.path, tmp_path / "sibling"
    shutil.copytree(path, sibling)
    for one, name in ((path, "Right"), (sibling, "Wrong")):
        workbench = Workbench.open(one)
        workbench.add_segment(name)
        saving.save(workbench)
        workbench.close()
    shutil.copy(sibling / "journal-1", path / "journal-1")
    workbench = Workbench.open(path)
    workbench.undo()
    assert [row.name for row in workbench.segments] == ["Disc", "Right"]
    assert any("Older changes could not be read" in note for note in workbench.notes)
    workbench.close()


def test_nothing_of_a_journal_of_a_copy_can_be_undone(tmp_path: Path) -> None:
    workbench = make_project(tmp_path)
    stroke(workbench, 0)
    saving.save(workbench)
    workbench.close()
    path, sibling = workbench.folder.path, tmp_path / "sibling"
    shutil.copytree(path, sibling)
    for one, index in ((path, 2), (sibling, 3)):
        workbench = Workbench.open(one)
        for at in (4, index):
            stroke(workbench, at)
            saving.save(workbench)
        workbench.close()
    # Of save 2, when both had gone on by themselves; the Edits have the numbers of the right ones.
    shutil.copy(sibling / "journal-2", path / "journal-2")
    workbench = Workbench.open(path)
    assert workbench.history.done == ()
    assert any("Older changes could not be read" in note for note in workbench.notes)
    assert workbench.annotation(CASE).labels[2].any()
    workbench.close()
