"""A model in one file, to begin a training with somewhere else: `NAME.segmodel`.

    model.json     what it takes to use it (`core.model.Model`), with the format's version
    weights.npz    the weights as the run has them, NumPy's own archive of arrays

Both lie uncompressed in one zip archive. A file may come from a stranger: nothing in it is code,
nothing is deserialised. Its members, sizes and types are looked at before anything is made of
them, and the weights are compared with the sum and with the network that segdesk builds itself.
"""

from __future__ import annotations

import io
import json
import math
import os
import re
import shutil
import zipfile
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from segdesk.core.durable_files import replacing
from segdesk.core.model import Model
from segdesk.core.networks import network
from segdesk.core.regular_file import new_regular, open_regular
from segdesk.core.run import LARGEST_INPUT
from segdesk.errors import SegdeskError, TrainingError, UsageError
from segdesk.jobs.weights_file import ARCHIVE_FAULTS, LARGEST, digest_of, has_plain_end
from segdesk.jobs.wire import OtherFields, fits, is_integer, is_text, made
from segdesk.sentence import Sentence

SUFFIX = ".segmodel"
VERSION = 1
RECORD, WEIGHTS = "model.json", "weights.npz"
#: Of the record; 255 segments with long names are less.
_LONGEST = 1 << 20
#: Epochs and steps that nobody will ever take: the record of a run that begins with it has to hold
#: them. And mm that no pixel ever has.
_MOST, _FINEST_MM, _COARSEST_MM = 1 << 31, 1e-6, 1e6
#: A zip archive's earliest time: equal models make equal files.
_TIME = (1980, 1, 1, 0, 0, 0)
_SHA256 = re.compile(r"[0-9a-f]{64}")
_NAMES_OF_KERAS = {"config.json", "metadata.json", "model.weights.h5"}
_HINT = Sentence("Make one with 'segdesk model PROJECT FILE'.")


def write(path: Path, model: Model, weights: Path) -> None:
    """Write a model anew; it gets its name once all of it is on the disk.

    Parameters
    ----------
    weights : file of a run

    Raises
    ------
    TrainingError
        Where the weights are not those of the model, or the disk refuses.
    """
    record = json.dumps({"version": VERSION, "model": asdict(model)}, indent=1).encode()
    try:
        if digest_of(weights) != model.sha256:
            raise TrainingError(
                Sentence("The weights of '{run}' are not those that it kept.", run=model.run),
                "Choose another run.",
            )
        with replacing(path) as part, io.BufferedRandom(new_regular(part)) as file:
            with zipfile.ZipFile(file, "w") as archive, open_regular(weights) as source:
                archive.writestr(zipfile.ZipInfo(RECORD, _TIME), record)
                archive.writestr(zipfile.ZipInfo(WEIGHTS, _TIME), source.read(LARGEST))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise TrainingError(
            Sentence(
                "'{file}' could not be written: {reason}.",
                file=path.name,
                reason=error.strerror or Sentence("the system refused"),
            ),
            "Choose another place, or free some disk space.",
        ) from error


def read(path: Path) -> Model:
    """The model of a file, without its weights.

    Raises
    ------
    TrainingError
        Where it is none that segdesk has made, or cannot be read.
    """
    with _archive(path) as archive:
        content = archive.read(RECORD)
    try:
        whole: dict[str, Any] = json.loads(content)
        version = whole["version"]
        if version != VERSION:
            raise OtherFields(f"expected version {VERSION}, received {version!r}")
        model: Model = made(Model, whole["model"])
        if not fits(Model, is_integer, is_text)(model) or not _can_be(model):
            raise ValueError("it says what cannot be")
    except (OtherFields, UsageError) as error:
        raise TrainingError(
            Sentence("'{file}' was made by another version of segdesk.", file=path.name),
            "Make it anew with this one, or update segdesk.",
        ) from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, SegdeskError) as error:
        raise _refused(path) from error
    return model


def copy_weights(path: Path, target: Path) -> None:
    """Put the weights of a file at a path of their own, as a run has them.

    Raises
    ------
    TrainingError
        As `read`.
    OSError
        Where the disk refuses.
    """
    with (
        _archive(path) as archive,
        archive.open(WEIGHTS) as source,
        io.BufferedRandom(new_regular(target)) as copied,
    ):
        shutil.copyfileobj(source, copied)


@contextmanager
def _archive(path: Path) -> Generator[zipfile.ZipFile]:
    """A file's archive, where it has exactly a model's members.

    Raises
    ------
    TrainingError
        As `read`.
    """
    try:
        with open_regular(path, follow=True) as file:
            size = file.seek(0, 2)
            if not has_plain_end(file, size):
                raise _refused(path)
            with zipfile.ZipFile(file) as archive:
                _check_members(path, archive, size)
                yield archive
    except OSError as error:
        raise TrainingError(
            Sentence(
                "'{file}' cannot be read: {reason}.",
                file=path.name,
                reason=error.strerror or Sentence("the system refused"),
            ),
            "Choose another file.",
        ) from error
    except ARCHIVE_FAULTS as error:
        raise _refused(path) from error


def _check_members(path: Path, archive: zipfile.ZipFile, size: int) -> None:
    members = archive.infolist()
    names = [one.filename for one in members]
    if _NAMES_OF_KERAS & set(names):
        raise TrainingError(
            Sentence(
                "'{file}' describes a network of its own, as Keras keeps one; segdesk runs nothing "
                "that a file describes.",
                file=path.name,
            ),
            _HINT,
        )
    sizes = {one.filename: one.file_size for one in members}
    is_stored = all(one.compress_type == zipfile.ZIP_STORED for one in members)
    if names != [RECORD, WEIGHTS] or not is_stored or sum(sizes.values()) > size:
        raise _refused(path)
    if sizes[RECORD] > _LONGEST or sizes[WEIGHTS] > LARGEST:
        raise _refused(path)


def _refused(path: Path) -> TrainingError:
    return TrainingError(Sentence("'{file}' is no model of segdesk.", file=path.name), _HINT)


def _can_be(model: Model) -> bool:
    """Whether its numbers lie where a training's can."""
    network(model.network)
    numbers = [number for number, _ in model.segments]
    seen = model.intensities
    return (
        1 <= model.filters <= 256
        and 0.0 <= model.neighbours_mm <= 50.0
        and 1 <= len(numbers) == len(set(numbers))
        and all(1 <= number <= 255 for number in numbers)
        and all(0 < side <= LARGEST_INPUT for side in (*model.built_for, *model.input_shape))
        and (
            model.pixel_mm is None or all(_FINEST_MM <= mm <= _COARSEST_MM for mm in model.pixel_mm)
        )
        and (seen is None or -math.inf < seen.low < seen.high < math.inf)
        and (seen is None or seen.unit in ("HU", "raw", "RGB"))
        and 1 <= model.epoch <= _MOST
        and 0 <= model.step <= _MOST
        and 1 <= len(model.run) <= 100
        and bool(_SHA256.fullmatch(model.sha256))
    )
