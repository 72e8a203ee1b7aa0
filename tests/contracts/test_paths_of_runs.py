"""A run's files are named in one place, and files of a project are opened by one module."""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2] / "segdesk"
HOME = ROOT / "jobs" / "run_paths.py"
NAMES = {"trainer.log", "messages.jsonl", "optimiser.npz", "halt.json", "weights-"}
#: Folders of a run, where they are put behind a "/".
FOLDERS = {"bundle", "kept-bundle", "predictions"}
#: Rooms that open what lies in a project.
ROOMS = ("app", "jobs", "learning", "store")
#: What opens, reads or removes by a path, whatever lies there.
BY_PATH = {"read_bytes", "read_text", "write_bytes", "write_text", "rmtree", "glob", "rglob"}
MODES = {"r", "w", "x", "a", "rb", "wb", "xb", "ab", "rb+", "wb+", "xb+", "ab+", "r+", "w+"}
#: Where it is right: settings and demo are no part of a project; the trainer's own folder in a
#: bundle is made anew; a new project that failed is removed.
RIGHT = {
    "app/settings.py": {"read_text"},
    "learning/predict.py": {"wb"},
    "store/project_folder.py": {"rmtree"},
}


def trees() -> list[tuple[Path, ast.Module]]:
    return [(path, ast.parse(path.read_text("utf-8"))) for path in sorted(ROOT.rglob("*.py"))]


def test_the_names_of_a_runs_files_stand_in_one_place() -> None:
    found: list[str] = []
    for path, tree in trees():
        if path == HOME:
            continue
        docs = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            match node:
                case ast.Constant(value=str(text)) if text in NAMES and id(node) not in docs:
                    found.append(f"{path.name}:{node.lineno} {text}")
                case ast.BinOp(op=ast.Div(), right=ast.Constant(value=str(text))) if (
                    text in FOLDERS
                ):
                    found.append(f"{path.name}:{node.lineno} / {text}")
                case _:
                    pass
    # Inside of removed/ID, which is no run, and inside of a bundle.
    assert [row.split(":")[0] for row in found] == ["removed.py"], found


def test_what_lies_in_a_project_is_opened_by_one_module() -> None:
    wrong: list[str] = []
    for path, tree in trees():
        name = path.relative_to(ROOT).as_posix()
        if name.split("/")[0] not in ROOMS:
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                used = _by_path(node)
                if used and used not in RIGHT.get(name, set()):
                    wrong.append(f"{name}:{node.lineno} {used}")
    assert wrong == []


def _by_path(call: ast.Call) -> str:
    """What a call opens by, or nothing."""
    function = call.func
    attribute = function.attr if isinstance(function, ast.Attribute) else ""
    if attribute in BY_PATH:
        return attribute
    is_open = attribute == "open" or (isinstance(function, ast.Name) and function.id == "open")
    if is_open:
        for argument in call.args:
            if isinstance(argument, ast.Constant) and argument.value in MODES:
                return str(argument.value)
    return ""
