"""The command line in this process: what it answers, and what it says beside it."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from segdesk.cli.main import main
from tests.projects import disc, voxels
from tests.small_disk import disk

__all__ = ["disk"]


@dataclass(frozen=True)
class Said:
    """How a command ended. `out` and `err` are what reached the two streams, by whoever."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        """The one object on stdout, or a failure."""
        assert self.code == 0, self.err

        def refuse(word: str) -> None:
            raise AssertionError(f"{word} is no JSON")

        return json.loads(self.out, parse_constant=refuse)

    def is_refusal(self, code: int, *words: str) -> bool:
        """Nothing on stdout, and one sentence of segdesk on stderr with these words."""
        assert self.code == code, (self.code, self.err)
        assert self.out == ""
        lines = self.err.splitlines()
        assert [line.startswith("segdesk: ") for line in lines] == [True], self.err
        for word in words:
            assert word in lines[0]
        return True


Run = Callable[..., Said]


@pytest.fixture(autouse=True)
def logs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of its own for the log, so that no test writes into the person's."""
    folder = tmp_path / "logs"
    monkeypatch.setenv("SEGDESK_LOGS", str(folder))
    return folder


@pytest.fixture
def segdesk(capfd: pytest.CaptureFixture[str]) -> Run:
    """Run a command; both streams are taken at their descriptors, so that C libraries count."""

    def run(*arguments: object) -> Said:
        capfd.readouterr()
        code = main([str(argument) for argument in arguments])
        out, err = capfd.readouterr()
        return Said(code, str(out), str(err))

    return run


@pytest.fixture
def scan(tmp_path: Path) -> Path:
    """scan.npy: five slices without geometry."""
    np.save(tmp_path / "scan.npy", voxels())
    return tmp_path / "scan.npy"


@pytest.fixture
def other_scan(tmp_path: Path) -> Path:
    """other.npy: as `scan`, of somebody else."""
    np.save(tmp_path / "other.npy", voxels(seed=1))
    return tmp_path / "other.npy"


def truth() -> npt.NDArray[np.uint8]:
    """Of `scan`, with slice 4 left empty."""
    labels = disc(voxels())
    labels[4] = 0
    return labels


@pytest.fixture
def labels(tmp_path: Path) -> Path:
    """labels.npy: the truth of `scan`."""
    np.save(tmp_path / "labels.npy", truth())
    return tmp_path / "labels.npy"


@pytest.fixture(scope="session")
def imported_project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Made once; `project` is a copy."""
    folder = tmp_path_factory.mktemp("imported")
    path, scan, labels = (folder / name for name in ("p.segdesk", "scan.npy", "labels.npy"))
    np.save(scan, voxels())
    np.save(labels, truth())
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SEGDESK_LOGS", str(folder / "logs"))
        assert main(["import", *map(str, (path, scan, "--labels", labels, "--pool", "train"))]) == 0
    return path


@pytest.fixture
def project(imported_project: Path, tmp_path: Path, scan: Path, labels: Path) -> Path:
    """A project with one case that teaches: its first four slices are corrected."""
    return Path(shutil.copytree(imported_project, tmp_path / "p.segdesk"))


@pytest.fixture
def content() -> Iterator[Callable[[Path], dict[str, str]]]:
    """Every file below a folder with its digest, but for the lock."""

    def digests(folder: Path) -> dict[str, str]:
        files = (file for file in sorted(folder.rglob("*")) if file.is_file())
        return {
            str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest()
            for file in files
            if file.name != "lock"
        }

    yield digests
