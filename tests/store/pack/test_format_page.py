"""`docs/format.md` tells the truth: its examples run, and what it names is in a packed project."""

import contextlib
import io
import re
from pathlib import Path

import h5py
import numpy as np
import pytest

from tests.packs import by_h5py, full_project, pack_of

PAGE = Path(__file__).resolve().parents[3] / "docs" / "format.md"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with project.h5, a packed project as the examples call it."""
    there = tmp_path_factory.mktemp("there")
    workbench = full_project(there, cases=1)
    (there / "packed").mkdir()
    pack_of(workbench, there / "packed" / "project.h5")
    workbench.close()
    return there / "packed"


def example(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    assert found is not None
    return found[1]


def test_the_h5py_example_gives_the_volumes_of_the_segments(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = example("python")
    assert len(code.splitlines()) <= 11
    monkeypatch.chdir(folder)
    with contextlib.redirect_stdout(io.StringIO()) as said:
        exec(compile(code, str(PAGE), "exec"), {})
    with by_h5py(folder / "project.h5") as file:
        ml = float((file["cases/case-001/labels"][()] == 1).sum()) * 5.0 * 2.0 * 1.0 / 1000
    assert ml > 0
    assert f"case-001 (5, 24, 32) Disc {np.float64(ml)} ml" in said.getvalue().splitlines()
    assert len(said.getvalue().splitlines()) == 2


def test_the_matlab_example_names_what_is_there(folder: Path) -> None:
    code = example("matlab")
    assert len(code.splitlines()) <= 11
    with by_h5py(folder / "project.h5") as file:
        places = re.findall(r"h5read\(file, '([^']+)'\)", code)
        assert len(places) == 5
        for place in places:
            member = file[place]
            assert isinstance(member, h5py.Dataset)
            # What MATLAB reads without a plug-in.
            kept = member.id.get_create_plist()
            filters = [kept.get_filter(at)[0] for at in range(kept.get_nfilters())]
            assert set(filters) <= {h5py.h5z.FILTER_DEFLATE, h5py.h5z.FILTER_SHUFFLE}
        for place, name in re.findall(r"h5readatt\(file, '([^']+)', '([^']+)'\)", code):
            assert name in file[place].attrs


def test_the_page_names_every_member_of_the_file(folder: Path) -> None:
    """But for the index, whose layout is not promised."""
    page = PAGE.read_text("utf-8")
    with by_h5py(folder / "project.h5") as file:
        names = set(file)
        names |= set(file["segments"]) | set(file["cases/case-001"]) | set(file["runs/run-001"])
        names |= set(file["runs/run-001/curves"]) | set(file["cases/case-001/predictions/run-001"])
        names |= set(file["cases/case-001/volume"].attrs) | set(file["runs/run-001"].attrs)
        names |= set(file["cases/case-001"].attrs) | set(file.attrs) - {"generation"}
    assert [name for name in sorted(names) if not re.search(rf"\b{name}\b", page)] == []


def test_the_scan_is_little_endian_int16_a_chunk_a_slice(folder: Path) -> None:
    with by_h5py(folder / "project.h5") as file:
        volume = file["cases/case-001/volume"]
        assert (volume.dtype, volume.chunks) == (np.dtype("<i2"), (1, *volume.shape[1:]))
        assert list(volume.attrs["spacing_mm"]) == [5.0, 2.0, 1.0]
        assert (volume.attrs["unit"], bool(volume.attrs["stacked"])) == ("HU", True)
