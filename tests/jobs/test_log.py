"""The run's log stays small, without banners, and its hint without paths."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from segdesk.jobs.log import Log

BANNER = b"""\
WARNING: All log messages before absl::InitializeLog() is called are written to STDERR
I0000 00:00:1.5   24 port.cc:153] oneDNN custom operations are on. You may see slightly different
I0000 00:00:1.8   24 cudart_stub.cc:31] Could not find cuda drivers on your machine, GPU will not
E0000 00:00:1.8   24 cuda_dnn.cc:8579] Unable to register cuDNN factory: Attempting to register
"""


def test_tensorflows_banner_is_left_out(tmp_path: Path) -> None:
    with Log(tmp_path / "log.txt") as log:
        for line in (*BANNER.splitlines(keepends=True), b"The first step takes a while.\n"):
            log.write(line)
        assert log.hint == "The first step takes a while."
    assert (tmp_path / "log.txt").read_bytes() == b"The first step takes a while.\n"


def test_what_is_far_too_long_is_shortened_again_and_again(tmp_path: Path) -> None:
    path = tmp_path / "log.txt"
    with Log(path, limit=1000, head=200, tail=400) as log:
        for number in range(5000):
            log.write(b"line %d\n" % number)
    rows = path.read_bytes().splitlines()
    assert len(path.read_bytes()) <= 1000
    assert rows[:10] == [b"line %d" % number for number in range(10)]
    assert rows[-10:] == [b"line %d" % number for number in range(4990, 5000)]
    assert sum(row.startswith(b"... ") for row in rows) == 1


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.lists(st.integers(0, 150), min_size=1, max_size=60))
def test_a_long_log_keeps_whole_lines_of_its_head_and_its_tail(
    tmp_path: Path, lengths: list[int]
) -> None:
    lines = [b"%d %s\n" % (number, b"x" * length) for number, length in enumerate(lengths)]
    path = tmp_path / "log.txt"
    with Log(path, limit=1000, head=200, tail=400) as log:
        for line in lines:
            log.write(line)
    kept = path.read_bytes()
    assert len(kept) <= 1000
    if sum(map(len, lines)) <= 1000:
        assert kept == b"".join(lines)
        return
    rows = kept.splitlines(keepends=True)
    cut = next(number for number, row in enumerate(rows) if row.startswith(b"... "))
    assert cut > 0
    assert rows[:cut] == lines[:cut]
    assert rows[cut + 1 :] == lines[len(lines) - len(rows[cut + 1 :]) :]


def test_the_hint_is_the_last_line_that_is_no_frame_of_a_traceback(tmp_path: Path) -> None:
    with Log(tmp_path / "log.txt") as log:
        for line in (b"Traceback\n", b"ValueError: no slices\n", b"    ^^^^\n", b"\n"):
            log.write(line)
        assert log.hint == "ValueError: no slices"


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        ("OSError: no file '/data/DOE JANE/x.npy' in the bundle", "OSError: no file '…' in the b"),
        ("cannot open C:\\Data\\Doe Jane\\x.npy", "cannot open …"),
        ("cannot open /data/Doe Jane/x.npy", "cannot open …"),
        ("3/4 of the slices, and/or none", "3/4 of the slices, and/or none"),
    ],
)
def test_the_hint_names_no_folder(tmp_path: Path, line: str, hint: str) -> None:
    with Log(tmp_path / "log.txt") as log:
        log.write(line.encode())
        assert log.hint.startswith(hint)
        assert "Jane" not in log.hint


def test_what_comes_after_the_end_is_dropped(tmp_path: Path) -> None:
    with Log(tmp_path / "log.txt") as log:
        log.write(b"one\n")
    log.write(b"two\n")
    assert (tmp_path / "log.txt").read_bytes() == b"one\n"


def test_a_head_and_a_tail_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="head"):
        Log(tmp_path / "log.txt", limit=10, head=3, tail=4)
