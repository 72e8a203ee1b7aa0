"""The list of series that were found: names can be read, whatever the dialog's width."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtWidgets import QTreeWidget

from segdesk.core.grid import Grid
from segdesk.formats.export import export
from segdesk.ui.dialogs.series_list import FOLDER, ImportChoiceDialog
from tests.windows import Desk

NAMES = ("a-thorax-in-the-first-week.nrrd", "a-thorax-in-the-second-week.nrrd")


@pytest.fixture
def series(desk: Desk, tmp_path: Path) -> QTreeWidget:
    """Two scans in a folder with a long name, in the dialog of the window."""
    folder = tmp_path / "a-folder-with-a-name-that-is-rather-long"
    folder.mkdir()
    for at, name in enumerate(NAMES):
        voxels = np.full((4, 16, 16), at, np.int16)
        voxels[:, 4:12, 4:12] = -900
        export(folder / name, voxels, Grid((4, 16, 16), (5.0, 1.0, 1.0)))
    desk.window.imports.start([folder])
    dialog = desk.dialog("import_choice_dialog")
    assert isinstance(dialog, ImportChoiceDialog)
    return dialog.list


def cut(series: QTreeWidget, column: int) -> int:
    """Pixels that the words of a column lack."""
    return series.sizeHintForColumn(column) - series.header().sectionSize(column)


def test_where_there_is_room_both_names_are_whole(series: QTreeWidget, desk: Desk) -> None:
    series.window().resize(1300, 400)
    desk.settle()
    assert cut(series, 0) <= 0 and cut(series, FOLDER) <= 0
    assert series.header().length() == series.viewport().width()


def test_on_a_small_screen_the_folder_gives_way_to_the_series(
    series: QTreeWidget, desk: Desk
) -> None:
    series.window().resize(960, 400)
    desk.settle()
    # Before, the folder was whole and of the series its first letters were seen.
    assert cut(series, 0) <= 0 < cut(series, FOLDER)
    item = series.topLevelItem(0)
    assert item is not None and item.toolTip(0) == NAMES[0]
    assert item.toolTip(FOLDER).endswith("rather-long")
    assert series.header().length() <= series.viewport().width()
