"""A new project of what is left of a damaged one; the old folder stays as it is."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from segdesk.core.annotation import Annotation
from segdesk.core.edit import Edit, SegmentChange
from segdesk.core.history import TakenBack
from segdesk.core.prediction import Prediction
from segdesk.core.project import Project
from segdesk.core.run import Plan, Run
from segdesk.core.segment import Segment, SegmentTable
from segdesk.core.split import Pool, Split
from segdesk.errors import Cancelled, ProjectError
from segdesk.store.checking import check
from segdesk.store.journal import journal_contents
from segdesk.store.parts import prediction_file
from segdesk.store.project_folder import ProjectFolder
from segdesk.store.repairing import repair
from tests.store.painter import masks_of, paint, same, save, stroke
from tests.store.strategies import project_with_cases

LUNG, HEART = Segment(1, "Lung", "#56b4e9"), Segment(2, "Heart", "#e69f00")


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three cases in three pools, saved three times, with strokes since, one of which was taken
    back, and a segment that only the journal knows."""
    path = tmp_path_factory.mktemp("sound") / "p.segdesk"
    folder, project = project_with_cases(path, "case-001", "case-002", "case-003")
    pools: tuple[tuple[str, Pool], ...] = (
        ("case-001", "test"),
        ("case-002", "validation"),
        ("case-003", "train"),
    )
    first, *others = project.cases
    project = replace(
        project,
        cases=(replace(first, pool="test", name="Smith's chest"), *others),
        segments=project.segments.put(LUNG),
        split=Split(7, pools),
        settings=(("reader", "A"),),
    )
    masks = {case.id: Annotation(case.grid) for case in project.cases}
    for step in range(2):
        for id in masks:
            paint(folder, masks[id], id, step)
        project = save(folder, project, masks)
    paint(folder, masks["case-001"], "case-001", 2)
    # Saved without the second case, whose newest mask stays older.
    project = save(folder, project, masks)
    for step in (3, 4):
        paint(folder, masks["case-001"], "case-001", step)
    edit = folder.numbered(stroke(masks["case-002"], "case-002", 5))
    masks["case-002"].apply(edit)
    folder.append(edit)
    folder.append(TakenBack(edit))
    folder.append(Edit("Add segment", "", segments=(SegmentChange(None, HEART),)))
    folder.close()
    return path


@pytest.fixture
def path(sound: Path, tmp_path: Path) -> Path:
    """A copy of it to be harmed."""
    return Path(shutil.copytree(sound, tmp_path / "p.segdesk"))


def _content(path: Path) -> dict[Path, bytes]:
    return {file: file.read_bytes() for file in path.rglob("*") if file.is_file()}


def _read(path: Path) -> tuple[Project, dict[str, Annotation], dict[str, np.ndarray]]:
    """The project without numbers of saves, masks and voxels, as a reader sees them."""
    with ProjectFolder.open(path, writable=False) as folder:
        opened = folder.load()
        masks = masks_of(folder, opened)
        scans = {case.id: folder.scans.read(case).voxels.copy() for case in opened.project.cases}
        assert not opened.notes
    project = opened.project
    for entry in opened.entries:
        for change in entry.segments if isinstance(entry, Edit) else ():
            project = replace(project, segments=project.segments.changed(*change))
    cases = tuple(
        replace(case, generation=0, mask_sha256="", statuses=mask.statuses, complete=mask.complete)
        for case, mask in ((case, masks[case.id]) for case in project.cases)
    )
    # In which order patients joined is the index's alone.
    split = Split(project.split.seed, tuple(sorted(project.split.pools)))
    return replace(project, cases=cases, split=split), masks, scans


def _flip(file: Path, at: int) -> None:
    content = bytearray(file.read_bytes())
    content[at] ^= 16
    file.write_bytes(content)


def _harm_nothing(path: Path) -> None:
    pass


def _lose_both_indices(path: Path) -> None:
    (path / "project.h5").unlink()
    (path / "project-previous.h5").unlink()


def _damage_the_index(path: Path) -> None:
    _flip(path / "project.h5", 600)


def _lose_the_index(path: Path) -> None:
    (path / "project.h5").unlink()


@pytest.mark.parametrize(
    "harm", [_harm_nothing, _lose_both_indices, _damage_the_index, _lose_the_index]
)
def test_whatever_index_is_left_everything_is_found_again(
    path: Path, harm: Callable[[Path], None]
) -> None:
    project, masks, scans = _read(path)
    harm(path)
    before = _content(path)
    made = path.with_name("new.segdesk")
    repaired = repair(path, made)
    assert (_content(path), repaired.lost) == (before, ())
    again, masks_again, scans_again = _read(made)
    assert again == project
    assert all(same(masks[id], masks_again[id]) for id in masks)
    assert all(np.array_equal(scans[id], scans_again[id]) for id in scans)
    with ProjectFolder.open(made, writable=True) as folder:
        assert not folder.load().entries
    assert not check(made).findings


