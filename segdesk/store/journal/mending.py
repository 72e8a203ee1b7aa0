"""Mending what a crash left of the journals: only a writer does, a reader leaves them as they are.

A torn tail is cut. Anything else that `recover` could not read is set aside in `journal-N.damaged`,
never thrown away; Edits that do not fit the masks are kept in `left-out-N.journal`.
"""

from __future__ import annotations

import io
import os
import shutil
import sys
from collections.abc import Sequence
from contextlib import suppress
from os.path import lexists
from pathlib import Path

from segdesk.core.durable_files import sync_folder, with_one_name
from segdesk.core.edit import Edit
from segdesk.core.regular_file import change_regular, new_regular, open_regular
from segdesk.store.disk.aside import aside_name, set_aside
from segdesk.store.disk.layout import journal_name
from segdesk.store.journal.edit_codec import encode
from segdesk.store.journal.journal_contents import read
from segdesk.store.journal.journal_file import Journal
from segdesk.store.journal.older import last_sequence, left_behind, older_files
from segdesk.store.journal.recover import Recovery


def mend(folder: Path, recovery: Recovery) -> Journal:
    """Cut or set aside what cannot be replayed, and open the journal to go on with.

    Raises
    ------
    OSError
        Where the disk refuses.
    """
    for number in recovery.stray:
        name = folder / journal_name(number)
        set_aside(name)
    if recovery.stray:
        sync_folder(folder)
    if not recovery.journals:
        number, first = recovery.generation, _free_sequence(folder)
        return Journal.create(folder, number, first, id=recovery.journal)
    last = recovery.journals[-1]
    path = folder / journal_name(last.number)
    if last.flaw == "damaged":
        _keep_end(path, last.end)
    if not last.records:
        first = last.first if last.first > 0 else _free_sequence(folder)
        is_first = len(recovery.journals) == 1
        follows = last.follows if is_first else recovery.journals[-2].link
        id = last.id or (recovery.journal if is_first else "")
        return Journal.create(folder, last.number, first, id=id, follows=follows)
    if last.flaw:
        with change_regular(with_one_name(path)) as file:
            file.truncate(last.end)
            os.fsync(file.fileno())
    return Journal.reopen(folder, last)


def keep_left_out(folder: Path, edits: Sequence[Edit]) -> str:
    """Keep Edits that could not be replayed, in a file of a journal's form.

    Returns
    -------
    The file's name.

    Raises
    ------
    OSError
        Where the disk refuses.
    """
    payloads, number = [encode(edit) for edit in edits], 1
    while lexists(path := folder / f"left-out-{number}.journal"):
        # What cannot be read there is somebody else's trouble.
        with suppress(OSError):
            if [encode(edit) for edit in read(path, 0).edits] == payloads:
                return path.name
        number += 1
    Journal.write_apart(path, payloads)
    return path.name


def _free_sequence(folder: Path) -> int:
    """A number that no record of any journal can have, for one that begins anew."""
    paths = [*older_files(folder, sys.maxsize), *left_behind(folder, sys.maxsize)]
    return 1 + max(map(last_sequence, paths), default=0)


def _keep_end(path: Path, start: int) -> None:
    if not start:
        # Nothing of it can be replayed; however large it is, it costs nothing.
        set_aside(path)
        return
    with open_regular(path) as source, io.BufferedRandom(new_regular(aside_name(path))) as kept:
        source.seek(start)
        shutil.copyfileobj(source, kept)
        kept.flush()
        os.fsync(kept.fileno())
    sync_folder(path.parent)
