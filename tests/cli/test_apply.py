"""`segdesk apply`: the operations of the window's menu, on the command line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from segdesk.app.labelling.editing import Gesture
from segdesk.app.project import saving
from segdesk.app.project.workbench import Workbench
from segdesk.core.box import Box
from tests.cli.conftest import Run
from tests.projects import add_case

RING = Box(1, 2, 4, 12, 4, 12)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Two cases with a ring of the segment Lung."""
    workbench = Workbench.create(tmp_path / "rings.segdesk")
    workbench.add_segment("Lung")
    for id in ("case-001", "case-002"):
        add_case(workbench, id=id)
        ring = np.ones(RING.shape, bool)
        ring[:, 1:-1, 1:-1] = False
        gesture = Gesture(workbench, id, "Ring")
        gesture.paint(RING, ring, 1)
        gesture.finish()
    saving.save(workbench)
    workbench.close()
    return workbench.folder.path


def filled(project: Path, case: str) -> int:
    workbench = Workbench.open(project, writable=False)
    try:
        return int(np.count_nonzero(workbench.annotation(case).labels[1, 5:11, 5:11]))
    finally:
        workbench.close()


def test_holes_are_filled_saved_and_can_be_undone(segdesk: Run, project: Path) -> None:
    said = segdesk(
        "apply", project, "fill_holes", "--segment", "Lung", "--case", "case-002", "--json"
    ).json
    assert said["cases"] == [{"case": "case-002", "voxels": 36, "slices": 1}]
    assert (filled(project, "case-001"), filled(project, "case-002")) == (0, 36)
    workbench = Workbench.open(project)
    assert not workbench.has_unsaved
    edit = workbench.undo()
    assert edit is not None and edit.name == "Fill holes"
    assert not workbench.annotation("case-002").labels[1, 5:11, 5:11].any()
    workbench.close()


def test_an_option_is_set_by_its_name(segdesk: Run, project: Path) -> None:
    said = segdesk(
        *("apply", project, "fill_holes", "--segment", "1", "--json"),
        *("--set", "holes_enclosed=on"),
    ).json
    assert [row["voxels"] for row in said["cases"]] == [0, 0]
    assert filled(project, "case-001") == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("fill_wholes", "--segment", "1"), ("OPERATION is 'fill_wholes'", "fill_holes")),
        (("fill_holes", "--segment", "Heart"), ("Heart", "1 Lung")),
        (("fill_holes", "--segment", "1", "--case", "case-9"), ("case-9", "case-001")),
        (("fill_holes", "--segment", "1", "--set", "deep=on"), ("deep", "holes_enclosed")),
        (
            ("fill_holes", "--segment", "1", "--set", "holes_enclosed=maybe"),
            ("--set holes_enclosed is 'maybe'", "on, off"),
        ),
    ],
)
def test_what_cannot_be_meant_is_refused_and_changes_nothing(
    segdesk: Run, project: Path, arguments: tuple[str, ...], words: tuple[str, ...]
) -> None:
    assert segdesk("apply", project, *arguments).is_refusal(2, *words)
    assert filled(project, "case-001") == 0
