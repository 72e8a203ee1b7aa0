"""A large Edit in the window: made by a worker, taken in piece by piece, the window awake."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from pytestqt.qtbot import QtBot

from segdesk.app.project import saving
from segdesk.app.project.workbench import Workbench
from segdesk.core.grid import Grid
from tests.ui.canvas.bench_project import CASE, add_case, draw, new_project, predict
from tests.windows import Desk, open_desk

SHAPE = (34, 80, 80)
#: Small here, so that a small scan has many of them: one tile of 16 slices of 64x64.
PIECE = 1 << 16


@pytest.fixture
def desk(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setenv("SEGDESK_LOGS", str(tmp_path / "logs"))
    monkeypatch.setattr("segdesk.core.pieces.PIECE", PIECE)
    found = open_desk(qtbot, tmp_path / "settings")
    found.open(_project(tmp_path))
    return found


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


def test_accepting_undoing_and_redoing_give_each_byte_back(desk: Desk) -> None:
    workbench = _bench(desk)
    before, voxels = _state(workbench), workbench.loaded(CASE).counts.voxels(1)
    heard: list[str] = []
    workbench.labels_changed.connect(lambda case, _: heard.append(case))
    _accept(desk)
    after = _state(workbench)
    assert after != before
    mask = workbench.annotation(CASE)
    by_hand = mask.provenance == 3
    assert np.array_equal(mask.labels[~by_hand], _predicted()[~by_hand])
    assert heard == [CASE]
    desk.window.table["undo"].trigger()
    _until_in(desk)
    assert _state(workbench) == before
    assert workbench.loaded(CASE).counts.voxels(1) == voxels
    desk.window.table["redo"].trigger()
    _until_in(desk)
    assert _state(workbench) == after
    assert workbench.loaded(CASE).counts.voxels(1) == int((mask.labels == 1).sum())
    desk.close()
    again = Workbench.open(workbench.folder.path)
    assert _state(again) == after
    again.close()
