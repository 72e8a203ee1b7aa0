"""What an HDF5 file may hold, counted before it is walked through."""

import numpy as np
import pytest

from segdesk.store.parts import hdf5
from segdesk.store.parts.hdf5 import NewGroup


def test_more_members_and_datasets_than_any_file_has_are_not_walked_through(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def build(root: NewGroup) -> None:
        for name in ("a", "b"):
            group = root.group(name)
            for number in range(3):
                group.column(f"{number}", np.zeros(1, np.uint8))

    image = hdf5.image(build)
    with hdf5.open_image(image) as root:
        assert len(list(root.datasets())) == 6
        with monkeypatch.context() as patch:
            patch.setattr(hdf5, "MOST_MEMBERS", 2)
            with pytest.raises(ValueError, match="has 3 members"):
                list(root.datasets())
        monkeypatch.setattr(hdf5, "MOST_DATASETS", 7)
        with pytest.raises(ValueError, match="more datasets than in any file of ours"):
            list(root.datasets())
