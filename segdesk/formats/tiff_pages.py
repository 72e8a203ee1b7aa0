"""The chain of page headers of a TIFF file, followed before anybody else follows it.

Each page says where the next one lies. A chain that comes back to itself has no end, or loses the
pages behind it, according to who reads it; so does one that is longer than any scan.

Reference: TIFF 6.0 (1992), section 2; BigTIFF, as libtiff has it.
"""

from __future__ import annotations

import struct
from pathlib import Path

from segdesk.core.regular_file import open_regular

#: Pages of the longest stack; four-dimensional scans have some thousands.
MOST_PAGES = 100_000
_ORDERS = {b"II": "<", b"MM": ">"}


def check_pages(file: Path) -> None:
    """Follow the chain to its end.

    Raises
    ------
    ValueError
        Where it comes back to a page that was there already, has no end, or leaves the file.
    OSError
        Where the file cannot be read.
    """
    with open_regular(file, follow=True) as stream:
        head = stream.read(16)
        order = _ORDERS.get(head[:2], "")
        version = struct.unpack_from(f"{order}H", head, 2)[0] if order and len(head) == 16 else 0
        if version == 42:
            at, count, entry, link = struct.unpack_from(f"{order}I", head, 4)[0], "H", 12, "I"
        elif version == 43:
            at, count, entry, link = struct.unpack_from(f"{order}Q", head, 8)[0], "Q", 20, "Q"
        else:
            # Another program's kind of TIFF; its reader decides.
            return
        seen: set[int] = set()
        while at:
            if at in seen or len(seen) >= MOST_PAGES:
                raise ValueError(f"the pages come back to {at}, or have no end")
            seen.add(at)
            stream.seek(at)
            entries = _number(stream.read(struct.calcsize(order + count)), order + count)
            stream.seek(at + struct.calcsize(order + count) + entry * entries)
            at = _number(stream.read(struct.calcsize(order + link)), order + link)


def _number(content: bytes, form: str) -> int:
    if len(content) != struct.calcsize(form):
        raise ValueError("a page lies outside of the file")
    return int(struct.unpack(form, content)[0])
