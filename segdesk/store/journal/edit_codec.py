"""The byte form of an `Edit`: a short JSON head, then the packed patches as they are.

    version (1 byte), length of the head (4 bytes, little-endian), head, packed patches

Decoding trusts nothing: every number is checked against its range, every count against its limit.
It unpacks no patch, because it does not know the grid: `Annotation.apply` does, box by box. No
pickle, no eval.
"""

from __future__ import annotations

import json
import math
import re
import struct
from typing import Any, cast

from segdesk.core.box import Box
from segdesk.core.edit import (
    KINDS,
    Dismissal,
    Edit,
    Patch,
    SegmentChange,
    StatusMove,
    VoxelCount,
    VoxelCounts,
)
from segdesk.core.segment import Segment
from segdesk.core.status import SliceStatus
from segdesk.errors import UsageError

VERSION = 1
LARGEST_INDEX = 100_000
#: Of the head, which is parsed at once: about a hundred bytes for each tile that an Edit touches.
LARGEST_HEAD = 16 * 1024 * 1024
#: Of it, generously, what one Patch takes, or one slice: 255 segments with their counts.
_LARGEST_PART = 8 * 1024
#: What no stream of zlib exceeds: unpacked bytes for each packed one.
_LARGEST_RATIO = 1032
_HEAD = struct.Struct("<BI")
_COLOUR = re.compile(r"#[0-9A-Fa-f]{6}")


def encode(edit: Edit) -> bytes:
    """The bytes of an Edit.

    Raises
    ------
    ValueError
        Where a Patch is not packed.
    UsageError
        As `check_size`.
    """
    if any(patch.loose is not None for patch in edit.patches):
        raise ValueError("expected packed patches, received those of a gesture that is drawing")
    text = _head_of(edit)
    if len(text) > LARGEST_HEAD:
        raise _too_large(edit)
    packed = b"".join(patch.packed for patch in edit.patches)
    return _HEAD.pack(VERSION, len(text)) + text + packed


def check_size(edit: Edit) -> None:
    """Refuse what no journal can hold, before anything of it is done.

    Costs nothing for what is drawn by hand.

    Raises
    ------
    UsageError
        Where it changes more places, or more segments in them, than a record can name.
    """
    parts = len(edit.patches) + len(edit.statuses) + len(edit.dismissals)
    if parts * _LARGEST_PART > LARGEST_HEAD and len(_head_of(edit)) > LARGEST_HEAD:
        raise _too_large(edit)


def _too_large(edit: Edit) -> UsageError:
    return UsageError(
        f"'{edit.name}' changes more places than one step can hold; nothing was changed.",
        "Do it in parts, a few slices at a time.",
    )


def _head_of(edit: Edit) -> bytes:
    head = {
        "name": edit.name,
        "kind": edit.kind,
        "group": edit.group,
        "case": edit.case,
        "reader": edit.reader,
        "time": float(edit.time),
        "patches": [_plain_patch(patch) for patch in edit.patches],
        "statuses": [_plain_move(move) for move in edit.statuses],
        "dismissals": [[d.run, int(d.slice), d.before, d.after] for d in edit.dismissals],
        "segments": [[_plain(s.before), _plain(s.after)] for s in edit.segments],
    }
    return json.dumps(head, separators=(",", ":"), allow_nan=False).encode("ascii")


def decode(content: bytes, sequence: int = 0) -> Edit:
    """The Edit of some bytes.

    Parameters
    ----------
    sequence : the number that the journal gives it

    Raises
    ------
    ValueError
        Where they are not what `encode` writes.
    """
    try:
        return _decode(content, sequence)
    except (KeyError, TypeError, RecursionError, struct.error) as error:
        raise ValueError(f"not an edit: {error}") from error


