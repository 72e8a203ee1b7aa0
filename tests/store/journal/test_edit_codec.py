"""An Edit survives its byte form, and nothing else gets through."""

import json
import struct
import zlib
from contextlib import suppress
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segdesk.core.box import Box
from segdesk.core.edit import Dismissal, Edit, Patch, Planes
from segdesk.errors import UsageError
from segdesk.sentence import Sentence
from segdesk.store.journal import edit_codec
from segdesk.store.journal.edit_codec import decode, encode
from tests.store.strategies import edits


@given(edits)
def test_decoding_what_was_encoded_gives_the_same_edit(edit: Edit) -> None:
    assert decode(encode(edit)) == edit


@given(edits, st.data())
def test_a_cut_edit_is_refused(edit: Edit, data: st.DataObject) -> None:
    content = encode(edit)
    with pytest.raises(ValueError):
        decode(content[: data.draw(st.integers(0, len(content) - 1))])


@given(st.binary(max_size=200))
def test_random_bytes_are_refused(content: bytes) -> None:
    with pytest.raises(ValueError):
        decode(content)


@given(edits, st.data())
def test_a_changed_byte_gives_an_edit_or_a_refusal_and_nothing_worse(
    edit: Edit, data: st.DataObject
) -> None:
    content = bytearray(encode(edit))
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] ^= data.draw(st.integers(1, 255))
    with suppress(ValueError):
        assert isinstance(decode(bytes(content)), Edit)


def _forged(packed: bytes = b"", **fields: Any) -> bytes:
    head: dict[str, Any] = {
        "name": "Brush",
        "kind": "stroke",
        "group": "",
        "case": "case-001",
        "reader": "",
        "time": 1.0,
        "voxels": fields.pop("patches", []),
    }
    changes = {key: fields.pop(key) for key in [*fields] if key not in head}
    head["changes"] = changes
    text = json.dumps(head | fields).encode()
    return struct.pack("<BI", 1, len(text)) + text + packed


@pytest.mark.parametrize("size", [399, 401, 50_000_000])
def test_a_patch_that_unpacks_to_another_size_than_its_box_gives_no_planes(size: int) -> None:
    packed = zlib.compress(bytes(size))
    edit = decode(_forged(packed, patches=[[0, 1, 0, 10, 0, 10, len(packed), False, []]]))
    with pytest.raises(ValueError, match="patch of 400 bytes"):
        edit.patches[0].planes()


def test_a_box_that_its_bytes_cannot_fill_is_refused() -> None:
    packed = zlib.compress(bytes(64_000))
    decode(_forged(packed, patches=[[0, 4, 0, 64, 0, 62, len(packed), False, []]]))
    with pytest.raises(ValueError, match="packed ones"):
        decode(_forged(packed, patches=[[0, 16, 0, 64, 0, 64, len(packed), False, []]]))


#: A box that needs no bytes.
EMPTY = (0, 1, 0, 0, 0, 1)


