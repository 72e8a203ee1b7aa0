"""A real small disk for tests: a file system in memory, which only root of Linux may mount."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

Mount = Callable[[str], Path]


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Mount]:
    """Mount a small disk, or mount it anew with other options."""
    point = tmp_path / "disk"
    point.mkdir()
    mounted = False

    def mount(options: str) -> Path:
        nonlocal mounted
        wanted = f"remount,{options}" if mounted else options
        made = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", wanted, "tmpfs", str(point)],
            capture_output=True,
            check=False,
        )
        if made.returncode:
            pytest.skip("only root may mount a small disk")
        mounted = True
        return point

    if sys.platform != "linux":
        pytest.skip("small disks are made by Linux")
    yield mount
    if mounted:
        subprocess.run(["umount", str(point)], check=True)


@contextmanager
def room(disk: Path, nbytes: int) -> Iterator[None]:
    """Leave so much on a disk, while every look at it says that there is plenty: another program
    fills it meanwhile."""
    ballast = disk / "ballast"
    ballast.touch()
    free = shutil.disk_usage(disk).free
    ballast.write_bytes(bytes(max(free - nbytes, 0)))
    look = shutil.disk_usage
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(shutil, "disk_usage", lambda path: look(path)._replace(free=1 << 50))
        try:
            yield
        finally:
            ballast.unlink()
