"""Which ids may become names of files and folders, on every system."""

from __future__ import annotations

import re
from typing import Literal

from segdesk.errors import UsageError
from segdesk.sentence import Sentence

LONGEST = 64
_SAFE = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*")
#: Devices on Windows, with any ending:
#: https://learn.microsoft.com/windows/win32/fileio/naming-a-file
_DEVICES = frozenset(
    ["con", "prn", "aux", "nul"] + [f"{port}{n}" for port in ("com", "lpt") for n in range(10)]
)


def checked_id(id: str, *, what: Literal["case", "run"] = "case") -> str:
    """The id, where it is a safe file name.

    Parameters
    ----------
    id : letters, digits, ``.``, ``_`` and ``-``; no dot at either end; at most 64 characters; no
        device name of Windows
    what : "case" or "run", for the sentence

    Raises
    ------
    UsageError
        Where it is not.
    """
    if not is_safe_id(id):
        raise UsageError(
            Sentence("'{id}' cannot be the name of a run.", id=id[:80])
            if what == "run"
            else Sentence("'{id}' cannot be the name of a case.", id=id[:80]),
            Sentence(
                "Use up to {longest} letters, digits, '.', '_' and '-', with no dot at either end.",
                longest=LONGEST,
            ),
        )
    return id


def is_safe_id(id: str) -> bool:
    """Whether `checked_id` gives it."""
    fits = len(id) <= LONGEST and _SAFE.fullmatch(id) is not None and not id.endswith(".")
    return fits and id.split(".")[0].lower() not in _DEVICES
