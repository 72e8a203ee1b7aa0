"""Rules for files that no linter knows: length, names, and a docstring on each module."""

from __future__ import annotations

import ast
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("segdesk", "tests", "packaging")
LONGEST = 500
VAGUE_NAMES = {"util", "utils", "helper", "helpers", "misc", "common", "manager", "base"}

SOURCES = sorted(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py"))


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_every_file_is_short_enough_to_read() -> None:
    lengths = {named(path): len(path.read_text("utf-8").splitlines()) for path in SOURCES}
    assert {name: length for name, length in lengths.items() if length > LONGEST} == {}


def test_every_module_says_what_it_is_for() -> None:
    """Only a test folder's own file may be empty: its name says it."""
    assert [
        named(path)
        for path in SOURCES
        if (path.name != "__init__.py" or path.is_relative_to(ROOT / "segdesk"))
        and not ast.get_docstring(ast.parse(path.read_text("utf-8")))
    ] == []


def test_no_module_has_a_name_that_says_nothing() -> None:
    assert [named(path) for path in SOURCES if path.stem in VAGUE_NAMES] == []


def test_only_two_files_name_the_thread_class() -> None:
    homes = {"training_worker.py", "task_runner.py"}
    users = {
        path
        for path in (ROOT / "segdesk").rglob("*.py")
        if any(name_of(node) == "QThread" for node in ast.walk(ast.parse(path.read_text("utf-8"))))
    }
    assert {path.name for path in users} <= homes


#: Calls that give a file another name, and those that hand bytes to the system without a buffer.
RENAMES = {"rename", "renames", "move", "replace"}
HOME_OF_RENAMES = "segdesk/core/durable_files.py"
#: A pipe takes a short line whole; the child has its own loop; the text in `lock` is a courtesy.
WRITERS = {
    "segdesk/jobs/child.py",
    "segdesk/jobs/trainer_child.py",
    "segdesk/store/disk/lock.py",
}


def test_files_are_renamed_in_one_place_which_makes_the_name_last() -> None:
    assert [found for found in calls(_renames) if not found.startswith(HOME_OF_RENAMES)] == []


def test_bytes_go_to_the_system_without_a_buffer_in_one_place_which_writes_all_of_them() -> None:
    found = calls(lambda call: _on_os(call, {"write", "pwrite", "writev"}))
    assert {row.split(":")[0] for row in found} == WRITERS


def calls(is_meant: Callable[[ast.Call], bool]) -> list[str]:
    """Where the program makes such a call: file and line."""
    return [
        f"{named(path)}:{node.lineno}"
        for path in SOURCES
        if path.is_relative_to(ROOT / "segdesk")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and is_meant(node)
    ]


def _on_os(call: ast.Call, names: set[str]) -> bool:
    match call.func:
        case ast.Attribute(value=ast.Name(id="os" | "shutil"), attr=name):
            return name in names
    return False


def _renames(call: ast.Call) -> bool:
    """`os.replace`, `shutil.move` and their kin, and those of a Path, which have one argument."""
    if _on_os(call, RENAMES):
        return True
    is_of_path = isinstance(call.func, ast.Attribute) and call.func.attr in {"rename", "replace"}
    return is_of_path and len(call.args) == 1 and not call.keywords


def name_of(node: ast.AST) -> str:
    """The identifier that a node brings into a module or uses; empty for any other node."""
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name) | ast.alias(name=name):
            return name
    return ""


def test_no_pattern_of_gitignore_hides_a_file_of_the_program() -> None:
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        pytest.skip("not a checkout")
    which = ["--others", "--ignored", "--exclude-standard", "--", *FOLDERS, "resources"]
    found = subprocess.run(
        [git, "ls-files", *which], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    hidden = [line for line in found.splitlines() if "__pycache__" not in line]
    assert [line for line in hidden if not line.endswith((".pyc", ".pyo"))] == []
