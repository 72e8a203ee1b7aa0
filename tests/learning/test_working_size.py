"""The size at which slices are learnt: by the seconds that are given, and never too coarse for the
smallest labelled piece."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from segdesk.core.run import plan_for
from segdesk.jobs import bundle as bundles
from segdesk.jobs.messages import Note, Started
from segdesk.learning import trainer, working_size
from segdesk.learning.geometry import Scale
from segdesk.learning.networks import unet_norm
from segdesk.learning.samples import Samples
from segdesk.learning.working_size import SHORT_SIDE, side_by_pieces, side_by_time
from tests.learning.builders import Recorder, short_plan, write_bundle

pytestmark = pytest.mark.keras
OWN = 512


@pytest.mark.parametrize(
    ("network", "minutes", "side", "chosen"),
    [
        ("unet_fast", 0.25, 256, SHORT_SIDE),
        ("unet_fast", 0.25, 255, 255),
        ("unet_fast", 0.5, 256, 256),
        ("unet_fast", None, 256, 256),
        ("unet_norm", 0.25, 256, 256),
    ],
)
def test_few_seconds_take_small_slices(
    network: str, minutes: float | None, side: int, chosen: int
) -> None:
    assert side_by_time(plan_for(network, max_minutes=minutes), side) == chosen


def labels(*sides: int) -> npt.NDArray[np.uint8]:
    """A slice with a large organ and one square of each side, which is another segment."""
    plane = np.zeros((1, OWN, OWN), np.uint8)
    plane[0, 200:400, 100:400] = 1
    for at, side in enumerate(sides):
        plane[0, 20 : 20 + side, 20 + 40 * at : 20 + 40 * at + side] = 2
    return plane


def side_for(
    folder: Path, targets: npt.NDArray[np.uint8], side: int = 256, *, complete: bool = True
) -> int:
    incomplete = {} if complete else {"case-001": [(2,)]}
    path = write_bundle(
        folder,
        [("case-001", "train", np.zeros(targets.shape, np.int16), targets)],
        segments=((1, "lung"), (2, "nodule")),
        incomplete=incomplete,
        pixel_mm=(0.7, 0.7),
    )
    pixel = 0.7 * OWN / side
    scale = Scale(side, (pixel, pixel))
    samples = Samples(bundles.read(path), path, "train", scale=scale, shape=(side, side))
    return side_by_pieces(samples, side)


def test_the_smallest_piece_keeps_nine_pixels(tmp_path: Path) -> None:
    """A square of 4 pixels of the scan has 4 at half size; of 5, 6.25; of 6 just nine."""
    assert side_for(tmp_path / "a", labels(6)) == 256
    assert side_for(tmp_path / "b", labels(5)) == 308  # 256 * sqrt(9 / 6.25), rounded up
    assert side_for(tmp_path / "c", labels(4)) == 384
    assert side_for(tmp_path / "d", labels(4), 128) == 384
    assert side_for(tmp_path / "e", labels(6), OWN) == OWN


def test_what_is_no_piece_makes_nothing_larger(tmp_path: Path) -> None:
    """Two pixels of the scan could be seen at no size; a slip of the hand, or a slice that is not
    complete for the segment, says nothing."""
    assert side_for(tmp_path / "a", labels(8, 1)) == 256
    assert side_for(tmp_path / "b", labels(4), complete=False) == 256
    slips = labels()
    slips[0, 20:24, 20:24] = 1
    assert side_for(tmp_path / "c", slips) == 256


def test_it_never_grows_without_an_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(working_size, "LARGEST_SIDE", 300)
    assert side_for(tmp_path, labels(4)) == 300


def test_a_training_says_why_its_slices_are_larger_and_a_size_that_was_chosen_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unet_norm, "LEVELS", ((1, 1), (2, 1)))
    targets = np.minimum(labels(4), 1)
    # Alone on its slice, so that it is no slip.
    targets[0, 200:400, 100:400] = 0
    seen: list[tuple[tuple[int, int], list[str]]] = []
    for name, size in (("open", 0), ("chosen", 128)):
        path = write_bundle(
            tmp_path / name,
            [("case-001", "train", np.zeros(targets.shape, np.int16), targets)],
            plan=short_plan(epochs=1, size=size, batch=1),
            pixel_mm=(0.7, 0.7),
        )
        recorder = Recorder()
        trainer.run_bundle(path, recorder)
        (started,) = recorder.of(Started)
        notes = [str(note.sentence) for note in recorder.of(Note)]
        seen.append((started.input_shape, [one for one in notes if "pixels" in one]))
    assert seen[0][0] == (384, 384)
    assert seen[0][1] == [
        "Slices are learnt at 384 pixels, not 256: the smallest labelled piece would be too small "
        "to be seen."
    ]
    assert seen[1] == ((128, 128), [])
