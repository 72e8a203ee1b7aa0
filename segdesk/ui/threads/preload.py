"""Importing a library that is slow to load while the window goes on: the `Preload`."""

from __future__ import annotations

import importlib
import threading

from PySide6.QtCore import QObject, QTimer, Signal

#: Between two looks at whether it is there.
LOOK_MS = 20


class Preload(QObject):
    """Imports one module on a thread of its own, once. Lives on the window's thread.

    The thread is Python's and touches no Qt object, so it may outlive the window; the interpreter
    waits for it at its end. An import that fails fails again, and is told, where it is needed.

    Parameters
    ----------
    module : full name
    """

    ready = Signal()

    def __init__(self, module: str, parent: QObject) -> None:
        super().__init__(parent)
        self._thread = threading.Thread(
            target=importlib.import_module, args=(module,), name=f"import {module}"
        )
        self._look = QTimer(self)
        self._look.setInterval(LOOK_MS)
        self._look.timeout.connect(self._see)

    def start(self) -> None:
        """Begin; nothing where it has begun."""
        if self._thread.ident is None:
            self._thread.start()
            self._look.start()

    def _see(self) -> None:
        if not self._thread.is_alive():
            self._look.stop()
            self.ready.emit()
