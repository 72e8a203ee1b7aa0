"""A project into one file and back: equal voxel for voxel, and nothing half-done on the way."""

import hashlib
import shutil
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

import h5py
import numpy as np
import pytest

from segdesk.app.project import saving
from segdesk.app.project.packing import prepare
from segdesk.app.project.unpacking import is_packed, look
from segdesk.app.project.workbench import Workbench
from segdesk.core.prediction import Prediction
from segdesk.core.run import Run, plan_for
from segdesk.errors import Cancelled, ProjectError, UsageError
from segdesk.store.parts import seal
from tests.packs import (
    add_run,
    by_h5py,
    content_of,
    datasets_of,
    full_project,
    pack_of,
    unpack_here,
)
from tests.projects import SHAPE, add_case, make_project, stroke
from tests.store.faults import refusing


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, dict[str, object]]]:
    """A file that was packed with strokes unsaved, and what the project was as soon as it was
    saved."""
    folder = tmp_path_factory.mktemp("made")
    workbench = full_project(folder)
    file = pack_of(workbench, folder / "made.h5")
    saving.save(workbench)
    content = content_of(workbench)
    workbench.close()
    yield file, content


def opened(path: Path) -> dict[str, object]:
    workbench = Workbench.open(path)
    try:
        assert workbench.notes == ()
        return content_of(workbench)
    finally:
        workbench.close()


def test_a_project_comes_back_equal_with_its_runs_and_unsaved_strokes(
    made: tuple[Path, dict[str, object]], tmp_path: Path
) -> None:
    file, content = made
    assert len(content) == 1 + 5 + 2 + 4
    # What was left out is there, but for the piece that was restored.
    said = [content[f"left out of case-00{at} by run-001"] for at in (1, 2)]
    assert said == [(), ((1, 12),)]
    unpack_here(file, tmp_path / "again.segdesk")
    assert opened(tmp_path / "again.segdesk") == content


def test_packing_what_was_unpacked_gives_an_equal_file(
    made: tuple[Path, dict[str, object]], tmp_path: Path
) -> None:
    file, _ = made
    unpack_here(file, tmp_path / "again.segdesk")
    workbench = Workbench.open(tmp_path / "again.segdesk", writable=False)
    try:
        assert datasets_of(pack_of(workbench, tmp_path / "b.h5")) == datasets_of(file)
    finally:
        workbench.close()


def test_neither_logs_nor_bundles_go_in(made: tuple[Path, dict[str, object]]) -> None:
    file, _ = made
    for words in (b"said by the trainer", b"a frozen input", b"trainer.log", b"bundle"):
        assert words not in file.read_bytes()
    with by_h5py(file) as root:
        assert set(root["runs/run-001/files"]) == {"weights-2.npz"}


def test_nothing_in_the_file_leads_to_another_one(made: tuple[Path, dict[str, object]]) -> None:
    found: list[str] = []
    with by_h5py(made[0]) as root:
        root.visit_links(lambda name: found.append(type(root.get(name, getlink=True)).__name__))
    assert set(found) == {"HardLink"}


def test_a_file_that_is_there_is_kept_unless_it_may_be_replaced(tmp_path: Path) -> None:
    workbench = make_project(tmp_path)
    file = tmp_path / "p.h5"
    file.write_text("mine")
    with pytest.raises(UsageError, match="already something"):
        prepare(workbench).write(file)
    assert file.read_text() == "mine"
    prepare(workbench).write(file, overwrite=True)
    assert is_packed(file)
    workbench.close()


@pytest.mark.parametrize("name", ["project.h5", "cases/mine.h5"])
def test_a_file_inside_a_project_is_refused_whatever_may_be_replaced(
    tmp_path: Path, name: str
) -> None:
    workbench = make_project(tmp_path)
    before = (workbench.folder.path / "project.h5").read_bytes()
    with pytest.raises(UsageError, match="inside a project"):
        prepare(workbench).write(workbench.folder.path / name, overwrite=True)
    assert (workbench.folder.path / "project.h5").read_bytes() == before
    workbench.close()


