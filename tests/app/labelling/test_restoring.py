"""Pieces that a prediction left out: part of it again by an Edit, and never of the mask."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from segdesk.app.files.exporting import prepare
from segdesk.app.labelling import restoring
from segdesk.app.labelling.accepting import accept_in_bulk, taking
from segdesk.app.labelling.restoring import Piece
from segdesk.app.labelling.reviewing import dismiss, say_right
from segdesk.app.project.saving import save
from segdesk.app.project.workbench import Workbench
from segdesk.core.grid import Grid
from segdesk.core.plane import Plane
from segdesk.core.prediction import Proposal
from segdesk.errors import UsageError
from tests.ui.canvas.bench_project import CASE, add_case, new_project, pieces_of, predict

SHAPE = (6, 40, 60)
GRID = Grid(SHAPE, (5.0, 1.0, 0.5))
Planes = npt.NDArray[np.uint8]


def planes() -> tuple[Planes, Planes]:
    labels, left_out = np.zeros(SHAPE, np.uint8), np.zeros(SHAPE, np.uint8)
    labels[:, 5:30, 5:40] = 1
    left_out[2:4, 33:35, 50:53] = 1
    left_out[3, 33:35, 53] = 2
    left_out[0, 33:35, 50:53] = 1
    return labels, left_out


@pytest.fixture
def workbench(tmp_path: Path) -> Iterator[Workbench]:
    workbench = new_project(tmp_path)
    add_case(workbench, GRID)
    workbench.loaded(CASE)
    labels, left_out = planes()
    predict(workbench, labels, left_out=left_out)
    yield workbench
    workbench.close()


def piece(workbench: Workbench, index: int = 3, row: int = 33, column: int = 51) -> Piece:
    found = restoring.piece_at(workbench, CASE, Plane(0, index), (row, column))
    assert found is not None
    return found


def offered(workbench: Workbench) -> Planes:
    prediction = workbench.prediction(CASE)
    assert prediction is not None
    return prediction.whole()


def test_a_piece_is_restored_in_all_its_slices_and_no_other_is(workbench: Workbench) -> None:
    labels, _ = planes()
    found = piece(workbench)
    assert (found.number, found.name, found.voxels) == (1, "Left lung", 12)
    assert found.ml == pytest.approx(12 * 2.5 / 1000) and not found.is_restored
    assert restoring.left_out(workbench, CASE) == ((1, 18), (2, 2))
    edit = restoring.toggle(workbench, CASE, found)
    assert edit is not None and edit.slices == (3,) and not edit.patches
    labels[2:4, 33:35, 50:53] = 1
    assert np.array_equal(offered(workbench), labels)
    assert restoring.left_out(workbench, CASE) == ((1, 6), (2, 2))
    assert not workbench.annotation(CASE).labels.any()
    assert piece(workbench).is_restored and not piece(workbench, 0).is_restored
    # Across the slices too.
    across = restoring.piece_at(workbench, CASE, Plane(1, 34), (2, 50))
    assert across is not None and across.is_restored


def test_a_second_click_an_undo_and_a_redo(workbench: Workbench) -> None:
    before = offered(workbench)
    restoring.toggle(workbench, CASE, piece(workbench))
    after = offered(workbench)
    restoring.toggle(workbench, CASE, piece(workbench, 2))
    assert np.array_equal(offered(workbench), before)
    for expected in (after, before):
        workbench.undo()
        assert np.array_equal(offered(workbench), expected)
    workbench.redo()
    assert np.array_equal(offered(workbench), after)
    assert [edit.name for edit in workbench.history.done][-1] == "Restore left-out piece"


@pytest.mark.parametrize("way", ["saved", "killed"])
def test_it_stays_so_after_the_project_was_opened_again(workbench: Workbench, way: str) -> None:
    restoring.toggle(workbench, CASE, piece(workbench))
    expected = offered(workbench)
    if way == "saved":
        save(workbench)
    path = workbench.folder.path
    workbench.close()
    again = Workbench.open(path)
    try:
        assert np.array_equal(offered(again), expected)
        assert restoring.left_out(again, CASE) == ((1, 6), (2, 2))
        assert again.undo() is not None
        assert not np.array_equal(offered(again), expected)
    finally:
        again.close()


def test_enter_takes_it_as_it_is_shown(workbench: Workbench) -> None:
    restoring.toggle(workbench, CASE, piece(workbench))
    say_right(workbench, CASE, 3)
    assert np.array_equal(workbench.annotation(CASE).labels[3], offered(workbench)[3])
    assert workbench.annotation(CASE).labels[3, 33, 51] == 1
    assert workbench.annotation(CASE).labels[3, 33, 53] == 0
    accept_in_bulk(workbench, CASE)
    assert np.array_equal(workbench.annotation(CASE).labels, offered(workbench))
    assert not workbench.annotation(CASE).labels[0, 33].any()


def test_a_mask_that_has_the_piece_keeps_it_when_it_is_left_out_again(
    workbench: Workbench,
) -> None:
    restoring.toggle(workbench, CASE, piece(workbench))
    say_right(workbench, CASE, 3)
    restoring.toggle(workbench, CASE, piece(workbench))
    assert workbench.annotation(CASE).labels[3, 33, 51] == 1
    found = taking(workbench, CASE, 3)
    assert found is not None and found.cleared == 6


def test_what_is_exported_is_what_is_shown(workbench: Workbench) -> None:
    restoring.toggle(workbench, CASE, piece(workbench))
    content = prepare(workbench, CASE, "prediction").content
    assert isinstance(content, np.ndarray) and np.array_equal(content, offered(workbench))


def test_where_the_prediction_is_not_shown_there_is_no_piece(workbench: Workbench) -> None:
    def found(index: int = 3) -> Piece | None:
        return restoring.piece_at(workbench, CASE, Plane(0, index), (33, 51))

    dismiss(workbench, CASE, 3)
    assert found() is None and found(2) is not None
    workbench.undo()
    workbench.show_segment(1, False)
    assert found() is None
    workbench.show_segment(1, True)
    assert found() is not None
    workbench.propose(Proposal("run-002", CASE, 5, 3, np.zeros(SHAPE[1:], np.uint8)))
    assert found() is None
    assert restoring.piece_at(workbench, CASE, Plane(0, 3), (1, 1)) is None


def test_the_run_predicts_anew_and_the_piece_is_still_there(workbench: Workbench) -> None:
    restoring.toggle(workbench, CASE, piece(workbench))
    expected = offered(workbench)
    labels, left_out = planes()
    predict(workbench, labels, left_out=left_out)
    assert restoring.not_there(workbench, CASE, "run-001") is None
    assert np.array_equal(offered(workbench), expected)


def test_the_run_predicts_anew_and_it_is_not_there_any_more(workbench: Workbench) -> None:
    restoring.toggle(workbench, CASE, piece(workbench))
    labels, left_out = planes()
    left_out[2:4] = 0
    predict(workbench, labels, left_out=left_out)
    assert restoring.not_there(workbench, CASE, "run-001") == (
        "case-001: 1 piece that was restored is not in the new prediction."
    )
    assert np.array_equal(offered(workbench), labels)
    # Part of the prediction by itself: nothing has gone.
    labels[2:4, 33:35, 50:53] = 1
    predict(workbench, labels)
    assert restoring.not_there(workbench, CASE, "run-001") is None
    # And undo goes on, whatever has become of the piece.
    assert workbench.undo() is not None


def test_a_piece_of_a_prediction_that_was_replaced_meanwhile_is_left_alone(
    workbench: Workbench,
) -> None:
    found = piece(workbench)
    labels, left_out = planes()
    predict(workbench, labels, left_out=np.roll(left_out, 1, axis=1))
    assert restoring.toggle(workbench, CASE, found) is None
    assert workbench.annotation(CASE).dismissed == frozenset()


def test_a_project_that_is_only_read_is_not_changed(workbench: Workbench) -> None:
    save(workbench)
    path = workbench.folder.path
    workbench.close()
    again = Workbench.open(path, writable=False)
    try:
        found = piece(again)
        with pytest.raises(UsageError, match="read only"):
            restoring.toggle(again, CASE, found)
        assert not piece(again).is_restored
    finally:
        again.close()


def test_slices_without_geometry_have_pieces_of_their_own_and_no_volume(tmp_path: Path) -> None:
    workbench = new_project(tmp_path)
    try:
        add_case(workbench, replace(GRID, stacked=False))
        workbench.loaded(CASE)
        labels, left_out = planes()
        predict(workbench, labels, left_out=left_out)
        found = piece(workbench)
        assert found.voxels == 6 and found.ml is None
        restoring.toggle(workbench, CASE, found)
        assert offered(workbench)[3, 33, 51] == 1
        assert offered(workbench)[2, 33, 51] == 0
    finally:
        workbench.close()


def test_a_piece_beside_another_segment_ends_there(workbench: Workbench) -> None:
    restoring.toggle(workbench, CASE, piece(workbench, column=53))
    assert np.flatnonzero(offered(workbench)[3] == 2).tolist() == [33 * 60 + 53, 34 * 60 + 53]
    assert not piece(workbench).is_restored


def test_pieces_that_are_named_do_not_dismiss_the_prediction(workbench: Workbench) -> None:
    before = workbench.prediction(CASE)
    restoring.toggle(workbench, CASE, piece(workbench))
    after = workbench.prediction(CASE)
    assert after is not before and after is workbench.prediction(CASE)
    assert not workbench.annotation(CASE).is_dismissed("run-001", 3)
    # Another dismissal makes no other prediction of it: what was seen stays what is taken.
    dismiss(workbench, CASE, 0)
    assert workbench.prediction(CASE) is after


def test_pieces_of_a_grid() -> None:
    _, left_out = planes()
    assert pieces_of(left_out, GRID).counts == ((1, 18), (2, 2))
