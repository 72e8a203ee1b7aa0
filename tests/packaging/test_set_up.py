"""`make venv`: finished and interrupted environments; what a system lacks, named or installed."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def set_up(
    script: Callable[[str], ModuleType], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> ModuleType:
    """The script, with its environment and its inputs in a temporary folder."""
    module = script("set_up")
    venv = tmp_path / ".venv"
    inputs = (tmp_path / "pyproject.toml", tmp_path / "constraints.txt")
    for path in inputs:
        path.write_text("as it was\n", encoding="utf-8")
    places = {
        "ROOT": tmp_path,
        "VENV": venv,
        "PYTHON": venv / "bin" / "python",
        "STAMP": venv / ".stamp",
        "UNFINISHED": venv / ".unfinished",
        "INPUTS": inputs,
    }
    for name, place in places.items():
        monkeypatch.setattr(module, name, place)
    return module


def finish(set_up: ModuleType) -> None:
    """Lay down what a finished set-up leaves: a Python that has pip, and the stamp."""
    set_up.PYTHON.parent.mkdir(parents=True)
    # Not a link: a Python that is found through one has the packages of where the link leads, and a
    # bare system's own Python has no pip.
    executable(set_up.PYTHON, f'exec "{sys.executable}" "$@"')
    set_up.STAMP.write_text(set_up.fingerprint())


def executable(path: Path, text: str) -> None:
    path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


def test_a_finished_environment_is_not_built_again(
    set_up: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    finish(set_up)
    monkeypatch.setattr(set_up, "missing_system_packages", list)
    monkeypatch.setattr(set_up, "build", lambda: pytest.fail("it was built again"))
    assert set_up.main() == 0


@pytest.mark.parametrize("name", ["pyproject.toml", "constraints.txt"])
def test_a_changed_input_makes_the_environment_stale(set_up: ModuleType, name: str) -> None:
    finish(set_up)
    assert set_up.is_ready()
    (set_up.ROOT / name).write_text("changed\n", encoding="utf-8")
    assert not set_up.is_ready()


def test_an_environment_whose_python_is_gone_is_not_ready(set_up: ModuleType) -> None:
    finish(set_up)
    set_up.PYTHON.unlink()
    set_up.PYTHON.symlink_to(set_up.ROOT / "removed")
    assert not set_up.is_ready()
    assert not set_up.is_sound()


def test_an_interrupted_installation_is_built_again_from_nothing(
    set_up: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands: list[list[str]] = []

    def interrupted(command: list[str], failure: str) -> None:
        commands.append(command)
        if "pip" in command:
            raise set_up.SetUpFault(failure)

    finish(set_up)
    set_up.STAMP.unlink()
    monkeypatch.setattr(set_up, "run", interrupted)
    for _ in range(2):
        with pytest.raises(set_up.SetUpFault):
            set_up.build()
    steps = ["venv" if "venv" in command else "pip" for command in commands]
    assert steps == ["pip", "venv", "pip"]
    assert not set_up.is_ready()


def test_someone_who_is_not_root_is_told_the_exact_line(
    set_up: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(set_up.shutil, "which", lambda name: f"/usr/bin/{name}")
    with pytest.raises(set_up.SetUpFault) as told:
        set_up.provide(["python3.12-venv", "libegl1"])
    line = "apt-get install -y --no-install-recommends python3.12-venv libegl1"
    assert f"sudo apt-get update && sudo {line}" in str(told.value)


def test_root_gets_them_installed_after_one_update(
    set_up: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    executable(tmp_path / "apt-get", f'echo "$@" >> {log}')
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    set_up.provide(["libegl1", "libgl1"])
    asked = ["update -qq", "install -y --no-install-recommends libegl1 libgl1"]
    assert log.read_text().splitlines() == asked


def test_only_the_packages_of_missing_libraries_are_named(
    set_up: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setattr(set_up, "has_fonts", lambda: False)
    monkeypatch.setattr(set_up.qt_libraries, "is_loadable", lambda name: name != "libEGL.so.1")
    assert set_up.missing_system_packages() == ["libegl1", "fonts-dejavu-core"]


def test_the_libraries_of_an_x_display_are_wanted_only_where_one_is(
    set_up: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(set_up, "has_fonts", lambda: True)
    monkeypatch.setattr(set_up.qt_libraries, "is_loadable", lambda name: "xcb-cursor" not in name)
    monkeypatch.delenv("QT_QPA_PLATFORM", raising=False)
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    assert set_up.missing_system_packages() == []
    monkeypatch.setenv("DISPLAY", ":0")
    assert set_up.missing_system_packages() == ["libxcb-cursor0"]


def test_what_the_tools_for_translators_link_to_is_wanted_too(
    set_up: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(set_up, "has_fonts", lambda: True)
    monkeypatch.setattr(set_up.qt_libraries, "is_loadable", lambda name: "gssapi" not in name)
    assert set_up.missing_system_packages() == ["libgssapi-krb5-2"]


def test_a_python_without_ensurepip_names_its_own_venv_package(
    set_up: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(set_up, "has_fonts", lambda: True)
    monkeypatch.setattr(set_up.qt_libraries, "is_loadable", lambda name: True)
    monkeypatch.setattr(set_up.importlib.util, "find_spec", lambda name: None)
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    assert set_up.missing_system_packages() == [f"python{version}-venv"]


@pytest.mark.skipif(sys.platform != "linux", reason="asks the Linux loader")
def test_the_loader_itself_is_asked(set_up: ModuleType) -> None:
    assert set_up.qt_libraries.is_loadable("libc.so.6")
    assert not set_up.qt_libraries.is_loadable("libsegdesk-never-was.so.1")


def test_the_first_python_that_fits_is_chosen(tmp_path: Path) -> None:
    executable(tmp_path / "python3", "echo 3.10")
    executable(tmp_path / "python3.12", "echo 3.12")
    answer = find_python(tmp_path)
    assert (answer.returncode, answer.stdout.strip()) == (0, str(tmp_path / "python3.12"))


def test_where_no_python_fits_one_sentence_says_which_are_there(tmp_path: Path) -> None:
    executable(tmp_path / "python3", "echo 3.14")
    answer = find_python(tmp_path)
    assert answer.returncode == 1
    assert "3.11, 3.12 or 3.13" in answer.stderr and "python3 is 3.14" in answer.stderr
    assert len(answer.stderr.splitlines()) == 1


def find_python(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the script with nothing but a folder on the path."""
    return subprocess.run(
        ["/bin/sh", str(ROOT / "packaging" / "find_python.sh")],
        env={"PATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
