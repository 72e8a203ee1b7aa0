"""Prediction of a whole scan against Keras' own `predict` with SciPy's resampling.

300 slices of 512² with random weights: segdesk's `Predictor`, and beside it what a script of a
dozen lines does: SciPy makes the slices smaller, `model.predict` at the batch that is best for it,
SciPy makes the probabilities larger. Both read the same file and write the same two arrays.
Rounds alternate; seconds of processor time, because other work on the machine takes none of those.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any, TypeVar

import keras
import numpy as np
import numpy.typing as npt
from scipy import ndimage

from segdesk.core.run import plan_for
from segdesk.jobs import bundle as bundles
from segdesk.jobs.messages import Predicted
from segdesk.learning import trainer
from segdesk.learning.geometry import Scale
from segdesk.learning.networks import registry
from segdesk.learning.predict import Predictor
from segdesk.learning.scan_file import ScanFile
from tests.benchmarks.rows import Row
from tests.learning.builders import Recorder, write_bundle

SLICES, SIDE, NETWORK = 300, 512, 256
FILTERS = plan_for("unet_fast").filters
BATCHES = (1, 4, 8, 16)
ROUNDS = 3
Planes = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]
T = TypeVar("T")
ZOOM: dict[str, Any] = {"order": 1, "mode": "nearest", "grid_mode": True, "prefilter": False}
#: Keras says that it is a text, and takes a number.
SILENT: Any = 0


def rows() -> list[Row]:
    """All rows of this file."""
    ratios, own, apart = against_keras(SLICES, ROUNDS)
    return [
        Row(
            "predict_against_keras",
            "times",
            round(median(ratios), 2),
            round(min(ratios), 2),
            round(min(ratios), 2),
            what=f"{SLICES} slices of {SIDE}², processor time of model.predict and SciPy / of ours",
        ),
        Row(
            "predict_slice",
            "ms",
            round(1000 * median(own) / SLICES, 1),
            round(1000 * max(own) / SLICES, 1),
            round(1000 * max(own) / SLICES, 1),
            what=f"processor time of a slice of {SIDE}², the network's being {NETWORK}²; "
            f"probabilities differ by at most {apart:.4f}",
        ),
    ]


def against_keras(slices: int, rounds: int) -> tuple[list[float], list[float], float]:
    """How many times sooner each round was, its seconds, and how far probabilities are apart."""
    keras.utils.set_random_seed(1)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rng = np.random.default_rng(1)
        few = rng.integers(-1000, 400, (4, SIDE, SIDE)).astype(np.int16)
        few = np.stack([np.asarray(ndimage.gaussian_filter(one, 3)) for one in few]).astype(
            np.int16
        )
        voxels = few[np.arange(slices) % len(few)]
        path = write_bundle(
            folder, [("case-001", "train", voxels, np.zeros((1, SIDE, SIDE), "u1"))]
        )
        bundle = bundles.read(path)
        volume = bundle.volume("case-001")
        network = registry.build("unet_fast", (NETWORK, NETWORK, 1), 2, filters=FILTERS)
        predictor = Predictor(
            network,
            "unet_fast",
            intensities=bundle.intensities,
            scale=Scale(NETWORK, None),
            segments=((1, "lung"),),
        )
        held, recorder = trainer.HeldRun.of(bundle, path), Recorder()
        best = _best_batch(network)

        def ours() -> None:
            predictor.case(volume, held, recorder)

        def theirs() -> tuple[Planes, Planes]:
            return _by_script(network, ScanFile(volume), bundle.intensities, slices, best)

        predictor.labels(volume, 0)
        ratios: list[float] = []
        seconds: list[float] = []
        found: tuple[Planes, Planes] | None = None
        for _ in range(rounds):
            own, _ = _timed(ours)
            other, found = _timed(theirs)
            seconds.append(own)
            ratios.append(other / own)
        said = recorder.of(Predicted)[-1]
        if found is None:
            raise RuntimeError("expected one round at least")
        labels, certainty = np.load(said.labels_file), np.load(said.probability_file)
        own_chances = [chances for _, chances in predictor.answers(volume, range(len(few)))]
        images = _small(ScanFile(volume), bundle.intensities, len(few))
        logits = network.predict(images, batch_size=best, verbose=SILENT)
        apart = np.abs(np.stack(own_chances) - np.stack([_large(one) for one in logits])).max()
        # Where both classes are equally likely either may win by the last digit.
        if (differ := labels != found[0]).mean() > 1e-3 or (certainty[differ] > 130).any():
            raise RuntimeError(f"{differ.sum()} voxels have another class")
        return ratios, seconds, float(apart)


def _best_batch(network: keras.Model) -> int:
    """The batch at which `predict` takes the least processor time for a slice."""
    images = np.random.default_rng(2).random((16, NETWORK, NETWORK, 1)).astype(np.float32)
    network.predict(images[:1], verbose=SILENT)
    taken: dict[int, float] = {}
    for batch in BATCHES:

        def one(batch: int = batch) -> object:
            return network.predict(images, batch_size=batch, verbose=SILENT)

        one()
        taken[batch] = min(_timed(one)[0] for _ in range(2))
    return min(taken, key=lambda batch: taken[batch])


def _by_script(
    network: keras.Model, scan: ScanFile, intensities: Any, slices: int, batch: int
) -> tuple[Planes, Planes]:
    small = _small(scan, intensities, slices)
    logits = network.predict(small, batch_size=batch, verbose=SILENT)
    labels = np.empty((slices, SIDE, SIDE), np.uint8)
    certainty = np.empty_like(labels)
    for index in range(slices):
        large = _large(logits[index])
        labels[index] = large.argmax(axis=-1)
        certainty[index] = np.rint(large.max(axis=-1) * 255)
    return labels, certainty


def _small(scan: ScanFile, intensities: Any, slices: int) -> Floats:
    """Slices as the network takes them, made smaller by SciPy."""
    low, high, sigma = intensities.low, intensities.high, (SIDE / NETWORK - 1) / 2
    small = np.empty((slices, NETWORK, NETWORK, 1), np.float32)
    for index in range(slices):
        image = (np.clip(scan.slice(index), low, high).astype(np.float32) - low) / (high - low)
        smooth = ndimage.gaussian_filter(image, sigma, mode="nearest")
        small[index, ..., 0] = ndimage.zoom(smooth, NETWORK / SIDE, **ZOOM)
    return small


def _large(logits: Floats) -> Floats:
    """Probabilities of a slice, made larger by SciPy."""
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    chances = powers / powers.sum(axis=-1, keepdims=True)
    large = np.empty((SIDE, SIDE, chances.shape[-1]), np.float32)
    for place in range(chances.shape[-1]):
        large[..., place] = ndimage.zoom(chances[..., place], SIDE / NETWORK, **ZOOM)
    return large


def _timed(do: Callable[[], T]) -> tuple[float, T]:
    begun = time.process_time()
    found = do()
    return time.process_time() - begun, found
