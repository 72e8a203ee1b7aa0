"""A large Edit goes into a mask piece by piece: whole or not at all, whatever comes in between."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from segdesk.app.files import exporting
from segdesk.app.labelling import accepting
from segdesk.app.labelling.reviewing import dismiss, say_right, set_status
from segdesk.app.project import memory, saving
from segdesk.app.project.edit_in_pieces import MovedOn
from segdesk.app.project.workbench import Workbench
from segdesk.app.runs import evaluating, training
from segdesk.core.annotation import Annotation
from segdesk.core.edit import Dismissal, Edit, Patch, SegmentChange
from segdesk.core.grid import Grid
from segdesk.core.history import DoneAgain, TakenBack
from segdesk.core.pieces import Seen, is_large
from segdesk.core.run import Run, plan_for
from segdesk.core.status import SliceStatus
from segdesk.errors import TrainingError, UsageError
from tests.full_disk import full_disk
from tests.projects import stroke
from tests.ui.canvas.bench_project import CASE, add_case, draw, new_project, predict

SHAPE = (34, 80, 80)
#: Small here, so that a small scan has many of them: a tile of 16 slices of 64x64.
PIECE = 1 << 16
OTHER = "case-002"
State = tuple[bytes, bytes, object, object]


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workbench]:
    """A scan with a hand's labels on three slices and a noisy prediction on all; all saved."""
    monkeypatch.setattr("segdesk.core.pieces.PIECE", PIECE)
    workbench = new_project(tmp_path, "Lung")
    for id in (CASE, OTHER):
        add_case(workbench, Grid(SHAPE, (1.0, 0.7, 0.7)), id=id)
    for index in (3, 4, 20):
        plane = np.zeros(SHAPE[1:], np.uint8)
        plane[5:30, 5:60] = 1
        draw(workbench, index, plane)
    predict(workbench, (np.random.default_rng(3).random(SHAPE) < 0.6).astype(np.uint8))
    saving.save(workbench)
    yield workbench
    workbench.close()


def state(workbench: Workbench, case: str = CASE) -> State:
    mask = workbench.annotation(case)
    return mask.labels.tobytes(), mask.provenance.tobytes(), mask.statuses, mask.complete


def made(workbench: Workbench) -> tuple[Edit, Seen]:
    """As a worker makes it, not begun yet."""
    seen = workbench.see(CASE)
    edit = accepting.accepted(accepting.bulk(workbench, CASE)).edit
    assert edit is not None
    assert is_large(edit)
    return edit, seen


def begin(workbench: Workbench) -> None:
    edit, seen = made(workbench)
    workbench.begin(workbench.packed(edit), seen)


def accept(workbench: Workbench) -> None:
    begin(workbench)
    workbench.settle()


def begin_undo(workbench: Workbench) -> None:
    edit = workbench.history.next_undo
    assert edit is not None
    entry = TakenBack(edit)
    workbench.begin_step(entry, entry.applied, workbench.see(CASE))


def begin_redo(workbench: Workbench) -> None:
    edit = workbench.history.next_redo
    assert edit is not None
    entry = DoneAgain(edit)
    workbench.begin_step(entry, entry.applied, workbench.see(CASE))


def reopened(workbench: Workbench, place: Path) -> State:
    """The mask in a project whose program is killed now."""
    shutil.copytree(workbench.folder.path, place)
    again = Workbench.open(place)
    try:
        return state(again)
    finally:
        again.close()


def test_a_kill_at_any_moment_leaves_all_of_it_or_nothing(bench: Workbench, tmp_path: Path) -> None:
    before, (edit, seen) = state(bench), made(bench)
    found = [reopened(bench, tmp_path / "made")]
    assert found == [before]
    bench.begin(bench.packed(edit), seen)
    found = [reopened(bench, tmp_path / "begun")]
    in_between: set[State] = set()
    while bench.go_on():
        in_between.add(state(bench))
        found.append(reopened(bench, tmp_path / f"piece {len(found)}"))
    after = state(bench)
    assert len(found) > 2
    assert before not in in_between
    assert after not in in_between
    assert set(found) == {after}
    begin_undo(bench)
    assert bench.go_on()
    assert reopened(bench, tmp_path / "undone") == before
    bench.settle()
    assert state(bench) == before


