"""One writer per project: the operating system's lock on the file `lock`.

The text in the file only names the holder for the sentence; stale text is no lock. Reading takes
no lock. The lock vanishes with the process, however it ends; the descriptor is not inherited.
"""

from __future__ import annotations

import errno
import os
import socket
import sys
from contextlib import suppress
from pathlib import Path

from segdesk.core.durable_files import final_name
from segdesk.core.regular_file import regular_descriptor
from segdesk.errors import ProjectError, ProjectLocked, ProjectReadOnly
from segdesk.sentence import Sentence
from segdesk.store.disk.disk_errors import FORBIDDEN

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

LOCK = "lock"
#: On Windows locked bytes cannot be read by others, so the byte lies far behind the text.
_BYTE = 1 << 20
_HELD = {errno.EACCES, errno.EAGAIN, errno.EWOULDBLOCK, errno.EDEADLK}


class ProjectLock:
    """A held lock. Owned by the ProjectFolder; released by `release` or with the process."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    @classmethod
    def acquire(cls, folder: Path) -> ProjectLock:
        """Take the lock of a project folder, without waiting.

        Raises
        ------
        ProjectLocked
            Where another process, or this one, holds it.
        ProjectReadOnly
            Where the folder or the disk may not be written to.
        ProjectError
            Where the file system refuses or knows no locks.
        """
        path, name = folder / LOCK, final_name(folder)
        try:
            descriptor = regular_descriptor(path, os.O_RDWR | os.O_CREAT)
        except OSError as error:
            if error.errno in FORBIDDEN:
                raise _read_only(folder) from error
            raise ProjectError(
                Sentence(
                    "The project '{name}' cannot be opened for writing: {reason}.",
                    name=name,
                    reason=error.strerror or Sentence("the system refused"),
                ),
                "Check who owns the folder.",
            ) from error
        if not os.access(folder, os.W_OK | os.X_OK):
            os.close(descriptor)
            raise _read_only(folder)
        try:
            _lock(descriptor)
        except OSError as error:
            holder, is_shared = _holder(descriptor), os.fstat(descriptor).st_nlink > 1
            os.close(descriptor)
            if error.errno in _HELD and is_shared:
                # Its text may be of another day: nobody writes it into a file that is shared.
                raise ProjectLocked(
                    Sentence(
                        "The project '{name}' shares its files with a copy (hard links), "
                        "and one of the two is open for writing.",
                        name=name,
                    ),
                    "Close it there, or only read it here; a copy made without hard links can be "
                    "opened beside it.",
                ) from error
            if error.errno in _HELD:
                raise ProjectLocked(
                    _held_words(name, holder), "Close it there, or only read it here."
                ) from error
            raise ProjectError(
                Sentence(
                    "The project '{name}' lies on a disk that knows no file locks.", name=name
                ),
                "Move the folder to a local disk.",
            ) from error
        # The name is a courtesy: a full disk must not keep anyone from opening a project.
        # Nor is a file that has a second name elsewhere changed there.
        with suppress(OSError):
            if os.fstat(descriptor).st_nlink > 1:
                return cls(descriptor)
            os.ftruncate(descriptor, 0)
            os.write(descriptor, f"{socket.gethostname()} {os.getpid()}\n".encode())
        return cls(descriptor)

    def is_in(self, folder: Path) -> bool:
        """Whether the file `lock` in a folder is the one that is held.

        Raises
        ------
        OSError
            Where that is not to be seen now.
        """
        try:
            return os.path.samestat((folder / LOCK).stat(), os.fstat(self._descriptor))
        except (FileNotFoundError, NotADirectoryError):
            return False

    def release(self) -> None:
        """Let go; more than once is fine."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def _read_only(folder: Path) -> ProjectReadOnly:
    name = final_name(folder)
    return ProjectReadOnly(
        Sentence(
            "The project '{name}' lies in a folder or on a disk that may not be written to.",
            name=name,
        ),
        "Only read it, or copy it to a place that may be written to.",
    )


def _lock(descriptor: int) -> None:
    if sys.platform == "win32":
        os.lseek(descriptor, _BYTE, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        os.lseek(descriptor, 0, os.SEEK_SET)
    else:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _held_words(name: str, holder: str) -> Sentence:
    if not holder:
        return Sentence("The project '{name}' is open for writing in another program.", name=name)
    return Sentence(
        "The project '{name}' is open for writing in another program ({holder}).",
        name=name,
        holder=holder,
    )


def _holder(descriptor: int) -> str:
    """Words about who holds it, or nothing where the text says nothing."""
    try:
        os.lseek(descriptor, 0, os.SEEK_SET)
        host, pid = os.read(descriptor, 512).decode("utf-8").split()
        return Sentence("process {process} on {host}", process=str(int(pid)), host=host)
    except (OSError, ValueError):
        return ""
