"""A stranger's project that declares, links or repeats too much costs a sentence; see `bombs`."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MOST_SECONDS = 2.0

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs limits of a process")


def check(folder: Path, which: str, least: int) -> None:
    command = [sys.executable, "-m", "tests.store.bombs", str(folder), which]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(found) >= least
    assert [row for row in found if row[2].startswith("FAULT")] == []
    assert [row for row in found if row[1] > MOST_SECONDS] == []
    # What is refused or left out is said; a few are harmless, and read as they are.
    mild = [name for name, _, said in found if not ("damaged" in said or "read and were" in said)]
    assert [name for name in mild if not name.startswith(MILD)] == []


#: Left out without a word, or nothing that anybody reads.
MILD = (
    "index: many attributes",
    "mask: many",
    "prediction: many",
    "volume: many attributes",
    "journal: many journals",
    "history: ",
    "messages: ",
    "settings: ",
)


def test_no_bomb_takes_more_than_a_sentence_two_seconds_and_500_mb(tmp_path: Path) -> None:
    check(tmp_path, "quick", 55)


@pytest.mark.long
def test_no_slow_bomb_does_either(tmp_path: Path) -> None:
    check(tmp_path, "slow", 9)