def test_a_damaged_newest_mask_gives_the_one_before_and_what_the_journals_have(path: Path) -> None:
    _, masks, _ = _read(path)
    _flip(path / "cases/case-001/annotation-3.h5", 700)
    repaired = repair(path, made := path.with_name("new.segdesk"))
    assert repaired.lost == ()
    assert (
        "The mask of 'case-001' is damaged: its checksum does not agree. "
        "It was made anew from the journals: nothing of it is lost."
    ) in repaired.notes
    _, again, _ = _read(made)
    # Journal 2 still holds what save 3 had put into the mask.
    assert all(same(masks[id], again[id]) for id in masks)


def test_changes_that_do_not_fit_an_older_mask_are_kept_apart_and_said(path: Path) -> None:
    with ProjectFolder.open(path, writable=True) as folder:
        opened = folder.load()
        masks = masks_of(folder, opened)
        # The same place as the stroke that only the lost mask has.
        paint(folder, masks["case-001"], "case-001", 2 + 4 * 13 * 9)
    _flip(path / "cases/case-001/annotation-3.h5", 700)
    (path / "journal-2").unlink()
    repaired = repair(path, made := path.with_name("new.segdesk"))
    assert repaired.lost == (
        "The mask of 'case-001' is damaged: its checksum does not agree. "
        "The one before it takes its place, with what the journals have since.",
        "Slices of 'case-001' were said to be right, which is not sure without what is missing; "
        "they are partial now: 1.",
        "Changes of the journal that found no place were left out: 1; "
        "they are kept in 'left-out-1.journal'.",
    )
    assert journal_contents.read(made / "left-out-1.journal", 0).edits[0].time == 470
    again = _read(made)[1]["case-001"]
    # Those on other slices fit.
    for index in (0, 1, 3):
        assert np.array_equal(again.labels[index], masks["case-001"].labels[index])
    assert not again.labels[2].any()


@pytest.mark.parametrize("harm", ["slice", "head", "missing"])
def test_a_damaged_scan_costs_its_case_no_stroke(path: Path, harm: str) -> None:
    project, masks, _ = _read(path)
    with ProjectFolder.open(path, writable=False) as folder:
        file, offset = folder.scans.location(folder.load().project.cases[0])
    if harm == "missing":
        file.unlink()
    else:
        _flip(file, 700 if harm == "head" else offset + 2 * 16 * 12 + 77)
    repaired = repair(path, made := path.with_name("new.segdesk"))
    (lost,) = repaired.lost
    assert "'case-001'" in lost and "stays with its mask and waits for its scan" in lost
    with ProjectFolder.open(made, writable=False) as folder:
        opened = folder.load()
        again = masks_of(folder, opened)
        with pytest.raises(ProjectError):
            folder.scans.read(opened.project.cases[0])
    assert [case.id for case in opened.project.cases] == [case.id for case in project.cases]
    assert all(same(masks[id], again[id]) for id in masks)
    # What is left of the scan stays where it was, and a look through the project says it.
    assert {found.what for found in check(made).findings} == {"scan"}


def test_an_older_mask_is_no_loss_only_where_the_journals_lead_on_from_it(path: Path) -> None:
    _flip(path / "cases/case-001/annotation-3.h5", 700)
    (path / "journal-2").unlink()
    lost, unsure = repair(path, path.with_name("new.segdesk")).lost
    assert unsure.endswith("they are partial now: 1.")
    assert lost.endswith("The one before it takes its place, with what the journals have since.")


def test_runs_that_only_the_lost_index_knew_lie_aside_and_are_named(path: Path) -> None:
    (path / "runs/run-001").mkdir()
    (path / "runs/run-001/trainer.log").write_text("of then")
    (path / "cases/case-003/annotation-2.h5").unlink()
    (path / "cases/case-003/annotation-1.h5").unlink()
    _lose_both_indices(path)
    repaired = repair(path, made := path.with_name("new.segdesk"))
    assert repaired.lost == (
        "run-001 is left out: only the index says how it was trained; its files are in "
        "'removed/runs/run-001'.",
    )
    assert (made / "removed/runs/run-001/trainer.log").read_text() == "of then"


@pytest.mark.parametrize("kept", ["checkpoint-20", "kept-bundle"])
def test_what_a_run_could_go_on_from_is_left_out_and_named(path: Path, kept: str) -> None:
    plan = Plan("unet_norm", 8, 0, 1, None, 1, 1e-3, 0.0)
    with ProjectFolder.open(path, writable=True) as folder:
        run = Run("run-001", plan, started=1.0, outcome="stopped")
        project = folder.load().project.with_run(run)
        folder.save_index(project)
        folder.save_index(project)
    (path / "runs/run-001" / kept).mkdir(parents=True)
    _damage_the_index(path)
    lost = repair(path, path.with_name("new.segdesk")).lost
    said = "What run-001 could go on from, its checkpoints and what it began with, is left out."
    assert lost.count(said) == 1


