"""What is made of a whole project, or beside it, has lasting names once it is said to be there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from segdesk.app.elsewhere import Elsewhere
from segdesk.app.packing import prepare
from segdesk.app.settings import Settings, SettingsFile
from segdesk.app.unpacking import unpack
from segdesk.app.workbench import Workbench
from segdesk.formats.export import export
from segdesk.store.repairing import repair
from tests.packs import full_project
from tests.store.recorder import faults_of_order, left_unsafe, recording


def _settings(workbench: Workbench, folder: Path) -> None:
    SettingsFile(folder / "settings").keep(Settings())


def _exports(workbench: Workbench, folder: Path) -> None:
    mask = workbench.annotation("case-001")
    for name in ("mask.npy", "mask.nii.gz", "pictures"):
        export(folder / name, mask.labels, mask.grid)


def _pack_and_unpack(workbench: Workbench, folder: Path) -> None:
    prepare(workbench).write(folder / "packed.h5")
    unpack(folder / "packed.h5", folder / "unpacked.segdesk")


def _elsewhere(workbench: Workbench, folder: Path) -> None:
    Elsewhere(workbench).write(folder / "copy.segdesk")


def _repair(workbench: Workbench, folder: Path) -> None:
    repair(workbench.folder.path, folder / "repaired.segdesk")


@pytest.mark.parametrize(
    "work",
    [_settings, _exports, _pack_and_unpack, _elsewhere, _repair],
    ids=lambda work: work.__name__.strip("_"),
)
def test_every_name_lasts_at_the_end(
    work: Callable[[Workbench, Path], None], tmp_path: Path
) -> None:
    (tmp_path / "here").mkdir()
    (tmp_path / "there").mkdir()
    workbench = full_project(tmp_path / "here", cases=2)
    with recording(tmp_path / "there") as record:
        work(workbench, tmp_path / "there")
    workbench.close()
    assert faults_of_order(record.events) == []
    left = left_unsafe(record.events)
    assert [repr(node) for node in left.files if repr(node) != "lock"] == []
    there = [name.path for name in left.names if name.new and name.path.exists()]
    assert there == []
