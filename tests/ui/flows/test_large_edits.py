"""A large Edit in the window: made by a worker, taken in piece by piece, the window awake."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from segdesk.app.files import importing, label_maps
from segdesk.app.labelling import accepting
from segdesk.app.project import saving
from segdesk.app.project.workbench import Workbench
from segdesk.core import edit as edit_module
from segdesk.core.annotation import Annotation
from segdesk.core.edit import Patch
from segdesk.core.grid import Grid
from segdesk.core.prediction import Difference
from tests.projects import stroke
from tests.ui.canvas.bench_project import CASE, add_case, draw, new_project, predict
from tests.ui.flows.on_threads import watch_pieces, watch_threads
from tests.windows import Desk

SHAPE = (34, 80, 80)
#: Small here, so that a small scan has many of them: one tile of 16 slices of 64x64.
PIECE = 1 << 16


@pytest.fixture
def at_work(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """The window with the scan on screen."""
    monkeypatch.setattr("segdesk.core.pieces.PIECE", PIECE)
    desk.open(_project(tmp_path))
    return desk


def _project(folder: Path) -> Path:
    """A scan with a hand's labels on three slices, and a noisy prediction on all."""
    workbench = new_project(folder, "Lung")
    add_case(workbench, Grid(SHAPE, (1.0, 0.7, 0.7)))
    for index in (3, 4, 20):
        plane = np.zeros(SHAPE[1:], np.uint8)
        plane[5:30, 5:60] = 1
        draw(workbench, index, plane)
    predict(workbench, _predicted())
    saving.save(workbench)
    workbench.close()
    return workbench.folder.path


def _predicted() -> npt.NDArray[np.uint8]:
    return (np.random.default_rng(3).random(SHAPE) < 0.6).astype(np.uint8)


def _bench(desk: Desk) -> Workbench:
    workbench = desk.window.session.workbench
    assert workbench is not None
    return workbench


def _state(workbench: Workbench) -> tuple[bytes, bytes, object, object]:
    mask = workbench.annotation(CASE)
    return mask.labels.tobytes(), mask.provenance.tobytes(), mask.statuses, mask.complete


def _accept(desk: Desk) -> None:
    """Accept on all slices, until the last piece is in."""
    desk.window.table["accept_predictions"].trigger()
    _until_in(desk)


def _until_in(desk: Desk) -> None:
    desk.wait(lambda: not desk.window.session.large.is_under_way)


def test_accepting_undoing_and_redoing_give_each_byte_back(at_work: Desk) -> None:
    workbench = _bench(at_work)
    before, voxels = _state(workbench), workbench.loaded(CASE).counts.voxels(1)
    heard: list[str] = []
    workbench.labels_changed.connect(lambda case, _: heard.append(case))
    _accept(at_work)
    after = _state(workbench)
    assert after != before
    mask = workbench.annotation(CASE)
    by_hand = mask.provenance == 3
    assert np.array_equal(mask.labels[~by_hand], _predicted()[~by_hand])
    assert heard == [CASE]
    at_work.window.table["undo"].trigger()
    _until_in(at_work)
    assert _state(workbench) == before
    assert workbench.loaded(CASE).counts.voxels(1) == voxels
    at_work.window.table["redo"].trigger()
    _until_in(at_work)
    assert _state(workbench) == after
    assert workbench.loaded(CASE).counts.voxels(1) == int((mask.labels == 1).sum())
    at_work.close()
    again = Workbench.open(workbench.folder.path)
    assert _state(again) == after
    again.close()


def _at_piece(desk: Desk, monkeypatch: pytest.MonkeyPatch, act: Callable[[], object]) -> None:
    """Have something happen behind the first piece of the next large Edit."""
    workbench = _bench(desk)
    go_on = workbench.go_on
    waiting = [act]

    def then_act() -> bool:
        more = go_on()
        while waiting and workbench.going_in:
            waiting.pop()()
        return more

    monkeypatch.setattr(workbench, "go_on", then_act)


