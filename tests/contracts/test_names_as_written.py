"""Names go to the screen by one way: no label that guesses, no tooltip that may be markup."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

UI = Path(__file__).resolve().parents[2] / "segdesk" / "ui"
#: What is written in the code, or has gone through `as_written`.
SAFE = {"tr", "tip"}


def calls() -> Iterator[tuple[str, ast.Call, str]]:
    """Each call in the window's code: file, call, name of what is called."""
    for path in sorted(UI.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call):
                called = node.func
                name = called.attr if isinstance(called, ast.Attribute) else ""
                name = called.id if isinstance(called, ast.Name) else name
                yield path.relative_to(UI).as_posix(), node, name


def is_safe(value: ast.expr) -> bool:
    match value:
        case ast.Constant():
            return True
        case ast.IfExp():
            return is_safe(value.body) and is_safe(value.orelse)
        case ast.Call(func=ast.Name(id="tip")):
            return True
        case ast.Call(func=ast.Name(id="tr") | ast.Attribute(attr="tr")):
            return not value.keywords
        case ast.Call(func=ast.Attribute(attr="toolTip")):
            # Of an action or widget that got it by the same rule.
            return True
    return False


def test_labels_are_those_that_say_that_they_are_plain() -> None:
    assert {file for file, _, name in calls() if name == "QLabel"} == set()


def test_no_tooltip_with_values_in_it_goes_by_the_escape() -> None:
    found = [
        f"{file}:{call.lineno}"
        for file, call, name in calls()
        if name == "setToolTip" and not is_safe(call.args[-1])
    ]
    assert found == []


def test_no_tip_is_shown_at_once_without_the_escape() -> None:
    """By a variable that got it in the same file: QToolTip guesses as widgets do."""
    files = {file for file, _, name in calls() if name == "showText"}
    escaping = {file for file, _, name in calls() if name == "tip"}
    assert files and files <= escaping


def test_markup_is_asked_for_in_the_curves_only() -> None:
    files = {path.relative_to(UI).as_posix() for path in UI.rglob("*.py")}
    users = {file for file in files if "TextFormat.RichText" in (UI / file).read_text("utf-8")}
    assert users == {"charts/curves.py", "charts/plot.py"}
