"""The import contracts are kept, and each would be refused if it were broken.

The contracts stand in `pyproject.toml`. The planted faults go into a skeleton: the same folders
with empty modules under the same contracts, so that exactly one thing is wrong.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "segdesk"


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run import-linter in a folder that has a `pyproject.toml` and a package."""
    program = Path(sys.executable).with_name("lint-imports")
    return subprocess.run(
        [str(program), "--no-cache"], cwd=folder, capture_output=True, text=True, check=False
    )


@pytest.fixture
def skeleton(tmp_path: Path) -> Path:
    """Folder with segdesk's contracts and its rooms, each with nothing inside."""
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for init in PACKAGE.rglob("__init__.py"):
        room = tmp_path / init.parent.relative_to(ROOT)
        room.mkdir(parents=True, exist_ok=True)
        (room / "__init__.py").touch()
    for file in (
        PACKAGE / "errors.py",
        PACKAGE / "sentence.py",
        *(PACKAGE / "ui").glob("*.py"),
        *(PACKAGE / "app").glob("*.py"),
    ):
        (tmp_path / file.relative_to(ROOT)).touch()
    return tmp_path


def plant(skeleton: Path, module: str, line: str) -> None:
    """Write a module of one line, named like "core/probe", into the skeleton."""
    (skeleton / "segdesk" / f"{module}.py").write_text(line + "\n", encoding="utf-8")


def test_every_import_contract_is_kept() -> None:
    answer = lint_imports(ROOT)
    assert answer.returncode == 0, answer.stdout + answer.stderr


def test_the_skeleton_without_a_fault_is_accepted(skeleton: Path) -> None:
    answer = lint_imports(skeleton)
    assert answer.returncode == 0, answer.stdout + answer.stderr


@pytest.mark.parametrize(
    ("module", "line", "contract"),
    [
        pytest.param(
            "core/probe",
            "import segdesk.app",
            "Floors: a room imports only rooms below it",
            id="up",
        ),
        pytest.param(
            "store/probe",
            "import segdesk.formats",
            "Floors: a room imports only rooms below it",
            id="sideways",
        ),
        pytest.param(
            "app/project/probe",
            "def later():\n    import segdesk.learning",
            "The window and the workbench never load the learning room",
            id="inside a function",
        ),
        pytest.param(
            "app/project/probe",
            "import keras",
            "Keras and its backends live in learning",
            id="keras",
        ),
        pytest.param(
            "app/project/probe",
            "import PySide6.QtCore",
            "Qt and pyqtgraph live in ui, and in the demo that sits before it",
            id="Qt",
        ),
        pytest.param(
            "ui/look/probe",
            "import segdesk.demo",
            "Floors: a room imports only rooms below it",
            id="a window that knows its demo",
        ),
        pytest.param(
            "app/project/probe",
            "import h5py",
            "HDF5 lives in store, and in formats for strangers' files",
            id="HDF5",
        ),
        pytest.param(
            "store/probe", "import pydicom", "The world's formats live in formats", id="DICOM"
        ),
        pytest.param(
            "ui/look/probe",
            "import skimage.draw",
            "SciPy and scikit-image live in ops",
            id="scikit-image",
        ),
        pytest.param(
            "ui/look/probe", "import psygnal", "psygnal and platformdirs live in app", id="psygnal"
        ),
        pytest.param("app/project/probe", "import rich", "typer and rich live in cli", id="rich"),
        pytest.param("core/probe", "import scipy", "core needs numpy only", id="scipy in core"),
        pytest.param(
            "ui/commands/probe",
            "import segdesk.ui.window",
            "Rooms of the window: a room imports only rooms below it",
            id="a command that knows the window",
        ),
        pytest.param(
            "app/project/probe",
            "import segdesk.app.runs",
            "Rooms of the open project: a room imports only rooms below it",
            id="the Workbench knows trainings",
        ),
    ],
)
def test_an_import_from_the_wrong_place_is_refused(
    skeleton: Path, module: str, line: str, contract: str
) -> None:
    plant(skeleton, module, line)
    answer = lint_imports(skeleton)
    assert answer.returncode == 1
    assert f"{contract} BROKEN" in answer.stdout


@pytest.mark.parametrize("room", ["ops", "ui/canvas", "app/runs"])
@pytest.mark.parametrize(
    "back", ["import {}", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import {}"]
)
def test_a_circle_inside_a_room_is_refused(skeleton: Path, room: str, back: str) -> None:
    name = f"segdesk.{room.replace('/', '.')}"
    plant(skeleton, f"{room}/first", f"import {name}.second")
    plant(skeleton, f"{room}/second", back.format(f"{name}.first"))
    answer = lint_imports(skeleton)
    assert answer.returncode == 1
    assert "No circles inside a room BROKEN" in answer.stdout


def test_a_new_room_without_a_floor_is_refused(skeleton: Path) -> None:
    (skeleton / "segdesk" / "attic").mkdir()
    (skeleton / "segdesk" / "attic" / "__init__.py").touch()
    answer = lint_imports(skeleton)
    assert answer.returncode == 1
    assert "attic" in answer.stdout + answer.stderr
