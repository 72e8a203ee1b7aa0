"""From `app`'s signals to widgets: the `Bridge`, one for each widget that listens.

Below the window only psygnal is spoken. A bridge joins bursts of changes to one update in the next
turn of Qt's loop, and lets go of everything when its widget does.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from PySide6.QtCore import QObject, QTimer


class Source(Protocol):
    """One of `app`'s signals, as this room sees it."""

    def connect(self, slot: Callable[..., Any]) -> object: ...

    def disconnect(self, slot: Callable[..., Any], *, missing_ok: bool) -> None: ...


class Bridge(QObject):
    """Listens for one widget. Dies with its parent; `close` disconnects everything before.

    Parameters
    ----------
    parent : the widget that listens
    """

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._links: list[tuple[Source, Callable[..., Any]]] = []
        self._waiting: dict[Callable[[], None], None] = {}
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(0)
        self._timer.timeout.connect(self.flush)

    def listen(self, signal: Source, update: Callable[[], None]) -> None:
        """Call `update`, without arguments, once in the loop turn after any number of emits."""

        def wait(*_: object) -> None:
            self._waiting[update] = None
            if not self._timer.isActive():
                self._timer.start()

        signal.connect(wait)
        self._links.append((signal, wait))

    def listen_now(self, signal: Source, slot: Callable[..., Any]) -> None:
        """Call `slot` with the signal's arguments during the emit."""
        signal.connect(slot)
        self._links.append((signal, slot))

    def flush(self) -> None:
        """Do the waiting updates now, each once."""
        waiting, self._waiting = list(self._waiting), {}
        for update in waiting:
            update()

    def close(self) -> None:
        """Disconnect everything; what was waiting is dropped."""
        for signal, slot in self._links:
            signal.disconnect(slot, missing_ok=True)
        self._links.clear()
        self._waiting.clear()
        self._timer.stop()
