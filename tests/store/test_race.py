"""A save beside each of five partners: no crash, no error, no difference."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.store.race import PARTNERS

ROUNDS = 3


def race(path: Path, partner: str, rounds: int, *options: str) -> tuple[int, str]:
    """Exit code, and what it said last."""
    ended = subprocess.run(
        [sys.executable, "-m", "tests.store.race", str(path), partner, str(rounds), *options],
        cwd=Path(__file__).resolve().parents[2],
        capture_output=True,
        text=True,
        timeout=1200,
        check=False,
    )
    return ended.returncode, (ended.stdout + ended.stderr).strip()[-600:]


@pytest.mark.parametrize("partner", PARTNERS)
def test_a_save_and_another_thread_in_hdf5_do_each_other_no_harm(
    tmp_path: Path, partner: str
) -> None:
    code, said = race(tmp_path / "p.segdesk", partner, ROUNDS)
    assert (code, said.partition(" turns, ")[2]) == (0, "0 wrong: []"), said


@pytest.mark.long
@pytest.mark.parametrize("partner", PARTNERS)
def test_twenty_saves_and_another_thread_in_hdf5_do_each_other_no_harm(
    tmp_path: Path, partner: str
) -> None:
    code, said = race(tmp_path / "p.segdesk", partner, 20)
    assert (code, said.partition(" turns, ")[2]) == (0, "0 wrong: []"), said


@pytest.mark.long
def test_without_the_locks_the_same_races_are_lost(tmp_path: Path) -> None:
    """Else those above would prove nothing."""
    ends = [race(tmp_path / name, name, 6, "--without-locks") for name in PARTNERS]
    lost = [end for end in ends if end[0] != 0 or not end[1].endswith("0 wrong: []")]
    assert len(lost) >= 3, ends
