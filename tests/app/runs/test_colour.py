"""A training on pictures in colour, from their files to the child that maps them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from segdesk.app.files import importing, joining
from segdesk.app.labelling.editing import PaintRules, propose
from segdesk.app.labelling.reviewing import say_right
from segdesk.app.project.workbench import Workbench
from segdesk.app.runs import running, training
from segdesk.core.annotation import Provenance
from segdesk.core.box import Box
from segdesk.core.run import Intensities, plan_for
from segdesk.errors import TrainingError, UsageError
from tests.app.runs.test_running import child
from tests.projects import begin_brush

COLOURS = np.random.default_rng(1).integers(0, 256, (3, 24, 32, 3)).astype(np.uint8)


@pytest.fixture
def coloured(workbench: Workbench, tmp_path: Path) -> Workbench:
    """The project with a picture in colour, of which two slices teach."""
    np.save(tmp_path / "colours.npy", COLOURS)
    found = importing.choose(importing.survey([tmp_path / "colours.npy"]))
    (request,) = importing.requests(workbench, found, case="picture")
    joining.import_scan(workbench, request)
    for index in (0, 2):
        begin_brush(workbench, "picture", index, (10.0, 14.0), value=1, radius_mm=4.0).release()
        say_right(workbench, "picture", index)
    return workbench


def test_the_child_maps_all_three_channels(coloured: Workbench, tmp_path: Path) -> None:
    frozen = training.freeze(coloured, plan_for(epochs=1), predict=["picture"])
    keep = f"np.save({str(tmp_path / 'seen.npy')!r}, bundle.volumes[0].open())"
    session = training.training_session(frozen, command=child(tmp_path, keep))
    running.finish(coloured, session.job, session.work(lambda _: None))
    assert np.array_equal(np.load(tmp_path / "seen.npy"), COLOURS)
    run = coloured.project.run("run-001")
    assert run.intensities == Intensities(0.0, 255.0, "RGB")
    assert running.trained_network(coloured.folder, run).channels == 3


def test_colours_and_hu_teach_no_network_together(coloured: Workbench) -> None:
    begin_brush(coloured, "case-001", 1, (10.0, 14.0), value=1, radius_mm=4.0).release()
    say_right(coloured, "case-001", 1)
    with pytest.raises(TrainingError, match="pictures in colour cannot teach one network"):
        training.freeze(coloured, plan_for(epochs=1))


def test_a_range_of_values_is_no_rule_for_colours(coloured: Workbench) -> None:
    loaded = coloured.loaded("picture")
    box, mask = Box(0, 1, 2, 4, 2, 4), np.ones((1, 2, 2), np.bool_)
    rules = PaintRules(stored_range=(0, 9))
    with pytest.raises(UsageError, match="no one value"):
        propose(loaded.annotation, box, mask, 1, Provenance.HAND, rules, loaded.volume.voxels)


def test_colours_leave_no_channel_for_neighbours(coloured: Workbench) -> None:
    with pytest.raises(TrainingError, match="no neighbours"):
        training.freeze(coloured, plan_for(epochs=1, neighbours_mm=3.0))
    assert not coloured.project.runs
