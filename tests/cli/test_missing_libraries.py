"""Qt's libraries: one sentence with all packages, before Qt ends the process."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from segdesk.cli.qt_libraries import QT_LIBRARIES, QT_SCREEN_LIBRARIES, wanted_libraries

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="asks the Linux loader")


def start(folder: Path, missing: list[str], **environment: str) -> subprocess.CompletedProcess[str]:
    """The window in a process whose loader cannot take these libraries."""
    folder.mkdir()
    for library in missing:
        # The loader comes here first, and an empty file is no library.
        (folder / library).touch()
    return subprocess.run(
        [sys.executable, "-m", "segdesk.cli", "window"],
        env={"LD_LIBRARY_PATH": str(folder), "HOME": str(folder), **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_every_missing_library_of_a_screen_is_named_with_its_package(tmp_path: Path) -> None:
    missing = [*QT_LIBRARIES, *QT_SCREEN_LIBRARIES]
    said = start(tmp_path / "none", missing, DISPLAY=":77")
    assert said.returncode == 2
    assert "Aborted" not in said.stderr and "qt.qpa" not in said.stderr
    sentence = said.stderr.splitlines()[0]
    assert sentence.startswith("segdesk: The window needs libraries that this system lacks")
    for library, package in (QT_LIBRARIES | QT_SCREEN_LIBRARIES).items():
        assert library in sentence and package in sentence


def test_only_what_is_missing_is_named(tmp_path: Path) -> None:
    said = start(tmp_path / "one", ["libEGL.so.1"], QT_QPA_PLATFORM="offscreen")
    assert said.returncode == 2
    assert "(libEGL.so.1): install libegl1," in said.stderr
    assert "libgl1" not in said.stderr and "xcb" not in said.stderr


def test_a_screen_needs_more_than_no_screen() -> None:
    assert wanted_libraries({"QT_QPA_PLATFORM": "offscreen", "DISPLAY": ":0"}) == QT_LIBRARIES
    assert wanted_libraries({}) == QT_LIBRARIES
    for environment in ({"DISPLAY": ":0"}, {"WAYLAND_DISPLAY": "w"}, {"QT_QPA_PLATFORM": "xcb"}):
        assert "libxcb-cursor.so.0" in wanted_libraries(environment)