def test_a_prediction_that_an_older_index_does_not_name_yet_is_found(path: Path) -> None:
    run = Run(
        "run-001", Plan("unet_norm", 8, 0, 1, None, 1, 1e-3, 0.0), started=1.0, outcome="finished"
    )
    with ProjectFolder.open(path, writable=True) as folder:
        project = folder.load().project.with_run(run)
        folder.save_index(project)
        (case, *_) = project.cases
        planes = np.ones(case.grid.shape, np.uint8)
        file = path / f"runs/run-001/predictions/{case.id}.h5"
        prediction_file.write_prediction(file, Prediction("run-001", case.id, planes, planes))
        folder.save_index(project.with_case(replace(case, predictions=("run-001",))))
    _damage_the_index(path)
    repaired = repair(path, made := path.with_name("new.segdesk"))
    assert repaired.lost == ()
    assert _read(made)[0].case(case.id).predictions == ("run-001",)
    assert not check(made).findings


def test_what_was_drawn_on_a_case_that_nothing_tells_of_is_kept_and_named(path: Path) -> None:
    _lose_both_indices(path)
    (path / "cases/case-001/volume.h5").unlink()
    shutil.copy(path / "journal-3", path / "waiting-case-001.journal")
    drawn = [edit.time for edit in journal_contents.read(path / "journal-3", 3).edits[:2]]
    repaired = repair(path, made := path.with_name("new.segdesk"))
    assert "The scan of 'case-001' is missing. The case is left out." in repaired.lost
    assert "The files of 'case-001' are in 'removed/case-001'." in repaired.lost
    assert "they are kept in 'left-out-1.journal'" in repaired.lost[-1]
    kept = journal_contents.read(made / "left-out-1.journal", 0).edits
    assert {edit.case for edit in kept} == {"case-001"}
    assert [edit.time for edit in kept][-2:] == drawn == [3, 4]
    for name in ("annotation-3.h5", "waiting-case-001.journal"):
        assert (made / "removed/case-001" / name).is_file()


def test_a_journal_that_is_gone_is_said(path: Path) -> None:
    (path / "journal-3").unlink()
    (lost,) = repair(path, path.with_name("new.segdesk")).lost
    assert lost == "'journal-3' is missing: what was changed after the last save is lost."


def test_it_refuses_and_stops_without_leaving_anything(path: Path) -> None:
    before = sorted(path.parent.iterdir())
    with pytest.raises(ProjectError, match="already something"):
        repair(path, path)
    with pytest.raises(ProjectError, match="lies inside the project"):
        repair(path, path / "new.segdesk")
    with pytest.raises(Cancelled):
        repair(path, path.with_name("new.segdesk"), cancelled=lambda: True)
    with pytest.raises(ProjectError, match="not a project"):
        repair(path / "cases", path.with_name("new.segdesk"))
    assert sorted(path.parent.iterdir()) == before


def test_two_are_not_repaired_to_one_name_at_once(path: Path) -> None:
    new, refused = path.with_name("new.segdesk"), list[str]()

    def tell(sentence: str, done: int, total: int) -> None:
        if not refused:
            with pytest.raises(ProjectError) as raised:
                repair(path, new)
            refused.append(raised.value.sentence)

    repair(path, new, tell=tell)
    assert refused == ["Another program is making a project 'new.segdesk' there at this moment."]
    assert check(new).findings == ()


def test_the_new_project_has_nothing_to_undo_and_that_is_said(path: Path) -> None:
    repaired = repair(path, made := path.with_name("new.segdesk"))
    assert (repaired.lost, repaired.notes[-1]) == (
        (),
        "What was drawn before the repair cannot be undone in the new project.",
    )
    # Nothing is left that half of it could be taken back by, and the next stroke can be.
    with ProjectFolder.open(made, writable=True) as folder:
        opened = folder.load()
        assert (opened.done, opened.undone, opened.entries) == ((), (), ())
        mask = masks_of(folder, opened)["case-001"]
        before = mask.labels.copy()
        edit = folder.numbered(stroke(mask, "case-001", 9))
        mask.apply(edit)
        for entry in (edit, TakenBack(edit)):
            folder.append(entry)
    with ProjectFolder.open(made, writable=False) as folder:
        opened = folder.load()
        assert len(opened.entries) == 2
        assert np.array_equal(masks_of(folder, opened)["case-001"].labels, before)


