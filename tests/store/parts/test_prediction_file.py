"""A prediction's file: what was left out is kept with it, and its damage hides nothing else."""

from __future__ import annotations

import zlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from segdesk.core.grid import Grid
from segdesk.core.plane import Plane
from segdesk.core.prediction import Prediction
from segdesk.errors import ProjectError
from segdesk.store.parts import plane_file, prediction_file
from tests.ui.canvas.bench_project import pieces_of

SHAPE = (6, 40, 60)
GRID = Grid(SHAPE, (5.0, 1.0, 1.0))
Planes = npt.NDArray[np.uint8]


def answer() -> Planes:
    """What a network said: one large piece, and some specks of two segments."""
    labels = np.zeros(SHAPE, np.uint8)
    labels[:, 5:30, 5:40] = 1
    labels[2:4, 33, 50:53] = 1
    labels[3, 33, 53] = 2
    return labels


def split() -> tuple[Planes, Planes]:
    labels, left_out = answer(), np.zeros(SHAPE, np.uint8)
    left_out[:, 32:] = labels[:, 32:]
    labels[:, 32:] = 0
    return labels, left_out


def written(path: Path, *, left_out: bool = True) -> Prediction:
    labels, small = split()
    made = Prediction("run-001", "case", labels, np.full(SHAPE, 9, np.uint8), "ab")
    found = prediction_file.write_prediction(path, made, left_out=small if left_out else None)
    assert found == (((1, 6), (2, 1)) if left_out else ())
    return made


def read(path: Path, shape: tuple[int, int, int] = SHAPE) -> Prediction:
    return prediction_file.read_prediction(path, "run-001", "case", shape, weights_sha256="ab")


def test_what_the_network_said_comes_back_to_the_voxel(tmp_path: Path) -> None:
    path = tmp_path / "predictions" / "case.h5"
    made = written(path)
    found = read(path)
    assert np.array_equal(found.labels, made.labels)
    assert found.left_out is not None and found.left_out.counts == ((1, 6), (2, 1))
    pieces = found.small_pieces
    assert pieces is not None
    said = found.labels.copy()
    pieces.put(said, frozenset(range(len(pieces.pieces))))
    assert np.array_equal(said, answer())
    assert prediction_file.left_out_counts(path, "run-001", "case", SHAPE) == ((1, 6), (2, 1))
    # As a copy of the project writes it, from memory.
    prediction_file.write_prediction(tmp_path / "copy.h5", found)
    again = read(tmp_path / "copy.h5").small_pieces
    assert again is not None and np.array_equal(again.places, pieces.places)


def test_a_file_of_which_nothing_was_left_out_has_the_form_that_it_always_had(
    tmp_path: Path,
) -> None:
    written(tmp_path / "p" / "case.h5", left_out=False)
    found = read(tmp_path / "p" / "case.h5")
    assert found.left_out is None and not found.is_left_out_damaged
    assert found.left_out_on(Plane(0, 2)) is None
    with plane_file.opened(
        tmp_path / "p" / "case.h5", "prediction", prediction_file.LAYERS, SHAPE
    ) as (root, _):
        assert not root.has_member("left_out") and not root.has("left_out_numbers")


def test_pieces_are_unpacked_when_they_are_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "p" / "case.h5"
    written(path)
    unpacked: list[int] = []
    own = prediction_file.unpack_plane
    monkeypatch.setattr(
        prediction_file, "unpack_plane", lambda *a: (unpacked.append(1), own(*a))[1]
    )
    found = read(path)
    assert unpacked == [] and found.left_out_counts == ((1, 6), (2, 1))
    assert found.left_out_on(Plane(0, 3)) is not None
    # Only slices of which something was left out, and once.
    assert len(unpacked) == 2
    assert found.left_out_on(Plane(0, 2)) is not None and len(unpacked) == 2