def _decode(content: bytes, sequence: int) -> Edit:
    version, length = _HEAD.unpack_from(content)
    start = _HEAD.size + length
    if version != VERSION:
        raise ValueError(f"expected an edit of version {VERSION}, received version={version}")
    if start > len(content) or length > LARGEST_HEAD:
        raise ValueError(f"expected a head of at most {LARGEST_HEAD} bytes, received {length}")
    head: dict[str, Any] = json.loads(content[_HEAD.size : start])
    patches: list[Patch] = []
    for *sides, size, turned, counts in head["patches"]:
        box = Box(*map(_index, sides))
        if any(first > stop for first, stop in box.ranges):
            raise ValueError(f"expected a box, received {box}")
        if not 0 <= _whole(size) <= len(content) - start:
            raise ValueError(f"expected a patch inside the record, received {size} bytes")
        if 4 * box.size > _LARGEST_RATIO * size:
            raise ValueError(f"expected {4 * box.size} bytes, received {size} packed ones")
        packed = content[start : start + size]
        patches.append(Patch(box, packed, _counts(counts, box), _truth(turned)))
        start += size
    if len({patch.box.tile for patch in patches}) < len(patches):
        raise ValueError("expected at most one patch for each tile")
    if start != len(content):
        raise ValueError("expected nothing after the last patch")
    time = head["time"]
    if type(time) is not float or not math.isfinite(time):
        raise ValueError(f"expected a time, received {time!r}")
    kind = _text(head["kind"])
    if kind not in KINDS:
        raise ValueError(f"expected a kind of edit, received {kind!r}")
    return Edit(
        name=_text(head["name"]),
        kind=kind,
        group=_text(head["group"]),
        case=_text(head["case"]),
        reader=_text(head["reader"]),
        time=time,
        patches=tuple(patches),
        statuses=tuple(_move(row) for row in head["statuses"]),
        dismissals=tuple(
            Dismissal(_text(run), _index(k), _truth(before), _truth(after))
            for run, k, before, after in head["dismissals"]
        ),
        segments=tuple(
            SegmentChange(_segment(before), _segment(after)) for before, after in head["segments"]
        ),
        sequence=sequence,
    )


def _plain_patch(patch: Patch) -> list[Any]:
    counts = [list(map(int, count)) for count in patch.packed_counts]
    return [*map(int, patch.box), len(patch.packed), patch.turned, counts]


def _counts(rows: Any, box: Box) -> VoxelCounts:
    """What segments gain and lose; whether it is true, `Annotation.apply` sees."""
    counts = tuple(VoxelCount(*map(_whole, row)) for row in rows)
    numbers = [count.number for count in counts]
    if numbers != sorted(set(numbers)) or any(not 0 <= number <= 255 for number in numbers):
        raise ValueError(f"expected segment numbers, received {numbers}")
    if any(not 0 <= voxels <= box.size for count in counts for voxels in count[1:]):
        raise ValueError(f"expected counts up to {box.size}, received {counts}")
    return counts


def _plain_move(move: StatusMove) -> list[int | list[int]]:
    before, after = sorted(move.complete_before), sorted(move.complete_after)
    return [int(move.slice), int(move.before), int(move.after), before, after]


def _move(row: Any) -> StatusMove:
    index, before, after, had, has = cast("list[Any]", row)
    return StatusMove(
        _index(index),
        SliceStatus(_whole(before)),
        SliceStatus(_whole(after)),
        _numbers(had),
        _numbers(has),
    )


def _numbers(row: Any) -> frozenset[int]:
    if type(row) is not list:
        raise ValueError(f"expected segment numbers, received {row!r}")
    numbers = [_whole(number) for number in cast("list[Any]", row)]
    if numbers != sorted(set(numbers)) or any(not 1 <= number <= 255 for number in numbers):
        raise ValueError(f"expected segment numbers, received {numbers}")
    return frozenset(numbers)


def _plain(segment: Segment | None) -> list[str | int | bool] | None:
    if segment is None:
        return None
    return [
        int(segment.number),
        segment.name,
        segment.colour,
        segment.meaning,
        int(segment.partner),
        segment.visible,
        segment.locked,
    ]


def _segment(row: Any) -> Segment | None:
    if row is None:
        return None
    number, name, colour, meaning, partner, visible, locked = cast("list[Any]", row)
    if _COLOUR.fullmatch(_text(colour)) is None or not 0 <= _whole(partner) <= 255:
        raise ValueError("expected a segment")
    return Segment(
        _whole(number),
        _text(name),
        colour,
        _text(meaning),
        partner,
        _truth(visible),
        _truth(locked),
    )


def _text(value: Any) -> str:
    if type(value) is not str:
        raise ValueError(f"expected a text, received {value!r}")
    return value


def _truth(value: Any) -> bool:
    if type(value) is not bool:
        raise ValueError(f"expected true or false, received {value!r}")
    return value


def _whole(value: Any) -> int:
    if type(value) is not int:
        raise ValueError(f"expected a whole number, received {value!r}")
    return value


def _index(value: Any) -> int:
    if not 0 <= _whole(value) <= LARGEST_INDEX:
        raise ValueError(f"expected 0 to {LARGEST_INDEX}, received {value}")
    return value
