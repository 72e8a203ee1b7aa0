"""Voxels of labels are counted slice by slice.

Of a large scan all at once would keep the window waiting, because no other thread runs while it is
counted, and take eight times its size.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from segdesk.core.grid import Grid
from segdesk.formats.labels import read_labels


def test_no_more_than_a_slice_is_counted_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[int] = []
    bincount = np.bincount

    def watched(values: np.ndarray, **rest: int) -> np.ndarray:
        sizes.append(values.size)
        return bincount(values, **rest)

    monkeypatch.setattr(np, "bincount", watched)
    labels = np.zeros((3, 40, 40), np.uint8)
    labels[1:, 5:20] = 2
    np.save(tmp_path / "a.npy", labels)
    found = read_labels(tmp_path / "a.npy", Grid((3, 40, 40), stacked=False))
    assert found.numbers == {2}
    assert sizes and max(sizes) == 40 * 40
