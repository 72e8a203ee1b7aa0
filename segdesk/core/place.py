"""The folder that was opened, whatever stands at its path now: the `Place`.

A path is only a name. While a project is open, or a training runs, its folder can be renamed,
deleted, or another one put there; the descriptor that is held here still leads to the one that was
opened.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Literal

#: Where Linux shows what a descriptor leads to, under a path that any call takes.
_DESCRIPTORS = Path("/proc/self/fd")

#: What stands at the path: the folder itself, nothing, or something else.
Found = Literal["here", "nothing", "another"]


class Place:
    """Owned by who opened it. Methods may be called from any thread.

    Windows opens no folders as files, and keeps an open folder from being renamed or deleted; there
    the path is all there is.
    """

    def __init__(self, path: Path, descriptor: int, identity: tuple[int, int]) -> None:
        self.path = path
        self._descriptor = descriptor
        self._identity = identity

    @classmethod
    def open(cls, path: Path) -> Place:
        """Hold the folder at a path.

        Raises
        ------
        OSError
            Where there is none, or the system refuses.
        """
        if sys.platform == "win32":
            return cls(path, -1, _identity(path.stat()))
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        return cls(path, descriptor, _identity(os.fstat(descriptor)))

    @property
    def identity(self) -> tuple[int, int]:
        """What tells the folder from any other: its device and its number there."""
        return self._identity

    def is_at(self, path: Path) -> bool:
        """Whether a path leads to the folder that was opened."""
        try:
            return _identity(path.stat()) == self._identity
        except OSError:
            return False

    def found(self) -> Found:
        """What stands at the path now.

        Raises
        ------
        OSError
            Where nobody can look there, because the disk or the network is away.
        """
        try:
            now = _identity(self.path.stat())
        except (FileNotFoundError, NotADirectoryError):
            return "nothing"
        return "here" if now == self._identity else "another"

    def home(self) -> Path | None:
        """A path to what is in the folder that was opened; None where it can't be reached."""
        return self.path if self.is_at(self.path) else self._held()

    def within(self) -> Path | None:
        """A path to what is in the folder that was opened, to write to: where the system has one,
        it leads there whatever comes to stand at the path in between. None as for `home`."""
        return self._held() or (self.path if self.is_at(self.path) else None)

    def _held(self) -> Path | None:
        """A path by the descriptor, where the system has one and the folder was not deleted."""
        home = _DESCRIPTORS / str(self._descriptor)
        try:
            is_there = self._descriptor >= 0 and os.fstat(self._descriptor).st_nlink > 0
            return home if is_there and home.is_dir() else None
        except OSError:
            return None

    def close(self) -> None:
        """Let go; more than once is fine."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def identity_of(path: Path) -> tuple[int, int]:
    """What tells a folder from any other; raises OSError where there is none."""
    return _identity(path.stat())


def _identity(stat: os.stat_result) -> tuple[int, int]:
    return stat.st_dev, stat.st_ino