def test_the_windows_thread_packs_compares_and_counts_nothing(
    at_work: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads = watch_threads(
        monkeypatch,
        (edit_module, "counted"),
        (edit_module.zlib, "compress"),
        (Annotation, "_checked"),
        (accepting, "accepted"),
    )
    pieces = watch_pieces(monkeypatch)
    for id in ("accept_predictions", "undo", "redo"):
        at_work.window.table[id].trigger()
        _until_in(at_work)
    assert {"counted", "compress", "_checked", "accepted"} == threads.keys()
    assert all("MainThread" not in names for names in threads.values()), threads
    assert max(pieces) <= PIECE
    assert len(pieces) >= 3 * np.prod(SHAPE) / PIECE - 3


def test_a_save_that_is_asked_for_in_between_waits_for_the_last_piece(
    at_work: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    workbench, session = _bench(at_work), at_work.window.session
    saving_was: list[bool] = []

    def save() -> None:
        session.writer.save()
        saving_was.append(session.is_saving or workbench.going_in != CASE)

    _at_piece(at_work, monkeypatch, save)
    _accept(at_work)
    assert saving_was == [False]
    at_work.wait(lambda: not workbench.has_unsaved and not session.is_saving)
    after = _state(workbench)
    at_work.close()
    again = Workbench.open(workbench.folder.path)
    assert not again.recovered
    assert _state(again) == after
    again.close()


def test_what_a_hand_does_in_between_is_refused_with_a_sentence(
    at_work: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    workbench, said = _bench(at_work), list[str]()
    at_work.window.session.refused.connect(said.append)
    at_work.canvas.refused.connect(said.append)
    steps = len(workbench.history.done)

    def act() -> None:
        at_work.canvas.view.hand.use_tool("brush")
        middle = QPoint(at_work.canvas.width() // 2, at_work.canvas.height() // 2)
        QTest.mouseClick(at_work.canvas, Qt.MouseButton.LeftButton, pos=middle)
        for _ in range(5):
            at_work.window.session.undo()

    _at_piece(at_work, monkeypatch, act)
    _accept(at_work)
    assert said[0] == f"'{CASE}' is just being changed. Wait a moment."
    assert said[1:] == ["A large change is under way: wait a moment."] * 5
    assert len(workbench.history.done) == steps + 1


def test_undo_pressed_five_times_takes_one_step_and_says_why_no_other(at_work: Desk) -> None:
    workbench = _bench(at_work)
    before, said = _state(workbench), list[str]()
    _accept(at_work)
    at_work.window.session.refused.connect(said.append)
    for _ in range(5):
        at_work.window.session.undo()
    _until_in(at_work)
    assert _state(workbench) == before
    assert said == ["A large change is under way: wait a moment."] * 4
    # And the next press goes on.
    at_work.window.session.undo()
    assert workbench.annotation(CASE).labels[20].sum() == 0


def test_cancelled_before_it_is_kept_it_leaves_no_trace(
    at_work: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    workbench = _bench(at_work)
    before, steps = _state(workbench), workbench.history.stacks
    held = threading.Event()
    really = accepting.difference

    def slowly(*arguments: Any, **named: Any) -> Difference:
        held.wait(20)
        return really(*arguments, **named)

    monkeypatch.setattr(accepting, "difference", slowly)
    at_work.window.table["accept_predictions"].trigger()
    at_work.press(at_work.dialog("large_edit"), "cancel_waiting")
    held.set()
    at_work.wait(lambda: not at_work.window.runner.is_busy("read"))
    assert not at_work.window.session.large.is_under_way
    assert (_state(workbench), workbench.history.stacks) == (before, steps)
    _accept(at_work)
    assert _state(workbench) != before


def test_a_window_that_closes_in_between_leaves_the_whole(
    at_work: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    workbench = _bench(at_work)
    before = _state(workbench)
    _at_piece(at_work, monkeypatch, at_work.window.close)
    at_work.window.table["accept_predictions"].trigger()
    at_work.wait(lambda: at_work.window.session.workbench is None)
    again = Workbench.open(workbench.folder.path)
    mask = again.annotation(CASE)
    by_hand = mask.provenance == 3
    assert np.array_equal(mask.labels[~by_hand], _predicted()[~by_hand])
    assert _state(again) != before
    again.close()


def test_labels_that_come_while_a_hand_draws_are_made_anew(
    at_work: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    workbench = _bench(at_work)
    labels = np.zeros(SHAPE, np.uint8)
    labels[:, 40:70, 10:70] = 1
    tries, drawn = _held(monkeypatch)
    at_work.window.exchange._take(workbench, CASE, importing.LabelMap(labels), "auto")
    assert not at_work.has_dialog("large_edit")
    at_work.wait(lambda: bool(tries))
    stroke(workbench, 7, row=60.0)
    assert workbench.annotation(CASE).labels[7].any()
    drawn.set()
    _until_in(at_work)
    assert len(tries) == 2
    assert np.array_equal(workbench.annotation(CASE).labels, labels)


def test_labels_whose_number_was_given_to_another_segment_meanwhile_say_so(
    at_work: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    workbench = _bench(at_work)
    labels = np.zeros(SHAPE, np.uint8)
    labels[:, 40:70, 10:70] = 2
    tries, added = _held(monkeypatch)
    said: list[str] = []
    at_work.window.exchange.noted.connect(said.append)
    lobe = importing.LabelMap(labels, names=((2, "Lobe"),))
    at_work.window.exchange._take(workbench, CASE, lobe, "auto")
    at_work.wait(lambda: bool(tries))
    tumour = workbench.add_segment("Tumour")
    added.set()
    _until_in(at_work)
    # The file's number stands, and what it is called here is said.
    assert [(row.number, row.name) for row in workbench.segments] == [(1, "Lung"), (2, "Tumour")]
    assert tumour.number == 2 and len(tries) == 2
    assert "Segment 2 is 'Tumour' here and 'Lobe' in the file of the labels." in said


def _held(monkeypatch: pytest.MonkeyPatch) -> tuple[list[int], threading.Event]:
    """Have the first Edit of labels wait until something has happened: tries, and the word to go
    on."""
    tries: list[int] = []
    really = label_maps.map_edit

    def meanwhile(*arguments: Any) -> Any:
        tries.append(1)
        found = really(*arguments)
        if len(tries) == 1:
            go.wait(20)
        return found

    go = threading.Event()
    monkeypatch.setattr(label_maps, "map_edit", meanwhile)
    return tries, go


def test_a_step_that_does_not_fit_is_told_and_changes_nothing(
    at_work: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    workbench = _bench(at_work)
    _accept(at_work)
    after, failed = _state(workbench), list[Exception]()
    at_work.window.session.failed.connect(failed.append)

    def refuse(*_: object) -> None:
        raise ValueError("the labels are not those that the edit was made on")

    monkeypatch.setattr(Annotation, "check", refuse)
    at_work.window.session.undo()
    _until_in(at_work)
    assert str(failed[0]).startswith("Undo Accept predictions does not fit what is drawn")
    assert _state(workbench) == after
    assert workbench.history.of(CASE) == ()


def test_a_piece_that_fails_once_leaves_no_case_closed(
    at_work: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    workbench, failed = _bench(at_work), list[Exception]()
    at_work.window.session.failed.connect(failed.append)
    really, tries = Annotation.put, list[int]()

    def put(mask: Annotation, patches: Sequence[Patch]) -> None:
        tries.append(1)
        if len(tries) == 2:
            raise MemoryError("once")
        really(mask, patches)

    monkeypatch.setattr(Annotation, "put", put)
    _accept(at_work)
    assert len(failed) == 1
    assert workbench.going_in == ""
    mask = workbench.annotation(CASE)
    by_hand = mask.provenance == 3
    assert np.array_equal(mask.labels[~by_hand], _predicted()[~by_hand])
    workbench.check_free(CASE)


def test_a_save_that_waits_when_the_project_goes_is_not_said_to_be_done(
    at_work: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    workbench, told = _bench(at_work), list[object]()
    stroke(workbench, 7, row=60.0)
    labels = np.zeros(SHAPE, np.uint8)
    labels[:, 40:70, 10:70] = 1
    tries, go = _held(monkeypatch)
    at_work.window.exchange._take(workbench, CASE, importing.LabelMap(labels), "auto")
    at_work.wait(lambda: bool(tries))
    at_work.window.session.writer.save(told.append)
    at_work.window.session.let_go()
    go.set()
    at_work.settle()
    assert told == []


def test_a_step_whose_mask_changes_while_it_is_compared_keeps_its_history(
    at_work: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    workbench, failed = _bench(at_work), list[Exception]()
    at_work.window.session.failed.connect(failed.append)
    _accept(at_work)
    began, go, really = threading.Event(), threading.Event(), Annotation.check

    def check(mask: Annotation, edit: Any) -> Any:
        began.set()
        go.wait(20)
        return really(mask, edit)

    monkeypatch.setattr(Annotation, "check", check)
    at_work.window.session.undo()
    at_work.wait(began.is_set)
    monkeypatch.setattr(Annotation, "check", really)
    steps = len(workbench.history.of(CASE))
    stroke(workbench, 7, row=60.0)
    go.set()
    _until_in(at_work)
    assert [str(error) for error in failed] == [
        f"'{CASE}' was changed meanwhile, so nothing was done. Try again."
    ]
    assert len(workbench.history.of(CASE)) == steps + 1


def test_a_drag_that_ends_while_labels_go_in_has_ended(
    at_work: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    workbench, canvas = _bench(at_work), at_work.canvas
    labels = np.zeros(SHAPE, np.uint8)
    labels[:, 40:70, 10:70] = 1
    canvas.view.hand.use_tool("brush")
    middle, left = QPoint(canvas.width() // 2, canvas.height() // 2), Qt.MouseButton.LeftButton
    QTest.mousePress(canvas, left, pos=middle)
    said: list[str] = []
    canvas.refused.connect(said.append)

    def act() -> None:
        QTest.mouseMove(canvas, middle + QPoint(9, 0))
        QTest.mouseRelease(canvas, left, pos=middle + QPoint(20, 0))

    _at_piece(at_work, monkeypatch, act)
    at_work.window.exchange._take(workbench, CASE, importing.LabelMap(labels), "auto")
    _until_in(at_work)
    assert set(said) == {f"'{CASE}' is just being changed. Wait a moment."}
    steps = len(workbench.history.done)
    QTest.mouseClick(canvas, left, pos=middle + QPoint(0, 40))
    assert len(workbench.history.done) == steps + 1
