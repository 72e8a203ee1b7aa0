"""Whatever happens to a journal, a prefix of its Edits comes back, and nothing is thrown away."""

import errno
import io
import os
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from segdesk.core.edit import Edit
from segdesk.core.history import BegunAnew
from segdesk.store.journal import edit_codec, journal_contents, journal_file, record_codec
from segdesk.store.journal.chain import chain, own
from segdesk.store.journal.journal_contents import Contents
from segdesk.store.journal.journal_file import Journal
from segdesk.store.journal.journal_form import (
    MOST_ZEROS,
    RECORD_SIZE,
    Link,
    head_bytes,
    head_of,
    read_first,
    read_raw,
    record_bytes,
)
from segdesk.store.journal.mending import keep_left_out, mend
from segdesk.store.journal.record_codec import EDIT
from segdesk.store.journal.recover import recover
from tests.examples import examples
from tests.store.strategies import edits

EDITS = tuple(Edit(f"Brush {n}", "case-001", time=float(n)) for n in range(6))


def _write(folder: Path, number: int, first: int, written: tuple[Edit, ...]) -> int:
    before = folder / f"journal-{number - 1}"
    follows = journal_contents.read(before, number - 1).link if before.exists() else Link()
    opened = Journal.create(folder, number, first, follows=follows)
    for edit in written:
        opened.append(edit_codec.encode(edit))
    opened.close()
    return opened.next_sequence


def _read(folder: Path, number: int = 0) -> Contents:
    return journal_contents.read(folder / f"journal-{number}", number)


def _ends(path: Path) -> list[int]:
    """The offsets where the Edits begin, and where the last one ends."""
    ends = list[int]()
    with path.open("rb") as file:
        read_first(file)
        while (at := file.tell()) < path.stat().st_size:
            raw = read_raw(file, lambda *_: False)
            assert raw is not None
            if raw.kind == EDIT:
                ends.append(at)
    return [*ends, path.stat().st_size]


def test_a_journal_cut_at_any_byte_gives_the_edits_before_the_cut(tmp_path: Path) -> None:
    _write(tmp_path, 0, 1, EDITS)
    path = tmp_path / "journal-0"
    content = path.read_bytes()
    counts = set[int]()
    for cut in range(len(content)):
        path.write_bytes(content[:cut])
        found = _read(tmp_path)
        assert found.edits == EDITS[: len(found.edits)]
        assert found.flaw == ("torn" if cut != found.end or not cut else "")
        counts.add(len(found.edits))
    assert counts == set(range(len(EDITS)))


def test_a_journal_with_any_bit_flipped_gives_a_prefix(tmp_path: Path) -> None:
    _write(tmp_path, 0, 1, EDITS[:3])
    path = tmp_path / "journal-0"
    content = path.read_bytes()
    for place in range(len(content)):
        damaged = bytearray(content)
        damaged[place] ^= 1 << place % 8
        path.write_bytes(damaged)
        found = _read(tmp_path)
        assert found.edits == EDITS[: len(found.edits)]
        assert len(found.edits) < 3
        assert found.flaw == "damaged"


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    max_examples=examples(50),
)
@given(written=st.lists(edits, max_size=4), rest=st.binary(max_size=60))
def test_edits_come_back_whatever_follows_them(
    tmp_path: Path, written: list[Edit], rest: bytes
) -> None:
    _write(tmp_path, 0, 1, tuple(written))
    with (tmp_path / "journal-0").open("ab") as file:
        file.write(rest)
    found = _read(tmp_path)
    assert list(found.edits) == written
    assert bool(found.flaw) == bool(rest)


def test_a_torn_tail_is_cut_and_said(tmp_path: Path) -> None:
    _write(tmp_path, 0, 1, EDITS)
    path = tmp_path / "journal-0"
    path.write_bytes(path.read_bytes()[:-4])
    recovery = recover(tmp_path, 0)
    assert recovery.notes == ("The last change was only half written and was left out.",)
    opened = mend(tmp_path, recovery)
    opened.append(edit_codec.encode(EDITS[0]))
    opened.close()
    assert _read(tmp_path).edits == (*EDITS[:5], EDITS[0])
    assert sorted(p.name for p in tmp_path.iterdir()) == ["journal-0"]


def test_zeros_that_a_power_cut_leaves_at_the_end_are_a_torn_tail(tmp_path: Path) -> None:
    _write(tmp_path, 0, 1, EDITS)
    with (tmp_path / "journal-0").open("ab") as file:
        file.write(bytes(5000))
    found = _read(tmp_path)
    assert (found.edits, found.flaw) == (EDITS, "torn")


