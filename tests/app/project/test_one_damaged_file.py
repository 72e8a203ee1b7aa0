"""One damaged file costs one thing: the rest of the project opens, is saved and goes on."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from segdesk.app.project import damaged_mask, saving
from segdesk.app.project.workbench import Workbench
from segdesk.core.prediction import Prediction
from segdesk.core.run import Run, plan_for
from segdesk.errors import ProjectError
from segdesk.store.project_folder import PreviousMask
from segdesk.store.repairing import repair
from tests.projects import make_project, stroke

MASK = "cases/case-001/annotation-1.h5"
WAITING = "cases/case-001/waiting.journal"


def damage(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 0xFF
    file.write_bytes(content)


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    """Two cases with a saved stroke and one in the journal each; the first has a prediction."""
    workbench = make_project(tmp_path, cases=2)
    workbench.put_run(Run("run-001", plan_for(epochs=1), 1.0, outcome="finished", best=1))
    shape = workbench.project.case("case-001").grid.shape
    made = Prediction("run-001", "case-001", np.ones(shape, np.uint8), np.ones(shape, np.uint8))
    workbench.folder.runs.write_prediction(made)
    workbench.add_prediction("run-001", "case-001")
    for case in ("case-001", "case-002"):
        stroke(workbench, 2, case=case)
    saving.save(workbench)
    for case in ("case-001", "case-002"):
        stroke(workbench, 3, case=case)
    workbench.close()
    return workbench.folder.path


def drawn(workbench: Workbench, case: str) -> list[int]:
    return [k for k, plane in enumerate(workbench.annotation(case).labels) if plane.any()]


def test_a_damaged_mask_leaves_its_case_out_and_keeps_its_changes_apart(saved: Path) -> None:
    damage(saved / MASK)
    with_damage = (saved / MASK).read_bytes()
    workbench = Workbench.open(saved)
    assert drawn(workbench, "case-002") == [2, 3]
    said = " ".join(workbench.notes)
    assert "The mask of 'case-001' is damaged" in said and "1 change of it" in said
    with pytest.raises(ProjectError, match="case-001"):
        workbench.annotation("case-001")
    # The others can be drawn on, undone and saved; the case keeps its place and its file.
    stroke(workbench, 4, case="case-002")
    saving.save(workbench)
    stroke(workbench, 1, case="case-002")
    saving.save(workbench)
    workbench.close()
    assert (saved / WAITING).stat().st_size > 200
    assert (saved / MASK).read_bytes() == with_damage
    again = Workbench.open(saved)
    assert [case.id for case in again.project.cases] == ["case-001", "case-002"]
    assert drawn(again, "case-002") == [1, 2, 3, 4]
    # What was done on it waits for as long as it cannot be read, and that is said.
    assert "'case-001' could not be read earlier" in " ".join(again.notes)
    assert list(saved.glob("left-out-*")) == []
    again.close()


def test_a_damaged_mask_is_no_way_to_undo_what_stands_in_another_case(saved: Path) -> None:
    damage(saved / MASK)
    workbench = Workbench.open(saved)
    while workbench.history.next_undo is not None:
        assert workbench.history.next_undo.case != "case-001"
        workbench.undo()
    assert drawn(workbench, "case-002") == []
    workbench.close()


def second_save_damaged(saved: Path) -> Workbench:
    """The first case has a second generation that is damaged; its first one is there."""
    workbench = Workbench.open(saved)
    saving.save(workbench)
    workbench.close()
    damage(saved / "cases/case-001/annotation-2.h5")
    return Workbench.open(saved)


def take_older(workbench: Workbench, case: str = "case-001") -> str:
    previous = workbench.folder.previous_mask(workbench.project.case(case))
    assert previous is not None
    damaged_mask.follow(workbench, previous, damaged_mask.take(workbench, previous))
    return damaged_mask.bring_back(workbench, previous)


@pytest.mark.parametrize("openings", [1, 3])
def test_what_was_drawn_comes_back_once_the_mask_can_be_read_again(
    saved: Path, openings: int
) -> None:
    workbench = Workbench.open(saved)
    stroke(workbench, 1)
    stroke(workbench, 3, value=0)
    workbench.undo()
    wanted = workbench.annotation("case-001").labels.copy()
    workbench.close()
    # A network disk that is away for a while, say.
    mask, away = saved / MASK, saved.with_name("away.h5")
    mask.rename(away)
    for index in range(openings):
        workbench = Workbench.open(saved)
        assert "'case-001'" in " ".join(workbench.notes)
        stroke(workbench, index, case="case-002", row=5.0 + index)
        for _ in range(2):
            stroke(workbench, 4, case="case-002", value=index % 2)
            saving.save(workbench)
        workbench.close()
    away.rename(mask)
    workbench = Workbench.open(saved)
    assert np.array_equal(workbench.annotation("case-001").labels, wanted)
    assert "done again" in workbench.brought_back["case-001"]
    saving.save(workbench)
    workbench.close()
    workbench = Workbench.open(saved)
    assert np.array_equal(workbench.annotation("case-001").labels, wanted)
    assert workbench.notes == ()
    workbench.close()


@pytest.mark.parametrize("fault", ["damaged", "missing"])
def test_a_prediction_that_cannot_be_read_hides_neither_scan_nor_mask(
    saved: Path, fault: str
) -> None:
    file = saved / "runs/run-001/predictions/case-001.h5"
    if fault == "damaged":
        damage(file)
    else:
        file.unlink()
    workbench = Workbench.open(saved)
    assert workbench.prediction("case-001", "run-001") is None
    assert drawn(workbench, "case-001") == [2, 3]
    assert workbench.volume("case-001").voxels[0].any()
    workbench.close()


def test_the_mask_of_the_save_before_is_taken_and_what_fits_of_the_journal_is_done_again(
    saved: Path,
) -> None:
    workbench = Workbench.open(saved)
    saving.save(workbench)
    stroke(workbench, 1)
    stroke(workbench, 3, value=0)
    # Other cases are saved meanwhile: the older mask of this one stays for all that.
    workbench.close()
    damage(saved / "cases/case-001/annotation-2.h5")
    workbench = Workbench.open(saved)
    for _ in range(3):
        stroke(workbench, 4, case="case-002")
        workbench.undo()
        saving.save(workbench)
    said = take_older(workbench)
    assert workbench.project.case("case-001").generation == 1
    # What was drawn between the two saves comes back too, so what was erased of it fits.
    assert drawn(workbench, "case-001") == [1, 2]
    assert said.endswith("3 changes made since fit it and were done again.")
    saving.save(workbench)
    workbench.close()
    again = Workbench.open(saved)
    assert drawn(again, "case-001") == [1, 2] and drawn(again, "case-002") == [2, 3]
    assert again.notes == ()
    again.close()


def test_an_older_mask_survives_a_crash_right_after_it_was_taken(saved: Path) -> None:
    workbench = Workbench.open(saved)
    saving.save(workbench)
    workbench.close()
    damage(saved / "cases/case-001/annotation-2.h5")
    workbench = Workbench.open(saved)
    previous = workbench.folder.previous_mask(workbench.project.case("case-001"))
    assert previous is not None
    workbench.folder.take_previous(previous)
    workbench.folder.close()
    again = Workbench.open(saved)
    assert drawn(again, "case-001") == [2]
    again.close()


def test_a_sound_mask_is_never_offered_to_be_replaced_by_the_one_before(saved: Path) -> None:
    workbench = Workbench.open(saved)
    stroke(workbench, 1)
    saving.save(workbench)
    row = workbench.project.case("case-001")
    assert row.generation > 1 and workbench.folder.previous_mask(row) is None
    workbench.close()


@pytest.mark.parametrize("writable", [True, False])
def test_what_was_drawn_on_a_case_comes_back_once_it_can_be_read_again(
    saved: Path, writable: bool
) -> None:
    workbench = Workbench.open(saved)
    stroke(workbench, 1)
    expected = drawn(workbench, "case-001")
    workbench.close()
    mask = saved / "cases/case-001/annotation-1.h5"
    away = mask.rename(saved.parent / "away")
    for _ in range(3):
        Workbench.open(saved).close()
    assert len(list(saved.glob("left-out-*.journal"))) <= 1
    workbench = Workbench.open(saved, writable=writable)
    assert "case-001" in workbench.left_out
    away.rename(mask)
    assert drawn(workbench, "case-001") == expected
    assert "done again" in workbench.brought_back["case-001"]
    if writable:
        saving.save(workbench)
        workbench.close()
        workbench = Workbench.open(saved)
        assert drawn(workbench, "case-001") == expected
    workbench.close()


def test_a_project_whose_first_import_failed_is_gone(tmp_path: Path) -> None:
    workbench = Workbench.create(tmp_path / "new.segdesk")
    workbench.discard()
    assert not (tmp_path / "new.segdesk").exists()


def test_a_save_that_waits_behind_the_older_mask_does_not_bring_the_damaged_one_back(
    saved: Path,
) -> None:
    workbench = second_save_damaged(saved)
    stroke(workbench, 1, case="case-002")
    waiting = saving.PendingSave(workbench)
    take_older(workbench)
    waiting.succeeded(waiting.run())
    assert workbench.project.case("case-001").generation == 1
    assert 2 in drawn(workbench, "case-001")
    workbench.close()
    again = Workbench.open(saved)
    assert again.project.case("case-001").generation == 1
    assert 2 in drawn(again, "case-001") and drawn(again, "case-002") == [1, 2, 3]
    again.close()


def test_a_step_of_a_mask_that_was_replaced_costs_no_undo_of_other_cases(saved: Path) -> None:
    workbench = second_save_damaged(saved)
    take_older(workbench)
    saving.save(workbench)
    while workbench.history.next_undo is not None:
        workbench.undo()
    assert drawn(workbench, "case-002") == []
    workbench.redo()
    assert workbench.history.done
    workbench.close()
    again = Workbench.open(saved)
    while again.history.next_redo is not None:
        again.redo()
    assert drawn(again, "case-002") == [2, 3]
    again.close()


def test_a_crash_right_after_an_older_mask_was_taken_costs_no_undo_of_other_cases(
    saved: Path,
) -> None:
    workbench = second_save_damaged(saved)
    previous = workbench.folder.previous_mask(workbench.project.case("case-001"))
    assert previous is not None
    workbench.folder.take_previous(previous)
    workbench.folder.close()
    again = Workbench.open(saved)
    for _ in range(20):
        with suppress(ProjectError):
            again.undo()
    assert again.history.next_undo is None
    assert drawn(again, "case-002") == []
    again.close()


def test_what_was_done_between_two_saves_comes_back_on_the_older_mask(saved: Path) -> None:
    workbench = Workbench.open(saved)
    stroke(workbench, 2, value=0)
    workbench.undo()
    expected = workbench.annotation("case-001").labels.copy()
    saving.save(workbench)
    workbench.close()
    damage(saved / "cases/case-001/annotation-2.h5")
    workbench = Workbench.open(saved)
    said = take_older(workbench)
    assert np.array_equal(workbench.annotation("case-001").labels, expected)
    assert said.endswith("1 change made since fit it and was done again.")
    workbench.undo()
    assert drawn(workbench, "case-001") == [2]
    workbench.redo()
    workbench.folder.close()  # killed
    again = Workbench.open(saved)
    assert np.array_equal(again.annotation("case-001").labels, expected)
    again.close()


def test_what_was_done_comes_back_though_the_history_no_longer_has_it(saved: Path) -> None:
    workbench = Workbench.open(saved)
    workbench.history.clear()
    saving.save(workbench)
    stroke(workbench, 4)
    workbench.close()
    damage(saved / "cases/case-001/annotation-2.h5")
    workbench = Workbench.open(saved)
    said = take_older(workbench)
    assert drawn(workbench, "case-001") == [2, 3, 4]
    assert "2 changes made since fit it and were done again." in said
    workbench.close()


def test_what_no_journal_has_is_said_not_to_be_in_the_older_mask(saved: Path) -> None:
    workbench = Workbench.open(saved)
    saving.save(workbench)
    workbench.history.clear()
    stroke(workbench, 3, value=0)
    workbench.close()
    damage(saved / "cases/case-001/annotation-2.h5")
    for journal in ("journal-0", "journal-1"):
        (saved / journal).unlink(missing_ok=True)
    workbench = Workbench.open(saved)
    said = take_older(workbench)
    assert drawn(workbench, "case-001") == [2]
    assert said.startswith("'case-001' has the mask of 2")
    assert "1 change did not fit; 'left-out-1.journal' keeps what they were." in said
    assert said.endswith("may not be in it.")
    workbench.close()


def test_what_was_kept_apart_comes_back_on_an_older_mask_that_is_taken_days_later(
    saved: Path,
) -> None:
    workbench = Workbench.open(saved)
    saving.save(workbench)
    stroke(workbench, 1)
    expected = workbench.annotation("case-001").labels.copy()
    workbench.close()
    damage(saved / "cases/case-001/annotation-2.h5")
    for index in (0, 1, 4):
        workbench = Workbench.open(saved)
        stroke(workbench, index, case="case-002")
        saving.save(workbench)
        workbench.close()
    workbench = Workbench.open(saved)
    assert not workbench.history.of("case-001")
    said = take_older(workbench)
    assert np.array_equal(workbench.annotation("case-001").labels, expected)
    assert "2 changes made since fit it" in said
    workbench.close()


def test_steps_of_a_damaged_mask_keep_nobody_from_undoing_the_rest(saved: Path) -> None:
    workbench = second_save_damaged(saved)
    stroke(workbench, 1, case="case-002")
    refused = 0
    for _ in range(8):
        try:
            workbench.undo()
        except ProjectError as error:
            refused += 1
            assert "of 'case-001' is damaged" in str(error)
    assert refused == 1 and drawn(workbench, "case-002") == []
    # They are done again on the older mask.
    assert "1 change made since fit it" in take_older(workbench)
    assert drawn(workbench, "case-001") == [2, 3]
    workbench.close()


@pytest.mark.parametrize("openings", [1, 2])
@pytest.mark.parametrize("damage_of", ["gone", "damaged"])
def test_openings_and_saves_while_a_mask_cannot_be_read_cost_none_of_its_strokes(
    saved: Path, damage_of: str, openings: int
) -> None:
    """A disk that fails once, or a damaged file that somebody repairs."""
    workbench = Workbench.open(saved)
    saving.save(workbench)
    stroke(workbench, 4)
    expected = workbench.annotation("case-001").labels.copy()
    workbench.folder.close()  # killed
    mask = saved / "cases/case-001/annotation-2.h5"
    content = mask.read_bytes()
    for _ in range(openings):
        mask.unlink() if damage_of == "gone" else damage(mask)
        workbench = Workbench.open(saved)
        for index in range(4):  # saves of the other case drop the journals of before
            stroke(workbench, index, case="case-002")
            workbench.history.clear()
            saving.save(workbench)
        workbench.close()
        mask.write_bytes(content)
    workbench = Workbench.open(saved)
    assert np.array_equal(workbench.annotation("case-001").labels, expected)
    assert "done again" in workbench.brought_back["case-001"]
    assert not (saved / WAITING).exists()
    workbench.undo()  # what somebody takes back then stays taken back
    assert drawn(workbench, "case-001") == [2, 3]
    saving.save(workbench)
    workbench.close()
    again = Workbench.open(saved)
    assert drawn(again, "case-001") == [2, 3]
    assert list(saved.glob("left-out-*")) == []
    again.close()


def test_the_older_mask_and_a_repair_get_what_was_drawn_however_often_others_were_saved(
    saved: Path, tmp_path: Path
) -> None:
    workbench = Workbench.open(saved)
    stroke(workbench, 0)
    saving.save(workbench)
    stroke(workbench, 4)
    expected = workbench.annotation("case-001").labels.copy()
    workbench.close()
    (saved / "cases/case-001/annotation-2.h5").unlink()
    workbench = Workbench.open(saved)
    for index in range(4):
        stroke(workbench, index, case="case-002")
        workbench.history.clear()
        saving.save(workbench)
    workbench.close()
    repair(saved, tmp_path / "repaired.segdesk")
    repaired = Workbench.open(tmp_path / "repaired.segdesk")
    assert np.array_equal(repaired.annotation("case-001").labels, expected)
    repaired.close()
    workbench = Workbench.open(saved)
    take_older(workbench)
    assert np.array_equal(workbench.annotation("case-001").labels, expected)
    workbench.close()


def test_what_waits_is_done_once_though_the_journal_has_it_too(saved: Path) -> None:
    """Opened and closed without a save while the mask was away: both have the strokes."""
    workbench = Workbench.open(saved)
    expected = workbench.annotation("case-001").labels.copy()
    workbench.close()
    away = (saved / MASK).rename(saved.parent / "away")
    Workbench.open(saved).close()
    away.rename(saved / MASK)
    workbench = Workbench.open(saved)
    assert np.array_equal(workbench.annotation("case-001").labels, expected)
    assert not (saved / WAITING).exists()
    # Their steps left the history when nobody could read the mask; what they have drawn did not.
    assert workbench.history.of("case-001") == ()
    assert not any("left out" in note or "did not fit" in note for note in workbench.notes)
    workbench.close()


def test_a_save_that_has_written_a_mask_anew_is_newer_than_an_older_one_taken_meanwhile(
    saved: Path,
) -> None:
    workbench = Workbench.open(saved)
    waiting = saving.PendingSave(workbench)
    workbench.folder.take_previous(PreviousMask(workbench.project.case("case-001"), 0.0))
    waiting.succeeded(waiting.run())
    assert workbench.project.case("case-001").generation == 2
    workbench.close()
    again = Workbench.open(saved)
    assert drawn(again, "case-001") == [2, 3] and again.notes == ()
    again.close()


def test_an_older_mask_that_was_taken_does_not_come_back_at_a_later_save(saved: Path) -> None:
    workbench = second_save_damaged(saved)
    take_older(workbench)
    stroke(workbench, 1)
    saving.save(workbench)
    newest, expected = workbench.project.case("case-001").generation, drawn(workbench, "case-001")
    stroke(workbench, 1, case="case-002")
    saving.save(workbench)
    workbench.close()
    again = Workbench.open(saved)
    assert again.project.case("case-001").generation == newest
    assert drawn(again, "case-001") == expected
    again.close()


def test_what_waits_and_is_damaged_is_named_and_stays_beside_what_can_be_read(
    saved: Path, tmp_path: Path
) -> None:
    damage(saved / MASK)
    Workbench.open(saved).close()
    damage(saved / WAITING)
    content = (saved / WAITING).read_bytes()
    sentence = "Not all that waits until 'case-001' can be read is whole"
    assert sentence in " ".join(repair(saved, tmp_path / "new.segdesk").lost)
    workbench = Workbench.open(saved)
    assert sentence in " ".join(workbench.notes)
    workbench.close()
    assert (saved / f"{WAITING}.damaged").read_bytes() == content
