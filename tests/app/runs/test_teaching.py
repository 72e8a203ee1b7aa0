"""Who teaches, who validates, and what a target holds."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from segdesk.app.files import pooling
from segdesk.app.labelling.reviewing import say_right, set_status
from segdesk.app.project import saving
from segdesk.app.project.workbench import Workbench
from segdesk.app.runs import bundling, teaching, training
from segdesk.core.annotation import Provenance
from segdesk.core.edit import Edit, SegmentChange
from segdesk.core.run import Intensities, plan_for
from segdesk.core.split import Fold
from segdesk.core.status import SliceStatus
from segdesk.core.volume import Voxels
from segdesk.errors import TrainingError, UsageError
from segdesk.jobs.bundle import IGNORE, VolumeRef
from segdesk.jobs.bundle import read as read_bundle
from tests.projects import SHAPE, SPACING_MM, add_case, begin_brush, make_project, voxels


def right(workbench: Workbench, case: str, *slices: int) -> None:
    for index in slices:
        begin_brush(workbench, case, index, (10.0, 14.0), value=1, radius_mm=4.0).release()
        say_right(workbench, case, index)


def test_only_slices_that_a_person_called_right_teach_as_a_whole(workbench: Workbench) -> None:
    right(workbench, "case-001", 0, 1)
    set_status(workbench, "case-001", 3, SliceStatus.REJECTED)
    chosen = teaching.curriculum(workbench)
    slices = {index for choice in chosen.choices for index in choice.slices}
    assert slices == {0, 1}


def test_a_partial_slice_teaches_only_where_a_hand_touched() -> None:
    labels = np.array([[1, 0, 0, 2]], np.uint8)
    provenance = np.array([[3, 3, 0, 1]], np.uint8)
    full = frozenset({1, 2})
    target = teaching.target(labels, provenance, full, [1, 2])
    assert target.tolist() == [[1, 0, IGNORE, IGNORE]]
    target = teaching.target(labels, None, full, [2, 1])
    assert target.tolist() == [[2, 0, 0, 1]]
    assert Provenance.HAND == 3


def test_of_many_cases_only_what_changed_is_counted_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workbench = make_project(tmp_path, cases=8)
    right(workbench, "case-001", 0, 1)
    counted: list[int] = []
    count = teaching._Tally.of

    def counting(statuses: tuple[SliceStatus, ...]) -> teaching._Tally:
        counted.append(len(statuses))
        return count(statuses)

    def look() -> int:
        counted.clear()
        teaching.curriculum(workbench)
        assert teaching.why_nothing_teaches(workbench) is None
        return len(counted)

    look()
    monkeypatch.setattr(teaching._Tally, "of", counting)
    assert look() == 0
    pooling.set_pool(workbench, "case-003", "test")
    assert look() == 0
    right(workbench, "case-002", 4)
    assert look() == 1
    workbench.close()


def test_slices_of_one_patient_never_part(tmp_path: Path) -> None:
    workbench = make_project(tmp_path, cases=0)
    for at in range(6):
        case = add_case(workbench, scan=voxels(seed=at), patient=f"patient-{at // 2}")
        right(workbench, case.id, 0, 2)
    chosen = teaching.curriculum(workbench)
    pools: dict[str, set[str]] = {}
    for choice in chosen.choices:
        patient = workbench.project.case(choice.case).patient
        pools.setdefault(patient, set()).add(choice.pool)
    assert all(len(found) == 1 for found in pools.values())
    assert chosen.validation == teaching.HONEST
    workbench.close()


def test_one_patient_validates_on_blocks_with_a_gap_and_says_that_it_flatters(
    tmp_path: Path,
) -> None:
    workbench = make_project(tmp_path, cases=0)
    add_case(workbench, scan=voxels((12, 24, 32)))
    right(workbench, "case-001", *range(12))
    chosen = teaching.curriculum(workbench)
    train = next(c for c in chosen.choices if c.pool == "train")
    validation = next(c for c in chosen.choices if c.pool == "validation")
    assert chosen.validation == teaching.FLATTERS
    assert not any(abs(a - b) == 1 for a in train.slices for b in validation.slices)
    workbench.close()


def test_each_fold_validates_other_patients_and_the_split_stays(tmp_path: Path) -> None:
    workbench = make_project(tmp_path, cases=0)
    for at in range(6):
        case = add_case(workbench, scan=voxels(seed=at), pool="train" if at == 5 else None)
        if at != 4:
            right(workbench, case.id, 0, 2)
    held: list[str] = []
    for number in (1, 2):
        frozen = training.freeze(workbench, plan_for(seed=number), fold=Fold(number, 2))
        bundle = bundling.prepare(frozen)
        pools = {lesson.case: lesson.pool for lesson in bundle.lessons}
        assert set(pools) == {f"case-{at:03d}" for at in (1, 2, 3, 4, 6)}
        assert pools["case-006"] == "train"
        held += [case for case, pool in pools.items() if pool == "validation"]
        found = read_bundle(frozen.job.paths.bundle)
        assert (found.fold, found.plan.seed) == (Fold(number, 2), number)
        assert found.split_seed == workbench.project.split.seed
        assert f"Fold {number}/2 of the patients validates." in frozen.run.notes
    assert sorted(held) == ["case-001", "case-002", "case-003", "case-004"]
    assert workbench.project.split == teaching.joined_split(workbench)
    with pytest.raises(TrainingError, match="validates in fold 5/5"):
        training.freeze(workbench, plan_for(), fold=Fold(5, 5))
    workbench.close()


def test_a_single_right_slice_teaches_and_nobody_validates(workbench: Workbench) -> None:
    right(workbench, "case-001", 2)
    chosen = teaching.curriculum(workbench)
    assert chosen.count("train") == 1
    assert chosen.validation == teaching.NOBODY


def test_all_teach_where_nobody_shall_validate(tmp_path: Path) -> None:
    workbench = make_project(tmp_path, cases=3)
    for at, pool in enumerate(("train", "validation", "test"), start=1):
        right(workbench, f"case-00{at}", 1, 3)
        pooling.set_pool(workbench, f"case-00{at}", pool)
    plan = plan_for(epochs=1, validates=False)
    frozen = training.freeze(workbench, plan)
    assert (frozen.run.train_slices, frozen.run.validation_slices) == (4, 0)
    assert frozen.run.validation == teaching.ALL_TEACH
    bundle = bundling.prepare(frozen)
    assert {(row.case, row.pool) for row in bundle.lessons} == {
        ("case-001", "train"),
        ("case-002", "train"),
    }
    saving.save(workbench)
    workbench.close()
    again = Workbench.open(workbench.folder.path)
    assert not again.project.runs[-1].plan.validates
    again.close()


def test_a_case_that_validates_teaches_alone_where_nobody_shall_validate(tmp_path: Path) -> None:
    workbench = make_project(tmp_path)
    right(workbench, "case-001", 1, 3)
    pooling.set_pool(workbench, "case-001", "validation")
    assert teaching.why_nothing_teaches(workbench) is not None
    assert teaching.why_nothing_teaches(workbench, validates=False) is None
    training.freeze(workbench, plan_for(epochs=1, validates=False))
    workbench.close()


def test_of_one_patient_no_block_is_kept_out_where_nobody_shall_validate(
    workbench: Workbench,
) -> None:
    right(workbench, "case-001", 0, 1, 2, 3, 4)
    chosen = teaching.curriculum(workbench, validates=False)
    assert (chosen.count("train"), chosen.count("validation")) == (5, 0)
    assert not chosen.left_out


def test_independent_slices_count_as_one_patient_each(tmp_path: Path) -> None:
    workbench = make_project(tmp_path, cases=0)
    add_case(workbench, scan=voxels((20, 24, 32)), stacked=False)
    right(workbench, "case-001", *range(20))
    chosen = teaching.curriculum(workbench)
    assert chosen.validation == teaching.INDEPENDENT
    assert chosen.count("train") == 14 and chosen.count("validation") == 4
    workbench.close()


def test_a_pool_set_by_hand_wins(tmp_path: Path) -> None:
    workbench = make_project(tmp_path, cases=0)
    add_case(workbench, pool="train")
    add_case(workbench, pool="validation")
    for case in ("case-001", "case-002"):
        right(workbench, case, 0, 1, 2)
    chosen = teaching.curriculum(workbench)
    assert {c.case: c.pool for c in chosen.choices} == {
        "case-001": "train",
        "case-002": "validation",
    }
    workbench.close()


def test_a_training_without_a_teaching_slice_is_refused(workbench: Workbench) -> None:
    with pytest.raises(TrainingError, match="No slice teaches yet"):
        training.freeze(workbench, plan_for())
    assert workbench.project.runs == ()


def test_a_training_without_background_is_refused(workbench: Workbench) -> None:
    begin_brush(workbench, "case-001", 2, (10.0, 14.0), value=1, radius_mm=4.0).release()
    frozen = training.freeze(workbench, plan_for())
    with pytest.raises(TrainingError, match="no background voxel"):
        bundling.prepare(frozen)


def test_a_binary_network_refuses_two_segments(workbench: Workbench) -> None:
    workbench.add_segment("Other")
    right(workbench, "case-001", 2)
    with pytest.raises(TrainingError, match="learns one segment"):
        training.freeze(workbench, plan_for("encoder_decoder"))


def test_fine_tuning_needs_a_run_that_kept_weights(workbench: Workbench) -> None:
    right(workbench, "case-001", 2)
    with pytest.raises(UsageError, match="no run 'run-009'"):
        training.freeze(workbench, plan_for(start_from="run-009"))


def test_the_only_painted_patient_teaches_and_is_not_held_back(tmp_path: Path) -> None:
    workbench = make_project(tmp_path, cases=0)
    for at in range(6):
        add_case(workbench, scan=voxels(seed=at))
    for case in workbench.project.cases:
        set_status(workbench, case.id, 0, SliceStatus.REJECTED)
        right(workbench, case.id, 1)
        pools = {choice.case: choice.pool for choice in teaching.curriculum(workbench).choices}
        assert pools[case.id] == "train"
        workbench.undo()
        workbench.undo()
    workbench.close()


def test_slices_of_a_validation_case_alone_are_refused_by_name(tmp_path: Path) -> None:
    workbench = make_project(tmp_path, cases=0)
    add_case(workbench, pool="validation")
    right(workbench, "case-001", 1, 2)
    with pytest.raises(TrainingError, match="validates or tests"):
        training.freeze(workbench, plan_for())
    workbench.close()


def test_a_single_right_slice_in_each_of_two_cases_validates_nobody_and_says_so(
    tmp_path: Path,
) -> None:
    workbench = make_project(tmp_path, cases=0)
    for at in range(2):
        add_case(workbench, scan=voxels(seed=at), pool="train")
        right(workbench, f"case-{at + 1:03d}", 2)
    chosen = teaching.curriculum(workbench)
    assert (chosen.count("train"), chosen.count("validation")) == (2, 0)
    assert chosen.validation == teaching.NOBODY
    workbench.close()


def test_independent_slices_of_the_training_pool_validate_without_flattering(
    tmp_path: Path,
) -> None:
    workbench = make_project(tmp_path, cases=0)
    add_case(workbench, scan=voxels((10, 24, 32)), stacked=False, pool="train")
    right(workbench, "case-001", *range(10))
    chosen = teaching.curriculum(workbench)
    assert (chosen.count("train"), chosen.count("validation")) == (8, 2)
    assert chosen.validation == teaching.INDEPENDENT
    workbench.close()


def test_why_nothing_teaches_agrees_with_what_a_training_says(tmp_path: Path) -> None:
    workbench = make_project(tmp_path, cases=0)
    assert "No slice teaches yet" in str(teaching.why_nothing_teaches(workbench))
    add_case(workbench, pool="test")
    right(workbench, "case-001", 1)
    why = teaching.why_nothing_teaches(workbench)
    with pytest.raises(TrainingError) as refused:
        training.freeze(workbench, plan_for())
    assert str(refused.value) == str(why)
    add_case(workbench)
    right(workbench, "case-002", 1)
    assert teaching.why_nothing_teaches(workbench) is None
    workbench.close()


def raw_case(workbench: Workbench, *, slope: float) -> str:
    return add_case(workbench, pool="train", unit="raw", slope=slope, intercept=7.0).id


def test_arrays_without_a_unit_are_scaled_by_percentiles_of_their_values(tmp_path: Path) -> None:
    workbench = make_project(tmp_path, cases=0)
    id = raw_case(workbench, slope=0.5)
    right(workbench, id, 1, 3)
    bundle = bundling.prepare(training.freeze(workbench, plan_for()))
    train = next(lesson for lesson in bundle.lessons if lesson.pool == "train")
    taught = workbench.volume(id).voxels[list(train.slices)][:, ::4, ::4] * 0.5 + 7.0
    low, high = np.percentile(taught, (0.5, 99.5))
    assert bundle.intensities.unit == "raw"
    assert bundle.intensities.low == pytest.approx(low)
    assert bundle.intensities.high == pytest.approx(high)
    workbench.close()


def test_of_many_slices_some_stand_for_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    workbench = make_project(tmp_path, cases=0)
    # Each case is brighter than the one before, so none may be left out.
    drift = np.arange(48, dtype=np.int16)[:, None, None]
    for at in range(4):
        add_case(
            workbench,
            scan=voxels((48, 32, 32), seed=at) + 300 * at + drift,
            pool="train",
            unit="raw",
        )
        right(workbench, f"case-{at + 1:03d}", *range(48))
    every = bundling.prepare(training.freeze(workbench, plan_for())).intensities
    read: list[int] = []
    opened = VolumeRef.open
    monkeypatch.setattr(bundling, "MOST_SAMPLED", 16)
    monkeypatch.setattr(
        VolumeRef,
        "open",
        lambda ref: _Counted(opened(ref), read),
    )
    some = bundling.prepare(training.freeze(workbench, plan_for())).intensities
    assert len(read) == 16
    width = every.high - every.low
    assert some.low == pytest.approx(every.low, abs=0.01 * width)
    assert some.high == pytest.approx(every.high, abs=0.01 * width)
    workbench.close()


class _Counted:
    """Voxels that note which slices were read."""

    def __init__(self, voxels: Voxels, read: list[int]) -> None:
        self._voxels, self._read = voxels, read

    def __getitem__(self, at: tuple[int, slice, slice]) -> Voxels:
        self._read.append(at[0])
        return self._voxels[at]


def test_a_fine_tuned_network_goes_on_with_the_intensities_that_it_learnt_with(
    tmp_path: Path,
) -> None:
    workbench = make_project(tmp_path, cases=0)
    id = raw_case(workbench, slope=0.5)
    right(workbench, id, 1, 3)
    learnt = Intensities(-3.0, 11.0, "raw")
    start = training.freeze(workbench, plan_for()).run
    workbench.put_run(replace(start, intensities=learnt, best=1, pixel_mm=(2.0, 1.0)))
    bundle = bundling.prepare(training.freeze(workbench, plan_for(start_from=start.id)))
    assert bundle.intensities == learnt
    workbench.close()


def test_the_trainer_is_told_rows_before_columns(tmp_path: Path) -> None:
    workbench = make_project(tmp_path)
    right(workbench, "case-001", 1, 3)
    bundle = bundling.prepare(training.freeze(workbench, plan_for()))
    assert bundle.volume("case-001").shape == SHAPE
    assert bundle.volume("case-001").pixel_mm == SPACING_MM[1:]
    workbench.close()


def test_values_with_and_without_a_unit_never_meet_in_one_network(tmp_path: Path) -> None:
    workbench = make_project(tmp_path, cases=0)
    add_case(workbench, pool="train")
    right(workbench, "case-001", 1, 3)
    id = raw_case(workbench, slope=0.5)
    right(workbench, id, 1)
    with pytest.raises(TrainingError, match="cannot teach one network"):
        training.freeze(workbench, plan_for())
    assert workbench.project.runs == ()
    workbench.close()


def test_a_case_of_another_unit_is_not_predicted_and_the_training_goes_on(tmp_path: Path) -> None:
    workbench = make_project(tmp_path, cases=0)
    add_case(workbench, pool="train")
    right(workbench, "case-001", 1, 3)
    other = raw_case(workbench, slope=0.5)
    predict = [other, "case-001"]
    frozen = training.freeze(workbench, plan_for(), predict=predict, preview=(other, 2))
    bundle = bundling.prepare(frozen)
    assert bundle.predict == ("case-001",) and bundle.preview is None
    assert [volume.case for volume in bundle.volumes] == ["case-001"]
    said = "'case-002' is not predicted: it holds numbers without a unit and the network learns"
    assert workbench.project.run("run-001").notes == (f"{said} from HU.",)
    workbench.close()


def test_a_run_is_on_disk_once_its_index_was_written(tmp_path: Path) -> None:
    workbench = make_project(tmp_path)
    right(workbench, "case-001", 1, 3)
    training.freeze(workbench, plan_for())
    on_disk = Workbench.open(workbench.folder.path, writable=False)
    assert on_disk.project.runs == ()
    on_disk.close()
    workbench.folder.write_index()
    on_disk = Workbench.open(workbench.folder.path, writable=False)
    assert on_disk.project.runs == workbench.project.runs
    on_disk.close()
    workbench.close()


def test_background_of_a_slice_that_is_complete_for_nothing_says_nothing() -> None:
    labels = np.array([[0, 1, 2]], np.uint8)
    complete = [frozenset({1}), frozenset({9})]
    found = [teaching.target(labels, None, known, [1, 2]).tolist() for known in complete]
    assert found == [[[0, 1, 2]], [[IGNORE, 1, 2]]]
    assert teaching.incomplete_classes(complete, [1, 2]) == ((2,), (1, 2))
    assert teaching.incomplete_classes(complete, [9, 1]) == ((1,), (2,))


def test_the_bundle_says_for_each_slice_which_classes_its_background_may_be(
    workbench: Workbench,
) -> None:
    right(workbench, "case-001", 0, 1, 3)
    workbench.add_segment("Tumour")
    right(workbench, "case-001", 2)
    frozen = training.freeze(workbench, plan_for())
    bundle = bundling.prepare(frozen)
    assert bundle.segments == ((1, "Disc"), (2, "Tumour"))
    said = {
        index: classes
        for lesson in bundle.lessons
        for index, classes in zip(lesson.slices, lesson.incomplete, strict=True)
    }
    assert said == {0: (2,), 1: (2,), 2: (), 3: (2,)}
    assert read_bundle(frozen.job.paths.bundle) == bundle


def test_a_segment_that_no_slice_is_right_for_is_not_learnt_and_said_so(
    workbench: Workbench,
) -> None:
    right(workbench, "case-001", 0, 1, 2, 3)
    workbench.add_segment("Tumour")
    frozen = training.freeze(workbench, plan_for())
    assert frozen.run.segments == ((1, "Disc"),)
    (note,) = frozen.run.notes
    assert note.startswith("'Tumour' is not learnt yet: no slice that teaches is right for it.")
    # It learns one segment, so the network for one will do.
    training.freeze(workbench, plan_for("encoder_decoder"))


def test_a_segment_that_no_validation_slice_is_right_for_is_said_to_be_missing_from_the_figure(
    workbench: Workbench,
) -> None:
    right(workbench, "case-001", 1, 2, 3)
    workbench.add_segment("Tumour")
    right(workbench, "case-001", 0, 4)
    frozen = training.freeze(workbench, plan_for())
    assert frozen.run.segments == ((1, "Disc"), (2, "Tumour"))
    assert frozen.run.notes == (
        "No slice that validates is right for 'Tumour' yet, so the validation says nothing of it.",
    )
    say_right(workbench, "case-001", 2)
    assert training.freeze(workbench, plan_for()).run.notes == ()


def test_slices_that_are_right_for_none_of_todays_segments_teach_nothing(
    workbench: Workbench,
) -> None:
    right(workbench, "case-001", 0, 1)
    workbench.add_segment("Tumour")
    disc_ = workbench.segments[1]
    workbench.do(Edit("Remove", "", segments=(SegmentChange(disc_, None),)))
    with pytest.raises(TrainingError, match="right for none of today's segments"):
        training.freeze(workbench, plan_for())


def test_a_number_that_a_run_has_learnt_is_given_to_no_other_segment(workbench: Workbench) -> None:
    workbench.add_segment("Tumour")
    right(workbench, "case-001", 0, 1)
    training.freeze(workbench, plan_for())
    workbench.do(Edit("Remove", "", segments=(SegmentChange(workbench.segments[2], None),)))
    assert workbench.add_segment("Rib").number == 3
    saving.save(workbench)
    again = Workbench.open(workbench.folder.path, writable=False)
    assert again.segments.spent == {1, 2}
    again.close()
