"""A disk that refuses: the k-th call of one kind fails, or every one from the k-th on."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

import pytest

from segdesk.core import durable_files

#: Where a write can fail.
POINTS: dict[str, tuple[Any, str]] = {
    "os.replace": (os, "replace"),
    "os.fsync": (os, "fsync"),
    "the bytes of a file": (durable_files, "put_all"),
    "opening a file": (os, "open"),
}


@contextmanager
def refusing(point: str, at: int, *, once: bool = False) -> Generator[list[int], None, None]:
    """Fail with a full disk.

    Parameters
    ----------
    point : one of `POINTS`
    at : how many calls go well before
    once : only one call fails

    Yields
    ------
    A list with one item for each call that failed.
    """
    owner, name = POINTS[point]
    call: Callable[..., Any] = getattr(owner, name)
    made, failed = [0], list[int]()

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        made[0] += 1
        if made[0] > at and not (once and failed):
            failed.append(made[0])
            raise OSError(errno.ENOSPC, "No space left on device")
        return call(*args, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(owner, name, wrapped)
        yield failed
