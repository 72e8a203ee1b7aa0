"""A network's answer where the memory is too small for a whole batch, and its arithmetic."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import pytest

from segdesk.errors import TrainingError
from segdesk.jobs import bundle as bundles
from segdesk.jobs.messages import Note, Predicted
from segdesk.learning import backend, trainer
from segdesk.learning.forward import Forward, over_classes, probabilities
from segdesk.learning.geometry import Scale
from segdesk.learning.networks import registry
from segdesk.learning.predict import SMALLER_BATCH, Predictor
from tests.learning.builders import Recorder, write_bundle

SIDE = 32
Floats = npt.NDArray[np.float32]
#: What the backend raises where its memory is too small.
TOO_SMALL = backend.OUT_OF_MEMORY[-1]


def network() -> keras.Model:
    return registry.build("unet_fast", (SIDE, SIDE, 1), 2, filters=2)


def too_small() -> BaseException:
    if TOO_SMALL is MemoryError:
        return MemoryError()
    return TOO_SMALL(None, None, "OOM when allocating tensor")


def narrow(monkeypatch: pytest.MonkeyPatch, most: int) -> list[int]:
    """A device in whose memory so many slices have room; the batches that were tried."""
    tried: list[int] = []
    answer = backend.answer

    def narrower(own: keras.Model) -> Callable[[Any], Any]:
        whole = answer(own)

        def call(images: Floats) -> Any:
            tried.append(len(images))
            if len(images) > most:
                raise too_small()
            return whole(images)

        return call

    monkeypatch.setattr(backend, "answer", narrower)
    return tried


def test_half_of_a_batch_goes_through_where_the_whole_has_no_room(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    own = network()
    images = np.random.default_rng(1).random((8, SIDE, SIDE, 1)).astype(np.float32)
    whole = Forward(own).outputs(images)
    tried = narrow(monkeypatch, 3)
    forward = Forward(own)
    np.testing.assert_allclose(forward.outputs(images), whole, atol=1e-5)
    assert tried == [8, 4, 2, 2, 2, 2]
    # From then on no more is tried.
    tried.clear()
    np.testing.assert_allclose(forward.outputs(images[:5]), whole[:5], atol=1e-5)
    assert tried == [2, 2, 1]


def test_where_one_slice_has_no_room_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    tried = narrow(monkeypatch, 0)
    with pytest.raises(TrainingError, match="too small to predict slices of 32x32"):
        Forward(network()).outputs(np.zeros((2, SIDE, SIDE, 1), np.float32))
    assert tried == [2, 1]


def test_a_case_is_predicted_the_same_with_a_smaller_batch_and_that_is_said_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    voxels = np.random.default_rng(2).integers(-1000, 400, (19, SIDE, SIDE)).astype(np.int16)
    nothing = np.zeros(voxels.shape, np.uint8)
    path = write_bundle(tmp_path, [("case-001", "train", voxels, nothing)])
    bundle = bundles.read(path)
    held, own = trainer.HeldRun.of(bundle, path), network()

    def predicted(recorder: Recorder) -> list[npt.NDArray[np.uint8]]:
        predictor = Predictor(
            own,
            "unet_fast",
            intensities=bundle.intensities,
            scale=Scale(SIDE, None),
            segments=((7, "lung"),),
        )
        predictor.case(bundle.volume("case-001"), held, recorder)
        (said,) = recorder.of(Predicted)
        return [np.load(said.labels_file), np.load(said.probability_file)]

    wide = Recorder()
    expected = predicted(wide)
    assert wide.of(Note) == [] and set(np.unique(expected[0])) <= {0, 7}
    narrow(monkeypatch, 2)
    recorder = Recorder()
    for found, one in zip(predicted(recorder), expected, strict=True):
        assert np.abs(found.astype(int) - one).max() <= (0 if one is expected[0] else 1)
    assert [note.sentence for note in recorder.of(Note)] == [SMALLER_BATCH]


@pytest.mark.parametrize("classes", [2, 5])
def test_probabilities_are_those_of_a_softmax(classes: int) -> None:
    outputs = np.random.default_rng(3).normal(0, 9, (2, 7, 5, classes)).astype(np.float32)
    found = probabilities(outputs)
    expected = np.asarray(keras.ops.softmax(outputs, axis=-1))
    np.testing.assert_allclose(found, expected, atol=1e-6)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(over_classes(np.maximum, found), found.max(axis=-1))
