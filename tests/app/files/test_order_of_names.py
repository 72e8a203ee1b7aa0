"""What is written beside a project has a lasting name once it is said to be there."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from segdesk.app.settings import Settings, SettingsFile
from segdesk.core.grid import Grid
from segdesk.formats.export import export
from tests.store.recorder import Name, Record, Sync, faults_of_order, left_unsafe, recording


def names_that_do_not_last(record: Record) -> list[Path]:
    assert record.events and faults_of_order(record.events) == []
    return [name.path for name in left_unsafe(record.events).names if name.path.exists()]


def test_the_settings_last(tmp_path: Path) -> None:
    with recording(tmp_path) as record:
        SettingsFile(tmp_path / "settings").keep(Settings())
    assert names_that_do_not_last(record) == []
    assert left_unsafe(record.events).files == {}


@pytest.mark.parametrize("name", ["mask.npy", "mask.nii.gz", "pictures"])
def test_exports_last(tmp_path: Path, name: str) -> None:
    grid = Grid((3, 4, 5), (2.0, 1.0, 1.0))
    with recording(tmp_path) as record:
        export(tmp_path / name, np.zeros(grid.shape, np.uint8), grid)
    assert names_that_do_not_last(record) == []


def test_a_folder_of_pictures_lasts_with_their_names_before_it_gets_its_own(tmp_path: Path) -> None:
    """The pictures are written by a library, past what is recorded."""
    grid = Grid((3, 4, 5), (2.0, 1.0, 1.0))
    with recording(tmp_path) as record:
        export(tmp_path / "pictures", np.zeros(grid.shape, np.uint8), grid)
    (placed,) = (
        event for event in record.events if isinstance(event, Name) and event.verb == "rename"
    )
    before = record.events[: record.events.index(placed)]
    assert [event.node for event in before if isinstance(event, Sync)] == [placed.node]
