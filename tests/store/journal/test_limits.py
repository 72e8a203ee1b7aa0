"""Damage that still parses costs neither memory nor time, and never more than what it is about."""

from __future__ import annotations

import struct
import tracemalloc
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from segdesk.app.project.workbench import Workbench
from segdesk.core import annotation
from segdesk.core.annotation import Annotation
from segdesk.core.box import Box
from segdesk.core.cutting import cut
from segdesk.core.edit import Edit, Patch, Planes
from segdesk.core.grid import Grid
from segdesk.core.history import Stacks, TakenBack
from segdesk.store.journal import journal_contents, journal_file, record_codec
from segdesk.store.journal.record_codec import REDO, STACKS, UNDO, decode, encode_stacks
from tests.projects import make_project, stroke

MIB = 1024 * 1024
CASE = "case-001"
COUNTS = struct.Struct("<II")


@contextmanager
def at_most(limit: int) -> Iterator[None]:
    """No more bytes than these are taken at any moment of the block."""
    tracemalloc.start()
    try:
        yield
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < limit, f"{peak / MIB:.0f} MiB"


def bomb(side: int = 2_048) -> Edit:
    """An Edit of few bytes that unpacks to 268 MB; it says so, and they do."""
    boxes = Box(0, 16, 0, side, 0, side).tiles()
    packed = zlib.compress(bytes(4 * 16 * 64 * 64), 1)
    return Edit("Brush", CASE, patches=tuple(Patch(box, packed, ()) for box in boxes))


@pytest.mark.parametrize("way", ["an edit", "an undo", "a redo", "an undo of before"])
def test_a_box_beyond_the_grid_is_never_unpacked(tmp_path: Path, way: str) -> None:
    workbench = make_project(tmp_path)
    stroke(workbench, 1)
    folder, edit = workbench.folder, bomb()
    before = workbench.annotation(CASE).labels.copy()
    if way in ("an edit", "an undo of before"):
        edit = folder.numbered(edit)
        folder.append(edit)
    else:
        edit = replace(edit, sequence=1)
    if way != "an edit":
        journal = folder._journal.files
        assert journal is not None
        _, payload = record_codec.encode(TakenBack(edit), with_edit=edit.sequence == 1)
        journal.keep(payload, REDO if way == "a redo" else UNDO)
        journal.flush()
    stroke(workbench, 2)
    drawn = workbench.annotation(CASE).labels.copy()
    workbench.close()
    assert (folder.path / "journal-0").stat().st_size < 2 * MIB
    with at_most(32 * MIB):
        again = Workbench.open(folder.path)
    assert any("did not fit" in note for note in again.notes)
    assert np.array_equal(again.annotation(CASE).labels, drawn)
    assert not np.array_equal(drawn, before)
    again.close()


def test_the_tiles_of_one_edit_are_unpacked_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    shape = (64, 256, 256)
    mask = Annotation(Grid(shape))
    zeros, ones = np.zeros(shape, np.uint8), np.ones(shape, np.uint8)
    patches = cut(Box.whole(shape), Planes(zeros, ones, zeros, ones))
    edit = Edit("Accept", CASE, patches=patches)
    monkeypatch.setattr(annotation, "_KEPT_BYTES", MIB)
    with at_most(4 * MIB):
        mask.apply(edit)
    assert mask.labels.all()


def test_a_refused_tile_leaves_all_others_as_they_were() -> None:
    mask = Annotation(Grid((3, 4, 4)))
    zeros, ones = np.zeros((1, 4, 4), np.uint8), np.ones((1, 4, 4), np.uint8)
    good = [Patch.of(Box(k, k + 1, 0, 4, 0, 4), Planes(zeros, ones, zeros, ones)) for k in (0, 1)]
    damaged = Patch(Box(2, 3, 0, 4, 0, 4), good[0].packed[:-3], good[0].packed_counts)
    with pytest.raises(ValueError, match="patch of"):
        mask.apply(Edit("Accept", CASE, patches=(*good, damaged)))
    assert not mask.labels.any()


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        COUNTS.pack(1, 0),
        COUNTS.pack(2**32 - 1, 2**32 - 1) + zlib.compress(bytes(100)),
        COUNTS.pack(100_000, 0) + zlib.compress(bytes(40 * MIB)),
        COUNTS.pack(2, 0) + zlib.compress(struct.pack("<2q", 5, 0)),
        COUNTS.pack(1, 1) + zlib.compress(struct.pack("<2q", 5, 0)),
        COUNTS.pack(1, 0) + zlib.compress(struct.pack("<q", 0)),
        COUNTS.pack(1, 0) + zlib.compress(struct.pack("<q", -7)),
        COUNTS.pack(1, 0) + zlib.compress(struct.pack("<q", 10)),
        COUNTS.pack(1, 0) + zlib.compress(struct.pack("<q", 9)) + b"more",
        COUNTS.pack(2, 0) + zlib.compress(struct.pack("<2q", 2**62, 2**62)),
    ],
)
def test_stacks_that_name_what_cannot_be_are_refused(payload: bytes) -> None:
    with at_most(16 * MIB), pytest.raises(ValueError):
        decode(STACKS, payload, 10)


def test_stacks_come_back_in_their_order() -> None:
    for stacks in (Stacks(), Stacks((1, 2, 9), (8, 5, 4)), Stacks((), (7,))):
        assert decode(STACKS, encode_stacks(stacks), 10) == stacks
    many = Stacks(tuple(range(1, 100_000, 3)), tuple(range(99_998, 90_000, -3)))
    assert decode(STACKS, encode_stacks(many), 100_000) == many
    assert len(encode_stacks(many)) < 2000


@pytest.mark.parametrize("named", [0, 10, 11, 2**64 - 1])
@pytest.mark.parametrize("kind", [UNDO, REDO])
def test_an_undo_of_what_comes_later_is_refused(kind: int, named: int) -> None:
    assert decode(kind, struct.pack("<QB", 9, 0), 10)
    with pytest.raises(ValueError):
        decode(kind, struct.pack("<QB", named, 0), 10)


def test_a_type_of_record_that_is_not_known_ends_the_journal(tmp_path: Path) -> None:
    made = journal_file.Journal.create(tmp_path, 0, 1)
    made.append(b"", kind=5)
    made.close()
    found = journal_contents.read(tmp_path / "journal-0", 0)
    assert (found.records, found.flaw) == ((Stacks(),), "damaged")


def test_a_journal_that_begins_near_the_last_number_is_damaged(tmp_path: Path) -> None:
    journal_file.Journal.create(tmp_path, 0, 2**63).close()
    assert journal_contents.read(tmp_path / "journal-0", 0).flaw == "damaged"
