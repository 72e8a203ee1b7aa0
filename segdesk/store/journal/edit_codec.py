"""The byte form of an `Edit`: a short JSON head, then the packed patches as they are.

    version (1 byte), length of the head (4 bytes, little-endian), head, packed patches

What the head says of each type of change is that type's file in `changes`.
Decoding trusts nothing: every number is checked against its range, every count against its limit.
It unpacks no patch, because it does not know the grid: `Annotation.apply` does, box by box. No
pickle, no eval.
"""

from __future__ import annotations

import json
import math
import struct
from typing import Any

from segdesk.core.edit import KINDS, Edit
from segdesk.errors import UsageError
from segdesk.sentence import Sentence, kept
from segdesk.store.journal import changes
from segdesk.store.journal.changes import voxels
from segdesk.store.journal.changes.json_values import text

VERSION = 1
#: Of the head, which is parsed at once: about a hundred bytes for each tile that an Edit touches.
LARGEST_HEAD = 16 * 1024 * 1024
#: Of it, generously, what one Patch takes, or one slice: 255 segments with their counts.
_LARGEST_PART = 8 * 1024
_HEAD = struct.Struct("<BI")


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
    head = _head_of(edit)
    if len(head) > LARGEST_HEAD:
        raise _too_large(edit)
    return _HEAD.pack(VERSION, len(head)) + head + voxels.packed(edit)


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
        Sentence(
            "'{name}' changes more places than one step can hold; nothing was changed.",
            name=edit.name,
        ),
        "Do it in parts, a few slices at a time.",
    )


def _head_of(edit: Edit) -> bytes:
    head = {
        "name": kept(edit.name),
        "kind": edit.kind,
        "group": edit.group,
        "case": edit.case,
        "reader": edit.reader,
        "time": float(edit.time),
        "voxels": voxels.plain(edit),
        "changes": changes.plain(edit),
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
    time = head["time"]
    if type(time) is not float or not math.isfinite(time):
        raise ValueError(f"expected a time, received {time!r}")
    kind = text(head["kind"])
    if kind not in KINDS:
        raise ValueError(f"expected a kind of edit, received {kind!r}")
    return Edit(
        name=Sentence.read(text(head["name"])),
        kind=kind,
        group=text(head["group"]),
        case=text(head["case"]),
        reader=text(head["reader"]),
        time=time,
        patches=voxels.read(head["voxels"], content[start:]),
        **changes.read(head["changes"]),
        sequence=sequence,
    )
