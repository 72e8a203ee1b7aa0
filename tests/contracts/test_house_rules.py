"""Rules for files that no linter knows: length, names, and a docstring on each module."""

from __future__ import annotations

import ast
from pathlib import Path

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


def name_of(node: ast.AST) -> str:
    """The identifier that a node brings into a module or uses; empty for any other node."""
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name) | ast.alias(name=name):
            return name
    return ""
