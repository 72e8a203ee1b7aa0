"""A segment that was added later is learnt from the few slices that are right for it.

Twenty slices of a phantom are right for the left lung. Then the right lung becomes a segment, and
five of the slices are made right for it too. On the other fifteen it is drawn nowhere and is no
background all the same.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from segdesk.app.files.label_maps import take_label_map
from segdesk.app.project.workbench import Workbench
from segdesk.app.runs import bundling, training
from segdesk.core.run import plan_for
from segdesk.formats.labels import LabelMap
from segdesk.jobs import bundle as bundles
from segdesk.jobs.messages import Predicted
from segdesk.learning import trainer
from segdesk.ops.phantom import LEFT_LUNG, RIGHT_LUNG, thorax
from tests.learning.builders import Recorder
from tests.projects import add_case

pytestmark = pytest.mark.keras

FIRST, LATER = 1, 2
#: Slices of the phantom that have lung, and those of them that are right for both.
TAUGHT = range(2, 22)
BOTH = (4, 8, 12, 16, 20)


def lungs(truth: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """1 left lung, 2 right lung, 0 everything else."""
    table = np.zeros(256, np.uint8)
    table[LEFT_LUNG], table[RIGHT_LUNG] = FIRST, LATER
    return table[truth]


def taught(folder: Path) -> tuple[Path, npt.NDArray[np.uint8]]:
    """The bundle of such a training, and the truth of the other patient that it predicts."""
    workbench = Workbench.create(folder / "p.segdesk")
    teaches, other = (thorax(seed, (24, 96, 96), (8.0, 3.7, 3.7)) for seed in (1, 2))
    add_case(workbench, scan=teaches.voxels, pool="train")
    add_case(workbench, scan=other.voxels, pool="validation")
    workbench.add_segment("Left lung")
    truth = lungs(teaches.truth)
    only = np.zeros_like(truth)
    only[list(TAUGHT)] = truth[list(TAUGHT)] == FIRST
    take_label_map(workbench, "case-001", LabelMap(only))
    later = workbench.segments.new("Right lung")
    workbench.add_segment("Right lung")
    workbench.change_segment(replace(workbench.segments[FIRST], partner=later.number))
    workbench.change_segment(replace(workbench.segments[LATER], partner=FIRST))
    both = np.zeros_like(truth)
    both[list(BOTH)] = truth[list(BOTH)]
    take_label_map(workbench, "case-001", LabelMap(both))
    take_label_map(workbench, "case-002", LabelMap(lungs(other.truth)))
    plan = plan_for("unet_norm", filters=8, size=64, epochs=30, batch=4, augmentation=0.3, seed=1)
    frozen = training.freeze(workbench, plan, predict=["case-002"])
    bundling.prepare(frozen)
    bundle = frozen.job.paths.bundle
    workbench.close()
    return bundle, lungs(other.truth)


def dice_of_later(folder: Path, truth: npt.NDArray[np.uint8]) -> float:
    """Train, predict the other patient, and measure the segment that came later."""
    recorder = Recorder()
    trainer.run_bundle(folder, recorder)
    (predicted,) = recorder.of(Predicted)
    found, real = np.load(predicted.labels_file) == LATER, truth == LATER
    return float(2.0 * np.count_nonzero(found & real) / (found.sum() + real.sum()))


def test_a_segment_that_was_added_later_is_found_where_it_was_drawn_on_five_slices(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    folder, truth = taught(tmp_path)
    bundle = bundles.read(folder)
    said = bundle.lessons[0].incomplete
    assert (said.count((LATER,)), said.count(())) == (len(TAUGHT) - len(BOTH), len(BOTH))
    with_rule = dice_of_later(folder, truth)
    record_property("dice", with_rule)
    # The same without the rule: what was right before is taken as right for everything.
    for kept in Path(bundle.run_folder).iterdir():
        if kept.is_file():
            kept.unlink()
    without = tuple(
        replace(lesson, incomplete=((),) * len(lesson.slices)) for lesson in bundle.lessons
    )
    bundles.write(replace(bundle, lessons=without), folder, Path(folder.anchor))
    without_rule = dice_of_later(folder, truth)
    record_property("dice_without", without_rule)
    assert with_rule >= 0.8
    assert without_rule < 0.5
