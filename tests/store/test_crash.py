"""kill -9 at any moment: the project opens, and no acknowledged Edit is lost."""

import random
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import numpy as np
import pytest

from segdesk.core.annotation import Annotation
from segdesk.store.project_folder import ProjectFolder
from tests.store.painter import masks_of, same, stroke
from tests.store.strategies import GRID, project_with_cases

CASE = "case-001"
#: Paints on, saying each step once it is journalled; saves on a thread every few strokes.
WRITER = """
    import sys, threading
    from pathlib import Path
    from segdesk.store.project_folder import ProjectFolder
    from tests.store.painter import masks_of, paint

    path, first, every, last = Path(sys.argv[1]), *map(int, sys.argv[2:])
    folder = ProjectFolder.open(path, writable=True)
    opened = folder.load()
    masks = masks_of(folder, opened)
    saving, worker = None, None
    for step in range(first, last):
        paint(folder, masks["case-001"], "case-001", step)
        print(step, flush=True)
        if every and step % every == 0:
            if worker is not None:
                worker.join()
                saving.finish()
            saving = folder.begin_save(opened.project, masks)
            worker = threading.Thread(target=saving.run)
            worker.start()
    sys.stdin.read()
"""


def _writer(path: Path, first: int, every: int, last: int) -> subprocess.Popen[str]:
    script = textwrap.dedent(WRITER)
    arguments = [str(path), str(first), str(every), str(last)]
    return subprocess.Popen(
        [sys.executable, "-c", script, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )


def _expected(last: int) -> Annotation:
    mask = Annotation(GRID)
    for step in range(1, last + 1):
        mask.apply(stroke(mask, CASE, step))
    return mask


@pytest.fixture
def path(tmp_path: Path) -> Path:
    folder, _ = project_with_cases(tmp_path / "p.segdesk", CASE)
    folder.close()
    return folder.path


def test_twenty_strokes_without_a_save_survive_a_kill(path: Path) -> None:
    with _writer(path, 1, 0, 21) as process:
        assert process.stdout is not None
        while process.stdout.readline() != "20\n":
            pass
        process.kill()
    with ProjectFolder.open(path, writable=True) as folder:
        opened = folder.load()
        assert (len(opened.edits), opened.notes) == (20, ())
        assert same(masks_of(folder, opened)[CASE], _expected(20))


def kill(path: Path, *, rounds: int) -> None:
    """Kill so often while it draws and saves; what was acknowledged is there each time."""
    chance = random.Random(9)
    done = 0
    for _ in range(rounds):
        with _writer(path, done + 1, 3, 100_000) as process:
            assert process.stdout is not None
            said = process.stdout.readline()
            time.sleep(chance.uniform(0, 0.12))
            process.kill()
            lines = [said, *process.stdout.readlines()]
        acknowledged = max(int(line) for line in lines if line.endswith("\n"))
        with ProjectFolder.open(path, writable=True) as folder:
            opened = folder.load()
            mask = masks_of(folder, opened)[CASE]
        # The last stroke may be on the disk without having been said.
        for last in (acknowledged, acknowledged + 1):
            if same(mask, _expected(last)):
                done = last
                break
        else:
            pytest.fail(f"stroke {acknowledged} was acknowledged and is not there")
        assert np.count_nonzero(mask.provenance)
    assert done > rounds


def test_kills_at_random_moments_of_strokes_and_saves_lose_nothing(path: Path) -> None:
    kill(path, rounds=5)


@pytest.mark.long
def test_many_kills_at_random_moments_of_strokes_and_saves_lose_nothing(path: Path) -> None:
    kill(path, rounds=50)
