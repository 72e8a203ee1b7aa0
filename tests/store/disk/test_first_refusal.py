"""What is said where nothing could be written, though it could not be tidied up either."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest

from segdesk.core.durable_files import new_folder, partial_name, replacing
from segdesk.errors import Cancelled
from segdesk.store.disk.aside import put_in_place
from segdesk.store.journal.journal_file import Journal


def a_file(path: Path) -> None:
    with replacing(path) as temporary:
        temporary.write_bytes(b"half")
        raise Cancelled


def a_folder(path: Path) -> None:
    with new_folder(path) as temporary:
        (temporary / "half").write_bytes(b"")
        raise Cancelled


@pytest.mark.parametrize("write", [a_file, a_folder])
def test_a_disk_that_lets_nothing_be_removed_does_not_hide_why_it_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write: Callable[[Path], None]
) -> None:
    def refuse(path: Path | str, *_: object, **__: object) -> NoReturn:
        raise OSError(errno.EROFS, "Read-only file system", str(path))

    path = tmp_path / "name"
    unlink = os.unlink
    with monkeypatch.context() as patch, pytest.raises(Cancelled):
        patch.setattr(
            os,
            "unlink",
            lambda at, *given, **named: (
                refuse(at) if partial_name(path).exists() else unlink(at, *given, **named)
            ),
        )
        write(path)
    assert not path.exists()


def a_journal(folder: Path) -> None:
    Journal.begin(folder, 0, 1)


def a_lasting_journal(folder: Path) -> None:
    Journal.create(folder, 0, 1)


def one_put_back(folder: Path) -> None:
    put_in_place(folder / "journal-0", b"what it held")


@pytest.mark.parametrize("begin", [a_journal, a_lasting_journal, one_put_back])
def test_the_first_refusal_of_the_disk_is_the_one_that_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, begin: Callable[[Path], None]
) -> None:
    def full(*_: object) -> NoReturn:
        raise OSError(errno.ENOSPC, "No space left on device")

    def read_only(path: Path, *, missing_ok: bool = False) -> None:
        if path.exists():
            raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(Path, "unlink", read_only)
    for module in ("segdesk.store.journal.journal_file", "segdesk.store.disk.aside"):
        if begin is not a_lasting_journal:
            monkeypatch.setattr(f"{module}.put_all", full)
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError) as refused:
        begin(tmp_path)
    assert refused.value.errno == errno.ENOSPC
