"""What comes back of a run that was cut off with the program, whatever stands in its folder."""

from __future__ import annotations

import errno
import hashlib
import io
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from segdesk.app import opening
from segdesk.app.project import saving
from segdesk.app.project.workbench import Workbench
from segdesk.app.runs.running import TrainerJob, TrainerSession
from segdesk.core.refinement import Refinement
from segdesk.core.run import Epoch, Run, plan_for
from segdesk.errors import ProjectError
from segdesk.jobs import kept_messages, wire
from segdesk.jobs.messages import Checkpoint, EpochDone, Judged, Message, Note, Refined, Started
from segdesk.jobs.run_paths import RunPaths
from tests.full_disk import full_disk
from tests.projects import make_project, stroke

RUN = "run-001"


def weights(paths: RunPaths, epoch: int) -> str:
    """Put weights there as the trainer does; gives their SHA-256."""
    path = paths.weights(epoch)
    np.savez(path, np.full((3, 4), epoch, np.float32), np.arange(5.0))
    return hashlib.sha256(path.read_bytes()).hexdigest()


def epoch(number: int) -> EpochDone:
    return EpochDone(Epoch(number, 1.0 * number, 0.5, 0.75, 0.001))


def line(message: Message) -> bytes:
    return wire.encode(message).encode() + b"\n"


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    workbench = make_project(tmp_path_factory.mktemp("base"))
    stroke(workbench, 1)
    saving.save(workbench)
    workbench.put_run(Run(RUN, plan_for("unet_norm", epochs=9), started=1.0))
    workbench.close()
    return workbench.folder.path


@pytest.fixture
def cut_off(base: Path, tmp_path: Path) -> Path:
    """A project that was killed while its run trained; nothing is kept of the run yet."""
    return shutil.copytree(base, tmp_path / base.name)


def paths_of(project: Path) -> RunPaths:
    paths = RunPaths(project / "runs" / RUN)
    paths.folder.mkdir(parents=True, exist_ok=True)
    return paths


def recovered(project: Path) -> Run:
    workbench, ids = opening.open_project(project)
    assert ids == (RUN,)
    workbench.close()
    workbench, ids = opening.open_project(project)
    assert ids == ()
    workbench.close()
    return workbench.project.run(RUN)


@pytest.mark.parametrize(
    "broken",
    [
        b'{"message": "EpochDone", "epoch": {"num',
        b"\xff\x00\xfe",
        b"[]",
        b"x" * 100_000,
        b"[" * 9999,
    ],
    ids=["torn", "bytes", "other", "long", "deep"],
)
def test_a_line_that_cannot_be_read_costs_itself_and_not_what_follows(
    cut_off: Path, broken: bytes
) -> None:
    paths = paths_of(cut_off)
    sha256 = weights(paths, 3)
    kept = [epoch(1), broken, epoch(3), Note("Said."), Checkpoint(3, "w", sha256)]
    paths.messages.write_bytes(
        b"".join(one + b"\n" if isinstance(one, bytes) else line(one) for one in kept)
    )
    run = recovered(cut_off)
    assert [row.number for row in run.epochs] == [1, 3]
    assert (run.best, run.weights_sha256, run.notes) == (3, sha256, ("Said.",))