@pytest.mark.parametrize(
    "fields",
    [
        {"time": float("inf")},
        {"time": True},
        {"name": 3},
        {"group": 3},
        {"statuses": [[0, 0, 6, [], []]]},
        {"statuses": [[-1, 0, 1, [], []]]},
        {"statuses": [[0, 0, 1]]},
        {"statuses": [[0, 0, 1, [0], []]]},
        {"statuses": [[0, 0, 1, [], [256]]]},
        {"statuses": [[0, 0, 1, [2, 1], []]]},
        {"statuses": [[0, 0, 1, [1, 1], []]]},
        {"statuses": [[0, 0, 1, [True], []]]},
        {"statuses": [[0, 0, 1, "1", []]]},
        {"dismissals": [["run-001", 0, 0, 1]]},
        {"segments": [[None, [0, "Lung", "#ffffff", "", 0, True, False]]]},
        {"segments": [[None, [1, "Lung", "white", "", 0, True, False]]]},
        {"segments": [[None, [1, " ", "#ffffff", "", 0, True, False]]]},
        {"patches": [[0, 1, 200_000, 200_000, 0, 1, 0, False, []]]},
        {"patches": [[0, 1, 5, 1, 0, 1, 0, False, []]]},
        {"patches": [[1, 0, 0, 1, 0, 1, 0, False, []]]},
        {"patches": [[0, 1, 0, 1, 0, 1, 99, False, []]]},
        {"patches": [[*EMPTY, 0, 1, []]]},
        {"patches": [[*EMPTY, 0, False]]},
        {"patches": [[*EMPTY, 0, False, [[1, 1, 0]]]]},
        {"patches": [[*EMPTY, 0, False, [[1, -1, 0]]]]},
        {"patches": [[*EMPTY, 0, False, [[256, 0, 0]]]]},
        {"patches": [[*EMPTY, 0, False, [[2, 0, 0], [1, 0, 0]]]]},
        {"patches": [[*EMPTY, 0, False, [[1, 0]]]]},
        {"patches": [[*EMPTY, 0, False, []], [*EMPTY, 0, False, []]]},
        {"patches": None},
        {"notes": [[1]]},
        {"statuses": None},
    ],
)
def test_a_field_out_of_range_is_refused(fields: dict[str, Any]) -> None:
    decode(_forged(patches=[[*EMPTY, 0, False, [[1, 0, 0]]]]))
    with pytest.raises(ValueError):
        decode(_forged(**fields))


def test_a_box_that_reaches_into_two_tiles_is_refused() -> None:
    packed = zlib.compress(bytes(8))
    for inside, across in (
        ([15, 16, 0, 1, 0, 2], [15, 17, 0, 1, 0, 1]),
        ([0, 1, 62, 64, 0, 1], [0, 1, 63, 65, 0, 1]),
        ([0, 1, 0, 1, 62, 64], [0, 1, 0, 1, 63, 65]),
    ):
        assert decode(_forged(packed, patches=[[*inside, len(packed), False, []]])).patches
        with pytest.raises(ValueError, match="one tile"):
            decode(_forged(packed, patches=[[*across, len(packed), False, []]]))


def test_what_could_not_be_read_back_is_not_written(monkeypatch: pytest.MonkeyPatch) -> None:
    many = tuple(Dismissal("a", k, False, True) for k in range(99))
    edit = Edit("Large", "case-001", dismissals=many)
    monkeypatch.setattr(edit_codec, "LARGEST_HEAD", len(edit_codec.encode(edit)) - 5)
    assert edit_codec.decode(edit_codec.encode(edit)) == edit
    edit_codec.check_size(edit)
    monkeypatch.setattr(edit_codec, "LARGEST_HEAD", len(edit_codec.encode(edit)) - 6)
    said = "'Large' changes more places than one step can hold; nothing was changed."
    for refused in (edit_codec.encode, edit_codec.check_size):
        with pytest.raises(UsageError, match=said):
            refused(edit)


def test_the_patches_are_stored_as_they_were_packed() -> None:
    zeros = np.zeros((1, 3, 3), np.uint8)
    patch = Patch.of(Box(0, 1, 0, 3, 0, 3), Planes(zeros, zeros + 1, zeros, zeros + 3))
    content = encode(Edit("Brush", "case-001", patches=(patch,)))
    assert content.endswith(patch.packed)


def test_the_name_of_an_edit_can_be_said_in_another_language_after_a_restart() -> None:
    name = Sentence("Undo {name}", name=Sentence("Remove segment '{name}'", name="{name}"))
    read = decode(encode(Edit(name, "case-001"))).name
    assert read == name == "Undo Remove segment '{name}'"
    assert isinstance(read, Sentence) and read.template == "Undo {name}"
    assert isinstance(inner := read.values["name"], Sentence)
    assert inner.values == {"name": "{name}"}


@pytest.mark.parametrize("name", ["Brush", '["{a.__class__}",{"a":{}}]', '["', ""])
def test_the_name_of_an_older_edit_is_read_as_it_stands(name: str) -> None:
    assert decode(encode(Edit(name, "case-001"))).name == name