def test_what_stands_behind_very_many_zeros_is_set_aside_and_not_cut(tmp_path: Path) -> None:
    _write(tmp_path, 0, 1, EDITS)
    path = tmp_path / "journal-0"
    os.truncate(path, path.stat().st_size + MOST_ZEROS + 5000)
    with path.open("ab") as file:
        file.write(b"something")
    recovery = recover(tmp_path, 0)
    assert (recovery.edits, recovery.journals[0].flaw) == (EDITS, "damaged")
    mend(tmp_path, recovery).close()
    with (tmp_path / "journal-0.damaged").open("rb") as file:
        file.seek(-9, os.SEEK_END)
        assert file.read() == b"something"


def test_what_follows_damage_in_the_middle_is_set_aside(tmp_path: Path) -> None:
    path = tmp_path / "journal-0"
    _write(tmp_path, 0, 1, EDITS[:2])
    end = path.stat().st_size
    path.unlink()
    second = _write(tmp_path, 0, 1, EDITS[:4])
    _write(tmp_path, 1, second, EDITS[4:])
    content, later = path.read_bytes(), (tmp_path / "journal-1").read_bytes()
    damaged = content[: end + 3] + bytes([content[end + 3] ^ 1]) + content[end + 4 :]
    path.write_bytes(damaged)
    recovery = recover(tmp_path, 0)
    assert recovery.edits == EDITS[:2]
    assert ["journal-0" in recovery.notes[0], "journal-1" in recovery.notes[1]] == [True, True]
    opened = mend(tmp_path, recovery)
    opened.append(edit_codec.encode(EDITS[5]))
    opened.close()
    assert recover(tmp_path, 0).edits == (*EDITS[:2], EDITS[5])
    assert (tmp_path / "journal-0.damaged").read_bytes() == damaged[end:]
    assert (tmp_path / "journal-1.damaged").read_bytes() == later


@pytest.mark.parametrize("order", [(0, 1, 1, 2), (0, 2), (1, 0, 2), (0, 1, 0, 1, 2)])
def test_a_record_that_stands_twice_or_elsewhere_or_is_gone_ends_what_is_replayed(
    tmp_path: Path, order: tuple[int, ...]
) -> None:
    """Each is whole by its own sums; its number says that it does not belong there."""
    _write(tmp_path, 0, 1, EDITS[:3])
    path = tmp_path / "journal-0"
    ends, content = _ends(path), path.read_bytes()
    rows = [content[start:end] for start, end in pairwise(ends)]
    path.write_bytes(content[: ends[0]] + b"".join(rows[at] for at in order))
    found = _read(tmp_path)
    fit = next(at for at, row in enumerate((*order, -1)) if row != at)
    assert (found.edits, found.flaw) == (EDITS[:fit], "damaged")


def test_a_journal_whose_first_number_leaves_a_gap_is_not_replayed(tmp_path: Path) -> None:
    _write(tmp_path, 0, 1, EDITS[:2])
    behind = Journal.create(tmp_path, 1, 5, follows=_read(tmp_path).link)
    behind.append(edit_codec.encode(EDITS[3]))
    behind.close()
    assert chain(tmp_path, 0, _read(tmp_path).id).stray == (1,)
    assert recover(tmp_path, 0).edits == EDITS[:2]


def test_a_second_damage_does_not_overwrite_what_the_first_set_aside(tmp_path: Path) -> None:
    (tmp_path / "journal-0.damaged").write_bytes(b"first")
    (tmp_path / "journal-0").write_bytes(b"no journal at all, but not empty either" * 2)
    mend(tmp_path, recover(tmp_path, 0)).close()
    assert (tmp_path / "journal-0.damaged").read_bytes() == b"first"
    assert (tmp_path / "journal-0.damaged-2").read_bytes().startswith(b"no journal")
    assert _read(tmp_path).flaw == ""


def test_journals_are_replayed_in_order_from_the_generation(tmp_path: Path) -> None:
    after = _write(tmp_path, 8, 1, EDITS[:1])
    after = _write(tmp_path, 9, after, EDITS[1:3])
    after = _write(tmp_path, 10, after, ())
    _write(tmp_path, 11, after, EDITS[3:])
    assert recover(tmp_path, 9).edits == EDITS[1:]
    assert recover(tmp_path, 9).notes == ()


def test_a_journal_after_a_missing_one_is_not_replayed(tmp_path: Path) -> None:
    after = _write(tmp_path, 0, 1, EDITS[:2])
    after = _write(tmp_path, 1, after, EDITS[2:4])
    _write(tmp_path, 2, after, EDITS[4:])
    (tmp_path / "journal-1").unlink()
    recovery = recover(tmp_path, 0)
    assert recovery.edits == EDITS[:2]
    assert "journal-2" in recovery.notes[0]


