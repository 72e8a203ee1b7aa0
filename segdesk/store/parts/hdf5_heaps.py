"""A look at HDF5's global heaps before HDF5 does: one that is damaged can keep it reading for ever.

Texts of variable length lie in such heaps. HDF5 walks through their objects by the sizes that the
objects say, and does not notice where it no longer moves on. The form is that of the specification,
III.E: https://support.hdfgroup.org/documentation/hdf5/latest/_f_m_t3.html
"""

from __future__ import annotations

import struct
from collections.abc import Generator
from typing import BinaryIO

from segdesk.sentence import Sentence
from segdesk.store.disk.disk_errors import Damage

#: Signature, version 1 and three reserved bytes; no packed voxels look like it by chance.
_BEGIN = b"GCOL\x01\0\0\0"
#: Of a heap, and of an object in it: number (0: free room), references, reserved, size.
_HEAD = 16
_OBJECT = struct.Struct("<HHIQ")
_SIZE = struct.Struct("<Q")
_PIECE = 1 << 20


def check_heaps(file: BinaryIO, size: int) -> None:
    """Walk through every global heap of a file, or of a part of one; once through it at most.

    Parameters
    ----------
    file : open for reading
    size : bytes of it

    Raises
    ------
    Damage
        Where an object reaches beyond its heap, or does not reach the next one; where a heap
        reaches beyond the file, or into another one.
    """
    left = size
    for at in _beginnings(file):
        file.seek(at + len(_BEGIN))
        said = file.read(_SIZE.size)
        length = _SIZE.unpack(said)[0] if len(said) == _SIZE.size else 0
        # Heaps lie side by side: those that lie in each other could be walked through for ever.
        left -= length
        if not _HEAD <= length <= size - at or left < 0:
            raise Damage(Sentence("its texts are damaged"))
        _walk(file.read(length - _HEAD))


def _beginnings(file: BinaryIO) -> Generator[int, None, None]:
    start = 0
    while True:
        file.seek(start)
        piece = file.read(_PIECE)
        at = piece.find(_BEGIN)
        while at >= 0:
            yield start + at
            at = piece.find(_BEGIN, at + len(_BEGIN))
        if len(piece) < _PIECE:
            return
        # One may begin in this piece and end in the next.
        start += _PIECE - len(_BEGIN) + 1


def _walk(objects: bytes) -> None:
    place = 0
    while place + _OBJECT.size <= len(objects):
        number, _, _, size = _OBJECT.unpack_from(objects, place)
        # Free room counts its head, an object does not and is filled up to eight bytes.
        step = size if number == 0 else _OBJECT.size + (size + 7) // 8 * 8
        if step < _OBJECT.size or place + step > len(objects):
            raise Damage(Sentence("its texts are damaged"))
        place += step
