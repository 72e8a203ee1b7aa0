"""The timer's thread syncs, the window begins a save, a worker settles: all at once."""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path

import pytest

from segdesk.core.edit import Edit, StatusMove
from segdesk.core.history import Stacks
from segdesk.core.status import SliceStatus
from segdesk.store.journal.journal_file import Journal
from segdesk.store.journal.journals import Journals
from segdesk.store.journal.record_codec import EDIT
from segdesk.store.journal.touched import Touched

NONE = frozenset[int]()
MOVE = StatusMove(0, SliceStatus.UNLABELLED, SliceStatus.PARTIAL, NONE, NONE)


def test_a_sync_goes_on_with_the_journal_that_follows_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journals = Journals(Journal.create(tmp_path, 0, 1), set())
    journals.keep(b"a record", EDIT)
    flush, fsync, begun, synced = Journal.flush, os.fsync, list[int](), list[int]()

    def flushing(journal: Journal) -> None:
        flush(journal)
        if not begun:
            # What a save does between two steps of the sync, on two other threads.
            begun.append(journal.number)
            journals.follow_on(tmp_path, Stacks())
            journals.settle()

    def syncing(descriptor: int) -> None:
        synced.append(os.fstat(descriptor).st_ino)
        fsync(descriptor)

    monkeypatch.setattr(Journal, "flush", flushing)
    monkeypatch.setattr(os, "fsync", syncing)
    journals.sync()
    assert (begun, journals.number) == ([0], 1)
    assert {(tmp_path / name).stat().st_ino for name in ("journal-0", "journal-1")} <= {*synced}
    journals.close()


def test_a_case_may_leave_while_a_save_asks_what_was_touched() -> None:
    touched, ends = Touched(), threading.Event()
    ids = [f"case-{number:03}" for number in range(100)]
    for id in ids:
        touched.add(0, Edit("Mark", id, statuses=(MOVE,)))

    def leave_and_come() -> None:
        while not ends.is_set():
            for id in ids:
                touched.forget_case(id)
                touched.add(0, Edit("Mark", id, statuses=(MOVE,)))

    interval, other = sys.getswitchinterval(), threading.Thread(target=leave_and_come)
    sys.setswitchinterval(1e-6)
    other.start()
    try:
        for _ in range(300):
            assert len(touched.cases(0)) >= len(ids) - 1
    finally:
        ends.set()
        other.join()
        sys.setswitchinterval(interval)
