"""With one damaged case among others, it is left out with a note and the others are learnt from,
predicted, compared and packed."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest

from segdesk.app.labelling.reviewing import say_right
from segdesk.app.project import packing, saving, unpacking
from segdesk.app.project.workbench import Workbench
from segdesk.app.runs import bundling, evaluating, predicting, running, training
from segdesk.app.runs.teaching import NOBODY
from segdesk.core.prediction import Prediction
from segdesk.core.run import Intensities, Run, plan_for
from segdesk.errors import ProjectError
from segdesk.jobs.messages import Note
from tests.app.project.test_one_damaged_file import damage
from tests.projects import SHAPE, add_case, stroke, voxels

ONE, TWO, THREE = "case-001", "case-002", "case-003"
CASES = (ONE, TWO, THREE)
RUN = Run(
    "run-001",
    plan_for(epochs=1),
    1.0,
    outcome="finished",
    best=1,
    segments=((1, "Disc"),),
    intensities=Intensities(-1024.0, 600.0, "HU"),
    weights_sha256=sha256(b"weights").hexdigest(),
)


def three_cases(folder: Path) -> Path:
    """Two cases that teach and one that validates, all predicted by a run."""
    workbench = Workbench.create(folder / "three.segdesk")
    workbench.add_segment("Disc")
    workbench.put_run(RUN)
    workbench.folder.runs.paths(RUN.id).weights(1).write_bytes(b"weights")
    full = np.ones(SHAPE, np.uint8)
    for at, id in enumerate(CASES):
        pool = "validation" if id == THREE else "train"
        add_case(workbench, id=id, scan=voxels(seed=at), pool=pool)
        for index in (1, 3):
            stroke(workbench, index, case=id)
            say_right(workbench, id, index)
        workbench.folder.runs.write_prediction(
            Prediction(RUN.id, id, full, full, RUN.weights_sha256)
        )
        workbench.add_prediction(RUN.id, id)
    saving.save(workbench)
    workbench.close()
    return workbench.folder.path


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    return three_cases(tmp_path)


def mask(project: Path, case: str) -> Path:
    return project / f"cases/{case}/annotation-1.h5"


def damage_scan(project: Path, case: str) -> None:
    file = project / f"cases/{case}/volume.h5"
    content = bytearray(file.read_bytes())
    content[-8] ^= 0xFF
    file.write_bytes(content)


@pytest.mark.parametrize("what", ["mask", "scan"])
def test_a_training_goes_on_without_a_damaged_case(saved: Path, what: str) -> None:
    damage(mask(saved, TWO)) if what == "mask" else damage_scan(saved, TWO)
    workbench = Workbench.open(saved)
    frozen = training.freeze(workbench, plan_for(epochs=1), predict=CASES, preview=(TWO, 1))
    told: list[Note] = []
    bundle = bundling.prepare(frozen, told.append)
    assert {lesson.case for lesson in bundle.lessons} == {ONE, THREE}
    # A prediction needs the scan alone.
    assert bundle.predict == (CASES if what == "mask" else (ONE, THREE))
    assert bundle.preview == ((TWO, 1) if what == "mask" else None)
    (note,) = told
    assert f"of '{TWO}' is damaged" in note.sentence
    assert note.sentence.endswith(f"'{TWO}' is left out of this training.")
    before = workbench.project.run(frozen.run.id)
    assert before.train_slices == 4
    running.take(workbench, frozen.job, note)
    run = workbench.project.run(frozen.run.id)
    assert (run.train_slices, run.validation_slices) == (2, 2)
    assert [share.case for share in run.shares] == [ONE, THREE]
    assert run.notes[-1] == note.sentence and run.validation == before.validation
    workbench.close()


def test_a_training_whose_only_validating_case_is_damaged_says_that_nobody_validates(
    saved: Path,
) -> None:
    damage(mask(saved, THREE))
    workbench = Workbench.open(saved)
    frozen = training.freeze(workbench, plan_for(epochs=1))
    bundling.prepare(frozen, lambda note: running.take(workbench, frozen.job, note))
    run = workbench.project.run(frozen.run.id)
    assert (run.validation, run.validation_slices, run.train_slices) == (NOBODY, 0, 4)
    workbench.close()


def test_a_training_that_needs_the_damaged_case_is_refused_and_says_for_what(saved: Path) -> None:
    for case in (ONE, TWO):
        damage(mask(saved, case))
    workbench = Workbench.open(saved)
    frozen = training.freeze(workbench, plan_for(epochs=1))
    with pytest.raises(ProjectError, match="nothing teaches 'Disc'"):
        bundling.prepare(frozen)
    workbench.close()


def test_the_others_are_predicted_where_a_scan_is_damaged(saved: Path) -> None:
    damage_scan(saved, TWO)
    damage(mask(saved, ONE))
    workbench = Workbench.open(saved)
    session = predicting.prediction_session(workbench, RUN, CASES)
    told: list[Note] = []
    bundle = session._prepare(told.append)
    assert bundle.predict == (ONE, THREE)
    assert [volume.case for volume in bundle.volumes] == [ONE, THREE]
    (note,) = told
    assert note.sentence.endswith(f"'{TWO}' is not predicted.")
    with pytest.raises(ProjectError, match=f"of '{TWO}' is damaged"):
        predicting.prediction_session(workbench, RUN, [TWO])._prepare(told.append)
    workbench.close()


@pytest.mark.parametrize("what", ["mask", "prediction"])
def test_the_others_are_compared_where_a_case_is_damaged(saved: Path, what: str) -> None:
    def file(case: str) -> Path:
        return (
            mask(saved, case) if what == "mask" else saved / f"runs/{RUN.id}/predictions/{case}.h5"
        )

    damage(file(TWO))
    workbench = Workbench.open(saved)
    chosen = evaluating.slices_to_evaluate(workbench, "all")
    result = evaluating.evaluate(workbench, RUN, "all", chosen)
    assert [row.case for row in result.cases] == [ONE, THREE]
    (note,) = result.notes
    assert TWO in note and note.endswith(f"'{TWO}' is left out.")
    for case in (ONE, THREE):
        damage(file(case))
    workbench.close()
    workbench = Workbench.open(saved)
    with pytest.raises(ProjectError, match=ONE):
        evaluating.evaluate(workbench, RUN, "all", chosen)
    workbench.close()


def test_the_others_are_packed_where_a_case_or_a_prediction_is_damaged(
    saved: Path, tmp_path: Path
) -> None:
    damage(mask(saved, TWO))
    damage(saved / f"runs/{RUN.id}/predictions/{ONE}.h5")
    workbench = Workbench.open(saved)
    expected = workbench.annotation(ONE).labels.copy()
    packed = packing.prepare(workbench).write(tmp_path / "packed.h5")
    said = " ".join(packed.notes)
    assert f"'{TWO}' stays out." in said and "It stays out." in said
    workbench.close()
    unpacking.unpack(tmp_path / "packed.h5", tmp_path / "again.segdesk")
    again = Workbench.open(tmp_path / "again.segdesk")
    assert [case.id for case in again.project.cases] == [ONE, THREE]
    assert np.array_equal(again.annotation(ONE).labels, expected)
    assert [case.predictions for case in again.project.cases] == [(), (RUN.id,)]
    again.close()
