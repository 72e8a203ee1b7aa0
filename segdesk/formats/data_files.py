"""The files in which a header says its voxels are: only ever out of the header's own folder."""

from __future__ import annotations

import re
from pathlib import Path

from segdesk.errors import InputError
from segdesk.sentence import Sentence

#: A header that names more files than this is damaged.
MOST_FILES = 100_000


def data_file(header: Path, named: str) -> Path:
    """A file that a header names, where it lies in the header's folder or below it.

    Raises
    ------
    InputError
        Where it is not there, or is outside: by "..", by an absolute path or by a link.
    """
    folder = header.parent.resolve()
    try:
        file = (folder / named).resolve()
        is_file = file.is_file()
    except (OSError, ValueError) as error:  # a name too long for the disk, or with a NUL in it
        raise InputError(
            Sentence("{header} is damaged: it names no file for its voxels.", header=header.name)
        ) from error
    if not file.is_relative_to(folder):
        raise InputError(
            Sentence(
                "{header} keeps its voxels outside of its folder, where nothing is read.",
                header=header.name,
            ),
            "Put both files into one folder, or save it as one file.",
        )
    if not named or not is_file:
        raise InputError(
            Sentence(
                "{header} keeps its voxels in {named}, which is not beside it.",
                header=header.name,
                named=f"{named!r:.80}",
            )
        )
    return file


def numbered(header: Path, named: str) -> tuple[Path, ...]:
    """The files of a pattern such as "slice%03d.raw 1 20 1" (first, last, step).

    Raises
    ------
    InputError
        Where it is no such pattern, or one of its files is not there.
    """
    found = re.fullmatch(r"(.*?)%(0?)(\d{0,2})d(\S*)((?:\s+-?\d{1,9}){2,4})", named)
    if found is None or "%" in found[1] + found[4]:
        raise InputError(
            Sentence(
                "{header} is damaged: {named} names no numbered files.",
                header=header.name,
                named=f"{named!r:.80}",
            )
        )
    before, filled, width, after, numbers = found.groups()
    first, last, step = ([*map(int, numbers.split()), 1])[:3]
    steps = range(first, last + (1 if step > 0 else -1), step) if step else range(0)
    if not 0 < len(steps) <= MOST_FILES:
        raise InputError(
            Sentence(
                "{header} is damaged: {named} names no numbered files.",
                header=header.name,
                named=f"{named!r:.80}",
            )
        )
    form = f"{filled}{width}d"
    return tuple(data_file(header, f"{before}{number:{form}}{after}") for number in steps)


def listed(header: Path, lines: list[str]) -> tuple[Path, ...]:
    """The files that a header names line by line.

    Raises
    ------
    InputError
        Where one is not there, or none is named.
    """
    names = [line.strip() for line in lines if line.strip()]
    if not 0 < len(names) <= MOST_FILES:
        raise InputError(
            Sentence("{header} is damaged: it names no file for its voxels.", header=header.name)
        )
    return tuple(data_file(header, name) for name in names)
