"""A case that cannot be read is marked and says why; an older mask is offered; the others go on."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QListView, QPushButton
from pytestqt.qtbot import QtBot

from segdesk.app.project import saving
from segdesk.app.project.workbench import Workbench
from segdesk.formats.export import export as write_file
from segdesk.ui.flows.damaged_masks import TAKE
from segdesk.ui.panels.cases import DAMAGED_ROLE
from segdesk.ui.widgets import banner
from tests.app.project.test_one_damaged_file import damage, drawn
from tests.projects import make_project, stroke
from tests.read_only_disk import read_only_disk
from tests.ui.flows.test_read_only import everything
from tests.windows import Desk


def saved_twice(folder: Path, cases: int) -> Path:
    """A project in which every mask has one of the save before."""
    workbench = make_project(folder, cases=cases)
    for index in (1, 2):
        for case in workbench.project.cases:
            stroke(workbench, index, case=case.id)
        saving.save(workbench)
    workbench.close()
    return workbench.folder.path


def workbench_of(desk: Desk) -> Workbench:
    workbench = desk.window.session.workbench
    assert workbench is not None
    return workbench


def click_case(desk: Desk, qtbot: QtBot, row: int) -> None:
    cases = desk.window.findChild(QListView, "case_list")
    assert cases is not None
    index = cases.model().index(row, 0)
    cases.scrollTo(index)
    qtbot.mouseClick(
        cases.viewport(), Qt.MouseButton.LeftButton, pos=cases.visualRect(index).center()
    )
    desk.settle()


def test_the_mask_of_the_save_before_is_offered_and_taken(
    desk: Desk, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = saved_twice(tmp_path, 2)
    damage(project / "cases/case-002/annotation-2.h5")
    monkeypatch.setattr(banner, "ARMED_AFTER_MS", 0)
    desk.open(project)
    click_case(desk, qtbot, 1)
    id = f"{TAKE}case-002"
    desk.wait(lambda: desk.window.banner.findChild(QPushButton, id) is not None)
    assert "The mask of 'case-002' is damaged" in desk.window.banner.text
    assert "Take the one of the save before?" in desk.window.banner.text
    cases = desk.window.findChild(QListView, "case_list")
    assert cases is not None
    why = cases.model().index(1, 0).data(DAMAGED_ROLE)
    assert "damaged" in why
    # One advice, wherever it is said.
    assert "Restore the folder" not in why and "is offered in the corner." in why
    # The other case can be drawn on.
    click_case(desk, qtbot, 0)
    assert desk.window.session.case_id == "case-001"
    click_case(desk, qtbot, 1)
    button = desk.window.banner.findChild(QPushButton, id)
    assert button is not None
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    desk.wait(lambda: desk.window.session.has_mask("case-002"))
    # The second stroke comes back from what can be undone.
    assert drawn(workbench_of(desk), "case-002") == [1, 2]
    assert cases.model().index(1, 0).data(DAMAGED_ROLE) == ""
    assert "'case-002' has the mask of 2" in desk.window.banner.text
    assert "1 change made since fit it" in desk.window.banner.text


def test_what_is_wrong_with_a_case_is_said_once(desk: Desk, tmp_path: Path) -> None:
    project = saved_twice(tmp_path, 1)
    workbench = Workbench.open(project)
    stroke(workbench, 3)
    workbench.close()
    damage(project / "cases/case-001/annotation-2.h5")
    desk.window.open_project(project)
    id = f"{TAKE}case-001"
    desk.wait(lambda: desk.window.banner.findChild(QPushButton, id) is not None)
    assert desk.window.banner.text.count("The mask of 'case-001' is damaged") == 1


def test_the_mask_of_the_save_before_is_only_shown_in_a_project_that_is_only_read(
    desk: Desk, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = saved_twice(tmp_path, 1)
    damage(project / "cases/case-001/annotation-2.h5")
    monkeypatch.setattr(banner, "ARMED_AFTER_MS", 0)
    before = everything(project)
    with read_only_disk(project.parent):
        desk.window.open_project(project)
        id = f"{TAKE}case-001"
        desk.wait(lambda: desk.window.banner.findChild(QPushButton, id) is not None)
        assert "read only here: only show the one of the save before?" in desk.window.banner.text
        button = desk.window.banner.findChild(QPushButton, id)
        assert button is not None and button.text().startswith("Show the mask of 2")
        qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
        desk.wait(lambda: desk.window.session.has_mask("case-001"))
        assert drawn(workbench_of(desk), "case-001") == [1, 2]
        assert not workbench_of(desk).has_unsaved
    assert everything(project) == before


@pytest.mark.parametrize("what", ["annotation-2.h5", "volume.h5"])
def test_undo_keeps_the_steps_of_a_damaged_case_until_it_can_be_read(
    desk: Desk, tmp_path: Path, what: str
) -> None:
    project = saved_twice(tmp_path, 2)
    file = project / "cases/case-002" / what
    sound = file.read_bytes()
    damage(file)
    desk.open(project)
    before = workbench_of(desk).history.done
    assert before[-1].case == "case-002"
    desk.shortcut(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    desk.wait(lambda: "waits until case-002 can be read" in desk.window.banner.text)
    assert workbench_of(desk).history.done == before
    file.write_bytes(sound)
    desk.shortcut(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    desk.wait(lambda: desk.window.session.has_mask("case-002"))
    desk.wait(lambda: drawn(workbench_of(desk), "case-002") == [1])
    desk.shortcut(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    desk.wait(lambda: drawn(workbench_of(desk), "case-001") == [1])


@pytest.mark.parametrize("what", ["annotation-2.h5", "volume.h5"])
def test_ten_damaged_cases_in_a_row_strand_nobody(
    desk: Desk, tmp_path: Path, qtbot: QtBot, what: str
) -> None:
    project = saved_twice(tmp_path, 12)
    for number in range(2, 12):
        (project / f"cases/case-{number:03d}/{what}").write_bytes(b"damage")
    desk.open(project)
    read: list[str] = []
    for number in range(2, 13):
        id = f"case-{number:03d}"
        desk.window.session.case_reader.when_read(id, lambda id=id: read.append(id))
    desk.wait(lambda: read == ["case-012"])
    for row in range(1, 11):
        click_case(desk, qtbot, row)
        assert desk.window.session.case_id == f"case-{row + 1:03d}"
    click_case(desk, qtbot, 11)
    desk.wait_for_mask()
    view = desk.window.session.view
    assert view is not None and len(view.marks.unreadable) == 10
    assert drawn(workbench_of(desk), "case-012") == [1, 2]


def test_a_prediction_that_cannot_be_read_is_a_note_in_the_window(
    desk: Desk, tmp_path: Path
) -> None:
    project = saved_twice(tmp_path, 1)
    workbench = Workbench.open(project)
    with_prediction(workbench)
    workbench.close()
    shutil.rmtree(project / "runs/run-001/predictions")
    desk.open(project)
    assert drawn(workbench_of(desk), "case-001") == [1, 2]
    desk.wait(lambda: "is missing. Predict the case again." in desk.window.banner.text)


def with_prediction(workbench: Workbench) -> None:
    import numpy as np

    from segdesk.core.prediction import Prediction
    from segdesk.core.run import Run, plan_for
    from segdesk.core.run_in_use import RunInUse

    workbench.put_run(Run("run-001", plan_for(epochs=1), 1.0, outcome="finished", best=1))
    full = np.ones(workbench.project.case("case-001").grid.shape, np.uint8)
    workbench.folder.runs.write_prediction(Prediction("run-001", "case-001", full, full))
    workbench.add_prediction("run-001", "case-001")
    workbench.use(RunInUse(chosen="run-001"))


def test_the_mask_of_a_case_whose_scan_is_damaged_can_be_exported(
    desk: Desk, tmp_path: Path
) -> None:
    project = saved_twice(tmp_path, 1)
    workbench = Workbench.open(project)
    stroke(workbench, 4)
    wanted = workbench.annotation("case-001").labels.copy()
    workbench.close()
    damage(project / "cases/case-001/volume.h5")
    desk.window.open_project(project)
    desk.wait(lambda: "The scan of 'case-001' is damaged" in desk.window.banner.text)
    file = tmp_path / "mask.npy"
    workbench = workbench_of(desk)
    desk.window.exchange._export(workbench, "case-001", "annotation", file)
    desk.wait(file.exists)
    assert np.array_equal(np.load(file), wanted)
    desk.wait(
        lambda: "The mask of 'case-001' is whole and needs no scan." in desk.window.banner.text
    )


def test_the_same_scan_is_put_back_in_the_window_with_the_mask_as_it_was(
    desk: Desk, tmp_path: Path
) -> None:
    project = saved_twice(tmp_path, 2)
    workbench = Workbench.open(project)
    stroke(workbench, 4)
    wanted = workbench.annotation("case-001").labels.copy()
    scan, grid = workbench.volume("case-001").voxels.copy(), workbench.project.case("case-001").grid
    workbench.close()
    write_file(tmp_path / "scan.mha", scan, grid)
    damage(project / "cases/case-001/volume.h5")
    desk.window.open_project(project)
    desk.wait(lambda: "The scan of 'case-001' is damaged" in desk.window.banner.text)
    desk.settle()
    view = desk.window.session.view
    assert view is not None
    desk.wait(lambda: "Import the same scan" in view.marks.unreadable["case-001"])
    assert "Restore the folder" not in view.marks.unreadable["case-001"]
    desk.drop(tmp_path / "scan.mha")
    desk.press(desk.dialog("import_choice_dialog"), "import_chosen")
    desk.wait(lambda: desk.window.session.has_mask("case-001"))
    assert "The scan of 'case-001' was put back" in desk.window.banner.text
    assert "The scan of 'case-001' is damaged" not in desk.window.banner.text
    bench = workbench_of(desk)
    assert [case.id for case in bench.project.cases] == ["case-001", "case-002"]
    assert np.array_equal(bench.annotation("case-001").labels, wanted)
    assert not view.marks.unreadable


@pytest.mark.parametrize("read", [0, 1])
def test_strokes_that_a_damaged_journal_has_lost_are_said_until_somebody_has_read_it(
    desk: Desk, tmp_path: Path, read: int
) -> None:
    project = saved_twice(tmp_path, 1)
    workbench = Workbench.open(project)
    sizes = [(project / "journal-2").stat().st_size]
    for index in (3, 4):
        stroke(workbench, index)
        sizes.append((project / "journal-2").stat().st_size)
    workbench.close()
    content = bytearray((project / "journal-2").read_bytes())
    content[(sizes[read] + sizes[read + 1]) // 2] ^= 0xFF
    (project / "journal-2").write_bytes(content)
    desk.open(project)
    (said,) = (
        message.sentence
        for message in desk.window.banner.findChildren(banner._Message)
        if message.kind == "warning"
    )
    assert "journal-2.damaged" in said and "safe" in said
    assert ("1 change since the last save could be read" in said) == bool(read)
    assert drawn(workbench_of(desk), "case-001") == [1, 2, 3][: 2 + read]