def test_stopping_at_any_point_leaves_nothing(tmp_path: Path) -> None:
    workbench = make_project(tmp_path)
    add_run(workbench, "run-001")
    folder = tmp_path / "here"
    folder.mkdir()
    file = tmp_path / "p.h5"
    looked, total = stops(lambda asked: prepare(workbench).write(file, cancelled=asked))
    for stop_at in range(1, total + 1, total // 4):
        with pytest.raises(Cancelled):
            prepare(workbench).write(folder / "p.h5", cancelled=looked(stop_at))
        assert list(folder.iterdir()) == []
    workbench.close()
    looked, total = stops(lambda asked: unpack_here(file, tmp_path / "u.segdesk", cancelled=asked))
    for stop_at in range(1, total + 1, total // 4):
        with pytest.raises(Cancelled):
            unpack_here(file, folder / "u.segdesk", cancelled=looked(stop_at))
        assert list(folder.iterdir()) == []


@pytest.mark.parametrize("point", ["opening a file", "os.fsync"])
def test_a_disk_that_refuses_at_any_point_leaves_nothing_or_all_of_it(
    tmp_path: Path, point: str
) -> None:
    workbench = make_project(tmp_path)
    file = pack_of(workbench, tmp_path / "p.h5")
    folder = tmp_path / "here"
    folder.mkdir()
    works: dict[str, Callable[[], object]] = {
        "p.h5": lambda: prepare(workbench).write(folder / "p.h5"),
        "u.segdesk": lambda: unpack_here(file, folder / "u.segdesk"),
    }
    made_by: dict[str, Callable[[Path], object]] = {"p.h5": look, "u.segdesk": opened}
    for name, work in works.items():
        # Each next try gets further, until one gets to its end.
        for at in (0, 4, 12, 1000):
            ended = False
            with refusing(point, at, once=True) as failed, suppress(ProjectError):
                work()
                ended = True
            left = [path.name for path in folder.iterdir()]
            # Only the last step, its name made lasting, can fail when all of it is there.
            assert (left == [name]) if ended else (left in ([], [name])), at
            assert ended or failed
            if left:
                made_by[name](folder / name)
            for path in folder.iterdir():
                shutil.rmtree(path) if path.is_dir() else path.unlink()
    workbench.close()


def test_a_disk_that_gives_back_something_else_leaves_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workbench = make_project(tmp_path)
    seal_file = seal.seal_file

    def turned(file: BinaryIO, *given: Any) -> None:
        seal_file(file, *given)
        file.seek(-1, 2)
        last = file.read(1)
        file.seek(-1, 2)
        file.write(bytes([last[0] ^ 1]))

    monkeypatch.setattr(seal, "seal_file", turned)
    with pytest.raises(ProjectError, match=r"The file 'p\.h5' could not be written"):
        prepare(workbench).write(tmp_path / "p.h5")
    assert not (tmp_path / "p.h5").exists()
    workbench.close()


def stops(
    work: Callable[[Callable[[], bool]], object],
) -> tuple[Callable[[int], Callable[[], bool]], int]:
    """Gives what says stop at the n-th question, and how many questions there are."""
    asked: list[int] = []

    def looked(stop_at: int) -> Callable[[], bool]:
        questions = iter(range(1, 1 << 30))
        return lambda: next(questions) >= stop_at

    def count() -> bool:
        asked.append(1)
        return False

    work(count)
    return looked, len(asked)


def test_a_disk_without_room_is_told_before_a_byte_is_written(
    made: tuple[Path, dict[str, object]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workbench = make_project(tmp_path)
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=50_000_000))
    before = sorted(tmp_path.iterdir())
    with pytest.raises(ProjectError, match=r"needs about \d+ MB and the disk has 50 MB left"):
        prepare(workbench).write(tmp_path / "p.h5")
    with pytest.raises(ProjectError, match=r"^'u\.segdesk' needs \d+ MB and the disk has 50 MB"):
        unpack_here(made[0], tmp_path / "u.segdesk")
    assert sorted(tmp_path.iterdir()) == before
    workbench.close()


@pytest.mark.parametrize("how", ["replaced", "written over"])
def test_a_file_that_is_changed_while_it_is_unpacked_is_not_mixed_with_what_it_was(
    tmp_path: Path, how: str
) -> None:
    workbench = make_project(tmp_path)
    stroke(workbench, 1)
    saving.save(workbench)
    old = pack_of(workbench, tmp_path / "old.h5")
    stroke(workbench, 1, row=4.0)
    new = pack_of(workbench, tmp_path / "new.h5")
    workbench.close()

    def tell(sentence: str, done: int, total: int) -> None:
        if sentence.startswith("Unpacking") and done == 1:
            new.replace(old) if how == "replaced" else old.write_bytes(new.read_bytes())

    with pytest.raises(ProjectError, match=r"'old\.h5' was changed while it was unpacked"):
        unpack_here(old, tmp_path / "u.segdesk", tell=tell)
    assert not (tmp_path / "u.segdesk").exists()
    unpack_here(old, tmp_path / "u.segdesk")


def test_the_progress_of_an_unpacking_ends_at_its_end_also_without_any_mask(tmp_path: Path) -> None:
    workbench = make_project(tmp_path)
    file = pack_of(workbench, tmp_path / "p.h5")
    workbench.close()
    told: list[tuple[int, int]] = []
    unpack_here(file, tmp_path / "u.segdesk", tell=lambda _, *row: told.append(row))
    done, total = told[-1]
    assert done == total == 2 * SHAPE[0]


def test_a_prediction_is_unpacked_slice_by_slice_whatever_its_size(tmp_path: Path) -> None:
    """A small file can claim a large one: of all its planes one of each layer is in memory."""
    workbench, shape = make_project(tmp_path), (30, 200, 200)
    scan = np.zeros(shape, np.int16)
    add_case(workbench, id="large", scan=scan)
    workbench.put_run(Run("run-001", plan_for(epochs=1), 1.0, outcome="stopped"))
    full = np.ones(shape, np.uint8)
    workbench.folder.runs.write_prediction(Prediction("run-001", "large", full, full))
    workbench.add_prediction("run-001", "large")
    saving.save(workbench)
    file = pack_of(workbench, tmp_path / "all.h5")
    workbench.close()
    del workbench
    tracemalloc.start()
    try:
        unpack_here(file, tmp_path / "new.segdesk")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 1.5 * full.nbytes


def test_a_scan_with_a_flipped_voxel_is_named_and_not_packed(tmp_path: Path) -> None:
    workbench = make_project(tmp_path)
    path = workbench.folder.path / "cases" / "case-001" / "volume.h5"
    _, offset = workbench.folder.scans.location(workbench.project.case("case-001"))
    content = bytearray(path.read_bytes())
    content[offset + 3 * 24 * 32 * 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(ProjectError, match="case-001"):
        prepare(workbench).write(tmp_path / "p.h5")
    assert not (tmp_path / "p.h5").exists()
    workbench.close()


def test_every_dataset_has_the_checksum_of_its_content(
    made: tuple[Path, dict[str, object]],
) -> None:

    looked: list[str] = []

    def look_at(name: str, member: object) -> None:
        if isinstance(member, h5py.Dataset):
            if h5py.check_string_dtype(member.dtype) is not None:
                content = b"".join(text.encode() + b"\0" for text in member.asstr()[()])
            else:
                content = np.ascontiguousarray(member[()]).tobytes()
            assert member.attrs["sha256"] == hashlib.sha256(content).hexdigest(), name
            looked.append(name)

    with by_h5py(made[0]) as root:
        root.visititems(look_at)
    assert len(looked) > 100
