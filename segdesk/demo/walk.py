"""The whole journey without anybody at the desk, from import to export.

Offscreen, with the real window and real events (`desk`, `hand`). Each step says a line, leaves a
picture, and stands in `report.json`; a step that fails ends the walk with exit status 1.
"""

from __future__ import annotations

import json
import shutil
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QMessageLogContext, Qt, QtMsgType, qInstallMessageHandler
from PySide6.QtWidgets import (
    QApplication,
    QComboBox,
    QFileDialog,
    QLineEdit,
    QListView,
    QPushButton,
    QToolButton,
)

from segdesk import __version__
from segdesk.app.files.demo import DemoScan, write_scans
from segdesk.app.project.workbench import Workbench
from segdesk.core.run import Run
from segdesk.core.status import SliceStatus
from segdesk.demo.desk import Desk
from segdesk.demo.hand import (
    Impatient,
    click,
    draw,
    drop,
    find,
    pause,
    press,
    type_into,
    wait_until,
)
from segdesk.errors import SegdeskError
from segdesk.ops.contours import outlines
from segdesk.ops.metrics import compare
from segdesk.ui.application import begin, open_window
from segdesk.ui.canvas.slice_view import SliceView
from segdesk.ui.faults import Faults
from segdesk.ui.flows.case_reader import read_prediction
from segdesk.ui.widgets.number_field import NumberField
from segdesk.ui.window.main_window import MainWindow

SIZE = (1600, 1000)
PROJECT = "walk.segdesk"
MINUTES = 0.7
#: Slices of the first phantom that the hand outlines, and the one it paints while training.
TAUGHT = (6, 9, 12, 15, 18)
PAINTED = 11
LUNGS = (1, 2, 4)
CONTROL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier


