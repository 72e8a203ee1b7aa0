"""kill -9 right before, or half-way in, any call that writes: opening a project that has to be
mended, closing, removing a case, and what is made of a project elsewhere."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from segdesk.app.opening import open_project
from segdesk.app.project import saving
from segdesk.app.project.workbench import Workbench
from segdesk.core.edit import Edit
from segdesk.core.run import Epoch, Run, plan_for
from segdesk.errors import ProjectError
from segdesk.jobs import kept_messages
from segdesk.jobs.messages import EpochDone
from segdesk.store.journal.edit_codec import encode
from segdesk.store.journal.journal_contents import read
from segdesk.store.journal.journal_file import Journal
from tests.packs import full_project, pack_of, unpack_here
from tests.projects import stroke

CHECKOUT = Path(__file__).resolve().parents[3]

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals and fork of POSIX")


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with everything in it and two strokes that no save has seen, closed, and packed."""
    folder = tmp_path_factory.mktemp("base")
    workbench = full_project(folder, cases=2)
    pack_of(workbench, folder / "packed.h5")
    workbench.close()
    return workbench.folder.path


def _journal(path: Path) -> Path:
    return path / "journal-1"


def torn(path: Path) -> None:
    os.truncate(_journal(path), _journal(path).stat().st_size - 3)


def torn_with_two_names(path: Path) -> None:
    _journal(path).with_name("twin").hardlink_to(_journal(path))
    torn(path)


