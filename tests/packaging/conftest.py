"""The scripts of `packaging/`, which are no package, as modules."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from types import ModuleType

import pytest

from tests import scripts


@pytest.fixture
def script() -> Iterator[Callable[[str], ModuleType]]:
    """Loads a script by its name, anew for each test."""
    loaded: list[str] = []

    def load(name: str) -> ModuleType:
        module = scripts.load(name)
        loaded.append(name)
        return module

    yield load
    for name in loaded:
        del sys.modules[name]
