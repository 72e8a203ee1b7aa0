"""On which threads something runs, and how large the pieces are that go into a mask."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from segdesk.core.annotation import Annotation
from segdesk.core.edit import Patch


def watch_threads(monkeypatch: pytest.MonkeyPatch, *places: tuple[Any, str]) -> dict[str, set[str]]:
    """Names of the threads on which functions were called, by the function; filled from now on.

    Parameters
    ----------
    places : what each function is an attribute of, and its name
    """
    threads: dict[str, set[str]] = {}

    def watched(name: str, work: Callable[..., object]) -> Callable[..., object]:
        def call(*arguments: object, **named: object) -> object:
            threads.setdefault(name, set()).add(threading.current_thread().name)
            return work(*arguments, **named)

        return call

    for owner, name in places:
        monkeypatch.setattr(owner, name, watched(name, getattr(owner, name)))
    return threads


def watch_pieces(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Voxels of each piece that goes into a mask from now on."""
    pieces: list[int] = []
    really_put = Annotation.put

    def put(mask: Annotation, patches: Sequence[Patch]) -> None:
        pieces.append(sum(patch.box.size for patch in patches))
        really_put(mask, patches)

    monkeypatch.setattr(Annotation, "put", put)
    return pieces
