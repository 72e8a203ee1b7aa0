"""A disk that refuses what Windows refuses, on Linux: nothing that is open moves, goes or changes.

Python opens files there without leave to delete them (no FILE_SHARE_DELETE), and a memory map keeps
its file open. What this process has open is asked of Linux itself, so whatever opened it counts,
HDF5 and numpy too. A rename onto a file that is there is refused as well; `os.replace` is for that.

    https://learn.microsoft.com/windows/win32/api/fileapi/nf-fileapi-createfilew
    https://learn.microsoft.com/windows/win32/api/winbase/nf-winbase-movefileexw
"""

from __future__ import annotations

import errno
import os
import stat
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

#: "The process cannot access the file because it is being used by another process."
SHARING_VIOLATION = 32
CAN_RUN = sys.platform == "linux"


class InUse(PermissionError):
    """As Python raises it on Windows."""

    winerror = SHARING_VIOLATION

    def __init__(self, path: Path, held: Path) -> None:
        words = f"used by another process ({held.name})"
        super().__init__(errno.EACCES, words, str(path))


def held_files() -> set[Path]:
    """Regular files that this process has open or mapped."""
    found: set[Path] = set()
    for entry in Path("/proc/self/fd").iterdir():
        with suppress(OSError):
            path = entry.readlink()
            if stat.S_ISREG(entry.stat().st_mode):
                found.add(path)
    for line in Path("/proc/self/maps").read_text().splitlines():
        parts = line.split(maxsplit=5)
        if len(parts) == 6 and parts[5].startswith("/"):
            found.add(Path(parts[5]))
    return found


def check_free(path: Path) -> None:
    """Raise where the file, or a file in the folder, is open or mapped."""
    path = path.parent.resolve() / path.name
    for held in held_files():
        if held == path or held.is_relative_to(path):
            raise InUse(path, held)


def _absolute(path: Any, dir_fd: int | None) -> Path:
    if dir_fd is None:
        return Path(os.fsdecode(path))
    return Path(f"/proc/self/fd/{dir_fd}").readlink() / os.fsdecode(path)


@contextmanager
def ntfs(root: Path) -> Generator[list[InUse], None, None]:
    """Below a folder the disk refuses as Windows does.

    Yields
    ------
    The refusals, in order.
    """
    root = root.resolve()
    refused: list[InUse] = []

    def checked(path: Any, dir_fd: int | None = None) -> None:
        place = _absolute(path, dir_fd)
        if place.parent.resolve().is_relative_to(root):
            try:
                check_free(place)
            except InUse as error:
                refused.append(error)
                raise

    def removing(real: Callable[..., Any]) -> Callable[..., Any]:
        def remove(path: Any, *, dir_fd: int | None = None) -> None:
            checked(path, dir_fd)
            real(path, dir_fd=dir_fd)

        return remove

    real_rename, real_replace = os.rename, os.replace

    def rename(source: Any, target: Any) -> None:
        checked(source)
        if os.path.lexists(target):
            raise FileExistsError(errno.EEXIST, "file exists", str(target))
        real_rename(source, target)

    def replace(source: Any, target: Any) -> None:
        checked(source)
        checked(target)
        real_replace(source, target)

    with pytest.MonkeyPatch.context() as patch:
        for name in ("unlink", "remove", "rmdir"):
            patch.setattr(os, name, removing(getattr(os, name)))
        patch.setattr(os, "rename", rename)
        patch.setattr(os, "replace", replace)
        yield refused
