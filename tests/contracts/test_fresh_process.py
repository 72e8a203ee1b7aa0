"""What a room really loads, seen in a fresh process: contracts read source, this looks at memory.

Each test imports every module of a room, so a library that must wait until it is needed (SimpleITK
in formats, scikit-image in ops) is caught as well as one that has no business there.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "segdesk"

#: Libraries that have one home, or that must not be loaded before they are needed.
WATCHED = {
    *("keras", "tensorflow", "torch", "jax"),
    *("PySide6", "shiboken6", "pyqtgraph"),
    *("SimpleITK", "pydicom", "gdcm", "tifffile", "nibabel", "nrrd"),
    *("h5py", "scipy", "skimage"),
    *("psygnal", "platformdirs", "typer", "rich"),
}
OPS = {"scipy"}
APP = OPS | {"h5py", "psygnal", "platformdirs"}
#: Watched libraries that may be there once all of a room is imported; learning's are Keras' own.
MAY_LOAD: dict[str, set[str]] = {
    "errors": set(),
    "core": set(),
    "ops": OPS,
    "jobs": set(),
    "store": {"h5py"},
    "formats": OPS | {"h5py"},
    "learning": OPS | {"keras", "tensorflow", "torch", "jax", "h5py", "rich"},
    "app": APP,
    "demo": APP | {"PySide6", "shiboken6", "pyqtgraph"},
    "ui": APP | {"PySide6", "shiboken6", "pyqtgraph"},
    "cli": APP | {"typer", "rich"},
}
IMPORT_AND_LIST = """
import importlib, json, sys
before = set(sys.modules)
for name in json.loads(sys.argv[1]):
    importlib.import_module(name)
loaded = {name.partition(".")[0] for name in set(sys.modules) - before}
print(json.dumps(sorted(loaded)))
"""


def rooms() -> list[str]:
    """Names of segdesk's rooms: its folders, and errors."""
    return ["errors", *sorted(init.parent.name for init in PACKAGE.glob("*/__init__.py"))]


def modules_of(room: str) -> list[str]:
    """Dotted names of a room's modules, without `__main__`."""
    sources = [PACKAGE / f"{room}.py"] if room == "errors" else (PACKAGE / room).rglob("*.py")
    names = (source.relative_to(ROOT).with_suffix("").as_posix() for source in sources)
    dotted = (name.replace("/", ".").removesuffix(".__init__") for name in names)
    return sorted(name for name in dotted if not name.endswith("__main__"))


def loaded_by(modules: list[str]) -> set[str]:
    """Top-level names in `sys.modules` of a fresh process after importing these modules."""
    answer = subprocess.run(
        [sys.executable, "-c", IMPORT_AND_LIST, json.dumps(modules)],
        cwd=ROOT,
        env=os.environ | {"QT_QPA_PLATFORM": "offscreen"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr
    return set(json.loads(answer.stdout.splitlines()[-1]))


def test_every_room_says_what_it_may_load() -> None:
    assert set(rooms()) == set(MAY_LOAD)


@pytest.mark.parametrize("room", rooms())
def test_a_room_loads_no_library_that_is_not_its_own(room: str) -> None:
    assert loaded_by(modules_of(room)) & WATCHED - MAY_LOAD[room] == set()


@pytest.mark.parametrize("room", ["errors", "core", "jobs"])
def test_the_ground_floors_load_nothing_but_numpy(room: str) -> None:
    foreign = loaded_by(modules_of(room)) - set(sys.stdlib_module_names)
    assert foreign <= {"segdesk", "numpy"}


def test_the_package_itself_loads_nothing() -> None:
    assert loaded_by(["segdesk"]) == {"segdesk"}


def test_a_library_that_is_loaded_is_noticed() -> None:
    assert "h5py" in loaded_by(["segdesk", "h5py"])
