"""A look at HDF5's global heaps before HDF5 does: one that is damaged can keep it reading for ever.

Texts of variable length lie in such heaps. HDF5 walks through their objects by the sizes that the
objects say, and does not notice where it no longer moves on. The form is that of the specification,
III.E: https://support.hdfgroup.org/documentation/hdf5/latest/_f_m_t3.html
"""

from __future__ import annotations

import struct

from segdesk.store.disk.translate import Damage

#: Signature, version 1 and three reserved bytes; no packed voxels look like it by chance.
_BEGIN = b"GCOL\x01\0\0\0"
#: Of a heap, and of an object in it: number (0: free room), references, reserved, size.
_HEAD = 16
_OBJECT = struct.Struct("<HHIQ")
_SIZE = struct.Struct("<Q")


def check_heaps(content: bytes) -> None:
    """Walk through every global heap of a file, or of a part of one.

    Raises
    ------
    Damage
        Where an object reaches beyond its heap, or does not reach the next one.
    """
    at = content.find(_BEGIN)
    while at >= 0:
        if at + _HEAD > len(content):
            return
        end = min(at + _SIZE.unpack_from(content, at + len(_BEGIN))[0], len(content))
        place = at + _HEAD
        while place + _OBJECT.size <= end:
            number, _, _, size = _OBJECT.unpack_from(content, place)
            # Free room counts its head, an object does not and is filled up to eight bytes.
            step = size if number == 0 else _OBJECT.size + (size + 7) // 8 * 8
            if step < _OBJECT.size or place + step > end:
                raise Damage("its texts are damaged")
            place += step
        at = content.find(_BEGIN, at + len(_BEGIN))
