"""Files that appear whole or not at all: a temporary name beside the target, then one rename.

Owns the order write, fsync, verify, replace, fsync of the folder, for every room: nobody else
renames, and nobody else hands bytes to a file without a buffer. What is in the files belongs to the
modules that call it.
"""

from __future__ import annotations

import errno
import hashlib
import io
import os
import shutil
import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from pathlib import Path

from segdesk.core.regular_file import (
    append_regular,
    new_regular,
    open_regular,
    remove_whatever,
)
from segdesk.errors import SegdeskError

PARTIAL = ".partial"
#: Bytes in the name of a file, on nearly every file system.
LONGEST_NAME = 255
#: Asked right before a rename: raises where it must not be.
Check = Callable[[], object]
_IS_WINDOWS = sys.platform == "win32"
#: Windows refuses to replace a file while a virus scanner or an indexer looks at it.
_TRIES, _WAIT_S = 10, 0.05


def partial_name(path: Path) -> Path:
    """The temporary name of a file or folder, beside it; no longer than a name may be."""
    name = path.name
    if len(os.fsencode(name)) > LONGEST_NAME - len(PARTIAL) - 1:
        name = hashlib.sha256(os.fsencode(name)).hexdigest()
    return path.with_name(f".{name}{PARTIAL}")


def final_name(path: Path) -> str:
    """What somebody calls a file or folder that may still have its temporary name."""
    is_temporary = path.name.startswith(".") and path.name.endswith(PARTIAL)
    return path.name[1 : -len(PARTIAL)] if is_temporary else path.name


def no_check() -> None:
    """For what nobody else can have taken away."""


@contextmanager
def replacing(
    path: Path, check: Check = no_check, *, make_way: Callable[[Path], object] = lambda path: None
) -> Generator[Path, None, None]:
    """Give a temporary name; after the block, what is there takes the place of `path`.

    The block writes the temporary file, syncs it and verifies it. Where the block or `check`
    raises, the temporary file is removed and `path` stays as it was.

    Parameters
    ----------
    make_way : sets aside what lies at `path`, once all is written and `check` has let it
    """
    temporary = partial_name(path)
    remove_whatever(temporary)
    try:
        yield temporary
        before_replacing(path, check)
        make_way(path)
        replace_file(temporary, path)
    except BaseException:
        # What went wrong is what is said, though this fails too.
        if _is_let(check):
            with suppress(OSError):
                temporary.unlink()
        raise
    sync_folder(path.parent)


def write_whole(
    path: Path,
    content: bytes,
    verify: Callable[[bytes], object],
    check: Check = no_check,
    *,
    previous: Path | None = None,
    make_way: Callable[[Path], object] = lambda path: None,
) -> None:
    """Write a small file anew: temporary name, fsync, re-open, verify, replace.

    Parameters
    ----------
    content : all of it
    verify : is given what the disk gives back; raises where it cannot be read
    check : asked before the old file is replaced
    previous : gets the old file; None: it goes
    make_way : as `replacing`

    Raises
    ------
    OSError
        Where the disk refuses or gives back something else. The old file stays.
    """
    with replacing(path, check, make_way=make_way) as temporary:
        with new_regular(temporary) as file:
            put_all(file, content)
            os.fsync(file.fileno())
        with open_regular(temporary) as file:
            back = file.read()
        if back != content:
            raise OSError(errno.EIO, "the disk gave back something else than was written")
        verify(back)
        if previous is not None and path.exists():
            check()
            _name_too(path, previous)


def _name_too(path: Path, name: Path) -> None:
    """Give a file a second name, in the place of what had it; both are whole at every moment."""
    partial = partial_name(name)
    remove_whatever(partial)
    try:
        try:
            partial.hardlink_to(path)
        except OSError:
            # Some file systems know no second names.
            with open_regular(path) as file, new_regular(partial) as copy:
                put_all(copy, file.read())
                os.fsync(copy.fileno())
        replace_file(partial, name)
    finally:
        # Where both are names of one file already, the system replaces nothing and says nothing.
        partial.unlink(missing_ok=True)