@pytest.mark.parametrize(
    ("first", "is_right_mark", "is_own"),
    [(4, True, True), (4, False, False), (3, False, False), (5, False, True)],
    ids=["the next", "it held something else", "it held more since", "its end was lost"],
)
def test_a_journal_behind_another_state_of_the_one_before_it_is_told(
    tmp_path: Path, first: int, is_right_mark: bool, is_own: bool
) -> None:
    _write(tmp_path, 0, 1, EDITS[:2])
    before = _read(tmp_path).link
    follows = before if is_right_mark else Link(before.id, "c" * 32)
    behind = Journal.create(tmp_path, 1, first, follows=follows)
    behind.append(edit_codec.encode(EDITS[3]))
    behind.close()
    found = chain(tmp_path, 0, before.id)
    assert found.stray == (() if is_right_mark else (1,))
    assert found.foreign == (frozenset() if is_own else {1})
    both = (_read(tmp_path), _read(tmp_path, 1))
    assert own(both, 0, before.id) == (both if is_own else both[:1])
    assert chain(tmp_path, 0, "d" * 32).foreign == {0, 1} and own(both, 0, "d" * 32) == both[1:]


def test_what_is_left_out_finds_a_name_beside_what_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "left-out-1.journal").mkdir()
    (tmp_path / "left-out-2.journal").symlink_to(tmp_path / "nowhere")
    for _ in range(2):
        assert keep_left_out(tmp_path, EDITS[:2]) == "left-out-3.journal"
    assert (tmp_path / "left-out-2.journal").is_symlink()


def test_a_journal_under_another_number_is_none(tmp_path: Path) -> None:
    """Copied to another name, or to that of what waits: which numbers are nobody's."""
    _write(tmp_path, 3, 1, EDITS[:2])
    for name, number in (("journal-4", 4), ("waiting.journal", 0)):
        (tmp_path / name).write_bytes((tmp_path / "journal-3").read_bytes())
        found = journal_contents.read(tmp_path / name, number)
        assert (found.first, found.records, found.flaw) == (-1, (), "damaged")
    recovery = recover(tmp_path, 4)
    assert not recovery.edits
    mend(tmp_path, recovery).close()
    assert (tmp_path / "journal-4.damaged").read_bytes() == (tmp_path / "journal-3").read_bytes()


def test_a_newest_journal_without_a_head_is_taken_as_empty(tmp_path: Path) -> None:
    after = _write(tmp_path, 0, 1, EDITS[:2])
    (tmp_path / "journal-1").write_bytes(b"SDJ")
    recovery = recover(tmp_path, 0)
    assert (recovery.edits, recovery.notes) == (EDITS[:2], ())
    opened = mend(tmp_path, recovery)
    assert (opened.number, opened.first) == (1, after)
    opened.append(edit_codec.encode(EDITS[2]))
    opened.close()
    assert recover(tmp_path, 0).edits == EDITS[:3]


def test_edits_that_a_full_disk_refused_are_written_once_there_is_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = Journal.create(tmp_path, 0, 1)
    opened.append(edit_codec.encode(EDITS[0]))

    def half(file: io.FileIO, content: bytes) -> None:
        file.write(content[: len(content) // 2])
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as full:
        full.setattr(journal_file, "put_all", half)
        for edit in EDITS[1:3]:
            with pytest.raises(OSError, match="No space"):
                opened.append(edit_codec.encode(edit))
    assert _read(tmp_path).edits == EDITS[:1]
    opened.append(edit_codec.encode(EDITS[3]))
    opened.close()
    assert (_read(tmp_path).edits, _read(tmp_path).flaw) == (EDITS[:4], "")


def test_no_changed_byte_of_a_record_or_a_head_is_read_over() -> None:
    whole = record_bytes(EDIT, 5, b"drawn")
    assert read_raw(io.BytesIO(whole), lambda *_: True) == (EDIT, 5, b"drawn")
    for at in range(len(whole)):
        changed = bytearray(whole)
        changed[at] ^= 1
        assert read_raw(io.BytesIO(changed), lambda *_: True) is None
        is_head = at < RECORD_SIZE
        assert (read_raw(io.BytesIO(changed), lambda *_: False) is None) is is_head
    before = Link("b" * 32, "c" * 32)
    head = head_bytes(3, 7, "a" * 32, before)
    assert head_of(head) == (3, 7, "a" * 32, before)
    assert read_first(io.BytesIO(head)) == 7
    for at in range(len(head)):
        changed = bytearray(head)
        changed[at] ^= 1
        assert read_first(io.BytesIO(changed)) == 0


def test_a_case_that_began_anew_comes_back_as_it_was_written() -> None:
    anew = BegunAnew("case-001", 3, 7)
    kind, payload = record_codec.encode(anew, with_edit=False)
    assert record_codec.decode(kind, payload, 8) == anew
    for bad in (
        payload[:-9],
        payload[:9],
        bytes(8) + payload[8:],
        payload + b"/",
        payload + b"\xff",
    ):
        with pytest.raises(ValueError):
            record_codec.decode(kind, bad, 8)
    with pytest.raises(ValueError, match="earlier"):
        record_codec.decode(kind, payload, 6)