def test_an_inverse_packs_nothing_and_gives_each_byte_back(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, voxels = state(bench), bench.loaded(CASE).counts.voxels(1)
    accept(bench)
    after = state(bench)
    assert bench.loaded(CASE).counts.voxels(1) == (bench.annotation(CASE).labels == 1).sum()
    monkeypatch.delattr("segdesk.core.edit.zlib.compress")
    for begin, wanted in ((begin_undo, before), (begin_redo, after), (begin_undo, before)):
        begin(bench)
        bench.settle()
        assert state(bench) == wanted
    assert bench.loaded(CASE).counts.voxels(1) == voxels


def test_the_door_looks_at_no_voxel_and_takes_a_piece_at_a_time(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    edit, seen = made(bench)
    taken: list[int] = []
    unpack = Patch.planes

    def unpacked(patch: Patch):
        taken.append(patch.box.size)
        return unpack(patch)

    def refuse(*_: object) -> None:
        raise AssertionError("the door compares voxels")

    heard: list[tuple[str, tuple[object, ...]]] = []
    bench.labels_changed.connect(lambda case, boxes: heard.append((case, boxes)))
    monkeypatch.setattr(Annotation, "_checked", refuse)
    monkeypatch.setattr(Patch, "planes", unpacked)
    bench.begin(bench.packed(edit), seen)
    assert not taken
    more = True
    while more:
        taken.clear()
        assert not heard
        more = bench.go_on()
        assert sum(taken) <= PIECE
    assert heard == [(CASE, tuple(patch.box for patch in edit.patches))]


def test_a_save_that_begins_in_between_writes_the_whole(bench: Workbench, tmp_path: Path) -> None:
    begin(bench)
    assert bench.go_on()
    saving.save(bench)
    whole = state(bench)
    assert bench.going_in == ""
    accept_again = accepting.accepted(accepting.bulk(bench, CASE)).edit
    assert accept_again is None
    assert reopened(bench, tmp_path / "saved") == whole


@pytest.mark.parametrize(
    "act",
    [
        lambda bench: bench.undo(),
        lambda bench: bench.in_memory(),
        lambda bench: bench.do(
            Edit("Note", CASE, dismissals=(Dismissal("run-001", 5, False, True),))
        ),
        lambda bench: bench.add_segment("More"),
    ],
)
def test_whoever_needs_the_mask_whole_gets_it_whole(
    bench: Workbench, tmp_path: Path, act: Callable[[Workbench], object]
) -> None:
    begin(bench)
    assert bench.go_on()
    act(bench)
    assert bench.going_in == ""
    assert reopened(bench, tmp_path / "killed") == state(bench)


def test_a_stroke_in_between_is_refused_and_one_elsewhere_is_not(bench: Workbench) -> None:
    begin(bench)
    assert bench.go_on()
    half = state(bench)
    for act in (
        lambda: stroke(bench, 2),
        lambda: set_status(bench, CASE, 30, SliceStatus.REJECTED),
        lambda: say_right(bench, CASE, 30),
        lambda: dismiss(bench, CASE, 30),
        lambda: accepting.accept_in_bulk(bench, CASE),
    ):
        with pytest.raises(UsageError, match=f"'{CASE}' is just being changed. Wait a moment."):
            act()
    assert state(bench) == half
    stroke(bench, 2, case=OTHER)
    assert bench.annotation(OTHER).labels[2].any()
    # It has not been hurried for that.
    assert bench.going_in == CASE
    bench.settle()
    stroke(bench, 2)


def test_what_moved_on_meanwhile_is_refused_with_a_sentence(bench: Workbench) -> None:
    edit, seen = made(bench)
    stroke(bench, 2)
    before = state(bench)
    with pytest.raises(MovedOn, match=f"'{CASE}' was changed meanwhile, so nothing was done."):
        bench.begin(bench.packed(edit), seen)
    assert state(bench) == before
    # Another Edit is the newest by now.
    undone = bench.history.next_undo
    assert undone is not None
    entry = TakenBack(undone)
    seen = bench.see(CASE)
    set_status(bench, CASE, 30, SliceStatus.REJECTED)
    with pytest.raises(MovedOn):
        bench.begin_step(entry, entry.applied, seen)


def test_a_slice_that_it_does_not_touch_may_go_on(bench: Workbench) -> None:
    seen = bench.see(CASE)
    edit = accepting.accepted(accepting.bulk(bench, CASE, range(30))).edit
    assert edit is not None
    stroke(bench, 32)
    bench.begin(bench.packed(edit), seen)
    bench.settle()
    assert bench.annotation(CASE).labels[:30].any()
    assert bench.annotation(CASE).status(32) is SliceStatus.PARTIAL


def test_a_status_that_moved_on_is_seen_too(bench: Workbench) -> None:
    edit, seen = made(bench)
    set_status(bench, CASE, 30, SliceStatus.REJECTED)
    with pytest.raises(MovedOn):
        bench.begin(bench.packed(edit), seen)


@pytest.mark.parametrize("change", ["added", "locked", "removed", "renamed"])
def test_a_segment_that_moved_on_is_seen(bench: Workbench, change: str) -> None:
    bench.add_segment("Other")
    edit, seen = made(bench)
    before, other = state(bench), bench.segments[2]
    if change == "added":
        bench.add_segment("Tumour")
    elif change == "removed":
        bench.do(Edit("Remove segment", "", segments=(SegmentChange(other, None),)))
    else:
        new = replace(other, locked=True) if change == "locked" else replace(other, name="New")
        bench.change_segment(new)
    with pytest.raises(MovedOn):
        bench.begin(bench.packed(edit), seen)
    assert state(bench) == before


def test_a_segment_that_is_only_hidden_keeps_nothing_out(bench: Workbench) -> None:
    edit, seen = made(bench)
    bench.show_segment(1, False)
    bench.begin(bench.packed(edit), seen)
    assert bench.going_in == CASE


def test_whoever_writes_or_learns_from_a_mask_has_all_of_it(bench: Workbench) -> None:
    say_right(bench, CASE, 3)
    begin(bench)
    assert bench.going_in == CASE
    content = exporting.prepare(bench, CASE, "annotation").content
    assert bench.going_in == ""
    assert np.array_equal(content, bench.annotation(CASE).labels)  # type: ignore[arg-type]
    begin_undo(bench)
    with suppress(UsageError, TrainingError):
        training.freeze(bench, plan_for(epochs=1))
    assert bench.going_in == ""
    begin_redo(bench)
    (run,) = bench.project.case(CASE).predictions
    learnt = Run(run, plan_for(epochs=1), 0.0, segments=((1, "Lung"),))
    evaluating.evaluate(bench, learnt, "all", {CASE: (3,)})
    assert bench.going_in == ""


def test_a_case_that_leaves_takes_what_goes_in_along(bench: Workbench) -> None:
    begin(bench)
    assert bench.go_on()
    bench.forget_case(CASE)
    assert not bench.go_on()
    assert bench.going_in == ""
    stroke(bench, 2, case=OTHER)


def test_where_the_disk_is_full_it_is_in_and_waits(bench: Workbench, tmp_path: Path) -> None:
    edit, seen = made(bench)
    with full_disk(bench.folder.path):
        bench.begin(bench.packed(edit), seen)
        bench.settle()
        after = state(bench)
        assert bench.folder.waiting == 1
        assert bench.refusal is not None
    bench.folder.sync()
    assert bench.folder.waiting == 0
    assert reopened(bench, tmp_path / "killed") == after


def test_a_case_of_which_a_worker_makes_an_edit_stays_in_memory(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "KEPT_CASES", 0)
    seen = bench.see(CASE)
    for other in ("case-003", "case-004"):
        add_case(bench, Grid(SHAPE, (1.0, 0.7, 0.7)), id=other)
    for other in (OTHER, "case-003"):
        bench.loaded(other)
    assert bench.is_loaded(CASE) and bench.annotation(CASE) is seen.mask
    bench.let_case_be()
    bench.loaded("case-004")
    assert not bench.is_loaded(CASE)
