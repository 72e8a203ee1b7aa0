"""A model in one file: what segdesk wrote is read again, and nothing that a file holds is run."""

from __future__ import annotations

import hashlib
import io
import json
import os
import pickle
import zipfile
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from segdesk.core.model import Model
from segdesk.core.run import Intensities
from segdesk.errors import TrainingError
from segdesk.jobs import model_file

MODEL = Model(
    run="run-003",
    network="unet_fast",
    filters=16,
    neighbours_mm=0.0,
    segments=((1, "Lung"), (4, "Airway")),
    intensities=Intensities(-1024.0, 600.0, "HU"),
    pixel_mm=(1.4, 1.4),
    input_shape=(200, 256),
    built_for=(224, 256),
    epoch=7,
    step=812,
    sha256="",
)


class Marks:
    """Unpickled, it makes a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return (os.mkdir, (str(self.path),))


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    path = tmp_path / "weights-7.npz"
    np.savez(path, np.arange(12, dtype=np.float32))
    return path


@pytest.fixture
def model(weights: Path) -> Model:
    return replace(MODEL, sha256=hashlib.sha256(weights.read_bytes()).hexdigest())


@pytest.fixture
def made(tmp_path: Path, weights: Path, model: Model) -> Path:
    path = tmp_path / "lungs.segmodel"
    model_file.write(path, model, weights)
    return path


def test_what_was_written_is_read_again(made: Path, weights: Path, model: Model) -> None:
    assert model_file.read(made) == model
    copied = made.with_name("copied.npz")
    model_file.copy_weights(made, copied)
    assert copied.read_bytes() == weights.read_bytes()
    again = made.with_name("again.segmodel")
    model_file.write(again, model, weights)
    assert again.read_bytes() == made.read_bytes()


def test_a_long_name_of_a_segment_is_read_again(weights: Path, model: Model) -> None:
    path = weights.with_name("m.segmodel")
    long = replace(model, segments=((1, "Lung " * 100),))
    model_file.write(path, long, weights)
    assert model_file.read(path) == long


def test_weights_that_are_not_the_models_are_not_handed_on(weights: Path, model: Model) -> None:
    weights.write_bytes(weights.read_bytes() + b"x")
    with pytest.raises(TrainingError, match="not those that it kept"):
        model_file.write(weights.with_name("m.segmodel"), model, weights)
    assert not weights.with_name("m.segmodel").exists()


def archive(path: Path, members: dict[str, bytes], how: int = zipfile.ZIP_STORED) -> None:
    with zipfile.ZipFile(path, "w", how) as made:
        for name, content in members.items():
            made.writestr(name, content)


def strangers(path: Path, weights: Path, mark: Path) -> dict[str, bytes]:
    """Files that would do something, were they trusted."""
    lambda_layer = {
        "class_name": "Lambda",
        "config": {"function": {"class_name": "__lambda__", "config": {"code": "4wEAAA=="}}},
    }
    keras = io.BytesIO()
    with zipfile.ZipFile(keras, "w") as made:
        made.writestr("metadata.json", "{}")
        made.writestr("config.json", json.dumps({"config": {"layers": [lambda_layer]}}))
        made.writestr("model.weights.h5", b"\x89HDF\r\n\x1a\n")
    objects = io.BytesIO()
    np.save(objects, np.array([Marks(mark)], dtype=object))
    weights_of_objects, zipped = io.BytesIO(), io.BytesIO()
    with zipfile.ZipFile(weights_of_objects, "w") as made:
        made.writestr("arr_0.npy", objects.getvalue())
    with zipfile.ZipFile(zipped, "w") as made:
        made.writestr("photo.png", b"\x89PNG")
    return {
        "keras": keras.getvalue(),
        "pickle": pickle.dumps(Marks(mark)),
        "objects": weights_of_objects.getvalue(),
        "weights": weights.read_bytes(),
        "zip": zipped.getvalue(),
        "empty": b"",
        "text": b"PK\x05\x06" + bytes(17),
    }


@pytest.mark.parametrize("kind", ["keras", "pickle", "objects", "weights", "zip", "empty", "text"])
def test_what_segdesk_did_not_make_is_refused_in_one_sentence_and_not_run(
    tmp_path: Path, weights: Path, kind: str
) -> None:
    mark = tmp_path / "it-ran"
    path = tmp_path / "stranger.segmodel"
    path.write_bytes(strangers(path, weights, mark)[kind])
    for call in (model_file.read, lambda file: model_file.copy_weights(file, tmp_path / "w.npz")):
        with pytest.raises(TrainingError) as caught:
            call(path)
        words = "a network of its own" if kind == "keras" else "is no model of segdesk"
        assert words in caught.value.sentence and caught.value.sentence.count(".") == 2
        assert "segdesk model" in caught.value.hint
    assert not mark.exists() and not (tmp_path / "w.npz").exists()


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"filters": 0}, "no model"),
        ({"filters": 16.5}, "no model"),
        ({"network": "unet_next"}, "another version"),
        ({"more": 1}, "another version"),
        ({"segments": [[1, "Lung"], [1, "Airway"]]}, "no model"),
        ({"segments": []}, "no model"),
        ({"segments": [[300, "Lung"]]}, "no model"),
        ({"built_for": [32, 1 << 30]}, "no model"),
        ({"input_shape": [0, 32]}, "no model"),
        ({"pixel_mm": [0.7, 0.0]}, "no model"),
        ({"intensities": {"low": 5.0, "high": 1.0, "unit": "HU"}}, "no model"),
        ({"intensities": {"low": 0.0, "high": 1.0, "unit": "K"}}, "no model"),
        ({"sha256": "../x"}, "no model"),
        ({"epoch": 0}, "no model"),
        ({"epoch": 1 << 70}, "no model"),
        ({"step": 1 << 70}, "no model"),
        ({"pixel_mm": [5e-324, 0.7]}, "no model"),
        ({"run": 3}, "no model"),
    ],
    ids=str,
)
def test_a_record_that_says_what_cannot_be_is_refused(
    tmp_path: Path, weights: Path, model: Model, fields: dict[str, Any], words: str
) -> None:
    path = tmp_path / "m.segmodel"
    record = {"version": model_file.VERSION, "model": asdict(model) | fields}
    archive(path, {"model.json": json.dumps(record).encode(), "weights.npz": b"x"})
    with pytest.raises(TrainingError, match=words):
        model_file.read(path)


@pytest.mark.parametrize("how", ["deflated", "third", "order"])
def test_an_archive_that_is_put_together_otherwise_is_refused(
    tmp_path: Path, weights: Path, made: Path, how: str
) -> None:
    with zipfile.ZipFile(made) as own:
        members = {name: own.read(name) for name in own.namelist()}
    if how == "third":
        members["extra.py"] = b"raise SystemExit"
    if how == "order":
        members = dict(reversed(members.items()))
    if how == "deflated":
        # What cannot be packed much smaller declares no more than the file has.
        record = json.dumps(json.loads(members["model.json"]), separators=(",", ":"))
        members = {"model.json": record.encode(), "weights.npz": os.urandom(4096)}
    kind = zipfile.ZIP_DEFLATED if how == "deflated" else zipfile.ZIP_STORED
    archive(tmp_path / "m.segmodel", members, kind)
    with pytest.raises(TrainingError, match="no model"):
        model_file.read(tmp_path / "m.segmodel")
