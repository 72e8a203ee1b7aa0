"""What the system does not let anybody look at, for tests: a folder without rights, a disk that is
away. Rights themselves would keep nobody out who runs the tests as root."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

#: Calls that are given what they look at by its name.
BY_NAME = ("stat", "lstat", "open", "listdir", "scandir", "mkdir", "unlink", "rename", "replace")
#: Those that look into a folder; the others are refused what lies in it.
INTO = ("listdir", "scandir")


def _refusing(
    call: Callable[..., Any], is_out: Callable[[Path], bool], number: int
) -> Callable[..., Any]:
    def refused(path: Any, *arguments: Any, **options: Any) -> Any:
        if isinstance(path, str | Path) and is_out(Path(path)):
            raise OSError(number, os.strerror(number), str(path))
        return call(path, *arguments, **options)

    return refused


@contextmanager
def closed_folder(folder: Path, number: int = errno.EACCES) -> Iterator[None]:
    """Nobody may look into a folder; that it is there is seen."""

    def inside(path: Path) -> bool:
        return path != folder and path.is_relative_to(folder)

    with pytest.MonkeyPatch.context() as patch:
        for name in BY_NAME:
            is_out = (lambda path: path.is_relative_to(folder)) if name in INTO else inside
            patch.setattr(os, name, _refusing(getattr(os, name), is_out, number))
        yield


@contextmanager
def disk_away(folder: Path, number: int = errno.ENOTCONN) -> Iterator[None]:
    """A folder on a network disk that does not answer, be it asked by name or by descriptor."""
    fstat = os.fstat

    def is_out(path: Path) -> bool:
        return path.is_relative_to(folder) or path.is_relative_to("/proc/self/fd")

    def away(descriptor: int) -> os.stat_result:
        raise OSError(number, os.strerror(number))

    with pytest.MonkeyPatch.context() as patch:
        for name in BY_NAME:
            patch.setattr(os, name, _refusing(getattr(os, name), is_out, number))
        patch.setattr(os, "fstat", away)
        yield
    assert os.fstat is fstat
