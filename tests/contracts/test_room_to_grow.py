"""What is added to the program is one file and one line, and is then everywhere where it belongs.

Each exercise is done to a copy of the program, in which the same tests then run as here.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
EXERCISES = ROOT / "tests" / "exercises"
UNWANTED = shutil.ignore_patterns("__pycache__", "*.pyc")


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the program, its resources and its tests."""
    copied = tmp_path_factory.mktemp("program")
    for folder in ("segdesk", "resources", "tests", "packaging"):
        shutil.copytree(ROOT / folder, copied / folder, ignore=UNWANTED)
    shutil.copy(ROOT / "pyproject.toml", copied)
    return copied


def add(program: Path, name: str, to: str) -> None:
    """One file more."""
    assert not (program / to).exists()
    shutil.copy(EXERCISES / name, program / to)


def add_line(program: Path, file: str, tuple_: str, line: str, imported: str) -> None:
    """One line more at the end of a tuple, and what it names is imported."""
    path = program / file
    text = path.read_text("utf-8")
    head, opening, rest = text.partition(f"{tuple_} = (\n")
    assert opening, f"expected the tuple {tuple_} in {file}"
    rows, closing, after = rest.partition("\n)\n")
    head = head.replace("\nfrom segdesk", f"\n{imported}\nfrom segdesk", 1)
    path.write_text(f"{head}{opening}{rows}\n    {line}{closing}{after}", "utf-8")


def run_tests(program: Path, *arguments: str) -> str:
    """Tests of the copy, on the code of the copy."""
    surroundings = os.environ | {"PYTHONPATH": str(program), "QT_QPA_PLATFORM": "offscreen"}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider", *arguments],
        cwd=program,
        env=surroundings,
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_tool_is_a_file_an_icon_and_a_line(program: Path) -> None:
    add(program, "stamp.py", "segdesk/app/labelling/tools/stamp.py")
    add(program, "stamp.svg", "resources/icons/stamp.svg")
    add(program, "stamp_in_the_window.py", "tests/ui/window/test_stamp.py")
    add_line(
        program,
        "segdesk/app/labelling/tools/toolbox.py",
        "TOOLS: tuple[Tool, ...]",
        "Stamp(),",
        "from segdesk.app.labelling.tools.stamp import Stamp",
    )
    said = run_tests(
        program,
        "tests/ui/window/test_stamp.py",
        "tests/app/labelling/test_tool_contract.py",
        "-k",
        "stamp",
    )
    # Every test of the contract that goes through the tools went through this one.
    assert "23 passed" in said and "skipped" not in said
