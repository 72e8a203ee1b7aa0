"""Bits that turn and sectors that become zero, sampled where a seeded generator says."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

SECTOR = 512


def harms(content: bytes, *, flips: int, sectors: int, seed: int) -> Iterator[tuple[str, bytes]]:
    """The same bytes with one harm each, and words for it.

    Parameters
    ----------
    flips : flipped bits, every other one in the first 2048 bytes, where a file says what it is
    sectors : 512 bytes each that become zero
    """
    rng = np.random.default_rng(seed)
    size = len(content)
    for number in range(flips):
        at = int(rng.integers(0, min(size, 4 * SECTOR) if number % 2 else size))
        harmed = bytearray(content)
        harmed[at] ^= 1 << at % 8
        yield f"bit {at % 8} of byte {at} of {size}", bytes(harmed)
    for _ in range(sectors):
        at = int(rng.integers(0, -(-size // SECTOR))) * SECTOR
        harmed = bytearray(content)
        harmed[at : at + SECTOR] = bytes(len(harmed[at : at + SECTOR]))
        yield f"sector at {at} of {size}", bytes(harmed)
