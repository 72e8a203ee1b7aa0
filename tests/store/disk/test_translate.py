"""Faults of the disk as sentences."""

from __future__ import annotations

import errno
import os

import pytest

from segdesk.errors import ProjectError
from segdesk.store.disk.disk_errors import reading


@pytest.mark.parametrize("number", [errno.EIO, errno.EMFILE, errno.ENOMEM, errno.ESTALE])
def test_what_the_disk_does_not_give_now_is_not_called_damaged(number: int) -> None:
    with pytest.raises(ProjectError) as told, reading("The mask of 'case-001'"):
        raise OSError(number, os.strerror(number))
    assert told.value.sentence == (
        f"The mask of 'case-001' could not be read: {os.strerror(number)}."
    )
    assert told.value.hint == "Check the disk and try again."


def test_what_hdf5_cannot_make_sense_of_is_damaged() -> None:
    with pytest.raises(ProjectError, match="is damaged and cannot be read"), reading("The mask"):
        raise OSError("Unable to open file (truncated file)")