def put_all(file: io.FileIO, content: bytes | memoryview) -> None:
    """Hand all of it to the operating system, which may take it piece by piece."""
    left = memoryview(content)
    while left:
        left = left[file.write(left) :]


def append_line(path: Path, line: bytes) -> None:
    """Put a line behind those of a file, made where it is not there: all of it, lasting, or none.

    Parameters
    ----------
    line : without its end; where a line before it was cut off, it begins a new one

    Raises
    ------
    OSError
        Where the disk refuses; the file is as it was, as far as the disk lets it be.
    """
    with append_regular(path) as file:
        end = file.seek(0, os.SEEK_END)
        file.seek(max(end - 1, 0))
        is_cut_off = file.read(1) not in (b"", b"\n")
        try:
            put_all(file, b"\n" * is_cut_off + line + b"\n")
            os.fsync(file.fileno())
            if not end:
                sync_folder(path.parent)
        except BaseException:
            with suppress(OSError):
                file.truncate(end)
            raise


@contextmanager
def new_folder(path: Path, check: Check = no_check) -> Generator[Path, None, None]:
    """Give a temporary folder that becomes `path` after the block, or vanishes where it raises."""
    temporary = here = partial_name(path)
    remove_whatever(temporary)
    try:
        temporary.mkdir()
        yield temporary
        sync_folder(temporary)
        before_replacing(path, check)
        move(temporary, path)
        here = path
        sync_folder(path.parent)
    except BaseException:
        if _is_let(check):
            with suppress(OSError):
                remove_whatever(here)
        raise


def lasting_folder(path: Path) -> None:
    """Make a folder, and those above it that are not there; a power cut takes none of them.

    Raises
    ------
    OSError
        Where the disk refuses; what could not be made lasting is not left behind.
    """
    missing: list[Path] = []
    while not path.is_dir():
        missing.append(path)
        path = path.parent
    for folder in reversed(missing):
        folder.mkdir(exist_ok=True)
        try:
            sync_folder(folder.parent)
        except BaseException:
            with suppress(OSError):
                folder.rmdir()
            raise


def before_replacing(path: Path, check: Check) -> None:
    """The last look before `path` becomes what was written; one name to watch in tests."""
    check()


def _is_let(check: Check) -> bool:
    """Whether what lies under a temporary name is still ours to remove."""
    try:
        check()
    except SegdeskError:
        return False
    return True


def move(source: Path, target: Path) -> None:
    """Rename to a name that nothing has yet, patient on Windows."""
    _patiently(lambda: source.rename(target))


def replace_file(source: Path, target: Path) -> None:
    """`os.replace`, patient on Windows."""
    _patiently(lambda: os.replace(source, target))  # noqa: PTH105  one name to watch in tests


def with_one_name(path: Path) -> Path:
    """The path of a file that may be changed in place: one with a second name becomes a copy.

    A folder that was copied by hard links shares its files with the copy.

    Raises
    ------
    OSError
        Where the disk refuses.
    """
    if path.lstat().st_nlink > 1:
        with replacing(path) as temporary, io.BufferedRandom(new_regular(temporary)) as copy:
            with open_regular(path) as file:
                shutil.copyfileobj(file, copy)
            copy.flush()
            os.fsync(copy.fileno())
    return path


def sync_folder(path: Path) -> None:
    """Make renames in a folder lasting. Windows has no such call and needs none."""
    if sys.platform == "win32":
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        # Some network file systems know no fsync of folders.
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(descriptor)


def _patiently(rename: Callable[[], object]) -> None:
    for left in reversed(range(_TRIES if _IS_WINDOWS else 1)):
        try:
            rename()
            return
        except PermissionError:
            if not left:
                raise
            time.sleep(_WAIT_S)
