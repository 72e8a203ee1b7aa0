"""A disk that fills, for tests: every write into files is refused until there is room again."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from segdesk.core import durable_files
from segdesk.store.journal import journal_file

WRITING = frozenset("wxa+")


def refuse(*_: object, **__: object) -> Any:
    raise OSError(errno.ENOSPC, "No space left on device")


@contextmanager
def full_disk(below: Path) -> Iterator[None]:
    """No byte more goes into a file below a folder, and no file or folder comes to be there.

    The journal is open already, so it is its writing that fails, with a piece of the record on the
    disk as a real one leaves it.
    """
    really_open, really_make, open_low = Path.open, Path.mkdir, os.open

    def opened(path: Path, mode: str = "r", *arguments: Any, **options: Any) -> Any:
        if WRITING & set(mode) and path.is_relative_to(below):
            refuse()
        return really_open(path, mode, *arguments, **options)

    def opened_low(path: Any, flags: int, *arguments: Any, **options: Any) -> int:
        made = flags & os.O_CREAT and not Path(path).exists()
        if made and Path(path).is_relative_to(below):
            refuse()
        return open_low(path, flags, *arguments, **options)

    def made(path: Path, *arguments: Any, **options: Any) -> None:
        if path.is_relative_to(below) and not path.exists():
            refuse()
        really_make(path, *arguments, **options)

    def torn(file: Any, content: bytes) -> None:
        file.write(content[: len(content) // 2])
        refuse()

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Path, "open", opened)
        patched.setattr(Path, "mkdir", made)
        patched.setattr(os, "open", opened_low)
        patched.setattr(journal_file, "put_all", torn)
        patched.setattr(durable_files, "put_all", refuse)
        yield
