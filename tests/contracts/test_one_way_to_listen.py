"""Widgets hear of the open project through `ui.widgets.bridge` alone, so that all can let it go."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2] / "segdesk"
BRIDGE = ROOT / "ui" / "widgets" / "bridge.py"


def signals_of_app() -> set[str]:
    """What the signals of `app` are called: fields of a class that are made by psygnal's Signal."""
    return {
        target.id
        for path in (ROOT / "app").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Assign) and _makes_signal(node.value)
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def _makes_signal(value: ast.expr) -> bool:
    return (
        isinstance(value, ast.Call)
        and isinstance(value.func, ast.Name)
        and value.func.id == "Signal"
    )


def connections(source: str, signals: set[str]) -> Iterator[int]:
    """Lines that connect a signal of `app`, or one that goes by a name of their own."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute) and node.attr == "connect":
            of = node.value
            if isinstance(of, ast.Name) or (isinstance(of, ast.Attribute) and of.attr in signals):
                yield node.lineno


def test_only_the_bridge_connects_to_signals_of_the_open_project() -> None:
    signals = signals_of_app()
    assert {"labels_changed", "case_changed", "index_changed", "ghost_changed"} <= signals
    found = [
        f"{path.relative_to(ROOT)}:{line}"
        for path in sorted((ROOT / "ui").rglob("*.py"))
        if path != BRIDGE
        for line in connections(path.read_text("utf-8"), signals)
    ]
    assert found == []


def test_a_connection_is_found_however_it_is_written() -> None:
    signals = {"case_changed"}
    assert list(connections("view.crosshair.case_changed.connect(self.show)", signals)) == [1]
    assert list(connections("for each in all:\n    each.connect(self.show)", signals)) == [2]
    assert list(connections("button.clicked.connect(self.show)", signals)) == []
