"""The byte form of what a journal's records hold, by type.

    EDIT      an Edit (`edit_codec`); its record's sequence number names it from then on
    UNDO      number of the Edit that is taken back, whether its group goes on; no voxels. Where the
              Edit lies in an older journal, it follows, once: so a journal can be replayed alone
    REDO      number of the Edit that is done again; as UNDO
    STACKS    how many can be undone and redone, then their numbers as differences, packed
    ANEW      number of an Edit, generation of a mask, id of its case: `BegunAnew`

The first STACKS of a journal says where its history begins, any other what of it is left.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass

import numpy as np

from segdesk.core.edit import Edit
from segdesk.core.history import DEFAULT_BUDGET, BegunAnew, Entry, Stacks, TakenBack
from segdesk.store.disk.names import is_safe_id
from segdesk.store.journal import edit_codec

EDIT, UNDO, REDO, STACKS, ANEW = 1, 2, 3, 4, 5
#: Numbers in both stacks: as many of the smallest Edits fill the budget of a History.
LARGEST_STACKS = DEFAULT_BUDGET // 256
_NAMED = struct.Struct("<QB")
_COUNTS = struct.Struct("<II")
_ANEW = struct.Struct("<QQ")


@dataclass(frozen=True, slots=True)
class Named:
    """An Edit is taken back, or done again.

    Parameters
    ----------
    kind : UNDO or REDO
    sequence : of the Edit
    goes_on : others of its group follow
    edit : where an older journal holds it, the Edit itself
    """

    kind: int
    sequence: int
    goes_on: bool
    edit: Edit | None


Record = Edit | Named | Stacks | BegunAnew


def encode(entry: Entry | BegunAnew, *, with_edit: bool) -> tuple[int, bytes]:
    """Type and payload of an entry of the History.

    Parameters
    ----------
    with_edit : write the Edit that is taken back or done again too
    """
    if isinstance(entry, Edit):
        return EDIT, edit_codec.encode(entry)
    if isinstance(entry, Stacks):
        return STACKS, encode_stacks(entry)
    if isinstance(entry, BegunAnew):
        return ANEW, _ANEW.pack(entry.since, entry.generation) + entry.case.encode()
    kind = UNDO if isinstance(entry, TakenBack) else REDO
    goes_on = isinstance(entry, TakenBack) and entry.goes_on
    named = _NAMED.pack(entry.edit.sequence, goes_on)
    return kind, named + (edit_codec.encode(entry.edit) if with_edit else b"")


def encode_stacks(stacks: Stacks) -> bytes:
    """The payload that says what can be undone and redone."""
    numbers = np.array((*stacks.done, *stacks.undone), "<i8")
    packed = zlib.compress(np.diff(numbers, prepend=0).astype("<i8").tobytes(), 1)
    return _COUNTS.pack(len(stacks.done), len(stacks.undone)) + packed


def decode(kind: int, payload: bytes, sequence: int) -> Record:
    """The record of some bytes.

    Parameters
    ----------
    sequence : of the record

    Raises
    ------
    ValueError
        Where they are not what `encode` writes.
    """
    try:
        if kind == EDIT:
            return edit_codec.decode(payload, sequence)
        if kind in (UNDO, REDO):
            return _named(kind, payload, sequence)
        if kind == STACKS:
            return _stacks(payload, sequence)
        if kind == ANEW:
            since, generation = _ANEW.unpack_from(payload)
            case = payload[_ANEW.size :].decode()
            if not (1 <= since <= sequence and is_safe_id(case)):
                raise ValueError(f"expected a case and an earlier number, received {since}")
            return BegunAnew(case, generation, since)
    except struct.error as error:
        raise ValueError(f"not a record: {error}") from error
    raise ValueError(f"expected a type of record, received {kind}")


def _named(kind: int, payload: bytes, sequence: int) -> Named:
    number, goes_on = _NAMED.unpack_from(payload)
    if not 1 <= number < sequence or goes_on > 1:
        raise ValueError(f"expected the number of an earlier edit, received {number}")
    rest = payload[_NAMED.size :]
    return Named(kind, number, bool(goes_on), edit_codec.decode(rest, number) if rest else None)


def _stacks(payload: bytes, sequence: int) -> Stacks:
    done, undone = _COUNTS.unpack_from(payload)
    count = done + undone
    if count > LARGEST_STACKS:
        raise ValueError(f"expected at most {LARGEST_STACKS} edits, received {count}")
    unpacker = zlib.decompressobj()
    try:
        flat = unpacker.decompress(payload[_COUNTS.size :], 8 * count + 1)
    except zlib.error as error:
        raise ValueError(f"not a record: {error}") from error
    if len(flat) != 8 * count or not unpacker.eof or unpacker.unused_data:
        raise ValueError(f"expected {count} numbers")
    numbers = np.cumsum(np.frombuffer(flat, "<i8"))
    if count and not 1 <= numbers.min() <= numbers.max() < sequence:
        raise ValueError("expected the numbers of earlier edits")
    if len(np.unique(numbers)) < count:
        raise ValueError("expected each number once")
    return Stacks(tuple(numbers[:done].tolist()), tuple(numbers[done:].tolist()))
