"""The border of this room: faults of the disk and of HDF5 become one sentence each.

Every public call of `project_folder` runs its disk work inside `reading` or `writing`.
"""

from __future__ import annotations

import errno
import zlib
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import LiteralString

from segdesk.core.regular_file import NotRegular
from segdesk.errors import ProjectError, ProjectReadOnly, ProjectTooOld, UsageError
from segdesk.sentence import Sentence

RESTORE = Sentence("Restore the folder from a copy.")
_TOO_LONG = Sentence("its path is too long for the disk")
_SHORTER = Sentence("Choose a shorter one.")
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
FORBIDDEN = {errno.EACCES, errno.EPERM, errno.EROFS}


class Damage(ValueError):
    """A file of a project is not what segdesk wrote; the text goes into the sentence.

    "it ends too early" becomes "The mask of 'case-001' is damaged: it ends too early."
    """

    def __init__(self, said: Sentence) -> None:
        super().__init__(said)
        self.said = said


class Earlier(Damage):
    """A file of a project is another version's, which can't be read; the text says whose."""


#: Windows: a file is open elsewhere, a part of it is locked, or it is mapped into memory.
_IN_USE = {32, 33, 1224}
#: The disk or the system could not give what may be sound.
_TROUBLE = {
    errno.EIO,
    errno.EMFILE,
    errno.ENFILE,
    errno.ENOMEM,
    errno.EBUSY,
    errno.ENODEV,
    errno.ENXIO,
    errno.ESTALE,
    errno.ETIMEDOUT,
    errno.ENOTCONN,
    errno.EHOSTDOWN,
    errno.EHOSTUNREACH,
    errno.ENETUNREACH,
}
#: What h5py, numpy and our own checks raise on content that is not what this room wrote.
_DAMAGE = (
    RuntimeError,
    KeyError,
    IndexError,
    ValueError,
    TypeError,
    AttributeError,
    OverflowError,
    MemoryError,
    UsageError,
    zlib.error,
)


@contextmanager
def writing(what: str) -> Generator[None, None, None]:
    """Turn faults of writing into a ProjectError.

    Parameters
    ----------
    what : subject of the sentence, such as "The scan of 'case-001'"
    """
    try:
        yield
    except NotRegular as error:
        raise _not_regular(what, error) from error
    except OSError as error:
        kind = ProjectReadOnly if error.errno in FORBIDDEN else ProjectError
        raise kind(*refusal(what, error)) from error


def refusal(what: str, error: OSError) -> tuple[Sentence, Sentence]:
    """Sentence and hint about something that the disk did not take."""
    if error.errno in _FULL:
        sentence, hint = (
            Sentence("the disk is full"),
            Sentence("Free some disk space and try again."),
        )
    elif getattr(error, "winerror", None) in _IN_USE:
        sentence, hint = (
            Sentence("a file is still in use"),
            Sentence("Close what shows it and try again."),
        )
    elif error.errno in FORBIDDEN:
        sentence, hint = (
            Sentence("the folder may not be written to"),
            Sentence("Check who owns the folder."),
        )
    elif error.errno == errno.ENAMETOOLONG:
        sentence, hint = _TOO_LONG, _SHORTER
    elif error.errno == errno.EISDIR:
        name = Path(error.filename2 or error.filename or "").name
        sentence = Sentence("a folder has the name '{name}'", name=name)
        hint = Sentence("Move the folder out of the project and try again.")
    else:
        sentence = error.strerror or Sentence("the disk refused")
        hint = Sentence("Check the disk and try again.")
    return Sentence("{what} could not be written: {reason}.", what=what, reason=sentence), hint


@contextmanager
def reading(what: str, *, hint: LiteralString | Sentence = RESTORE) -> Generator[None, None, None]:
    """Turn faults of reading into a ProjectError.

    Parameters
    ----------
    what : subject of the sentence, such as "The mask of 'case-001'"
    hint : what helps where it is missing or damaged
    """
    try:
        yield
    except NotRegular as error:
        raise _not_regular(what, error) from error
    except FileNotFoundError as error:
        raise ProjectError(Sentence("{what} is missing.", what=what), hint) from error
    except PermissionError as error:
        raise ProjectError(
            Sentence("{what} may not be read.", what=what), "Check who owns the folder."
        ) from error
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            raise ProjectError(
                Sentence("{what} could not be read: {reason}.", what=what, reason=_TOO_LONG),
                _SHORTER,
            ) from error
        if error.errno in _TROUBLE:
            sentence = error.strerror or Sentence("the disk refused")
            raise ProjectError(
                Sentence("{what} could not be read: {reason}.", what=what, reason=sentence),
                "Check the disk and try again.",
            ) from error
        raise ProjectError(
            Sentence("{what} is damaged and cannot be read.", what=what), hint
        ) from error
    except Earlier as error:
        raise ProjectTooOld(
            Sentence(
                "{what} was made by {program}, which this one cannot read; nothing was changed.",
                what=what,
                program=error.said,
            ),
            "Open it with the version that made it.",
        ) from error
    except Damage as error:
        raise ProjectError(
            Sentence("{what} is damaged: {fault}.", what=what, fault=error.said), hint
        ) from error
    except _DAMAGE as error:
        raise ProjectError(
            Sentence("{what} is damaged and cannot be read.", what=what), hint
        ) from error


def _not_regular(what: str, error: NotRegular) -> ProjectError:
    return ProjectError(
        Sentence(
            "{what} is left alone: '{name}' {reason}.",
            what=what,
            name=error.name,
            reason=error.strerror or "",
        ),
        "Put the file itself there.",
    )
