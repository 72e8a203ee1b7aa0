"""A stranger's packed project by a process of its own: `look` and `unpack`.

HDF5 can end the process that reads a damaged file, and whoever seals a file can seal damage. So the
program itself never has HDF5 read one; `unpacker_child` is the other side. A file that ends the
process is a damaged file, like any other.
"""

from __future__ import annotations

import signal
import sys
from pathlib import Path

from segdesk.errors import ProjectError
from segdesk.jobs.errand import Crashed, run
from segdesk.sentence import Sentence
from segdesk.store.new_project import building
from segdesk.store.pack.contents import Asked, Held, Tell
from segdesk.store.pack.read import HINT

#: What the system sends where its memory is full, and what nobody else should.
_KILLED = None if sys.platform == "win32" else -signal.SIGKILL
#: How a process ends that a damaged file leads astray: 0 where it said what is no answer; else by
#: its own fault. Any other end comes from outside, or from a program that is not whole.
_ASTRAY = (
    {
        0,
        3,  # abort
        0xC0000005,  # access violation
        0xC000001D,  # illegal instruction
        0xC0000094,  # division by zero
        0xC00000FD,  # stack overflow
        0xC0000374,  # heap corruption
        0xC0000409,  # buffer overrun, and abort of newer libraries
    }
    if sys.platform == "win32"
    else {0, -signal.SIGSEGV, -signal.SIGABRT, -signal.SIGBUS, -signal.SIGFPE, -signal.SIGILL}
)


def look(file: Path, *, tell: Tell | None = None, cancelled: Asked | None = None) -> Held:
    """What a packed project holds, once its seal is checked; raises as `unpack`. Any thread."""
    return _asked(file, ("look", str(file)), tell, cancelled)


def unpack(
    file: Path, path: Path, *, tell: Tell | None = None, cancelled: Asked | None = None
) -> Held:
    """Make a project folder of a packed project. Any thread.

    Parameters
    ----------
    path : of the new folder; nothing may be there

    Raises
    ------
    ProjectError
        Where something is there, the file is damaged, made by a newer segdesk or no packed project,
        or the disk refuses; then nothing is left behind.
    Cancelled
        Where `cancelled` said so; then nothing is left behind.
    """
    with building(path) as folder:
        return _asked(file, ("unpack", str(file), str(folder), path.name), tell, cancelled)


def _asked(
    file: Path, arguments: tuple[str, ...], tell: Tell | None, cancelled: Asked | None
) -> Held:
    try:
        rows = run("unpacker", arguments, tell=tell, cancelled=cancelled)
    except Crashed as error:
        raise _said_of(file, error.returncode) from error
    except OSError as error:
        raise ProjectError(
            Sentence(
                "The process that unpacks could not be started: {reason}.",
                reason=error.strerror or Sentence("the system refused"),
            ),
            "Close other programs and try again; if it stays so, install segdesk again.",
        ) from error
    if len(rows) != 2:
        raise _said_of(file, 0)
    return Held(*rows)


def _said_of(file: Path, returncode: int) -> ProjectError:
    if returncode in _ASTRAY:
        return ProjectError(
            Sentence("The file '{file}' is damaged; nothing was unpacked.", file=file.name), HINT
        )
    if returncode == _KILLED:
        return ProjectError(
            Sentence(
                "The system ended the process that unpacks '{file}'; nothing was unpacked.",
                file=file.name,
            ),
            "Often its memory is full: close other programs and try again.",
        )
    return ProjectError(
        Sentence(
            "The process that unpacks '{file}' ended before its time; nothing was unpacked.",
            file=file.name,
        ),
        "Try again; if it stays so, install segdesk again.",
    )
