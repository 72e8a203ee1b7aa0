"""A disk that may not be written to, for tests: root may write everywhere, so the system calls are
refused instead (EROFS), for every path below a folder."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from segdesk.store.journal import journal_file

_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC


def refuse(*_: object, **__: object) -> Any:
    raise OSError(errno.EROFS, "Read-only file system")


@contextmanager
def read_only_disk(below: Path) -> Iterator[None]:
    """Nothing below a folder can be made, changed, renamed or removed; nothing open can grow."""
    root = str(below.resolve())

    def lies_below(path: object) -> bool:
        if not isinstance(path, str | os.PathLike):
            return False
        whole = os.path.abspath(path)  # noqa: PTH100 - links stay links
        return f"{whole}/".startswith(f"{root}/")

    def guarded(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            if any(lies_below(path) for path in arguments[:2]):
                refuse()
            return real(*arguments, **options)

        return call

    really_open, really_ask = os.open, os.access

    def opened(path: Any, flags: int, *arguments: Any, **options: Any) -> int:
        if flags & _WRITING and lies_below(path):
            refuse()
        return really_open(path, flags, *arguments, **options)

    def may(path: Any, mode: int, *arguments: Any, **options: Any) -> bool:
        return not (mode & os.W_OK and lies_below(path)) and really_ask(
            path, mode, *arguments, **options
        )

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(os, "open", opened)
        patched.setattr(os, "access", may)
        for name in ("mkdir", "rename", "replace", "unlink", "rmdir", "truncate"):
            patched.setattr(os, name, guarded(getattr(os, name)))
        patched.setattr(journal_file, "put_all", refuse)
        yield
