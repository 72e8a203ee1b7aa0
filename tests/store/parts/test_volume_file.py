"""volume.h5: written once, mapped, checked; nothing half-written stays."""

import errno
import os
import shutil
import subprocess
import sys
import textwrap
import zlib
from collections import namedtuple
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from segdesk.core.case import Case
from segdesk.core.grid import Grid
from segdesk.core.volume import Volume, fingerprint
from segdesk.errors import Cancelled, ProjectError, UsageError
from segdesk.store.project_folder import ProjectFolder
from tests.store.resealing import changing, h5py, seal_again
from tests.store.strategies import GRID, new_case, project_with_cases

Usage = namedtuple("Usage", "total used free")


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[ProjectFolder]:
    with ProjectFolder.create(tmp_path / "p.segdesk") as folder:
        folder.load()
        yield folder


def _voxels(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(-1024, 2000, GRID.shape, dtype=np.int16)


def _cases_left(folder: ProjectFolder) -> list[str]:
    return sorted(path.name for path in (folder.path / "cases").iterdir())


def test_a_volume_comes_back_as_a_read_only_memory_map(folder: ProjectFolder) -> None:
    case = new_case(folder, "case-001", seed=3)
    volume = folder.scans.read(case)
    assert isinstance(volume, Volume)
    assert isinstance(volume.voxels, np.memmap)
    assert not volume.voxels.flags.writeable
    assert np.array_equal(volume.voxels, _voxels(3))
    assert case.fingerprint == fingerprint(_voxels(3))
    assert (case.stored_min, case.stored_max) == (_voxels(3).min(), _voxels(3).max())


def test_the_location_serves_a_process_that_knows_no_hdf5(folder: ProjectFolder) -> None:
    case = new_case(folder, "case-001", seed=3)
    path, offset = folder.scans.location(case)
    assert path.is_absolute()
    assert offset % 4096 == 0
    found = np.memmap(path, "<i2", "r", offset, GRID.shape)
    assert np.array_equal(found, _voxels(3))


def test_people_with_h5py_read_voxels_geometry_and_sums(folder: ProjectFolder) -> None:
    new_case(folder, "case-001", seed=3)
    with h5py.File(folder.path / "cases/case-001/volume.h5", "r") as file:
        assert file["voxels"].dtype == "<i2"
        assert file["voxels"].chunks is None
        assert np.array_equal(file["voxels"][:], _voxels(3))
        assert tuple(file.attrs["spacing_mm"]) == GRID.spacing_mm
        assert file["crc32"][:].tolist() == [zlib.crc32(plane.tobytes()) for plane in _voxels(3)]


def test_planes_are_asked_for_in_order_and_told_when_written(folder: ProjectFolder) -> None:
    log: list[tuple[str, int]] = []
    voxels = _voxels()

    def plane(k: int) -> np.ndarray:
        log.append(("asked", k))
        return voxels[k]

    folder.scans.write(
        "case-001",
        GRID,
        unit="raw",
        slope=0.5,
        intercept=-3.0,
        planes=plane,
        on_plane=lambda k: log.append(("written", k)),
    )
    assert log == [(what, k) for k in range(GRID.shape[0]) for what in ("asked", "written")]


def test_cancelling_leaves_nothing(folder: ProjectFolder) -> None:
    asked = iter([False, False, True])
    voxels = _voxels()
    with pytest.raises(Cancelled):
        folder.scans.write(
            "case-001",
            GRID,
            unit="HU",
            slope=1.0,
            intercept=0.0,
            planes=lambda k: voxels[k],
            cancelled=lambda: next(asked),
        )
    assert _cases_left(folder) == []


def test_a_plane_that_fails_leaves_nothing(folder: ProjectFolder) -> None:
    def plane(k: int) -> np.ndarray:
        if k == 2:
            raise ProjectError("No.")
        return _voxels()[k]

    with pytest.raises(ProjectError, match="No"):
        folder.scans.write("a", GRID, unit="HU", slope=1.0, intercept=0.0, planes=plane)
    assert _cases_left(folder) == []


def test_a_plane_of_another_dtype_is_a_bug_and_not_cast(folder: ProjectFolder) -> None:
    flat = np.zeros(GRID.slice_shape, np.float32)
    with pytest.raises(ValueError, match="float32"):
        folder.scans.write(
            "a",
            GRID,
            unit="HU",
            slope=1.0,
            intercept=0.0,
            planes=lambda _: flat,
        )
    assert _cases_left(folder) == []


def test_a_disk_without_room_is_told_before_anything_is_written(
    folder: ProjectFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(10, 10, 1_000_000))
    with pytest.raises(ProjectError, match="1 MB left"):
        new_case(folder, "case-001")
    assert _cases_left(folder) == []


@pytest.mark.parametrize("call", ["fsync", "rename"])
def test_a_disk_that_fills_while_writing_leaves_nothing(
    folder: ProjectFolder, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(*{"fsync": (os, "fsync", full), "rename": (Path, "rename", full)}[call])
    with pytest.raises(ProjectError, match="the disk is full"):
        new_case(folder, "case-001")
    monkeypatch.undo()
    assert _cases_left(folder) == []
    new_case(folder, "case-001")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit on the size of files")
def test_a_real_limit_on_the_file_size_is_one_sentence_and_leaves_nothing(tmp_path: Path) -> None:
    script = """
        import resource, sys
        from pathlib import Path
        import numpy as np
        from segdesk.core.grid import Grid
        from segdesk.errors import ProjectError
        from segdesk.store.project_folder import ProjectFolder
        folder = ProjectFolder.create(Path(sys.argv[1]))
        folder.load()
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
        grid = Grid((50, 64, 64))
        plane = np.zeros((64, 64), np.int16)
        try:
            folder.scans.write("a", grid, unit="HU", slope=1.0, intercept=0.0,
                                planes=lambda k: plane)
        except ProjectError as error:
            print(error.sentence)
        folder.close()
    """
    path = tmp_path / "p.segdesk"
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script), str(path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "The scan of 'a' could not be written: the disk is full.\n"
    assert list((path / "cases").iterdir()) == []


def test_a_name_is_taken_once_only(folder: ProjectFolder) -> None:
    case = new_case(folder, "case-001")
    with pytest.raises(ProjectError, match="already a case"):
        new_case(folder, "case-001")
    assert folder.scans.read(case)


def test_an_unsafe_name_is_refused(folder: ProjectFolder) -> None:
    with pytest.raises(UsageError):
        new_case(folder, "../case-001")


def test_an_import_that_never_reached_the_index_gives_way_after_a_crash(tmp_path: Path) -> None:
    folder, _ = project_with_cases(tmp_path / "p.segdesk", "case-001")
    new_case(folder, "case-002", seed=1)
    folder.close()
    with ProjectFolder.open(tmp_path / "p.segdesk", writable=True) as again:
        again.load()
        case = new_case(again, "case-002", seed=2)
        assert np.array_equal(again.scans.read(case).voxels, _voxels(2))
        with pytest.raises(ProjectError, match="already a case"):
            new_case(again, "case-001")


def test_the_files_of_a_failed_import_can_be_removed(folder: ProjectFolder) -> None:
    new_case(folder, "case-001")
    folder.scans.remove("case-001")
    assert _cases_left(folder) == []
    new_case(folder, "case-001")


def test_the_files_of_a_case_in_the_index_cannot_be_removed(tmp_path: Path) -> None:
    folder, project = project_with_cases(tmp_path / "p.segdesk", "case-001")
    with folder, pytest.raises(ValueError, match="the index does not name"):
        folder.scans.remove("case-001")
    assert folder.scans.read(project.case("case-001"))


def _cut(path: Path, case: Case) -> None:
    path.write_bytes(path.read_bytes()[:-500])


def _no_hdf5(path: Path, case: Case) -> None:
    path.write_bytes(b"not hdf5" * 1000)


def _chunked(path: Path, case: Case) -> None:
    with changing(path) as file:
        del file["voxels"]
        file.create_dataset("voxels", data=_voxels(), chunks=(1, 16, 12))


def _external(path: Path, case: Case) -> None:
    with changing(path) as file:
        del file["voxels"]
        file.create_dataset(
            "voxels", GRID.shape, "<i2", external=[("/etc/passwd", 0, h5py.h5f.UNLIMITED)]
        )


def _other_dtype(path: Path, case: Case) -> None:
    with changing(path) as file:
        del file["voxels"]
        file.create_dataset("voxels", data=_voxels().astype(">i2"))


def _unaligned(path: Path, case: Case) -> None:
    with h5py.File(path, "r") as file:
        attributes, sums = dict(file.attrs), file["crc32"][:]
    with h5py.File(path, "w", libver="v110", userblock_size=512) as file:
        file.attrs.update(attributes)
        file["crc32"] = sums
        file["voxels"] = _voxels()
        assert file["voxels"].id.get_offset() % 4096
    seal_again(path)


def _other_place(path: Path, case: Case) -> None:
    with changing(path) as file:
        file.attrs["origin_mm"] = (1.0, 2.0, 3.0)


def _gone(path: Path, case: Case) -> None:
    path.unlink()


def _link_out(path: Path, case: Case) -> None:
    outside = path.parents[3] / "outside.h5"
    shutil.move(path, outside)
    path.symlink_to(outside)


@pytest.mark.parametrize(
    "harm",
    [
        _cut,
        _no_hdf5,
        _chunked,
        _external,
        _other_dtype,
        _unaligned,
        _other_place,
        _gone,
        _link_out,
    ],
)
def test_a_damaged_or_strange_volume_is_refused_with_a_sentence(
    folder: ProjectFolder, harm: object
) -> None:
    case = new_case(folder, "case-001")
    harm(folder.path / "cases/case-001/volume.h5", case)
    with pytest.raises(ProjectError, match=r"case-001|volume"):
        folder.scans.read(case)
    with pytest.raises(ProjectError, match=r"case-001|volume"):
        folder.scans.location(case)


def test_a_volume_of_one_voxel_can_be_written(folder: ProjectFolder) -> None:
    case = new_case(folder, "dot", grid=Grid((1, 1, 1)))
    assert folder.scans.read(case).voxels.shape == (1, 1, 1)