class Walk:
    """The steps of the journey, in the order in which `walk` calls them.

    Parameters
    ----------
    folder : for scans, project, pictures and report
    """

    def __init__(self, folder: Path, application: QApplication) -> None:
        self._folder = folder
        self._application = application
        self._scans: tuple[DemoScan, ...] = ()
        self._desk: Desk | None = None
        self._faults: Faults | None = None
        self._kept: tuple[object, ...] = ()
        self.figures: dict[str, Any] = {}

    def steps(self) -> tuple[tuple[str, Callable[[], None]], ...]:
        """Name and deed of each step."""
        return (
            ("make the phantoms", self.make_phantoms),
            ("open the empty window", self.open_empty),
            ("import by drag and drop", self.import_scans),
            ("outline the lungs with the lasso", self.paint),
            ("train, and paint meanwhile", self.train),
            ("look at the prediction", self.look),
            ("accept it, undo, redo, accept the rest", self.accept),
            ("save and close", self.save_and_close),
            ("open again and find everything", self.reopen),
            ("export", self.export),
            ("close", self.close),
        )

    # What stands open

    @property
    def desk(self) -> Desk:
        if self._desk is None:
            raise Impatient("the window is not open")
        return self._desk

    @property
    def window(self) -> MainWindow:
        return self.desk.window

    @property
    def workbench(self) -> Workbench:
        return self.desk.workbench

    @property
    def canvas(self) -> SliceView:
        return find(SliceView, "slice_view")

    @property
    def _case(self) -> str:
        return self.workbench.project.cases[0].id

    # The steps

    def make_phantoms(self) -> None:
        folder = self._folder / "scans"
        folder.mkdir(exist_ok=True)
        self._scans = write_scans(folder)

    def open_empty(self) -> None:
        self._show()

    def import_scans(self) -> None:
        drop(self.window, [self._scans[0].scan])
        # The file does not say whether its numbers are HU; the import tells it from the peaks.
        click(find(QPushButton, "import_chosen"))
        type_into(find(QLineEdit, "project_folder"), str(self._folder.resolve()))
        type_into(find(QLineEdit, "project_name"), PROJECT)
        click(find(QPushButton, "create_project"))
        wait_until("the first case", lambda: self._came(1), seconds=60)
        drop(self.window, [scan.scan for scan in self._scans[1:]])
        click(find(QPushButton, "import_chosen"))
        wait_until("all three cases", lambda: self._came(3), seconds=60)
        self._ready(self._case)

    def paint(self) -> None:
        self._show_first_case()
        press(self.canvas, Qt.Key.Key_L)
        for index in TAUGHT:
            self._go_to(index)
            self._outline(index)
            press(self.canvas, Qt.Key.Key_Return)
        statuses = self.workbench.statuses(self._case)
        if not all(statuses[index] is SliceStatus.CORRECTED for index in TAUGHT):
            raise Impatient("a slice that was outlined is not corrected")
        drawn = self.workbench.annotation(self._case).labels[list(TAUGHT)] > 0
        self.figures["lasso_dice"] = _dice(self._truth(0)[list(TAUGHT)], drawn)

    def train(self) -> None:
        click(find(QPushButton, "curves_button"))
        self._choose("plan_budget", "minutes")
        type_into(find(NumberField, "plan_minutes"), str(MINUTES))
        self._choose("plan_predict", "all")
        click(find(QPushButton, "train_button"))
        wait_until("two epochs", lambda: len(self._run().epochs) >= 2, seconds=120)
        self._go_to(PAINTED)
        press(self.canvas, Qt.Key.Key_B)
        before = len(self.workbench.history.done)
        for turn in range(4):
            draw(self.canvas, np.array([(70.0 + turn, 45.0), (74.0 + turn, 55.0)]))
        self.figures["strokes_while_training"] = len(self.workbench.history.done) - before
        self.picture("while-training")
        wait_until("the end", lambda: not self.window.training.is_running, seconds=180)
        click(find(QPushButton, "curves_button"))
        run = self._run()
        best = run.best_epoch
        self.figures["run"] = {
            "outcome": run.outcome,
            "reason": run.reason,
            "device": run.device,
            "epochs": len(run.epochs),
            "seconds": round(run.seconds, 1),
            "validation_dice": None if best is None else best.val_dice,
        }
        if run.outcome != "finished":
            raise Impatient(f"the training ended as {run.outcome}: {run.reason}")
        # The strokes were only there to show that painting goes on.
        for _ in range(self.figures["strokes_while_training"]):
            press(self.canvas, Qt.Key.Key_Z, CONTROL)

    def look(self) -> None:
        for at, case in enumerate(self.workbench.project.cases):
            run = self.workbench.predicted_by(case.id)
            if run is None:
                raise Impatient(f"{case.id} was not predicted")
            prediction = read_prediction(self.workbench, run, case.id)
            dice = _dice(self._truth(at), prediction.labels > 0)
            self.figures[f"prediction_dice_{case.id}"] = round(dice, 4)
        # The offer to look at what was imported leaves by itself, sooner or later.
        crosses = self.window.findChildren(QToolButton, "close_banner")
        for cross in (one for one in crosses if one.isVisible()):
            click(cross)
        self._go_to(TAUGHT[1])
        self.picture("window")
        self._go_to(10)

    def accept(self) -> None:
        annotation = self.workbench.annotation(self._case)
        press(self.canvas, Qt.Key.Key_Return)
        accepted = annotation.labels[10].copy()
        press(self.canvas, Qt.Key.Key_Z, CONTROL)
        if annotation.labels[10].any():
            raise Impatient("undo left something of the accepted prediction")
        press(self.canvas, Qt.Key.Key_Z, CONTROL, SHIFT)
        if not np.array_equal(annotation.labels[10], accepted) or not accepted.any():
            raise Impatient("redo did not bring the accepted prediction back")
        press(self.canvas, Qt.Key.Key_P, CONTROL, SHIFT)
        type_into(find(QLineEdit, "palette_dialog_search"), "accept the predictions")
        press(find(QLineEdit, "palette_dialog_search"), Qt.Key.Key_Return)
        wait_until(
            "the acceptance in bulk",
            lambda: SliceStatus.PREDICTED in annotation.statuses,
        )
        dice = _dice(self._truth(0), annotation.labels > 0)
        self.figures["annotation_dice"] = round(dice, 4)
        grid = self.workbench.project.case(self._case).grid
        self.figures["lungs_ml"] = round(np.count_nonzero(annotation.labels) * grid.voxel_ml)
        self.figures["truth_ml"] = round(np.count_nonzero(self._truth(0)) * grid.voxel_ml)

    def save_and_close(self) -> None:
        press(self.window, Qt.Key.Key_S, CONTROL)
        wait_until("the save", lambda: not self.workbench.has_unsaved, seconds=60)
        self._kept = self._everything()
        self.picture("saved")
        self._close_window()

    def reopen(self) -> None:
        self._show(self._folder / PROJECT)
        wait_until("the project", lambda: self._cases() == 3, seconds=60)
        self._show_first_case()
        if self._everything() != self._kept:
            raise Impatient("the project is not as it was saved")
        self.figures["reopened_equal"] = True

    def export(self) -> None:
        file = self._folder / "case-001-lungs.nii.gz"
        file.unlink(missing_ok=True)
        press(self.window, Qt.Key.Key_E, CONTROL)
        click(find(QPushButton, "choose_export_file"))
        dialog = find(QFileDialog, "file_dialog")
        name = dialog.findChild(QLineEdit)
        if name is None:
            raise Impatient("the file dialog has no field for the name")
        type_into(name, str(file.resolve()))
        press(name, Qt.Key.Key_Return)
        wait_until("the file", file.is_file, seconds=30)
        self.figures["exported_bytes"] = file.stat().st_size

    def close(self) -> None:
        self._close_window()

    def give_up(self) -> None:
        """A step failed: close the window as where nobody can be asked."""
        if self._desk is not None:
            with suppress(Impatient):
                self._close_window(asks=False)

    # How

    def picture(self, name: str) -> None:
        """Keep what the window shows, where one is open."""
        if self._desk is not None:
            pause(100)
            self.window.grab().save(str(self._folder / f"{name}.png"))

    def _show(self, project: Path | None = None) -> None:
        settings = self._folder / "settings"
        opened = open_window(self._application, settings_folder=settings, trainer_stays=True)
        self._faults, self._desk = opened.faults, Desk(opened.window, SIZE)
        begin(self.window, project, [])

    def _close_window(self, *, asks: bool = True) -> None:
        self.desk.close(asks=asks)
        if self._faults is not None:
            self._faults.uninstall()
        self._faults = self._desk = None

    def _came(self, cases: int) -> bool:
        """Whether so many cases are there and the next import can begin."""
        return self._cases() == cases and not self.window.imports.is_busy

    def _cases(self) -> int:
        workbench = self.window.session.workbench
        return 0 if workbench is None else len(workbench.project.cases)

    def _ready(self, case: str) -> None:
        wait_until("the mask", lambda: self.workbench.is_loaded(case))

    def _show_first_case(self) -> None:
        rows = find(QListView, "case_list")
        click(rows.viewport(), rows.visualRect(rows.model().index(0, 0)).center())
        self._ready(self._case)

    def _go_to(self, index: int) -> None:
        """Walk there by the arrow keys, as a reader would."""
        press(self.canvas, Qt.Key.Key_Home)
        # The first slice is the lowest one or the topmost, as the stack is ordered.
        press(self.canvas, Qt.Key.Key_Left)
        onwards = Qt.Key.Key_Left if self.desk.view.crosshair.slice else Qt.Key.Key_Right
        tries = 0
        while self.desk.view.crosshair.slice != index and tries < 200:
            press(
                self.canvas, onwards if self.desk.view.crosshair.slice < index else Qt.Key.Key_Home
            )
            tries += 1
        if self.desk.view.crosshair.slice != index:
            raise Impatient(f"slice {index + 1} was not reached")

    def _outline(self, index: int) -> None:
        lungs = self._truth(0)[index]
        for path in outlines(lungs):
            if not lungs[tuple(np.round(path.mean(axis=0)).astype(int))] and len(path) < 12:
                continue
            draw(self.canvas, path)

    def _truth(self, at: int) -> npt.NDArray[np.bool_]:
        return np.isin(self._scans[at].labels, LUNGS)

    def _choose(self, id: str, data: str) -> None:
        """Choose a row of a combo box by the arrow keys."""
        box = find(QComboBox, id)
        box.setFocus()
        press(box, Qt.Key.Key_Home)
        while box.currentData() != data and box.currentIndex() < box.count() - 1:
            press(box, Qt.Key.Key_Down)
        if box.currentData() != data:
            raise Impatient(f"'{id}' has no '{data}'")

    def _run(self) -> Run:
        return self.workbench.project.runs[-1]

    def _everything(self) -> tuple[object, ...]:
        annotation = self.workbench.annotation(self._case)
        return (
            annotation.labels.tobytes(),
            annotation.provenance.tobytes(),
            annotation.statuses,
            self.workbench.project.runs,
            self.workbench.segments,
        )