def test_a_long_run_of_short_epochs_keeps_its_whole_curve(cut_off: Path) -> None:
    paths, last = paths_of(cut_off), 49_000
    sha256 = weights(paths, last)
    rows = [
        line(epoch(at)) + line(Note(f"Epoch {at}.") if at % 2 else Checkpoint(at, "w", sha256))
        for at in range(1, last + 1)
    ]
    paths.messages.write_bytes(b"".join(rows))
    run = recovered(cut_off)
    assert [row.number for row in run.epochs] == list(range(1, last + 1))
    assert (len(run.notes), run.best, run.weights_sha256) == (last // 2, last, sha256)


@pytest.mark.parametrize("what", ["lines", "bytes", "epochs", "lines that cannot be read"])
def test_a_curve_that_ends_before_all_that_was_kept_is_said(
    cut_off: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    paths = paths_of(cut_off)
    sha256 = weights(paths, 3)
    rows = [Checkpoint(3, "w", sha256), *map(epoch, range(1, 30))]
    content = b"".join(map(line, rows))
    match what:
        case "lines":
            monkeypatch.setattr(kept_messages, "MOST", 20)
        case "epochs":
            monkeypatch.setattr(kept_messages, "MOST_OF_A_KIND", 28)
        case "bytes":
            monkeypatch.setattr(kept_messages, "LARGEST", len(content) * 2 // 3)
        case _:
            monkeypatch.setattr(kept_messages, "MOST_UNREADABLE", 3)
            content = content.replace(b'"epoch": {"number": 2', b"?", 4)
    paths.messages.write_bytes(content)
    run = recovered(cut_off)
    assert 0 < len(run.epochs) < 29
    assert run.best == 3
    assert run.notes == ("More was kept of this run than is read; its curve may end too early.",)


def test_a_curve_that_has_just_as_much_as_is_read_is_whole(
    cut_off: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_messages, "MOST", 29)
    monkeypatch.setattr(kept_messages, "MOST_OF_A_KIND", 29)
    content = b"".join(map(line, map(epoch, range(1, 30))))
    monkeypatch.setattr(kept_messages, "LARGEST", len(content))
    paths_of(cut_off).messages.write_bytes(content)
    run = recovered(cut_off)
    assert (len(run.epochs), run.notes) == (29, ())


def test_weights_that_are_newer_than_the_last_record_are_found(cut_off: Path) -> None:
    """The trainer has written and removed; the program went before it kept the message."""
    paths = paths_of(cut_off)
    paths.messages.write_bytes(line(epoch(1)) + line(Checkpoint(2, "w", "5e" * 32)))
    sha256 = weights(paths, 7)
    run = recovered(cut_off)
    assert (run.best, run.weights_sha256) == (7, sha256)


@pytest.mark.parametrize("harm", ["turned", "cut", "gone", "another"])
@pytest.mark.parametrize("is_said", [True, False])
def test_the_newest_weights_that_are_sound_are_taken(
    cut_off: Path, harm: str, is_said: bool
) -> None:
    paths = paths_of(cut_off)
    older, newer = weights(paths, 2), weights(paths, 5)
    said = [Checkpoint(2, "w", older)] + [Checkpoint(5, "w", newer)] * is_said
    paths.messages.write_bytes(b"".join(map(line, said)))
    path = paths.weights(5)
    content = bytearray(path.read_bytes())
    if harm == "turned":
        content[len(content) // 3] ^= 4
        path.write_bytes(content)
    elif harm == "cut":
        path.write_bytes(content[:-30])
    elif harm == "gone":
        path.unlink()
    else:
        path.write_bytes(b"another file")
    run = recovered(cut_off)
    assert (run.best, run.weights_sha256) == (2, older)
    if is_said:
        assert "The weights of epoch 5 are missing or damaged" in run.notes[-1]


@pytest.mark.parametrize("newer_is_there", [True, False])
def test_what_was_decided_belongs_to_the_weights_that_are_kept(
    cut_off: Path, newer_is_there: bool
) -> None:
    """And so does the size of the slices that they learnt from."""
    paths = paths_of(cut_off)
    older, newer = weights(paths, 2), weights(paths, 5) if newer_is_there else "00" * 32
    row = Refinement(1, 4.5, True)
    rows = (
        Started("CPU", "", 10, (64, 48), (1.0, 1.0), 1, 0, (64, 64)),
        Checkpoint(2, "w", older, (32, 24), (2.0, 2.0)),
        Checkpoint(5, "w", newer, (64, 48), (1.0, 1.0)),
        Refined((row,)),
    )
    paths.messages.write_bytes(b"".join(map(line, rows)))
    run = recovered(cut_off)
    expected = (
        (5, (64, 48), (1.0, 1.0), (row,)) if newer_is_there else (2, (32, 24), (2.0, 2.0), ())
    )
    assert (run.best, run.input_shape, run.pixel_mm, run.refinements) == expected


def test_a_verdict_about_weights_that_are_not_there_chooses_no_run(cut_off: Path) -> None:
    paths = paths_of(cut_off)
    older = weights(paths, 2)
    rows = (Checkpoint(2, "w", older), Checkpoint(5, "w", "00" * 32), Judged("", 3, 0.9))
    paths.messages.write_bytes(b"".join(map(line, rows)))
    workbench, _ = opening.open_project(cut_off)
    assert workbench.project.in_use.run == ""
    workbench.close()


def test_a_full_disk_costs_a_note_and_the_record_is_written_when_there_is_room(
    cut_off: Path,
) -> None:
    paths = paths_of(cut_off)
    sha256 = weights(paths, 3)
    rows = (epoch(1), Checkpoint(3, "w", sha256), Judged("", 3, 0.9))
    paths.messages.write_bytes(b"".join(map(line, rows)))
    paths.bundle.mkdir()
    with full_disk(cut_off):
        workbench, ids = opening.open_project(cut_off)
        assert ids == (RUN,)
        assert (workbench.project.run(RUN).outcome, workbench.project.in_use.run) == (
            "crashed",
            RUN,
        )
        assert any(RUN in note and "disk is full" in note for note in workbench.notes)
        assert paths.bundle.is_dir() and paths.messages.is_file()
        stroke(workbench, 2)
        assert workbench.folder.waiting == 1
    saving.save(workbench)
    workbench.close()
    again = Workbench.open(cut_off, writable=False)
    run = again.project.run(RUN)
    assert (run.outcome, run.best, run.weights_sha256) == ("crashed", 3, sha256)
    assert again.project.in_use.run == RUN
    again.close()
    workbench, ids = opening.open_project(cut_off)
    assert ids == () and not paths.bundle.exists()
    workbench.close()


def test_a_program_that_ends_before_there_is_room_finds_the_run_again(cut_off: Path) -> None:
    paths = paths_of(cut_off)
    sha256 = weights(paths, 3)
    paths.messages.write_bytes(line(epoch(1)) + line(Checkpoint(3, "w", sha256)))
    killed = cut_off.with_name("killed.segdesk")
    with full_disk(cut_off):
        workbench, _ = opening.open_project(cut_off)
        shutil.copytree(cut_off, killed)
    workbench.close()
    assert recovered(killed).best == 3


def test_a_message_is_kept_whole_or_not_at_all(
    cut_off: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk takes eleven bytes at a time, then nothing; the next message is whole again."""
    left = [10_000]

    class Small(io.FileIO):
        def write(self, content: Any) -> int:
            if left[0] <= 0:
                raise OSError(errno.ENOSPC, "No space left on device")
            left[0] -= 11
            return super().write(memoryview(content)[:11])

    workbench = Workbench.open(cut_off)
    job = TrainerJob(RUN, workbench.folder, ())
    paths_of(cut_off)
    session = TrainerSession(job, lambda _: pytest.fail("no bundle is wanted"))
    with monkeypatch.context() as patched:
        patched.setattr(io, "FileIO", Small)
        session._keep_message(epoch(1))
        before = job.paths.messages.read_bytes()
        left[0] = 30
        with pytest.raises(ProjectError, match="curve is not kept"):
            session._keep_message(epoch(2))
        assert job.paths.messages.read_bytes() == before
        left[0] = 10_000
        session._keep_message(epoch(3))
    # A program that was killed in the middle of one leaves a piece of it.
    with job.paths.messages.open("ab") as file:
        file.write(line(epoch(4))[:40])
    session._keep_message(epoch(5))
    workbench.close()
    assert [row.number for row in recovered(cut_off).epochs] == [1, 3, 5]


def test_a_folder_that_is_a_link_costs_its_run_and_not_the_opening(
    cut_off: Path, tmp_path: Path
) -> None:
    (cut_off / "runs").mkdir(exist_ok=True)
    (tmp_path / "outside").mkdir()
    (cut_off / "runs" / RUN).symlink_to(tmp_path / "outside")
    workbench, ids = opening.open_project(cut_off)
    assert ids == (RUN,) and any("is a link" in note for note in workbench.notes)
    assert workbench.project.run(RUN).best == 0
    workbench.close()
    assert list((tmp_path / "outside").iterdir()) == []


def test_what_no_index_can_hold_is_left_out(cut_off: Path) -> None:
    paths = paths_of(cut_off)
    kept = [
        Note("a\0b"),
        Note("\ud800"),
        Note("x" * 70_000),
        Checkpoint(10**30, "w", ""),
        replace(epoch(1), epoch=replace(epoch(1).epoch, number=-1)),
        epoch(4),
    ]
    paths.messages.write_bytes(b"".join(map(line, kept)))
    run = recovered(cut_off)
    assert (run.notes, run.best, [row.number for row in run.epochs]) == ((), 0, [4])
