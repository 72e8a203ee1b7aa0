"""A Volume is read-only int16 on its Grid; its fingerprint does not depend on how it lies."""

from __future__ import annotations

import hashlib
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis.extra import numpy as hnp

from segdesk.core.grid import Grid
from segdesk.core.volume import Volume, fingerprint
from tests.core.strategies import SHAPES


@given(hnp.arrays(np.int16, SHAPES))
def test_a_fingerprint_is_the_hash_of_the_numbers_one_after_the_other(voxels: np.ndarray) -> None:
    flat = [int(number) for number in voxels.ravel()]
    expected = hashlib.sha256(struct.pack(f"<{len(flat)}h", *flat)).hexdigest()
    assert fingerprint(voxels) == expected
    assert fingerprint(voxels.astype(">i2")) == expected
    assert fingerprint(np.asfortranarray(voxels)) == expected


def test_a_volume_gives_the_sources_values() -> None:
    voxels = np.zeros((1, 1, 1), np.int16)
    voxels.flags.writeable = False
    volume = Volume(Grid((1, 1, 1)), voxels, "raw", slope=0.5, intercept=-2)
    assert volume.value(10) == 3


def test_writeable_or_misfitting_voxels_are_refused() -> None:
    voxels = np.zeros((1, 2, 3), np.int16)
    with pytest.raises(ValueError, match="read-only"):
        Volume(Grid((1, 2, 3)), voxels)
    voxels.flags.writeable = False
    with pytest.raises(ValueError, match="int16"):
        Volume(Grid((3, 2, 1)), voxels)
    with pytest.raises(ValueError, match="int16"):
        Volume(Grid((1, 2, 3)), voxels.astype(np.int32))