def _quiet(kind: QtMsgType, _: QMessageLogContext, message: str | None) -> None:
    """Pass Qt's messages on, but for what the offscreen platform says of every window."""
    if message and not message.startswith("This plugin does not support"):
        sys.stderr.write(f"{kind.name}: {message}\n")


def walk(folder: Path) -> int:
    """Walk the journey; pictures and `report.json` go to `folder`.

    Returns
    -------
    0 where every step ended well, else 1.
    """
    shutil.rmtree(folder / PROJECT, ignore_errors=True)
    application = QApplication.instance()
    if not isinstance(application, QApplication):
        application = QApplication(["segdesk"])
    qInstallMessageHandler(_quiet)
    journey = Walk(folder, application)
    rows: list[dict[str, Any]] = []
    started = time.monotonic()
    for number, (name, step) in enumerate(journey.steps(), 1):
        problem, begun = "", time.monotonic()
        try:
            step()
        except (Impatient, SegdeskError) as error:
            problem = str(error)
        seconds = round(time.monotonic() - begun, 1)
        journey.picture(f"{number:02d}-{name.split(',')[0].replace(' ', '-')}")
        sys.stderr.write(f"[{number:2}] {name}: {problem or 'done'} ({seconds} s)\n")
        rows.append({"step": name, "seconds": seconds, "ok": not problem, "problem": problem})
        if problem:
            journey.give_up()
            break
    ok = all(row["ok"] for row in rows)
    report = {
        "segdesk": __version__,
        "ok": ok,
        "seconds": round(time.monotonic() - started, 1),
        "steps": rows,
        "figures": journey.figures,
    }
    (folder / "report.json").write_text(json.dumps(report, indent=1), encoding="utf-8")
    sys.stderr.write(f"Report and pictures: {folder}\n")
    return 0 if ok else 1


def _dice(truth: npt.NDArray[np.bool_], found: npt.NDArray[np.bool_]) -> float:
    """Of a phantom's case; its truth is never empty, so there is always one."""
    dice = compare(truth, found).dice
    if dice is None:
        raise Impatient("neither the phantom nor the mask has a voxel")
    return dice