def test_a_patient_nobody_has_drawn_on_keeps_the_pool_without_any_index(tmp_path: Path) -> None:
    """Any mask that was saved after the pools were drawn tells all of them."""
    path = tmp_path / "p.segdesk"
    folder, project = project_with_cases(path, "case-001", "case-002", "case-003")
    first, second, third = project.cases
    by_hand = replace(third, pool="test")
    pools: tuple[tuple[str, Pool], ...] = (
        (first.patient_of(0), "train"),
        (second.patient_of(0), "validation"),
    )
    project = replace(project, cases=(first, second, by_hand), split=Split(3, pools))
    folder.save_index(project)
    mask = Annotation(first.grid)
    paint(folder, mask, "case-001", 1)
    save(folder, project, {"case-001": mask})
    folder.close()
    _lose_both_indices(path)
    repaired = repair(path, tmp_path / "new.segdesk")
    kept = dict(repaired.project.split.pools)
    assert kept == {**dict(pools), third.patient_of(0): "test"}
    assert not any("No file tells the pool" in said for said in (*repaired.lost, *repaired.notes))


@pytest.mark.parametrize("now", ["test", None])
@pytest.mark.parametrize("index", ["older", "none"])
def test_a_case_is_in_the_pool_that_the_newest_mask_says_and_not_in_that_of_its_own(
    tmp_path: Path, index: str, now: Pool | None
) -> None:
    """Else a patient who was put aside to test would teach."""
    path = tmp_path / "p.segdesk"
    folder, project = project_with_cases(path, "case-001", "case-002")
    moved, other = project.cases
    project = project.with_case(replace(moved, pool="train"))
    folder.save_index(project)
    masks = {case.id: Annotation(case.grid) for case in project.cases}
    paint(folder, masks["case-001"], "case-001", 1)
    project = save(folder, project, masks)
    shutil.copy(path / "project.h5", tmp_path / "older.h5")
    project = project.with_case(replace(project.case("case-001"), pool=now))
    folder.save_index(project)
    for slice in range(3):
        paint(folder, masks["case-002"], "case-002", slice)
        project = save(folder, project, masks)
    folder.close()
    _lose_both_indices(path)
    if index == "older":
        shutil.copy(tmp_path / "older.h5", path / "project.h5")
    found = repair(path, tmp_path / "new.segdesk").project
    assert found.case("case-001").pool == now
    assert found.split.pool(moved.patient_of(0)) == now
    assert found.case("case-002").pool is None and found.split.pool(other.patient_of(0)) is None


def test_a_patient_whose_pool_only_the_lost_index_told_is_named(tmp_path: Path) -> None:
    """Else it would be drawn anew, and who was put aside to test might teach."""
    path = tmp_path / "p.segdesk"
    folder, project = project_with_cases(path, "case-001")
    mask = Annotation(project.cases[0].grid)
    paint(folder, mask, "case-001", 1)
    project = save(folder, project, {"case-001": mask})
    folder.save_index(project.with_case(replace(project.cases[0], pool="test")))
    folder.close()
    _lose_both_indices(path)
    repaired = repair(path, tmp_path / "new.segdesk")
    assert "No file tells the pool of 'case-001'; look at it before a training." in repaired.notes


@pytest.mark.parametrize("index", ["older", "none"])
def test_a_mask_of_another_project_is_not_taken_for_a_newer_one(tmp_path: Path, index: str) -> None:
    """Of the same scan under the same name; the project's own one before it is taken, and its
    segments."""
    made: dict[str, Path] = {}
    labels: dict[str, np.ndarray] = {}
    for name, segment in (("own", LUNG), ("other", HEART)):
        folder, project = project_with_cases(tmp_path / f"{name}.segdesk", "case-001")
        mask = Annotation(project.cases[0].grid)
        project = replace(project, segments=SegmentTable((segment,)))
        folder.save_index(project)
        for slice in range(1 if name == "own" else 3):
            paint(folder, mask, "case-001", slice)
            project = save(folder, project, {"case-001": mask})
        folder.close()
        made[name], labels[name] = folder.path, mask.labels
    if index == "none":
        _lose_both_indices(made["own"])
    mask = "cases/case-001/annotation-3.h5"
    shutil.copy(made["other"] / mask, made["own"] / mask)
    (made["own"] / "journal-1").unlink()
    repaired = repair(made["own"], tmp_path / "new.segdesk")
    with ProjectFolder.open(tmp_path / "new.segdesk", writable=False) as folder:
        opened = folder.load()
        assert np.array_equal(masks_of(folder, opened)["case-001"].labels, labels["own"])
    assert [row.name for row in repaired.project.segments] == ["Lung"]
    assert "The newest mask of 'case-001' cannot be read" in " ".join(repaired.lost)
