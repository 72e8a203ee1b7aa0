"""Files that cannot be used and may hold something: a name beside their own, for people."""

from __future__ import annotations

import io
import os
from contextlib import suppress
from os.path import lexists
from pathlib import Path

from segdesk.core.durable_files import partial_name, put_all, replace_file, sync_folder
from segdesk.core.regular_file import new_regular, open_regular


def set_aside(path: Path) -> None:
    """Give a file that cannot be used a name beside it; raises OSError."""
    replace_file(path, aside_name(path))


def make_way(path: Path) -> None:
    """Set aside what another program has put where a file of a new name is written; raises OSError.

    A number is never taken twice: whatever lies there is nothing of ours that anybody needs, and
    may be all that another one has of it.
    """
    if lexists(path):
        set_aside(path)


def aside_name(path: Path) -> Path:
    """NAME.damaged, or with a number where that is taken."""
    name, number = path.with_name(f"{path.name}.damaged"), 2
    while name.exists():
        name, number = path.with_name(f"{path.name}.damaged-{number}"), number + 1
    return name


def put_in_place(path: Path, content: bytes | bytearray) -> io.FileIO:
    """A new file with these bytes, whole at once, open for reading and writing. What lies there is
    set aside, unless it is no more than what these bytes begin with.

    Raises
    ------
    OSError
        Where the disk refuses; nothing new is left then.
    """
    partial = partial_name(path)
    file = new_regular(partial)
    try:
        put_all(file, memoryview(content))
        if not _begins_with(content, path):
            set_aside(path)
        replace_file(partial, path)
    except OSError:
        file.close()
        with suppress(OSError):
            partial.unlink()
        raise
    return file


def end_putting_in_place(path: Path) -> None:
    """Give its name to what `put_in_place` was writing when the process was killed, where that has
    more than what lies there; raises OSError."""
    partial = partial_name(path)
    with open_regular(partial) as file:
        content = file.read()
        os.fsync(file.fileno())
    if not _begins_with(content, path):
        with open_regular(path) as file:
            if file.read(len(content)) == content:
                return
        set_aside(path)
    replace_file(partial, path)
    sync_folder(path.parent)


def _begins_with(content: bytes | bytearray, path: Path) -> bool:
    """Whether a file holds nothing but what these bytes begin with; so where there is none."""
    try:
        with open_regular(path) as file:
            there = file.read(len(content) + 1)
    except FileNotFoundError:
        return True
    return content.startswith(there)
