"""What a long scan, and many of them, cost: a slice step, a dab, a bulk acceptance, an import.

The real window and real events, offscreen. Two windows that are compared take turns, so that a busy
machine slows both; the row is the ratio of each pair. Lateness is that of a timer of 10 ms, from
the input until all that follows is done.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from statistics import median

import nibabel as nib
import numpy as np
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QPushButton

from segdesk.app.files.label_maps import take_label_map
from segdesk.app.project import saving
from segdesk.app.project.workbench import Workbench
from segdesk.core.grid import Grid
from segdesk.demo.hand import find_dialog, wait_until
from segdesk.formats.labels import LabelMap
from segdesk.ui.application import open_window
from segdesk.ui.flows.segment_removal import SegmentRemoval
from segdesk.ui.window.main_window import MainWindow
from tests.benchmarks.canvas import send_mouse, wheel
from tests.benchmarks.rows import Row, row_of
from tests.benchmarks.training import Ticks
from tests.builders import small_hu, write_dicom_series
from tests.ui.canvas.bench_project import add_case, draw, new_project, predict

WINDOW = (1600, 1000)
LONG, SHORT = 1000, 30
#: Little in a slice: what is compared is what follows from their number.
SMALL = 64
TALL = (300, 512, 512)
MANY, FEW = 200, 2
#: Cases that have a segment which is removed: more than stay in memory.
SEVERAL = 5
STEPS = 60
ROUNDS = 5
PATIENCE_S = 300.0


def rows() -> list[Row]:
    """All rows of this file."""
    return [*steps(), *bulk(), *removal(), *labels_in(), *many_cases()]


def steps() -> list[Row]:
    """A notch of the wheel, and a dab, in a scan of 1000 slices beside one of 30."""
    with _window(_drawn(LONG)) as long, _window(_drawn(SHORT)) as short:
        made: list[Row] = []
        for name, act in (("slice_step", _step), ("dab", _dab)):
            pairs = [(act(long, at), act(short, at)) for at in range(STEPS)][5:]
            first, second = (np.array(column) for column in zip(*pairs, strict=True))
            figures = np.percentile(first / second, (50, 99, 100))
            made += [
                row_of(f"{name}_{LONG}", first.tolist()),
                row_of(f"{name}_{SHORT}", second.tolist()),
                Row(f"{name}_ratio", "×", *(round(float(figure), 2) for figure in figures)),
            ]
    return made


def bulk() -> list[Row]:
    """Accepting 300 slices of 512², undoing and redoing it: how late the window's timer is, and how
    many times later than with 30 slices."""
    late: dict[str, list[list[float]]] = {}
    for slices in (TALL[0], SHORT):
        with _window(_predicted((slices, *TALL[1:]))) as window:
            for _ in range(ROUNDS):
                for name in ("accept", "undo", "redo", "undo"):
                    id = "accept_predictions" if name == "accept" else name
                    found = _lateness(window, lambda id=id: _trigger(window, id))
                    late.setdefault(f"{name}_{slices}_lateness", []).append(found)
    made = [_late_row(name, found) for name, found in late.items()]
    return [*made, *_ratios(made, ("accept", "undo", "redo"), TALL[0], SHORT)]


def removal() -> list[Row]:
    """Removing a segment that several cases of 300 slices of 512² have, or of 30; undoing it."""
    late: dict[str, list[list[float]]] = {}
    for slices in (TALL[0], SHORT):
        with _window(_with_segment((slices, *TALL[1:]))) as window:
            for _ in range(ROUNDS):
                for name, act in (("remove_segment", _remove), ("undo_removal", _undo)):
                    found = _lateness(window, partial(act, window))
                    late.setdefault(f"{name}_{slices}_lateness", []).append(found)
    made = [_late_row(name, found) for name, found in late.items()]
    return [*made, *_ratios(made, ("remove_segment", "undo_removal"), TALL[0], SHORT)]


def labels_in() -> list[Row]:
    """Labels that come in with a new scan of 300 slices of 512², and of 30."""
    late: dict[str, list[list[float]]] = {}
    for slices in (TALL[0], SHORT):
        with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
            scan, labels = _scan_and_labels(Path(folder), (slices, *TALL[1:]))
            with _window(_cases(FEW)) as window:
                for _ in range(ROUNDS):
                    found = _lateness(window, partial(_import_with, window, scan, labels))
                    late.setdefault(f"labels_{slices}_lateness", []).append(found)
    made = [_late_row(name, found) for name, found in late.items()]
    return [*made, *_ratios(made, ("labels",), TALL[0], SHORT)]


def many_cases() -> list[Row]:
    """An import, moving a case to another pool and a stroke, with 200 cases and with 2: lateness,
    and how many times more."""
    made: list[Row] = []
    for count in (MANY, FEW):
        with _window(_cases(count)) as window, tempfile.TemporaryDirectory() as sources:
            scans = [_series(Path(sources) / str(at), at) for at in range(ROUNDS)]
            pool = [_lateness(window, lambda at=at: _pool(window, at)) for at in range(ROUNDS)]
            dab = [_lateness(window, lambda at=at: _dab(window, at)) for at in range(ROUNDS)]
            scan = [_lateness(window, lambda at=at: window.imports.start([at])) for at in scans]
        made += [
            _late_row(f"import_{count}_lateness", scan),
            _late_row(f"pool_{count}_lateness", pool),
            _late_row(f"stroke_{count}_lateness", dab),
        ]
    return [*made, *_ratios(made, ("import", "pool", "stroke"), MANY, FEW)]


def _ratios(rows: list[Row], names: tuple[str, ...], many: int, few: int) -> list[Row]:
    """How many times later: of medians, 99th percentiles and the worst."""
    by_name = {row.name: row for row in rows}
    made: list[Row] = []
    for name in names:
        first, second = (by_name[f"{name}_{count}_lateness"] for count in (many, few))
        pairs = zip(
            (first.median, first.p99, first.worst),
            (second.median, second.p99, second.worst),
            strict=True,
        )
        figures = (round(one / max(other, 0.01), 2) for one, other in pairs)
        made.append(Row(f"{name}_lateness_ratio", "×", *figures))
    return made


# What a hand does


def _step(window: MainWindow, at: int) -> float:
    """A notch of the wheel, until it is painted and all that listens has been told."""
    canvas = window.canvas
    if canvas is None:
        raise RuntimeError("no scan is shown")
    event = wheel(canvas, QPointF(canvas.rect().center()), 120 if at % 20 < 10 else -120)
    began = time.perf_counter()
    QApplication.sendEvent(canvas, event)
    _turns()
    return time.perf_counter() - began


def _dab(window: MainWindow, at: int) -> float:
    """Press and release of the brush at one place."""
    canvas = window.canvas
    if canvas is None:
        raise RuntimeError("no scan is shown")
    canvas.view.hand.use_tool("brush")
    place = canvas.pixel_of(20.0 + at % 20, 20.0 + at % 7)
    began = time.perf_counter()
    send_mouse(canvas, QEvent.Type.MouseButtonPress, place, Qt.MouseButton.LeftButton)
    send_mouse(canvas, QEvent.Type.MouseButtonRelease, place, Qt.MouseButton.LeftButton)
    _turns()
    return time.perf_counter() - began


def _pool(window: MainWindow, at: int) -> None:
    """Put the first case into another pool, as the list of cases does."""
    _trigger(window, ("pool_train", "pool_validation")[at % 2])


def _import_with(window: MainWindow, scan: Path, labels: Path) -> None:
    """Drop a scan, name its labels, and import."""
    window.imports.start([scan])
    wait_until(
        "the list",
        lambda: find_dialog("import_choice_dialog") is not None,
        seconds=PATIENCE_S,
    )
    dialog = find_dialog("import_choice_dialog")
    field = None if dialog is None else dialog.findChild(QLineEdit, "import_labels_file")
    button = None if dialog is None else dialog.findChild(QPushButton, "import_chosen")
    if field is None or button is None:
        raise RuntimeError("the import has no list")
    field.setText(str(labels))
    QTest.qWait(300)
    button.click()


def _remove(window: MainWindow) -> None:
    """Remove the second segment, as Delete on its row does, and say yes."""
    flow, workbench = window.findChild(SegmentRemoval), window.session.workbench
    if flow is None or workbench is None:
        raise RuntimeError("there is no segment to remove")
    flow.ask(2)
    wait_until(
        "the question",
        lambda: find_dialog("remove_segment_question") is not None,
        seconds=PATIENCE_S,
    )
    dialog = find_dialog("remove_segment_question")
    button = None if dialog is None else dialog.findChild(QPushButton, "remove_segment")
    if button is None:
        raise RuntimeError("nothing asks")
    # It takes no key that was meant for something else; a reader reads it first.
    QTest.qWait(500)
    button.click()
    wait_until("its end", lambda: 2 not in workbench.segments, seconds=PATIENCE_S)


def _undo(window: MainWindow) -> None:
    workbench = window.session.workbench
    if workbench is None:
        raise RuntimeError("no project is open")
    _trigger(window, "undo")
    wait_until("its end", lambda: 2 in workbench.segments, seconds=PATIENCE_S)


def _trigger(window: MainWindow, id: str) -> None:
    action = next((each for each in window.actions() if each.objectName() == id), None)
    if action is None or not action.isEnabled():
        raise RuntimeError(f"the action '{id}' cannot be used")
    action.trigger()


def _lateness(window: MainWindow, act: Callable[[], object]) -> list[float]:
    QTest.qWait(300)
    ticks = Ticks()
    ticks.start()
    QTest.qWait(50)
    act()
    QTest.qWait(500)
    wait_until(
        "the end",
        lambda: (
            not (
                window.session.is_saving
                or window.session.is_reading
                or window.session.large.is_under_way
                or window.imports.is_busy
            )
        ),
        seconds=PATIENCE_S,
    )
    ticks.stop()
    return ticks.late_s


def _turns() -> None:
    for _ in range(3):
        QApplication.processEvents()


def _late_row(name: str, found: list[list[float]]) -> Row:
    """The medians over the rounds, of the worst too."""
    each = [row_of(name, late) for late in found]
    return Row(
        name,
        "ms",
        median(row.median for row in each),
        median(row.p99 for row in each),
        median(row.worst for row in each),
    )


# Projects


def _drawn(slices: int) -> Callable[[Path], Path]:
    """One scan, with labels and a prediction on every slice."""

    def make(folder: Path) -> Path:
        workbench = _new(folder, (slices, SMALL, SMALL))
        mask = np.zeros((slices, SMALL, SMALL), np.uint8)
        mask[:, 20:40, 20:40] = 1
        for index in range(0, slices, 3):
            draw(workbench, index, mask[index])
        predict(workbench, np.roll(mask, 3, axis=2))
        return _saved(workbench)

    return make


def _predicted(shape: tuple[int, int, int]) -> Callable[[Path], Path]:
    """One scan without labels, with a prediction."""

    def make(folder: Path) -> Path:
        workbench = _new(folder, shape)
        row, column = np.mgrid[: shape[1], : shape[2]]
        disc = ((row - shape[1] / 2) ** 2 + (column - shape[2] / 2) ** 2) < (shape[1] / 4) ** 2
        predict(workbench, np.broadcast_to(disc, shape).astype(np.uint8))
        return _saved(workbench)

    return make


def _with_segment(shape: tuple[int, int, int]) -> Callable[[Path], Path]:
    """Several scans in which two segments are drawn on every slice."""

    def make(folder: Path) -> Path:
        workbench = new_project(folder, "Lung", "Tumour")
        row, column = np.mgrid[: shape[1], : shape[2]]
        labels = np.zeros(shape, np.uint8)
        # As wide as both lungs, and with an edge that no packing makes short.
        for index, plane in enumerate(labels):
            edge = shape[1] / 4 + np.random.default_rng(index).normal(0, 3, shape[1:])
            distance = np.hypot(row - shape[1] / 2, column - shape[2] / 2)
            plane[distance < edge] = 2
            plane[distance < shape[1] / 12] = 1
        for at in range(SEVERAL):
            id, grid = f"case-{at + 1:03d}", Grid(shape, (1.0, 0.7, 0.7))
            add_case(workbench, grid, np.broadcast_to(np.int16(at - 500), shape), id=id)
            take_label_map(workbench, id, LabelMap(labels))
        workbench.history.clear()
        return _saved(workbench)

    return make


def _cases(count: int) -> Callable[[Path], Path]:
    """So many scans of 300 slices."""

    def make(folder: Path) -> Path:
        workbench = _new(folder, (TALL[0], SMALL, SMALL))
        first = workbench.project.cases[0]
        plane = np.zeros((SMALL, SMALL), np.int16)
        others = [first]
        for at in range(1, count):
            id = f"case-{at + 1:03d}"
            facts = workbench.folder.scans.write(
                id, first.grid, unit="HU", slope=1.0, intercept=0.0, planes=lambda _: plane
            )
            others.append(replace(first, id=id, fingerprint=facts.fingerprint))
        workbench.put_project(replace(workbench.project, cases=tuple(others)))
        return _saved(workbench)

    return make


def _scan_and_labels(folder: Path, shape: tuple[int, int, int]) -> tuple[Path, Path]:
    """Two files: noise around air, and a cylinder that is segment 1."""
    row, column = np.mgrid[: shape[1], : shape[2]]
    disc = ((row - shape[1] / 2) ** 2 + (column - shape[2] / 2) ** 2) < (shape[1] / 4) ** 2
    plane = np.random.default_rng(1).normal(-900, 20, shape[1:]).astype(np.int16)
    plane[disc] += 950
    files = folder / "ct.nii", folder / "labels.nii"
    for file, part in zip(files, (plane, disc.astype(np.uint8)), strict=True):
        array = np.broadcast_to(part, shape)
        nib.save(nib.Nifti1Image(np.asarray(array.T), np.diag([-1.0, -1.0, 1.0, 1.0])), file)
    return files


def _series(folder: Path, seed: int) -> Path:
    """A folder with a DICOM series, which comes in without a question."""
    write_dicom_series(folder, (60, SMALL, SMALL), hu=small_hu((60, SMALL, SMALL), seed=seed))
    return folder


def _new(folder: Path, shape: tuple[int, int, int]) -> Workbench:
    workbench = new_project(folder, "Lung")
    add_case(workbench, Grid(shape, (1.0, 0.7, 0.7)), np.broadcast_to(np.int16(-500), shape))
    return workbench


def _saved(workbench: Workbench) -> Path:
    saving.save(workbench)
    workbench.close()
    return workbench.folder.path


@contextmanager
def _window(make: Callable[[Path], Path]) -> Iterator[MainWindow]:
    """The window with a project, its first scan on screen."""
    application = QApplication.instance()
    if not isinstance(application, QApplication):
        application = QApplication(["segdesk"])
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        project = make(Path(folder))
        opened = open_window(application, settings_folder=Path(folder) / "settings")
        window = opened.window
        window.resize(*WINDOW)
        window.show()
        window.activateWindow()
        window.open_project(project)
        session = window.session
        wait_until("the mask", lambda: session.case_id is not None and not session.is_reading)
        QTest.qWait(500)
        try:
            yield window
        finally:
            window.close()
            wait_until("the window's end", lambda: not window.isVisible(), seconds=PATIENCE_S)
            opened.faults.uninstall()
            window.deleteLater()
            QApplication.sendPostedEvents(window, QEvent.Type.DeferredDelete)