@pytest.mark.parametrize("harm", ["no zlib", "too short", "counts", "none of a segment"])
def test_damage_of_what_was_left_out_hides_nothing_of_the_prediction(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, harm: str
) -> None:
    path = tmp_path / "p" / "case.h5"
    pack = plane_file.pack
    bad = {"no zlib": b"no zlib at all", "too short": zlib.compress(b"abc")}
    labels, small = split()
    sizes: list[int] = []

    def packed(plane: Planes) -> bytes | None:
        sizes.append(1)
        # Every third plane is one of what was left out.
        return bad[harm] if harm in bad and not len(sizes) % 3 and plane.any() else pack(plane)

    monkeypatch.setattr(prediction_file, "pack", packed)
    if harm == "counts":
        monkeypatch.setattr(prediction_file, "_VOXELS", "left_out_others")
    if harm == "none of a segment":
        monkeypatch.setattr(prediction_file, "_NUMBERS", "left_out_others")
    made = Prediction("run-001", "case", labels, np.full(SHAPE, 9, np.uint8), "ab")
    prediction_file.write_prediction(path, made, left_out=small)
    monkeypatch.undo()
    found = read(path)
    assert np.array_equal(found.labels, labels)
    assert found.is_left_out_damaged
    assert found.left_out_on(Plane(0, 3)) is None
    assert np.array_equal(found.whole(), labels)
    assert found.with_restored({("run-001, piece of 1 at 33 50", 2)}) is found


def test_a_flipped_byte_is_refused_by_the_seal(tmp_path: Path) -> None:
    path = tmp_path / "p" / "case.h5"
    written(path)
    content = bytearray(path.read_bytes())
    content[-200] ^= 1
    path.write_bytes(content)
    with pytest.raises(ProjectError, match="damaged"):
        read(path)


def test_what_is_there_cannot_have_been_left_out(tmp_path: Path) -> None:
    labels, small = split()
    small[:, 10, 10] = 2
    made = Prediction("run-001", "case", labels, labels, "ab")
    prediction_file.write_prediction(tmp_path / "p" / "case.h5", made, left_out=small)
    pieces = read(tmp_path / "p" / "case.h5").small_pieces
    assert pieces is not None and pieces.at((3, 10, 10)) is None
    assert pieces.at((3, 33, 53)) is not None


def test_it_costs_little_of_the_disk(tmp_path: Path) -> None:
    """A thorax of 300 slices of 256² with a hundred specks: less than a hundredth more."""
    shape = (300, 256, 256)
    row, column = np.ogrid[:256, :256]
    disc = ((row - 128) ** 2 + (column - 128) ** 2 < 75**2).astype(np.uint8)
    labels = np.broadcast_to(disc, shape)
    rng = np.random.default_rng(1)
    chances = rng.integers(250, 256, (8, 256, 256)).astype(np.uint8)
    probability = chances[np.arange(300) % 8]
    small = np.zeros(shape, np.uint8)
    for index, row, column in zip(*(rng.integers(0, 60, 100) for _ in range(3)), strict=True):
        small[4 * index : 4 * index + 3, row : row + 3, column : column + 3] = 1
    made = Prediction("run-001", "case", labels, probability, "ab")
    prediction_file.write_prediction(tmp_path / "p" / "plain.h5", made)
    prediction_file.write_prediction(tmp_path / "p" / "kept.h5", made, left_out=small)
    plain, kept = ((tmp_path / "p" / name).stat().st_size for name in ("plain.h5", "kept.h5"))
    assert 0 < kept - plain < 0.01 * plain


def test_restored_pieces_are_shown_taken_and_whole(tmp_path: Path) -> None:
    labels, small = split()
    made = Prediction("run-001", "case", labels, labels, "ab", left_out=pieces_of(small, GRID))
    pieces = made.small_pieces
    assert pieces is not None
    piece = pieces.at((2, 33, 51))
    assert piece is not None
    name = pieces.name("run-001", piece, 3)
    back = made.with_restored({(name, 3), ("run-002, piece of 1 at 33 50", 3), ("run-001", 3)})
    assert back.restored == {piece} and back.left_out_counts == ((2, 1),)
    assert back.with_restored({(name, 3)}) is back
    assert np.array_equal(back.of_slice(2), answer()[2])
    assert back.of_slice(3)[33, 51] == 1 and back.of_slice(3)[33, 53] == 0
    assert np.array_equal(back.whole()[2], answer()[2])
    for plane in (Plane(1, 33), Plane(2, 51, transposed=True)):
        assert np.array_equal(back.cut(plane), plane.cut(back.whole()))
    hatched = back.left_out_on(Plane(0, 3))
    assert hatched is not None and np.flatnonzero(hatched).tolist() == [33 * 60 + 53]
    assert back.lacks({(name, 3)}) == 0
    # The same run predicted anew: it is part of the prediction, left out again, or not there.
    anew = replace(made, left_out=None, labels=answer())
    assert anew.lacks({(name, 3)}) == 0
    assert replace(made, left_out=None).lacks({(name, 3), ("run-001", 2)}) == 1
