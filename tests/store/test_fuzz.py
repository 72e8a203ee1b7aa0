"""No mutation of a project's file brings more than a sentence, 2 s or 1 GB; see `fuzzing` and
`fuzzing_runs`."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.store.fuzzing import FILES
from tests.store.fuzzing_runs import KINDS

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs limits of a process")


def fuzz(kind: str, count: int, seed: int, folder: Path) -> None:
    module = "tests.store.fuzzing" if kind in FILES else "tests.store.fuzzing_runs"
    command = [sys.executable, "-m", module, kind, str(seed), str(count)]
    done = subprocess.run(
        [*command, str(folder)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{done.returncode}: {done.stderr[-3000:]}"
    found = json.loads(done.stdout)
    assert found["refused"] + found["read"] == count
    # Most are refused; a journal is cut at its flaw instead and read up to there.
    assert found["refused"] > count / 4 or kind == "journal", found


@pytest.mark.parametrize("kind", [*FILES, *KINDS])
def test_200_mutations_are_refused_with_a_sentence_or_read(kind: str, tmp_path: Path) -> None:
    fuzz(kind, 200, 1, tmp_path)


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("kind", [*FILES, *KINDS])
def test_2000_mutations_are_refused_with_a_sentence_or_read(kind: str, tmp_path: Path) -> None:
    fuzz(kind, 2000, 2, tmp_path)
