"""A segment that is removed from several large cases: made by a worker, the window awake.

One step, whole or not at all, whatever comes in between.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable
from itertools import count
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from segdesk.app.labelling import removing_segments
from segdesk.app.labelling.reviewing import set_status
from segdesk.app.project import saving
from segdesk.app.project.workbench import Workbench
from segdesk.core import edit as edit_module
from segdesk.core.annotation import Annotation
from segdesk.core.edit import Edit
from segdesk.core.grid import Grid
from segdesk.core.status import SliceStatus
from segdesk.errors import UsageError
from segdesk.store.journal.changes import voxels
from segdesk.ui.flows.segment_removal import SegmentRemoval
from tests.projects import stroke
from tests.ui.canvas.bench_project import CASE, add_case, draw, new_project
from tests.ui.flows.on_threads import watch_pieces, watch_threads
from tests.windows import Desk

SHAPE = (20, 80, 80)
#: Small here, so that a small scan has many of them: one tile of 16 slices of 64x64.
PIECE = 1 << 16
CASES = (CASE, "case-002", "case-003", "case-004", "case-005")
#: Without a voxel of it.
WITHOUT = "case-002"
State = dict[str, tuple[bytes, bytes, object, object]]


def _labels(seed: int) -> npt.NDArray[np.uint8]:
    found = np.random.default_rng(seed).integers(0, 3, SHAPE, np.uint8)
    return np.where(found == 2, 0, found) if CASES[seed] == WITHOUT else found


@pytest.fixture
def at_work(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """Noisy masks of two segments in five cases, more than stay in memory; the first on screen."""
    monkeypatch.setattr("segdesk.core.pieces.PIECE", PIECE)
    workbench = new_project(tmp_path, "Lung", "Tumour")
    for seed, id in enumerate(CASES):
        add_case(workbench, Grid(SHAPE, (1.0, 0.7, 0.7)), id=id)
        for index, plane in enumerate(_labels(seed)):
            draw(workbench, index, plane, id)
    workbench.history.clear()
    saving.save(workbench)
    path = workbench.folder.path
    workbench.close()
    desk.open(path)
    return desk


def _state(workbench: Workbench) -> State:
    """Every mask, read from disk where it is not in memory."""
    found: State = {}
    for id in CASES:
        is_kept = workbench.is_loaded(id)
        mask = (workbench.loaded(id) if is_kept else workbench.read_case(id)).annotation
        found[id] = mask.labels.tobytes(), mask.provenance.tobytes(), mask.statuses, mask.complete
    return found


def _without_tumour(before: State) -> State:
    """As a plain definition has it: what was Tumour is background that a tool has set."""
    found: State = {}
    for id, (labels, provenance, statuses, complete) in before.items():
        flat, by = (np.frombuffer(part, np.uint8).copy() for part in (labels, provenance))
        by[flat == 2] = 2
        flat[flat == 2] = 0
        found[id] = flat.tobytes(), by.tobytes(), statuses, complete
    return found


def _removal(desk: Desk) -> SegmentRemoval:
    found = desk.window.findChild(SegmentRemoval)
    assert found is not None
    return found


def _remove(desk: Desk) -> None:
    """Answer the question; what follows has begun when this returns."""
    _removal(desk).ask(2)
    desk.press(desk.dialog("remove_segment_question"), "remove_segment")


def _until_over(desk: Desk) -> None:
    desk.wait(lambda: not desk.window.session.large.is_under_way)


def _undo(desk: Desk) -> None:
    desk.window.session.undo()
    _until_over(desk)


def _at_pieces(desk: Desk, monkeypatch: pytest.MonkeyPatch, act: Callable[[], object]) -> None:
    """Have something happen behind each piece that has another behind it."""
    go_on = desk.workbench.go_on

    def then_act() -> bool:
        more = go_on()
        if more:
            act()
        return more

    monkeypatch.setattr(desk.workbench, "go_on", then_act)


def test_every_voxel_goes_in_one_step_and_comes_back(at_work: Desk) -> None:
    workbench = at_work.workbench
    before, wanted = _state(workbench), _without_tumour(_state(workbench))
    _remove(at_work)
    _until_over(at_work)
    assert _state(workbench) == wanted and workbench.segments.numbers == (1,)
    (step,) = workbench.history.newest_steps(2)
    assert [edit.case for edit in step] == [*(id for id in CASES if id != WITHOUT), ""]
    for _ in range(2):
        _undo(at_work)
        assert _state(workbench) == before and workbench.segments.numbers == (1, 2)
        assert workbench.history.next_undo is None
        at_work.window.session.redo()
        _until_over(at_work)
        assert _state(workbench) == wanted and workbench.segments.numbers == (1,)
    assert workbench.loaded(CASES[-1]).counts.voxels(2) == 0
    at_work.close()
    again = Workbench.open(workbench.folder.path)
    assert _state(again) == wanted
    again.undo()
    assert _state(again) == before
    again.close()


def test_the_windows_thread_looks_at_no_voxel_but_writes_pieces(
    at_work: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads = watch_threads(
        monkeypatch,
        (edit_module, "counted"),
        (edit_module.zlib, "compress"),
        (Annotation, "_checked"),
        (removing_segments, "look_for"),
        (removing_segments, "edit_of_case"),
    )
    pieces, really_packed = watch_pieces(monkeypatch), voxels.packed

    def record(edit: Edit) -> bytes:
        if edit.patches:
            threads.setdefault("record", set()).add(threading.current_thread().name)
        return really_packed(edit)

    monkeypatch.setattr(voxels, "packed", record)
    _remove(at_work)
    _until_over(at_work)
    _undo(at_work)
    made = {"counted", "compress", "look_for", "edit_of_case", "record"}
    assert made | {"_checked"} == threads.keys()
    # The last Edit changes no mask, so it is compared with none.
    assert all("MainThread" not in names for names in threads.values()), threads
    assert max(pieces) <= PIECE
    assert len(pieces) >= 2 * 4 * np.prod(SHAPE) / PIECE


def test_a_kill_at_any_piece_leaves_the_whole_or_nothing(
    at_work: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workbench = at_work.workbench
    before, wanted = _state(workbench), _without_tumour(_state(workbench))
    copies, numbers = list[Path](), count()

    def copy() -> None:
        copies.append(tmp_path / f"killed-{next(numbers)}.segdesk")
        shutil.copytree(workbench.folder.path, copies[-1])

    def found() -> list[tuple[State, tuple[int, ...]]]:
        said: list[tuple[State, tuple[int, ...]]] = []
        while copies:
            again = Workbench.open(copies.pop(0))
            said.append((_state(again), again.segments.numbers))
            assert again.history.next_redo is None or 2 in again.segments
            again.close()
        return said

    _at_pieces(at_work, monkeypatch, copy)
    _remove(at_work)
    _until_over(at_work)
    removed = found()
    assert len(removed) >= 4 and all(each == (before, (1, 2)) for each in removed)
    copy()
    assert found() == [(wanted, (1,))]
    _undo(at_work)
    # What takes a whole removal back goes on to its end.
    undone = found()
    assert len(undone) >= 4 and all(each == (before, (1, 2)) for each in undone)


def test_a_stroke_in_between_is_refused_on_every_case_with_a_sentence(
    at_work: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    workbench, said = at_work.workbench, set[str]()
    before, wanted = _state(workbench), _without_tumour(_state(workbench))

    def act() -> None:
        for case in (workbench.going_in, CASE, WITHOUT):
            if workbench.is_loaded(case):
                for change in (
                    lambda case=case: stroke(workbench, 3, case=case),
                    lambda case=case: set_status(workbench, case, 5, SliceStatus.REJECTED),
                ):
                    with pytest.raises(UsageError) as refused:
                        change()
                    said.add(refused.value.sentence)

    _at_pieces(at_work, monkeypatch, act)
    _remove(at_work)
    _until_over(at_work)
    assert said >= {f"'{CASE}' is just being changed.", f"'{CASES[4]}' is just being changed."}
    assert _state(workbench) == wanted
    _undo(at_work)
    assert _state(workbench) == before
    # And then the hand goes on.
    stroke(workbench, 3, case=CASE)


def test_a_save_and_labels_that_wait_come_after_the_whole_step(
    at_work: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    workbench, session = at_work.workbench, at_work.window.session
    came: list[tuple[str, tuple[int, ...]]] = []
    began: list[tuple[int, ...]] = []

    def act() -> None:
        if not began:
            session.writer.save_begins.connect(lambda: began.append(workbench.segments.numbers))
            session.writer.save()
            session.large.when_free(lambda: came.append(("free", workbench.segments.numbers)))

    _at_pieces(at_work, monkeypatch, act)
    _remove(at_work)
    _until_over(at_work)
    at_work.wait(lambda: bool(began and came) and not session.is_saving)
    assert set(began) == {(1,)} and set(came) == {("free", (1,))}


def test_a_window_that_closes_in_between_leaves_the_whole_or_nothing(
    at_work: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    workbench = at_work.workbench
    before, wanted = _state(workbench), _without_tumour(_state(workbench))
    closed: list[int] = []

    def close() -> None:
        if not closed:
            closed.append(1)
            at_work.window.close()

    _at_pieces(at_work, monkeypatch, close)
    _remove(at_work)
    at_work.wait(lambda: at_work.window.session.workbench is None)
    again = Workbench.open(workbench.folder.path)
    assert (_state(again), again.segments.numbers) in [(before, (1, 2)), (wanted, (1,))]
    assert not any("cut off" in note for note in again.notes)
    again.close()


@pytest.mark.parametrize("bad", ["case-003", "case-005"])
def test_what_fails_at_one_case_is_taken_back_on_the_others(
    at_work: Desk, monkeypatch: pytest.MonkeyPatch, bad: str
) -> None:
    workbench, failed = at_work.workbench, list[Exception]()
    before, really = _state(workbench), removing_segments.edit_of_case
    _removal(at_work).failed.connect(failed.append)

    def broken(mask: Annotation, case: str, *rest: int, **named: object) -> object:
        if case == bad:
            raise MemoryError("once")
        return really(mask, case, *rest, **named)

    monkeypatch.setattr(removing_segments, "edit_of_case", broken)
    _remove(at_work)
    _until_over(at_work)
    assert [str(error) for error in failed] == ["once"]
    assert _state(workbench) == before and workbench.segments.numbers == (1, 2)
    assert workbench.history.next_undo is None and workbench.history.next_redo is None
    stroke(workbench, 3, case=CASE)
