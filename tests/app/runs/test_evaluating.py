"""Figures of a run: which slices count, and that they are what the masks say."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from segdesk.app.files import label_maps
from segdesk.app.project.workbench import Workbench
from segdesk.app.runs import evaluating, teaching
from segdesk.core.edit import Dismissal, Edit, SegmentChange
from segdesk.core.prediction import Prediction
from segdesk.core.run import Run, plan_for
from segdesk.core.small_pieces import LeftOut
from segdesk.core.split import Pool
from segdesk.core.status import SliceStatus
from segdesk.errors import UsageError
from segdesk.formats.labels import LabelMap
from segdesk.ops.intervals import interval
from segdesk.ops.pieces import small_pieces
from segdesk.ops.surfaces import added, distances, surface_figures
from tests.judging import judge
from tests.projects import SHAPE, add_case, disc, voxels

RUN = Run("run-001", plan_for(), 0.0, outcome="finished", best=1, segments=((1, "Disc"),))


@pytest.fixture
def judged(workbench: Workbench) -> Workbench:
    """case-001 validates and is right on slices 0 to 3; case-002 teaches and is right on all."""
    add_case(workbench, scan=voxels(seed=1), pool="train")
    workbench.put_project(
        workbench.project.with_case(replace(workbench.project.case("case-001"), pool="validation"))
    )
    truth = disc(voxels())
    truth[4] = 0
    label_maps.take_label_map(workbench, "case-001", LabelMap(truth))
    label_maps.take_label_map(workbench, "case-002", LabelMap(disc(voxels(seed=1))))
    workbench.put_run(RUN)
    return workbench


def predict(workbench: Workbench, case: str, labels: np.ndarray) -> None:
    sure = np.full(SHAPE, 255, np.uint8)
    workbench.folder.runs.write_prediction(
        Prediction("run-001", case, labels.astype(np.uint8), sure)
    )
    workbench.add_prediction("run-001", case)


@pytest.mark.parametrize(
    ("pool", "expected"),
    [
        ("validation", {"case-001": (0, 1, 2, 3)}),
        ("train", {"case-002": (0, 1, 2, 3, 4)}),
        ("all", {"case-001": (0, 1, 2, 3), "case-002": (0, 1, 2, 3, 4)}),
    ],
)
def test_slices_that_were_called_right_are_compared(
    judged: Workbench, pool: evaluating.PoolChoice, expected: dict[str, tuple[int, ...]]
) -> None:
    assert evaluating.slices_to_evaluate(judged, pool) == expected


def test_partial_and_predicted_slices_are_left_out(judged: Workbench) -> None:
    statuses = (
        SliceStatus.PARTIAL,
        SliceStatus.VERIFIED,
        SliceStatus.PREDICTED,
        SliceStatus.REJECTED,
    )
    judge(judged, "case-001", dict(enumerate(statuses)))
    assert evaluating.slices_to_evaluate(judged, "validation") == {"case-001": (1,)}


def test_a_pool_without_a_slice_is_bad_use(judged: Workbench) -> None:
    with pytest.raises(UsageError, match="pool 'test'"):
        evaluating.slices_to_evaluate(judged, "test")


def test_an_empty_project_is_bad_use(workbench: Workbench) -> None:
    with pytest.raises(UsageError, match="of this project"):
        evaluating.slices_to_evaluate(workbench, "all")


def test_the_truth_itself_is_perfect(judged: Workbench) -> None:
    predict(judged, "case-001", disc(voxels()))
    chosen = evaluating.slices_to_evaluate(judged, "validation")
    found = evaluating.evaluate(judged, RUN, "validation", chosen)
    mean = found.mean
    assert (mean.dice, mean.dice_median, mean.iou, mean.accuracy) == (1, 1, 1, 1)
    assert (mean.precision, mean.recall, mean.number) == (1, 1, 1)


def as_one_image_each(workbench: Workbench, case: str) -> None:
    """Its slices have no geometry between them any more."""
    row = workbench.project.case(case)
    grid = replace(row.grid, stacked=False)
    workbench.put_project(workbench.project.with_case(replace(row, grid=grid)))


def test_a_case_is_counted_as_a_whole_and_means_are_over_cases(judged: Workbench) -> None:
    half = disc(voxels())
    half[:2] = 0
    predict(judged, "case-001", half)
    predict(judged, "case-002", disc(voxels(seed=1)))
    chosen = evaluating.slices_to_evaluate(judged, "all")
    found = evaluating.evaluate(judged, RUN, "all", chosen)
    first, second = found.cases
    truth = disc(voxels())[:4]
    shared = np.count_nonzero(truth[2:])
    dice = 2 * shared / (shared + np.count_nonzero(truth))
    assert [row.figures.dice for row in first.slices] == [0, 0, 1, 1]
    assert first.mean.dice == pytest.approx(dice)
    assert (first.mean.dice_median, first.mean.number) == (0.5, 4)
    voxel_ml = judged.project.case("case-001").grid.voxel_ml
    assert first.mean.volume_difference_ml == pytest.approx(-voxel_ml * np.count_nonzero(truth[:2]))
    assert second.mean.dice == 1
    assert (found.over, found.mean.number) == ("cases", 2)
    assert found.mean.dice == pytest.approx((dice + 1) / 2)
    accuracy = 1 - np.count_nonzero(truth[:2]) / truth.size
    assert found.mean.accuracy == pytest.approx((accuracy + 1) / 2)


def test_predicting_nothing_scores_nothing_where_one_slice_in_five_has_the_organ(
    judged: Workbench,
) -> None:
    truth = disc(voxels(seed=2))
    truth[[0, 1, 3, 4]] = 0
    add_case(judged, scan=voxels(seed=2), pool="test")
    label_maps.take_label_map(judged, "case-003", LabelMap(truth), labels_as="corrected")
    predict(judged, "case-003", np.zeros(SHAPE))
    chosen = evaluating.slices_to_evaluate(judged, "test")
    assert chosen == {"case-003": (0, 1, 2, 3, 4)}
    found = evaluating.evaluate(judged, RUN, "test", chosen)
    assert (found.mean.dice, found.mean.iou, found.mean.recall) == (0, 0, 0)
    assert [row.figures.is_empty for row in found.cases[0].slices] == [
        True,
        True,
        False,
        True,
        True,
    ]
    as_one_image_each(judged, "case-003")
    alone = evaluating.evaluate(judged, RUN, "test", chosen)
    assert (alone.over, alone.mean.dice, alone.mean.number, alone.mean.empty) == ("slices", 0, 5, 4)


def test_slices_without_geometry_stand_for_themselves(judged: Workbench) -> None:
    half = disc(voxels())
    half[:2] = 0
    predict(judged, "case-001", half)
    predict(judged, "case-002", disc(voxels(seed=1)))
    for case in ("case-001", "case-002"):
        as_one_image_each(judged, case)
    chosen = evaluating.slices_to_evaluate(judged, "all")
    found = evaluating.evaluate(judged, RUN, "all", chosen)
    assert (found.over, found.mean.number) == ("slices", 9)
    assert found.cases[0].mean.dice == 0.5
    assert found.mean.dice == pytest.approx(7 / 9) and found.mean.dice_median == 1
    accuracy = [1 - disc(voxels())[k].mean() for k in (0, 1)] + [1] * 7
    assert found.mean.accuracy == pytest.approx(np.mean(accuracy))
    assert found.mean.volume_difference_ml is None


def test_beside_a_scan_a_stack_of_images_is_one_case(judged: Workbench) -> None:
    half = disc(voxels())
    half[:2] = 0
    predict(judged, "case-001", half)
    predict(judged, "case-002", disc(voxels(seed=1)))
    chosen = evaluating.slices_to_evaluate(judged, "all")
    before = evaluating.evaluate(judged, RUN, "all", chosen)
    as_one_image_each(judged, "case-001")
    found = evaluating.evaluate(judged, RUN, "all", chosen)
    assert (found.over, found.mean.number) == ("cases", 2)
    assert found.mean.dice == before.mean.dice


def test_each_segment_has_a_column_and_is_undefined_where_it_is_nowhere(judged: Workbench) -> None:
    judged.add_segment("Rib")
    judged.add_segment("Later")
    judge(judged, "case-001", dict.fromkeys(range(4), SliceStatus.CORRECTED))
    judge(judged, "case-002", dict.fromkeys(range(5), SliceStatus.CORRECTED))
    two = replace(RUN, segments=((1, "Disc"), (2, "Rib")))
    truth = disc(voxels())[:4]
    wrong = disc(voxels())
    wrong[0, 0, :3] = 2
    predict(judged, "case-001", wrong)
    predict(judged, "case-002", disc(voxels(seed=1)))
    chosen = evaluating.slices_to_evaluate(judged, "all")
    found = evaluating.evaluate(judged, two, "all", chosen)
    disc_, rib, later = found.segments
    assert (disc_.name, disc_.mean.dice if disc_.mean else None, disc_.absent) == ("Disc", 1, ())
    # Three voxels of a segment that case-001 has not got: 0 there, nothing in case-002.
    assert rib.mean is not None and (rib.mean.dice, rib.absent) == (0, ("case-002",))
    assert later.mean is not None and later.mean.dice is None
    assert later.absent == ("case-001", "case-002")
    assert found.unknown == ("Later",)
    assert [row.mean.dice for row in found.cases] == [0.5, 1]
    assert found.cases[0].mean.accuracy == pytest.approx(1 - 3 / truth.size)


def test_a_segment_is_left_out_on_slices_that_were_right_before_it_came(judged: Workbench) -> None:
    """case-001 is right for Rib on slice 1 only; of case-002 nobody has said so."""
    judged.add_segment("Rib")
    judge(judged, "case-001", {1: SliceStatus.VERIFIED})
    two = replace(RUN, segments=((1, "Disc"), (2, "Rib")))
    found = disc(voxels())
    found[0, 0] = found[1, 0, :3] = 2
    predict(judged, "case-001", found)
    predict(judged, "case-002", np.where(disc(voxels(seed=1)) == 1, 1, 2))
    chosen = evaluating.slices_to_evaluate(judged, "all")
    said = evaluating.evaluate(judged, two, "all", chosen)
    rib = said.segments[1]
    assert rib.mean is not None and (rib.mean.number, rib.mean.dice, rib.absent) == (1, 0, ())
    assert [row.mean.dice for row in said.cases] == [0.5, 1]
    assert [row.mean.accuracy for row in said.cases][1] == 1
    assert said.cases[1].segments[1].mean is None


def test_a_slice_that_is_right_for_none_of_the_segments_is_not_compared(judged: Workbench) -> None:
    judged.add_segment("Rib")
    judged.do(Edit("Remove", "", segments=(SegmentChange(judged.segments[1], None),)))
    with pytest.raises(UsageError, match="nothing to compare"):
        evaluating.slices_to_evaluate(judged, "all")
    judge(judged, "case-002", {3: SliceStatus.CORRECTED})
    assert evaluating.slices_to_evaluate(judged, "all") == {"case-002": (3,)}


def test_a_case_that_was_not_predicted_is_named(judged: Workbench) -> None:
    chosen = evaluating.slices_to_evaluate(judged, "all")
    predict(judged, "case-002", disc(voxels(seed=1)))
    assert evaluating.without_prediction(judged, RUN, chosen) == ["case-001"]
    with pytest.raises(UsageError, match="case-001"):
        evaluating.evaluate(judged, RUN, "all", chosen)


@pytest.mark.parametrize("pool", ["train", "validation", "test"])
def test_a_case_belongs_to_the_pool_that_was_set_by_hand(judged: Workbench, pool: Pool) -> None:
    judged.put_project(
        judged.project.with_case(replace(judged.project.case("case-001"), pool=pool))
    )
    assert "case-001" in evaluating.slices_to_evaluate(judged, pool)


def test_who_has_not_joined_the_split_is_in_no_pool_but_all(judged: Workbench) -> None:
    add_case(judged, scan=voxels(seed=2))
    label_maps.take_label_map(judged, "case-003", LabelMap(disc(voxels(seed=2))))
    before = judged.project
    assert "case-003" in evaluating.slices_to_evaluate(judged, "all")
    for pool in ("train", "validation"):
        assert "case-003" not in evaluating.slices_to_evaluate(judged, pool)
    with pytest.raises(UsageError) as refused:
        evaluating.slices_to_evaluate(judged, "test")
    assert "case-003 is in no pool before the next training" in refused.value.hint
    assert judged.project is before


def test_with_one_patient_it_is_said_who_validated(tmp_path: Path) -> None:
    workbench = Workbench.create(tmp_path / "one.segdesk")
    add_case(workbench)
    with pytest.raises(UsageError) as refused:
        evaluating.slices_to_evaluate(workbench, "validation")
    assert "validates on slices of those that teach" in refused.value.hint
    with pytest.raises(UsageError) as refused:
        evaluating.slices_to_evaluate(workbench, "test")
    assert "those that teach" not in refused.value.hint
    workbench.close()


def test_what_was_drawn_is_kept(judged: Workbench) -> None:
    add_case(judged, scan=voxels(seed=2))
    label_maps.take_label_map(judged, "case-003", LabelMap(disc(voxels(seed=2))))
    teaching.keep_split(judged)
    split = judged.project.split
    pool = split.pool("case-003")
    assert pool is not None and evaluating.said_of_waiting(judged) == ""
    assert "case-003" in evaluating.slices_to_evaluate(judged, pool)
    for at in range(4, 10):
        add_case(judged, scan=voxels(seed=at))
    assert teaching.curriculum(judged).split.pools[: len(split.pools)] == split.pools
    judged.close()
    again = Workbench.open(judged.folder.path, writable=False)
    assert again.project.split == split
    again.close()


def test_surfaces_are_those_of_a_body_where_no_slice_is_missing(judged: Workbench) -> None:
    truth = judged.annotation("case-002").labels.copy()
    predict(judged, "case-002", np.roll(truth, 2, axis=2))
    predict(judged, "case-001", disc(voxels()))
    chosen = evaluating.slices_to_evaluate(judged, "all")
    result = evaluating.evaluate(judged, RUN, "all", chosen)
    spacing = judged.project.case("case-002").grid.spacing_mm
    (moved,) = result.cases[1].segments
    assert moved.surfaces is not None and moved.surfaces.in_3d
    apart = distances(truth == 1, np.roll(truth, 2, axis=2) == 1, spacing)
    assert moved.surfaces.figures == surface_figures(apart)
    assert moved.surfaces.figures.hd95_mm == pytest.approx(2 * spacing[2])
    (same,) = result.cases[0].segments
    assert same.surfaces is not None and same.surfaces.figures.hd95_mm == 0.0
    (over_all,) = result.segments
    assert over_all.surfaces is not None
    assert over_all.surfaces.figures.hd95_mm == pytest.approx(spacing[2])
    dice = [row.mean.dice for row in result.cases]
    assert over_all.dice_interval == result.dice_interval == interval(dice)


def test_surfaces_of_slices_between_which_others_are_missing_lie_in_their_planes(
    judged: Workbench,
) -> None:
    judge(judged, "case-002", {1: SliceStatus.PARTIAL, 3: SliceStatus.PARTIAL})
    truth = judged.annotation("case-002").labels.copy()
    answer = np.roll(truth, 1, axis=1)
    predict(judged, "case-002", answer)
    chosen = evaluating.slices_to_evaluate(judged, "train")
    assert chosen == {"case-002": (0, 2, 4)}
    result = evaluating.evaluate(judged, RUN, "train", chosen)
    (row,) = result.cases[0].segments
    assert row.surfaces is not None and not row.surfaces.in_3d
    spacing = judged.project.case("case-002").grid.spacing_mm[1:]
    plain = added(distances(truth[at] == 1, answer[at] == 1, spacing) for at in (0, 2, 4))
    assert row.surfaces.figures == surface_figures(plain)
    # One case has no spread.
    assert result.dice_interval is None


def test_a_body_that_is_cut_where_labels_end_has_no_surface_there(judged: Workbench) -> None:
    truth = np.zeros(SHAPE, np.uint8)
    truth[:, 4:14, 4:14] = 1
    label_maps.take_label_map(judged, "case-002", LabelMap(truth))
    answer = np.roll(truth, 3, axis=2)
    predict(judged, "case-002", answer)
    result = evaluating.evaluate(judged, RUN, "train", {"case-002": (1, 2, 3)})
    (row,) = result.cases[0].segments
    assert row.surfaces is not None and row.surfaces.in_3d
    spacing = judged.project.case("case-002").grid.spacing_mm[1:]
    plane = surface_figures(distances(truth[1] == 1, answer[1] == 1, spacing))
    assert row.surfaces.figures.mean_mm == pytest.approx(plane.mean_mm)
    assert row.surfaces.figures.dice == pytest.approx(plane.dice)


def test_pictures_have_no_distances(workbench: Workbench) -> None:
    case = add_case(workbench, scan=voxels(seed=2), stacked=False, pool="train")
    label_maps.take_label_map(workbench, case.id, LabelMap(disc(voxels(seed=2))))
    workbench.put_run(RUN)
    predict(workbench, case.id, disc(voxels(seed=2)))
    result = evaluating.evaluate(
        workbench, RUN, "all", evaluating.slices_to_evaluate(workbench, "all")
    )
    assert [row.surfaces for row in result.segments] == [None]
    assert result.over == "slices" and result.dice_interval == (1.0, 1.0)


def test_pieces_that_were_restored_count_in_voxels_and_in_surfaces(judged: Workbench) -> None:
    truth = judged.annotation("case-002").labels.copy()
    planes = np.zeros(SHAPE, np.uint8)
    planes[2, 1:3, 1:3] = 1
    left_out = LeftOut(((1, 4),), lambda: small_pieces(lambda index: planes[index], SHAPE))
    sure = np.full(SHAPE, 255, np.uint8)
    judged.folder.runs.write_prediction(
        Prediction("run-001", "case-002", truth, sure, "", left_out)
    )
    judged.add_prediction("run-001", "case-002")
    chosen = evaluating.slices_to_evaluate(judged, "train")

    def found() -> tuple[float | None, float | None]:
        (row,) = evaluating.evaluate(judged, RUN, "train", chosen).cases[0].segments
        assert row.surfaces is not None and row.mean is not None
        return row.mean.dice, row.surfaces.figures.mean_mm

    assert found() == (1.0, 0.0)
    restored = Dismissal("run-001, piece of 1 at 1 1", 2, False, True)
    judged.do(Edit("Restore", "case-002", dismissals=(restored,)))
    dice, apart = found()
    assert dice is not None and apart is not None and dice < 1.0 and apart > 0.0
