"""What a bundle holds of the labels, and whose memory that costs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from segdesk.app.project import saving
from segdesk.app.project.workbench import Workbench
from segdesk.app.runs import bundling, training
from segdesk.core.annotation import Provenance
from segdesk.core.run import plan_for
from segdesk.errors import ProjectError, TrainingError
from segdesk.jobs.bundle import IGNORE, TARGETS, Bundle
from segdesk.jobs.bundle import read as read_bundle
from segdesk.jobs.targets_file import TargetsFile, TargetsWriter
from tests.app.runs.test_teaching import right
from tests.projects import begin_brush, make_project


def written(folder: Path, bundle: Bundle) -> dict[int, np.ndarray]:
    """The targets in a bundle's folder by their slice; of one case."""
    file = TargetsFile(folder / TARGETS)
    return {
        index: file.target(packed, bundle.volume(lesson.case).shape[1:])
        for lesson in bundle.lessons
        for index, packed in zip(lesson.slices, lesson.targets, strict=True)
    }


def test_a_bundle_holds_the_labels_of_the_moment(workbench: Workbench) -> None:
    right(workbench, "case-001", 1, 3)
    labels = workbench.annotation("case-001").labels.copy()
    frozen = training.freeze(workbench, plan_for(), predict=["case-001"])
    # On what teaches too, before and after it is written.
    right(workbench, "case-001", 4)
    begin_brush(workbench, "case-001", 3, (2.0, 2.0), value=1, radius_mm=9.0).release()
    workbench.undo()
    begin_brush(workbench, "case-001", 1, (2.0, 2.0), value=1, radius_mm=9.0).release()
    assert not np.array_equal(workbench.annotation("case-001").labels[1], labels[1])
    bundling.prepare(frozen)
    bundle = read_bundle(frozen.job.paths.bundle)
    found = written(frozen.job.paths.bundle, bundle)
    assert set(found) == {1, 3}
    for index, target in found.items():
        assert np.array_equal(target, labels[index])
    assert np.array_equal(bundle.volume("case-001").open(), workbench.volume("case-001").voxels)
    assert bundle.intensities.unit == "HU"


def test_labels_are_copied_by_who_writes_the_bundle_and_let_go_then(workbench: Workbench) -> None:
    right(workbench, "case-001", 1, 3)
    frozen = training.freeze(workbench, plan_for())
    held = [shot.held for shot in frozen.snapshots if shot.held is not None]
    assert held and not any(one._kept for one in held)
    begin_brush(workbench, "case-001", 3, (2.0, 2.0), value=1, radius_mm=9.0).release()
    assert {index for one in held for index in one._kept} == {3}
    bundling.prepare(frozen)
    assert not any(one._kept or one._labels.size for one in held)


def test_a_case_that_is_saved_anew_meanwhile_teaches_as_it_was(tmp_path: Path) -> None:
    workbench = make_project(tmp_path)
    right(workbench, "case-001", 1)
    saving.save(workbench)
    workbench.close()
    again = Workbench.open(workbench.folder.path)
    frozen = training.freeze(again, plan_for())
    before = again.annotation("case-001").labels[1].copy()
    for row in (3.0, 20.0):
        begin_brush(again, "case-001", 1, (row, 2.0), value=1, radius_mm=3.0).release()
        saving.save(again)
    bundle = bundling.prepare(frozen)
    assert np.array_equal(written(frozen.job.paths.bundle, bundle)[1], before)
    # From now on the disk keeps nothing for it.
    begin_brush(again, "case-001", 1, (12.0, 2.0), value=1, radius_mm=3.0).release()
    saving.save(again)
    kept = sorted((again.folder.path / "cases/case-001").glob("annotation-*.h5"))
    assert [path.name for path in kept] == ["annotation-3.h5", "annotation-4.h5"]
    again.close()


def test_labels_are_let_go_where_the_bundle_cannot_be_written(
    workbench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    right(workbench, "case-001", 1, 3)
    frozen = training.freeze(workbench, plan_for())
    monkeypatch.setattr(TargetsWriter, "add", _refuse)
    with pytest.raises(TrainingError, match="could not be written: No space left"):
        bundling.prepare(frozen)
    assert not any(shot.held and shot.held._labels.size for shot in frozen.snapshots)


def test_labels_are_let_go_where_the_index_cannot_be_written(
    workbench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    right(workbench, "case-001", 1, 3)
    frozen = training.freeze(workbench, plan_for())
    monkeypatch.setattr("segdesk.store.parts.project_file.write", _refuse_index)
    worked = training.training_session(frozen).work(lambda message: None)
    assert worked.error is not None and "is full" in worked.error.sentence
    assert not any(shot.held and shot.held._labels.size for shot in frozen.snapshots)
    assert not workbench.folder._pinned


def _refuse_index(*arguments: object) -> None:
    raise ProjectError("The disk is full.")


def _refuse(*arguments: object) -> None:
    raise OSError(28, "No space left on device")


def test_a_case_that_is_not_in_memory_teaches_as_it_was_saved(tmp_path: Path) -> None:
    workbench = make_project(tmp_path)
    right(workbench, "case-001", 1, 3)
    saving.save(workbench)
    path = workbench.folder.path
    workbench.close()
    again = Workbench.open(path)
    assert not again.is_loaded("case-001")
    frozen = training.freeze(again, plan_for())
    bundle = bundling.prepare(frozen)
    assert {index for lesson in bundle.lessons for index in lesson.slices} == {1, 3}
    assert not again.is_loaded("case-001")
    again.close()


def test_partial_slices_of_a_case_that_is_not_in_memory_teach_where_a_hand_touched(
    tmp_path: Path,
) -> None:
    workbench = make_project(tmp_path)
    right(workbench, "case-001", 1)
    begin_brush(workbench, "case-001", 3, (10.0, 14.0), value=1, radius_mm=4.0).release()
    annotation = workbench.annotation("case-001")
    expected = np.where(annotation.provenance[3] == Provenance.HAND, annotation.labels[3], IGNORE)
    saving.save(workbench)
    path = workbench.folder.path
    workbench.close()
    again = Workbench.open(path)
    bundle = bundling.prepare(training.freeze(again, plan_for()))
    assert not again.is_loaded("case-001")
    found = written(again.folder.runs.paths("run-001").bundle, bundle)
    assert set(found) == {1, 3}
    assert np.array_equal(found[3], expected)
    assert not (found[1] == IGNORE).any()
    again.close()
