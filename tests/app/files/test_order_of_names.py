"""What is written beside a project has a lasting name once it is said to be there."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from segdesk.app.settings import Settings, SettingsFile
from segdesk.core.grid import Grid
from segdesk.formats.export import export
from tests.store.recorder import Record, faults_of_order, left_unsafe, recording


def names_that_do_not_last(record: Record) -> list[Path]:
    assert record.events and faults_of_order(record.events) == []
    return [name.path for name in left_unsafe(record.events).names if name.path.exists()]


def test_the_settings_last(tmp_path: Path) -> None:
    with recording(tmp_path) as record:
        SettingsFile(tmp_path / "settings").keep(Settings())
    assert names_that_do_not_last(record) == []
    assert left_unsafe(record.events).files == {}


def test_exports_last(tmp_path: Path) -> None:
    grid = Grid((3, 4, 5), (2.0, 1.0, 1.0))
    with recording(tmp_path) as record:
        for name in ("mask.npy", "mask.nii.gz", "pictures"):
            export(tmp_path / name, np.zeros(grid.shape, np.uint8), grid)
    assert names_that_do_not_last(record) == []
