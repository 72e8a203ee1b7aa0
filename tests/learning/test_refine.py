"""What is done after the network is decided by labelled slices, and done to a prediction alike."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import pytest
from scipy import ndimage

from segdesk.core.refinement import EDGE_WEIGHTS, Refinement, said
from segdesk.jobs import bundle as bundles
from segdesk.jobs.bundle import IGNORE, Bundle, VolumeRef
from segdesk.jobs.messages import Note, Predicted, Refined
from segdesk.learning import trainer
from segdesk.learning.forward import Forward
from segdesk.learning.geometry import Frame, Scale
from segdesk.learning.networks import registry, unet_fast
from segdesk.learning.predict import Predictor
from segdesk.learning.refine import FLATTERS, MEANT, Decider, _Seen
from segdesk.learning.refiner import Refiner
from segdesk.learning.samples import Samples, scaled
from tests.learning.builders import Lessons, Recorder, discs, kept, short_plan, write_bundle

pytestmark = pytest.mark.keras
Floats = npt.NDArray[np.float32]
SIDE = 64


def disc(radius: float, at: tuple[float, float] = (SIDE / 2, SIDE / 2)) -> npt.NDArray[np.bool_]:
    rows, columns = np.mgrid[:SIDE, :SIDE]
    return np.asarray((rows - at[0]) ** 2 + (columns - at[1]) ** 2 < radius**2, np.bool_)


def scan(truth: npt.NDArray[np.uint8], *, noise: float = 30.0) -> npt.NDArray[np.int16]:
    generator = np.random.default_rng(0)
    values = np.where(truth > 0, -800.0, 0.0) + generator.normal(0, noise, truth.shape)
    return values.astype(np.int16)


class Answers:
    """In the place of a network: says what a test wants said."""

    def __init__(self, bundle: Bundle, chances: dict[str, Floats]) -> None:
        self._bundle, self._chances = bundle, chances

    def answers(self, volume: VolumeRef, indices: Sequence[int]) -> Iterator[tuple[Floats, Floats]]:
        voxels = volume.open()
        for index in indices:
            image = scaled(voxels[index], volume, self._bundle.intensities)
            yield image, self._chances[volume.case][index]


def decided(
    folder: Path,
    truth: npt.NDArray[np.uint8],
    chances: Floats,
    *,
    held_out: tuple[npt.NDArray[np.uint8], Floats] | None = None,
    segments: tuple[tuple[int, str], ...] = ((4, "lung"),),
    incomplete: Mapping[str, Sequence[tuple[int, ...]]] | None = None,
    noise: float = 30.0,
) -> tuple[Refinement, ...]:
    lessons: Lessons = [("case-001", "train", scan(truth, noise=noise), truth)]
    said_by = {"case-001": chances}
    if held_out is not None:
        lessons.append(("case-002", "validation", scan(held_out[0], noise=noise), held_out[0]))
        said_by["case-002"] = held_out[1]
    path = write_bundle(folder, lessons, segments=segments, incomplete=incomplete or {})
    bundle = bundles.read(path)
    train, validation = (
        Samples(bundle, path, pool, scale=Scale(SIDE, None), shape=(SIDE, SIDE))
        for pool in ("train", "validation")
    )
    predictor = cast(Any, Answers(bundle, said_by))
    return Decider(bundle, train, validation, predictor).decide()


def of_foreground(planes: Sequence[npt.NDArray[Any]], blur: float = 1.5) -> Floats:
    """Chances of background and one class."""
    chance = np.stack(
        [np.asarray(ndimage.gaussian_filter(plane.astype(np.float32), blur)) for plane in planes]
    )
    return np.stack([1 - chance, chance], axis=-1).astype(np.float32)


RADII = (12.0, 15.0, 18.0, 21.0)
TRUTH = np.stack([disc(radius) for radius in RADII]).astype(np.uint8)
#: A network that draws everything a pixel too large.
LARGE = of_foreground([disc(radius + 1) for radius in RADII])


def test_an_edge_is_learnt_where_it_is_better_on_slices_that_were_left_out(tmp_path: Path) -> None:
    (row,) = decided(tmp_path, TRUTH, LARGE)
    assert row.segment == 4
    assert len(row.edge) == EDGE_WEIGHTS
    assert row.edge_before is not None and row.edge_after is not None
    assert row.edge_before < 0.965 < 0.995 < row.edge_after


def test_an_edge_that_voxels_do_not_show_is_not_used(tmp_path: Path) -> None:
    """Truth and network agree, and the scan is noise."""
    answers = of_foreground(list(TRUTH), 0.8)
    (row,) = decided(
        tmp_path, TRUTH[:3], answers[:3], held_out=(TRUTH[3:], answers[3:]), noise=4000.0
    )
    assert row.edge == ()
    assert row.edge_before is not None and row.edge_after is not None
    assert row.edge_after <= row.edge_before


def test_slices_that_validate_decide_where_there_are_any(tmp_path: Path) -> None:
    """There the network is right, and what the others teach makes it worse."""
    other = np.stack([disc(16.0), disc(19.0)]).astype(np.uint8)
    wrong = np.stack([disc(14.0), disc(17.0)]).astype(np.uint8)
    (row,) = decided(tmp_path, TRUTH, LARGE, held_out=(wrong, of_foreground(list(wrong), 0.5)))
    (better,) = decided(
        tmp_path / "b",
        TRUTH,
        LARGE,
        held_out=(other, of_foreground([disc(17.0), disc(20.0)])),
    )
    assert better.edge and better.edge_before is not None and better.edge_before < 0.965
    assert row.edge_before is not None and row.edge_before > 0.98


def test_the_smallest_labelled_piece_says_what_is_small_and_slips_of_the_hand_do_not(
    tmp_path: Path,
) -> None:
    truth = TRUTH.copy()
    truth[1, 2:6, 2:7] = 1
    truth[2, 60, 60] = 1
    (row,) = decided(tmp_path, truth, LARGE)
    assert row.least_piece == 0.5 * 20
    assert 20 >= MEANT > 1


def test_a_slice_that_is_not_complete_says_nothing_about_pieces_and_holes(tmp_path: Path) -> None:
    truth = TRUTH.copy()
    truth[1, 2:6, 2:7] = 1
    truth[1, 30:33, 30:33] = 0
    partly = {"case-001": ((), (1,), (), ())}
    (row,) = decided(tmp_path, truth, LARGE, incomplete=partly)
    assert row.least_piece > 100
    assert row.fills_holes
    (whole,) = decided(tmp_path / "b", truth, LARGE)
    assert whole.least_piece == 10
    assert not whole.fills_holes


def test_what_nobody_labelled_is_no_hole(tmp_path: Path) -> None:
    truth = TRUTH.copy()
    truth[1, 30:33, 30:33] = IGNORE
    (row,) = decided(tmp_path, truth, LARGE)
    assert row.fills_holes


def test_a_segment_that_no_slice_shows_has_nothing_done_to_it(tmp_path: Path) -> None:
    both = np.concatenate([LARGE, np.zeros((*LARGE.shape[:3], 1), np.float32)], axis=-1)
    rows = decided(tmp_path, TRUTH, both, segments=((4, "lung"), (9, "tumour")))
    assert rows[1] == Refinement(9)


def test_two_segments_side_by_side_keep_to_their_own(tmp_path: Path) -> None:
    """Their values differ; the network has moved the wall between them."""
    truth = np.zeros((4, SIDE, SIDE), np.uint8)
    chances = np.zeros((4, SIDE, SIDE, 3), np.float32)
    for index in range(4):
        wall = 28 + 2 * index
        truth[index, 10:54, 10:wall] = 1
        truth[index, 10:54, wall:54] = 2
        moved = np.zeros((SIDE, SIDE, 3), np.float32)
        moved[..., 0] = 1
        moved[10:54, 10:54, 0] = 0
        moved[10:54, 10 : wall + 1, 1] = 1
        moved[10:54, wall + 1 : 54, 2] = 1
        chances[index] = ndimage.gaussian_filter(moved, (1.2, 1.2, 0))
    lessons: Lessons = [
        ("case-001", "train", (np.array([0, -800, 500])[truth]).astype(np.int16), truth)
    ]
    path = write_bundle(tmp_path, lessons, segments=((1, "left"), (2, "right")))
    bundle = bundles.read(path)
    samples = [
        Samples(bundle, path, pool, scale=Scale(SIDE, None), shape=(SIDE, SIDE))
        for pool in ("train", "validation")
    ]
    predictor = cast(Any, Answers(bundle, {"case-001": chances}))
    rows = Decider(bundle, samples[0], samples[1], predictor).decide()
    assert all(row.edge for row in rows)
    frame = Frame((SIDE, SIDE), (SIDE, SIDE), (SIDE, SIDE))
    refiner = Refiner(rows, frame)
    volume = bundle.volume("case-001")
    for index, (image, answer) in enumerate(predictor.answers(volume, range(4))):
        before, after = answer.argmax(axis=-1), refiner.slice(image, answer)
        assert (after != truth[index]).sum() < 0.2 * (before != truth[index]).sum()


def test_holes_take_background_alone() -> None:
    ring = disc(20) & ~disc(8)
    chances = np.zeros((SIDE, SIDE, 3), np.float32)
    chances[..., 0] = 0.4
    chances[ring, 1] = 0.9
    chances[disc(4), 2] = 0.9
    frame = Frame((SIDE, SIDE), (SIDE, SIDE), (SIDE, SIDE))
    rows = (Refinement(1, fills_holes=True), Refinement(2))
    found = Refiner(rows, frame).slice(np.zeros((SIDE, SIDE), np.float32), chances)
    assert np.array_equal(found == 2, disc(4))
    assert np.array_equal(found == 1, disc(20) & ~disc(4))


def test_small_pieces_of_a_case_are_left_out_of_its_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    voxels = np.zeros((4, SIDE, SIDE), np.int16)
    path = write_bundle(tmp_path, [("case-001", "train", voxels, np.zeros_like(voxels, "u1"))])
    bundle = bundles.read(path)
    planes = [disc(10) for _ in range(4)]
    planes[1] = planes[1] | disc(2, (5, 5))
    planes[2] = planes[2] | disc(3, (55, 55))
    planes[3] = planes[3] | disc(1, (55, 55))
    answer = of_foreground(planes, 0.1)
    monkeypatch.setattr(Forward, "outputs", lambda _, images: np.log(answer[: len(images)] + 1e-6))
    network = registry.build("unet_fast", (SIDE, SIDE, 1), 2, filters=2)
    predictor = Predictor(
        network,
        "unet_fast",
        intensities=bundle.intensities,
        scale=Scale(SIDE, (1.0, 1.0)),
        segments=((7, "lung"),),
    )
    recorder = Recorder()
    held = trainer.HeldRun.of(bundle, path)
    least = float(disc(2).sum()) + 1
    case = bundle.volume("case-001")
    predictor.case(case, held, recorder)
    said = np.load(recorder.of(Predicted)[0].labels_file)
    assert said[1, 5, 5] == 7 and recorder.of(Predicted)[0].left_out_file == ""
    predictor.refined((Refinement(7, least_piece=0.5),)).case(case, held, recorder)
    assert recorder.of(Predicted)[-1].left_out_file == ""
    # It would have the scan's size, and nobody would remove it before all cases are predicted.
    assert len(list((path / "predictions").iterdir())) == 2
    recorder.messages.pop()
    predictor.refined((Refinement(7, least_piece=least),)).case(case, held, recorder)
    labels = np.load(recorder.of(Predicted)[1].labels_file)
    left_out = np.load(recorder.of(Predicted)[1].left_out_file)
    assert left_out.any() and not (labels[left_out != 0]).any()
    # Nothing that the network said is lost.
    assert np.array_equal(np.where(left_out, left_out, labels), said)
    assert set(np.unique(labels)) == {0, 7}
    assert not labels[1, :8, :8].any()
    assert labels[2, 55, 55] == 7
    for index in range(4):
        assert labels[index, SIDE // 2, SIDE // 2] == 7


def test_a_training_says_what_is_done_and_a_later_prediction_does_it_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unet_fast, "LEVELS", ((1, 1), (2, 1)))
    lessons: Lessons = [("case-001", "train", *discs(6, SIDE))]
    plan = short_plan("unet_fast", epochs=30, batch=3, filters=8)
    folder = write_bundle(tmp_path, lessons, plan=plan, predict=("case-001",))
    recorder = Recorder()
    trainer.run_bundle(folder, recorder)
    (refined,) = recorder.of(Refined)
    assert refined.refinements[0].least_piece > 0
    assert any(one.sentence.startswith("After the network: lung:") for one in recorder.of(Note))
    first = np.load(recorder.of(Predicted)[0].labels_file)
    own = kept(
        tmp_path / "run",
        network="unet_fast",
        filters=8,
        built_for=(SIDE, SIDE),
        refinements=refined.refinements,
    )
    again = write_bundle(
        tmp_path,
        lessons,
        plan=plan,
        train=False,
        predict=("case-001",),
        input_shape=(SIDE, SIDE),
        own=own,
    )
    recorder = Recorder()
    trainer.run_bundle(again, recorder)
    assert np.array_equal(np.load(recorder.of(Predicted)[0].labels_file), first)


def test_the_sentence_names_each_segment_and_what_is_done() -> None:
    rows = (
        Refinement(1, 12.0, True, (0.5,) * EDGE_WEIGHTS, 0.9876, 0.99),
        Refinement(2),
        Refinement(3, fills_holes=True),
    )
    assert said(rows, {1: "lung", 2: "heart", 3: "liver"}) == (
        "After the network: lung: small pieces left out, edge learnt, Dice 0.9876 to 0.9900, "
        "holes filled; liver: holes filled."
    )
    assert said((Refinement(2),), {}) is None


@pytest.mark.parametrize(
    "fields", [{"edge": (1.0,)}, {"edge": (float("nan"),) * EDGE_WEIGHTS}, {"least_piece": -1.0}]
)
def test_what_is_no_refinement_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="expected"):
        Refinement(1, **fields)


def test_the_band_of_a_scan_is_as_wide_as_a_pixel_of_the_network() -> None:
    """At three times the network's pixels an edge that is two voxels off is reached."""
    frame = Frame((3 * SIDE, 3 * SIDE), (SIDE, SIDE), (SIDE, SIDE))
    weights = np.zeros(EDGE_WEIGHTS)
    weights[2] = -1.0
    refiner = Refiner((Refinement(1, edge=tuple(weights)),), frame)
    inside = np.zeros((3 * SIDE, 3 * SIDE), bool)
    inside[60:120, 60:120] = True
    answered = np.zeros_like(inside)
    answered[57:123, 57:123] = True
    chances = np.stack([1 - answered, answered], axis=-1).astype(np.float32)
    image = np.where(inside, 0.1, 0.9).astype(np.float32)
    assert np.array_equal(refiner.slice(image, chances) == 1, inside)


def test_slices_that_the_network_has_learnt_may_lose_a_hair(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There it has no room to become better; a slice that validates flatters nobody."""
    lost = 0.0003
    monkeypatch.setattr(
        _Seen,
        "counts",
        lambda _, weights: (20000 * (0.99 - (0.0 if weights is None else lost)), 20000),
    )
    (row,) = decided(tmp_path, TRUTH, LARGE)
    assert row.edge
    assert row.edge_before is not None and row.edge_after is not None
    assert row.edge_before - row.edge_after == pytest.approx(lost)
    assert "learnt too" in str(said((row,), {4: "lung"}))
    (validated,) = decided(tmp_path / "b", TRUTH, LARGE, held_out=(TRUTH[:1], LARGE[:1]))
    assert validated.edge == ()
    lost = 2 * FLATTERS
    (worse,) = decided(tmp_path / "c", TRUTH, LARGE)
    assert worse.edge == ()
