"""Who opens an HDF5 file, hashes or waits for the disk, and on which thread."""

from __future__ import annotations

import hashlib
import os
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from segdesk.store.parts import hdf5

#: Less is hashed in some microseconds: a name, a key.
FEW_BYTES = 4096


@dataclass
class HeavyCalls:
    """Calls that may take long: what was called, on which thread, and by which of our functions."""

    made: list[tuple[str, int, tuple[str, ...]]] = field(
        default_factory=list[tuple[str, int, tuple[str, ...]]]
    )

    def note(self, what: str) -> None:
        self.made.append((what, threading.get_ident(), _ours()))

    def on(self, thread: int) -> list[str]:
        """What was called there, with the way to it, the innermost function last."""
        return [f"{what}: {' > '.join(way)}" for what, ident, way in self.made if ident == thread]

    def kinds(self) -> set[str]:
        return {what for what, _, _ in self.made}


def record(patch: pytest.MonkeyPatch) -> HeavyCalls:
    """Note from now on every file that h5py opens or closes, every fsync and every hash of more
    than some bytes. Nothing of h5py works but within an open file."""
    calls = HeavyCalls()
    file = hdf5.h5py.File

    class Noted(file):
        def __init__(self, *given: Any, **named: Any) -> None:
            calls.note("h5py")
            super().__init__(*given, **named)

        def close(self) -> None:
            calls.note("h5py")
            super().close()

    def noted(what: str, work: Callable[..., Any]) -> Callable[..., Any]:
        def spied(*given: Any, **named: Any) -> Any:
            if what != "hash" or (given and len(given[0]) > FEW_BYTES):
                calls.note(what)
            return work(*given, **named)

        return spied

    class Sum:
        """SHA-256 whose pieces are noted."""

        def __init__(self, content: Any = b"") -> None:
            self._sum = sha256(content)
            self._note(content)

        def update(self, content: Any) -> None:
            self._note(content)
            self._sum.update(content)

        def _note(self, content: Any) -> None:
            if len(content) > FEW_BYTES:
                calls.note("hash")

        def __getattr__(self, name: str) -> Any:
            return getattr(self._sum, name)

    sha256 = hashlib.sha256
    patch.setattr(hdf5.h5py, "File", Noted)
    patch.setattr(hashlib, "sha256", Sum)
    patch.setattr(os, "fsync", noted("fsync", os.fsync))
    return calls


def _ours() -> tuple[str, ...]:
    """Our functions that are being called, the innermost last."""
    names: list[str] = []
    frame = sys._getframe(2)
    while frame is not None:
        module = str(frame.f_globals.get("__name__", ""))
        if module.startswith("segdesk."):
            names.append(f"{module.removeprefix('segdesk.')}.{frame.f_code.co_name}")
        frame = frame.f_back
    return tuple(reversed(names))