def damaged(path: Path) -> None:
    content = bytearray(_journal(path).read_bytes())
    content[len(content) // 2] ^= 1
    _journal(path).write_bytes(content)


def of_zeros(path: Path) -> None:
    _journal(path).write_bytes(b"x" * 300)


def gone(path: Path) -> None:
    _journal(path).unlink()


def stray(path: Path) -> None:
    journal = Journal.create(path, 9, 99)
    journal.append(encode(Edit("Draw", "case-001")))
    journal.close()


def being_written_anew(path: Path) -> None:
    shutil.copy(_journal(path), path / ".journal-1.partial")
    torn(path)


def mask_unreadable(path: Path) -> None:
    (path / "cases/case-001/annotation-1.h5").write_bytes(b"x" * 600)


def waiting(path: Path) -> None:
    """It waits for a mask that can be read again."""
    payloads = [encode(edit) for edit in read(_journal(path), 1).edits if edit.case == "case-001"]
    Journal.write_apart(path / "cases/case-001/waiting.journal", payloads)


def of_no_case(path: Path) -> None:
    """Changes of a case that the index does not name: they are kept apart."""
    workbench = Workbench.open(path)
    workbench.folder.append(Edit("Draw", "case-009"))
    workbench.close()


def with_a_save_cut_off(path: Path) -> None:
    workbench, real = Workbench.open(path), os.replace

    def refuse(source: Any, target: Any) -> None:
        if Path(target).name == "project.h5":
            raise OSError(28, "No space left on device")
        real(source, target)

    pending = saving.PendingSave(workbench)
    stroke(workbench, 3, value=2)
    os.replace = refuse
    try:
        with pytest.raises(ProjectError):
            pending.run()
    finally:
        os.replace = real
    pending.failed()
    workbench.close()
    torn_off = path / "journal-2"
    os.truncate(torn_off, torn_off.stat().st_size - 3)


def with_a_run_cut_off(path: Path) -> None:
    workbench = Workbench.open(path)
    run = Run("run-009", plan_for("unet_norm", epochs=9), started=1.0)
    workbench.put_run(run)
    paths = workbench.folder.runs.paths(run.id)
    for number in (1, 2):
        kept_messages.keep(paths.messages, EpochDone(Epoch(number, 1.0, 0.5, 0.75, 0.001)))
    paths.bundle.mkdir()
    workbench.close()


HARMS: tuple[Callable[[Path], None], ...] = (
    torn,
    torn_with_two_names,
    damaged,
    of_zeros,
    gone,
    stray,
    being_written_anew,
    mask_unreadable,
    waiting,
    of_no_case,
    with_a_save_cut_off,
    with_a_run_cut_off,
)


@contextmanager
def killers() -> Iterator[Callable[[str, int, Path], str]]:
    """What does some work on a project until a call, and says how it ended."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.app.project.killed_writer"],
        cwd=CHECKOUT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        stdin, stdout = process.stdin, process.stdout
        assert stdin is not None and stdout is not None

        def kill(work: str, at: int, path: Path) -> str:
            stdin.write(f"{work} {at} {path}\n")
            stdin.flush()
            return stdout.readline().strip()

        try:
            yield kill
        finally:
            process.kill()


def of(path: Path) -> dict[str, Any]:
    """All of a project as it opens, its undo and redo, what could not be read and what is kept."""
    workbench, _ = open_project(path)
    readable = [id for id in workbench.project.cases if id.id not in workbench.left_out]
    found = _content(workbench, [case.id for case in readable])
    workbench.close()
    return found


def _content(workbench: Workbench, cases: list[str]) -> dict[str, Any]:
    project = workbench.project
    # When a run that was cut off has ended is now.
    runs = tuple(replace(run, ended=0.0) for run in project.runs)
    return {
        "runs": runs,
        "segments": project.segments,
        "cases": {case.id: replace(case, mask_sha256="") for case in project.cases},
        "masks": {id: _mask(workbench, id) for id in cases},
        "done": [edit.name for edit in workbench.history.done],
        "undone": [edit.name for edit in workbench.history.to_redo],
        "left out": {id: row.steps for id, row in workbench.left_out.items()},
    }


def _mask(workbench: Workbench, case: str) -> tuple[Any, ...]:
    mask = workbench.annotation(case)
    return mask.labels.tobytes(), mask.provenance.tobytes(), mask.statuses, mask.complete


def kept_of(path: Path) -> set[bytes]:
    """What is kept for people, whatever its name."""
    files = [*path.rglob("*.damaged*"), *path.glob("left-out-*")]
    return {file.read_bytes() for file in files if not file.name.endswith(".partial")}


def files_of(path: Path) -> dict[str, bytes]:
    return {
        str(file.relative_to(path)): file.read_bytes()
        for file in sorted(path.rglob("*"))
        if file.is_file() and file.name != "lock"
    }


def moments(calls: int, *, most: int, seed: str) -> list[int]:
    """At which calls it is killed."""
    return sorted(random.Random(seed).sample(range(calls), min(calls, most)))


def kill_while_opening(
    base: Path, tmp_path: Path, harm: Callable[[Path], None], *, most: int
) -> None:
    harmed = shutil.copytree(base, tmp_path / "harmed.segdesk")
    harm(harmed)
    whole = shutil.copytree(harmed, tmp_path / "whole.segdesk")
    wanted, kept = of(whole), kept_of(whole)
    with killers() as kill:
        path = tmp_path / "p.segdesk"
        said = kill("opening", 1 << 30, shutil.copytree(harmed, path))
        for at in moments(int(said.split()[1]), most=most, seed=harm.__name__):
            shutil.rmtree(path)
            assert kill("opening", at, shutil.copytree(harmed, path)) == "killed"
            assert of(path) == wanted, f"killed at call {at}"
            assert kept_of(path) >= kept, f"killed at call {at}"


@pytest.mark.parametrize("harm", HARMS, ids=lambda harm: harm.__name__)
def test_opening_goes_on_where_it_was_killed(
    base: Path, tmp_path: Path, harm: Callable[[Path], None]
) -> None:
    kill_while_opening(base, tmp_path, harm, most=4)


@pytest.mark.long
@pytest.mark.parametrize("harm", HARMS, ids=lambda harm: harm.__name__)
def test_opening_goes_on_wherever_it_was_killed(
    base: Path, tmp_path: Path, harm: Callable[[Path], None]
) -> None:
    kill_while_opening(base, tmp_path, harm, most=40)


#: Work that makes something of the project elsewhere, by the name of what it makes.
MADE = {
    "repairing": "made.segdesk",
    "packing": "made.h5",
    "unpacking": "made.segdesk",
    "saving_elsewhere": "made.segdesk",
}


def _made(folder: Path, name: str) -> dict[str, Any]:
    """What was made, as a project opens of it."""
    if name.endswith(".h5"):
        shutil.rmtree(folder / "again.segdesk", ignore_errors=True)
        unpack_here(folder / name, folder / "again.segdesk")
        name = "again.segdesk"
    found = of(folder / name)
    # Made anew, with a name of its own.
    return {**found, "cases": {id: case.statuses for id, case in found["cases"].items()}}


def kill_while_making(base: Path, tmp_path: Path, work: str, *, most: int) -> None:
    """What is killed leaves the project as it was and, of what it makes, nothing or all of it; and
    it does not stand in the way of the next try."""
    path, packed = tmp_path / base.name, tmp_path / "packed.h5"
    shutil.copytree(base, path)
    shutil.copy(base.with_name("packed.h5"), packed)
    before, made = (files_of(path), packed.read_bytes()), tmp_path / MADE[work]
    with killers() as kill:
        calls = int(kill(work, 1 << 30, path).split()[1])
        wanted = _made(tmp_path, made.name)
        for at in moments(calls, most=most, seed=work):
            _remove(made)
            assert kill(work, at, path) == "killed"
            assert (files_of(path), packed.read_bytes()) == before, f"killed at call {at}"
            if made.exists():
                assert _made(tmp_path, made.name) == wanted, f"killed at call {at}"
                _remove(made)
            assert kill(work, 1 << 30, path).startswith("ended"), f"killed at call {at}"
            assert _made(tmp_path, made.name) == wanted, f"killed at call {at}"
            left = [one.name for one in tmp_path.iterdir() if one.name.endswith(".partial")]
            assert left == [], f"killed at call {at}"


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


@pytest.mark.parametrize("work", MADE)
def test_what_is_made_of_a_project_is_there_as_a_whole_or_not_at_all(
    base: Path, tmp_path: Path, work: str
) -> None:
    kill_while_making(base, tmp_path, work, most=4)


@pytest.mark.long
@pytest.mark.parametrize("work", MADE)
def test_what_is_made_of_a_project_is_whole_wherever_it_was_killed(
    base: Path, tmp_path: Path, work: str
) -> None:
    kill_while_making(base, tmp_path, work, most=40)


def kill_while_changing(base: Path, tmp_path: Path, work: str, *, most: int) -> None:
    """Closing, and the removal of a case: the project is as before it or as after it, but that the
    undo of what goes may have gone first."""
    path, start = tmp_path / "p.segdesk", shutil.copytree(base, tmp_path / "start.segdesk")
    workbench = Workbench.open(start)
    saving.save(workbench)
    workbench.close()
    with killers() as kill:
        calls = int(kill(work, 1 << 30, shutil.copytree(start, path)).split()[1])
        after, before = of(path), of(shutil.copytree(start, tmp_path / "before.segdesk"))
        scans = _scans(path)
        for at in moments(calls, most=most, seed=work):
            shutil.rmtree(path)
            assert kill(work, at, shutil.copytree(start, path)) == "killed"
            found = of(path)
            assert found["done"] in (before["done"], after["done"]), f"killed at call {at}"
            found["done"] = after["done"]
            assert found in ({**before, "done": after["done"]}, after), f"killed at call {at}"
            assert _scans(path) == scans, f"killed at call {at}"


def _scans(path: Path) -> set[bytes]:
    """Every scan and mask that is there, wherever it lies."""
    return {file.read_bytes() for file in path.rglob("volume.h5")} | {
        file.read_bytes() for file in path.rglob("annotation-*.h5")
    }


@pytest.mark.parametrize("work", ["closing", "removing"])
def test_a_project_that_was_being_changed_is_as_before_or_as_after(
    base: Path, tmp_path: Path, work: str
) -> None:
    kill_while_changing(base, tmp_path, work, most=4)


@pytest.mark.long
@pytest.mark.parametrize("work", ["closing", "removing"])
def test_a_project_that_was_being_changed_is_whole_wherever_it_was_killed(
    base: Path, tmp_path: Path, work: str
) -> None:
    kill_while_changing(base, tmp_path, work, most=40)
