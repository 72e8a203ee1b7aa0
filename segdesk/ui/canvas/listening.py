"""Connections to the signals of `app`, kept so that all of them can be cut again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol


class Source(Protocol):
    """A signal of the workbench or of the view state."""

    def connect(self, slot: Callable[..., Any], /) -> Any: ...

    def disconnect(self, slot: Callable[..., Any], /) -> Any: ...


class Listening:
    """What one widget listens to. A widget that is gone must not be called any more."""

    def __init__(self) -> None:
        self._connected: list[tuple[Source, Callable[..., None]]] = []

    def to(self, source: Source, listener: Callable[..., None]) -> None:
        """Call `listener` from now on."""
        source.connect(listener)
        self._connected.append((source, listener))

    def stop(self) -> None:
        """Listen to nothing any more."""
        for source, listener in self._connected:
            source.disconnect(listener)
        self._connected.clear()
