"""Journey: pictures in colour are imported, seen, painted, kept and given back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QComboBox

from segdesk.app.files import exporting
from segdesk.ui.canvas import corner_texts
from segdesk.ui.canvas.voxel_under import Under
from tests.journeys.test_import_scans import workbench_of
from tests.ui.canvas.mouse import drag
from tests.windows import Desk

SHAPE = (3, 40, 48)


def picture() -> npt.NDArray[np.uint8]:
    """Each pixel of a slice has a colour of its own; a smooth one, so that no pixel lies alone."""
    slices, rows, columns = np.indices(SHAPE)
    return np.stack([rows * 6, columns * 5, 255 - slices * 80], axis=-1).astype(np.uint8)


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    (tmp_path / "eyes").mkdir()
    for index, plane in enumerate(picture()):
        Image.fromarray(plane).save(tmp_path / "eyes" / f"{index}.png")
    return tmp_path / "eyes"


def bring_in(desk: Desk, project: Path, pictures: Path) -> None:
    desk.open(project)
    desk.drop(pictures)
    dialog = desk.dialog("import_choice_dialog")
    # Colours are not HU, and nobody is asked whether they are.
    unit = dialog.findChild(QComboBox, "import_unit")
    assert unit is not None and not unit.isVisible()
    desk.press(dialog, "import_chosen")
    desk.wait(lambda: len(workbench_of(desk).project.cases) == 3)
    view = desk.window.session.view
    assert view is not None
    view.crosshair.show_case("case-003")
    desk.wait(lambda: desk.window.session.has_mask("case-003"))
    desk.window.activateWindow()
    desk.canvas.setFocus()
    desk.key(Qt.Key.Key_F)


def seen(desk: Desk, row: int, column: int) -> tuple[int, int, int]:
    """Red, green and blue in the middle of a pixel on the screen."""
    place = desk.canvas.pixel_of(row, column).toPoint()
    ratio = desk.canvas.devicePixelRatioF()
    colour: QColor = desk.canvas.grab().toImage().pixelColor(place * ratio)
    return colour.red(), colour.green(), colour.blue()


def test_a_picture_is_seen_painted_saved_and_given_back_in_its_colours(
    desk: Desk, project: Path, pictures: Path, tmp_path: Path
) -> None:
    bring_in(desk, project, pictures)
    workbench = workbench_of(desk)
    case = workbench.project.case("case-003")
    assert (case.unit, case.stored_min, case.stored_max) == ("RGB", 0, 255)
    assert np.array_equal(workbench.volume("case-003").voxels, picture())
    assert seen(desk, 20, 30) == tuple(picture()[1, 20, 30])
    under = corner_texts.reading(workbench, case, Under("case-003", 1, 20, 30, 0))
    assert under.value == "RGB 120 150 175"
    desk.key(Qt.Key.Key_B)
    drag(desk.canvas, (10, 20), (10, 24))
    desk.settle()
    assert workbench.annotation("case-003").labels[1, 10, 22] == 1
    # Mixed channel by channel: the colour of the segment over that of the picture.
    assert desk.window.session.view is not None
    opacity, rgb = desk.window.session.view.display.layers.annotation, workbench.segments[1].rgb
    own = picture()[1, 10, 22].astype(float)
    mixed = own + (np.array(rgb) - own) * opacity
    assert np.abs(np.array(seen(desk, 10, 22)) - mixed).max() <= 1
    desk.shortcut(Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    desk.wait(lambda: not workbench.has_unsaved)
    exporting.export(workbench, "case-003", "volume", tmp_path / "out")
    written = [np.asarray(Image.open(file)) for file in sorted((tmp_path / "out").iterdir())]
    assert np.array_equal(written, picture())
