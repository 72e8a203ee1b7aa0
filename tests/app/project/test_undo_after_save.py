"""What can be undone outlives saves, restarts and kills."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from segdesk.app.project import saving
from segdesk.app.project.removing import take_out
from segdesk.app.project.workbench import Workbench
from segdesk.errors import ProjectError
from tests.projects import add_case, make_project, stroke

CASE = "case-001"
State = tuple[bytes, bytes, object, object]


def state(workbench: Workbench, case: str = CASE) -> State:
    mask = workbench.annotation(case)
    return (
        mask.labels.tobytes(),
        mask.provenance.tobytes(),
        (mask.statuses, mask.complete),
        workbench.segments.rows,
    )


def crashed(workbench: Workbench) -> Workbench:
    """What a new process finds where this one is killed now."""
    path = workbench.folder.path
    copy = path.with_name(f"{path.stem}+.segdesk")
    shutil.copytree(path, copy)
    workbench.close()
    return Workbench.open(copy)


def reopened(workbench: Workbench) -> Workbench:
    path = workbench.folder.path
    workbench.close()
    return Workbench.open(path)


def walk(workbench: Workbench, act: Callable[[], object], times: int) -> list[State]:
    """The states that a key leads through, the one of now first."""
    found = [state(workbench)]
    for _ in range(times):
        assert act() is not None
        found.append(state(workbench))
    return found


@pytest.fixture
def painted(tmp_path: Path) -> tuple[Workbench, list[State]]:
    """Four strokes with a save between each two, and the states that they led through."""
    workbench = make_project(tmp_path)
    states = [state(workbench)]
    for row in (4.0, 8.0, 12.0, 16.0):
        stroke(workbench, 1, row=row)
        saving.save(workbench)
        states.append(state(workbench))
    return workbench, states


@pytest.mark.parametrize("leave", [reopened, crashed])
def test_what_was_saved_can_be_undone_and_redone_after_a_restart(
    painted: tuple[Workbench, list[State]], leave: Callable[[Workbench], Workbench]
) -> None:
    workbench, states = painted
    again = leave(workbench)
    assert again.recovered == 0 and again.notes == () and not again.has_unsaved
    assert walk(again, again.undo, 4) == states[::-1]
    assert again.history.next_undo is not None and again.history.next_undo.name == "Add segment"
    assert walk(again, again.redo, 4) == states
    assert again.redo() is None
    again.close()


def test_an_undo_of_what_was_saved_is_where_it_was_after_a_kill(
    painted: tuple[Workbench, list[State]],
) -> None:
    workbench, states = painted
    workbench.undo()
    workbench.undo()
    again = crashed(workbench)
    assert state(again) == states[2]
    again.redo()
    assert state(again) == states[3]
    once_more = crashed(again)
    assert walk(once_more, once_more.undo, 3) == states[3::-1]
    last = crashed(once_more)
    assert walk(last, last.redo, 4) == states
    last.close()


def test_a_redo_that_was_saved_as_undone_survives_a_save_a_restart_and_a_kill(
    painted: tuple[Workbench, list[State]],
) -> None:
    workbench, states = painted
    for _ in range(3):
        workbench.undo()
    saving.save(workbench)
    again = reopened(workbench)
    again.redo()
    last = crashed(again)
    assert state(last) == states[2]
    assert walk(last, last.redo, 2) == states[2:]
    assert walk(last, last.undo, 4) == states[::-1]
    last.close()


def test_a_stroke_after_an_undo_ends_what_could_be_redone_also_for_the_next_session(
    painted: tuple[Workbench, list[State]],
) -> None:
    workbench, states = painted
    workbench.undo()
    stroke(workbench, 2, row=4.0)
    after = state(workbench)
    again = crashed(workbench)
    assert again.redo() is None
    assert walk(again, again.undo, 4) == [after, *states[3::-1]]
    again.close()


def test_only_what_was_not_saved_is_said_to_be_recovered(
    painted: tuple[Workbench, list[State]],
) -> None:
    workbench, _ = painted
    stroke(workbench, 2, row=4.0)
    again = crashed(workbench)
    assert again.recovered == 1
    assert again.notes == ("Recovered 1 stroke that had not been saved.",)
    # Beside a program that is at work nothing has been cut off.
    beside = Workbench.open(again.folder.path, writable=False)
    assert beside.notes == ("With 1 stroke not saved yet.",)
    beside.close()
    again.close()


def test_a_journal_carries_no_voxels_for_an_undo(painted: tuple[Workbench, list[State]]) -> None:
    workbench, _ = painted
    path = workbench.folder.path / "journal-4"
    stroke(workbench, 2, row=4.0)
    sizes = [path.stat().st_size]
    for act in (workbench.undo, workbench.redo, workbench.undo):
        act()
        sizes.append(path.stat().st_size)
    assert [after - before for before, after in pairwise(sizes)] == [30] * 3
    workbench.close()


def test_journals_go_when_nothing_in_them_can_be_undone(
    painted: tuple[Workbench, list[State]],
) -> None:
    workbench, _ = painted

    def journals() -> list[str]:
        return sorted(path.name for path in workbench.folder.path.glob("journal-*"))

    assert journals() == [f"journal-{number}" for number in range(5)]
    workbench.history.budget = workbench.history.kept_steps = 1
    stroke(workbench, 2, row=4.0)
    saving.save(workbench)
    assert journals() == ["journal-4", "journal-5"]
    workbench.close()


@pytest.mark.parametrize("size", [0, 9, 28, 40, -1])
def test_a_kill_while_a_save_begins_its_journal_keeps_the_history(
    painted: tuple[Workbench, list[State]], size: int
) -> None:
    workbench, states = painted
    workbench.undo()
    saving.PendingSave(workbench)
    path = workbench.folder.path
    copy = path.with_name("torn.segdesk")
    shutil.copytree(path, copy)
    workbench.close()
    begun = copy / "journal-5"
    begun.write_bytes(begun.read_bytes()[:size])
    again = Workbench.open(copy)
    # What it goes on with is replayed after the next kill, and its own first word too.
    again.undo()
    again.forget_undone()
    last = crashed(again)
    assert last.redo() is None
    assert walk(last, last.undo, 2) == states[2::-1]
    last.close()


@pytest.mark.parametrize(
    ("lost", "how"),
    [(0, "missing"), (0, "flipped"), (1, "cut"), (1, "empty"), (2, "missing"), (3, "flipped")],
)
def test_an_older_journal_that_cannot_be_read_costs_older_undo_steps_and_nothing_else(
    painted: tuple[Workbench, list[State]], lost: int, how: str
) -> None:
    workbench, states = painted
    # Undone in the journal of now: it must not need the one that is lost.
    workbench.undo()
    workbench.undo()
    stroke(workbench, 2, row=4.0)
    workbench.undo()
    before = state(workbench)
    path = workbench.folder.path / f"journal-{lost}"
    workbench.close()
    content = bytearray(path.read_bytes())
    if how == "missing":
        path.unlink()
    elif how == "cut":
        path.write_bytes(content[:-9])
    elif how == "empty":
        path.write_bytes(b"")
    else:
        content[-9] ^= 1
        path.write_bytes(content)
    again = Workbench.open(workbench.folder.path)
    assert state(again) == before == states[2]
    # Journal 0 has the first stroke and what was before; 2 and 3 only what journal 4 has too.
    reached = {0: 1, 1: 0}.get(lost, 2)
    assert walk(again, again.undo, reached) == states[2 - reached : 3][::-1]
    said = "Older changes could not be read; what was drawn is there, but not their undo."
    assert again.notes == ((said,) if lost < 2 else ())
    stroke(again, 3)
    saving.save(again)
    last = reopened(again)
    assert last.notes == ()
    last.close()


def test_another_scan_under_the_id_of_a_removed_case_inherits_nothing(tmp_path: Path) -> None:
    workbench = make_project(tmp_path, cases=2)
    for case in (CASE, "case-002"):
        stroke(workbench, 1, case=case)
        saving.save(workbench)
    take_out(workbench, CASE)
    workbench.folder.write_index()
    workbench.folder.scans.set_aside(CASE)
    again = crashed(workbench)
    assert CASE in again.retired
    assert [edit.case for edit in again.history.done] == ["", "case-002"]
    again.undo()
    saving.save(again)
    assert CASE not in again.retired
    add_case(again, id=CASE)
    last = crashed(again)
    assert [edit.case for edit in last.history.done] == [""]
    assert last.history.next_redo is not None and last.history.next_redo.case == "case-002"
    assert not last.annotation(CASE).labels.any()
    last.close()


def test_an_edit_of_before_that_does_not_fit_any_more_is_refused_in_a_sentence(
    painted: tuple[Workbench, list[State]],
) -> None:
    workbench, _ = painted
    stroke(workbench, 1, row=12.0, value=0)
    before = state(workbench)
    workbench.history.restore(workbench.history.done[:-2], ())
    with pytest.raises(ProjectError, match="Brush"):
        workbench.undo()
    assert state(workbench) == before
    assert workbench.history.next_undo is None
    again = crashed(workbench)
    assert state(again) == before
    assert again.history.next_undo is None
    again.close()
