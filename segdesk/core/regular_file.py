"""Opening files that a stranger may have put there: only regular ones, and through no link.

Every file of a project is opened here, whichever room does it. A pipe would hang the program, a
device may do anything, a symbolic link leads to another file; and what is changed in place may be
another name (a hard link) of a file that lies elsewhere. Strangers' scans may lie behind links;
`follow` is for them. Which links a folder may not have is `check_no_link`.
"""

from __future__ import annotations

import errno
import io
import os
import shutil
import stat
from contextlib import suppress
from fnmatch import fnmatchcase
from pathlib import Path

from segdesk.sentence import Sentence

#: What Windows lacks is 0 there: it knows no pipes among files, and links are looked for before.
_NO_FOLLOW = int(getattr(os, "O_NOFOLLOW", 0))
_NO_WAIT = int(getattr(os, "O_NONBLOCK", 0))
_ALWAYS = int(getattr(os, "O_CLOEXEC", 0)) | int(getattr(os, "O_BINARY", 0))
#: A junction of Windows, https://learn.microsoft.com/windows/win32/fileio/reparse-point-tags
_JUNCTION = 0xA0000003


class NotRegular(OSError):
    """What lies at a path is a link, a pipe, a device or a folder; nothing was read or changed."""

    def __init__(self, path: Path, what: str) -> None:
        super().__init__(errno.ELOOP, what, str(path))
        self.name = path.name


def open_regular(path: Path, *, follow: bool = False) -> io.BufferedReader:
    """Open a file for reading.

    Parameters
    ----------
    follow : through symbolic links too, for files that a person has pointed at

    Raises
    ------
    NotRegular
        Where it is no regular file, or a link that is not to be followed.
    OSError
        Where it is not there or may not be read.
    """
    descriptor = regular_descriptor(path, os.O_RDONLY, follow=follow)
    return io.BufferedReader(io.FileIO(descriptor, "rb"))


def change_regular(path: Path) -> io.FileIO:
    """Open a file that is there for reading and writing in place, unbuffered.

    Raises
    ------
    NotRegular
        Where it is a link, no regular file, or has a second name elsewhere.
    OSError
        Where it is not there or may not be written.
    """
    return _with_one_name(path, io.FileIO(regular_descriptor(path, os.O_RDWR), "rb+"))


def append_regular(path: Path) -> io.FileIO:
    """Open a file for reading, and for writing at its end, unbuffered; made where it is not there.

    Raises
    ------
    NotRegular
        Where it is a link, no regular file, or has a second name elsewhere.
    OSError
        Where it may not be written.
    """
    flags = os.O_RDWR | os.O_APPEND | os.O_CREAT
    return _with_one_name(path, io.FileIO(regular_descriptor(path, flags), "ab+"))


def new_regular(path: Path) -> io.FileIO:
    """Open a new, empty file for reading and writing, unbuffered.

    What had the name before loses it: a link itself goes, and what it led to stays as it was.

    Raises
    ------
    OSError
        Where the disk refuses, or a folder has the name.
    """
    path.unlink(missing_ok=True)
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL
    return io.FileIO(regular_descriptor(path, flags), "wb+")


def is_folder(path: Path) -> bool:
    """Whether a folder is there and can be looked at now; a name too long for the disk is none, nor
    is one on a network that is away. `Path.is_dir` raises OSError there."""
    try:
        return path.is_dir()
    except OSError:
        return False


def is_regular(path: Path) -> bool:
    """Whether a regular file is there and can be looked at now, as `is_folder`; follows links."""
    try:
        return path.is_file()
    except OSError:
        return False


def is_there(path: Path) -> bool:
    """Whether anything is there and can be looked at now, as `is_folder`."""
    try:
        return path.exists()
    except OSError:
        return False


def is_link(path: Path) -> bool:
    """Whether a path is a symbolic link, or a junction of Windows. False where nothing is there."""
    try:
        status = path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    return stat.S_ISLNK(status.st_mode) or getattr(status, "st_reparse_tag", 0) == _JUNCTION


def check_no_link(root: Path, path: Path) -> Path:
    """The path, where no part of it below `root` is a link.

    Parameters
    ----------
    root : may be reached through links itself
    path : below it; need not be there

    Raises
    ------
    NotRegular
        Where a part of it is a link.
    ValueError
        Where it does not lie below `root`.
    """
    part = root
    for name in path.relative_to(root).parts:
        if name == "..":
            raise ValueError(f"expected a path below its root, received {path}")
        part = part / name
        if is_link(part):
            raise NotRegular(part, Sentence("is a link"))
    return path


def files_below(folder: Path, *names: str) -> list[Path]:
    """Regular files below a folder, in the order of their paths; no link is entered or given.

    Parameters
    ----------
    names : a pattern for each level, such as "*", the last one for the file

    Raises
    ------
    OSError
        Where a folder that is there cannot be read.
    """
    found = [folder]
    for name in names:
        found = [
            path
            for parent in found
            if parent.is_dir() and not is_link(parent)
            for path in sorted(parent.iterdir())
            if fnmatchcase(path.name, name)
        ]
    return [path for path in found if path.is_file() and not is_link(path)]


def remove_whatever(path: Path) -> None:
    """Remove a file, a link (never what it leads to), or a folder with all that is in it.

    Raises
    ------
    OSError
        Where the system refuses.
    """
    if path.is_dir() and not is_link(path):
        # It removes links in the folder and does not enter them.
        shutil.rmtree(path)
        return
    with suppress(FileNotFoundError):
        path.unlink()


def regular_descriptor(path: Path, flags: int, *, follow: bool = False) -> int:
    """A file descriptor, the caller's to close; what the other functions are made of.

    Parameters
    ----------
    flags : of `os.open`; whether anything is followed or waited for is decided here
    follow : through symbolic links too

    Raises
    ------
    NotRegular
        Where it is no regular file, or a link that is not to be followed.
    OSError
        Where the system refuses.
    """
    if not follow and is_link(path):
        raise NotRegular(path, Sentence("is a link"))
    # Before opening too: to open a device can be to do something.
    with suppress(FileNotFoundError):
        _check_kind(path, path.stat().st_mode)
    try:
        descriptor = os.open(
            path, flags | _ALWAYS | _NO_WAIT | (0 if follow else _NO_FOLLOW), 0o666
        )
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise NotRegular(path, Sentence("is a link")) from error
        raise
    try:
        _check_kind(path, os.fstat(descriptor).st_mode)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _check_kind(path: Path, mode: int) -> None:
    if not stat.S_ISREG(mode):
        raise NotRegular(path, Sentence("is no ordinary file"))


def _with_one_name(path: Path, file: io.FileIO) -> io.FileIO:
    if os.fstat(file.fileno()).st_nlink > 1:
        file.close()
        raise NotRegular(path, Sentence("has a second name elsewhere"))
    return file
