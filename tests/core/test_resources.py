"""Shipped files are found by one function."""

from __future__ import annotations

import pytest

from segdesk.core.resources import resource


def test_icons_are_there() -> None:
    assert resource("icons", "brush.svg").read_text(encoding="utf-8").startswith("<svg")


def test_a_missing_resource_is_a_bug_and_named() -> None:
    with pytest.raises(FileNotFoundError, match=r"icons/no-such\.svg"):
        resource("icons", "no-such.svg")
