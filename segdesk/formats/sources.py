"""What a person names as a source: a path, `FILE.npz:KEY` or `FILE.h5:/path`."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from segdesk.core.regular_file import is_regular, is_there
from segdesk.errors import InputError
from segdesk.formats.arrays import ARRAY_ENDINGS
from segdesk.sentence import Sentence


class Named(NamedTuple):
    """An existing file or folder, and the array in it that was named, or empty."""

    path: Path
    key: str


def parse_source(source: str | Path) -> Named:
    """Path and key of a source.

    A colon only parts a key from an array file's ending, so that a Windows drive and a colon in a
    folder's name mean themselves.

    Raises
    ------
    InputError
        Where there is nothing of that name.
    """
    whole = Path(source)
    if is_there(whole):
        return Named(whole, "")
    text = str(source)
    at = text.rfind(":")
    while at > 0:
        file = Path(text[:at])
        if file.suffix.lower() in ARRAY_ENDINGS and is_regular(file):
            return Named(file, text[at + 1 :])
        at = text.rfind(":", 0, at)
    raise InputError(Sentence("There is nothing at {text}.", text=text), "Check the path.")
