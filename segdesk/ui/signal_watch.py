"""SIGINT and SIGTERM close the window the way its close button does: everything is saved.

Python runs its handlers between two of its own instructions, and inside Qt's event loop there may
be none for minutes. So the interpreter writes the number into a socket, which wakes the loop.
"""

from __future__ import annotations

import signal
import socket
from collections.abc import Callable

from PySide6.QtCore import QObject, QSocketNotifier

WATCHED = (signal.SIGINT, signal.SIGTERM)


class SignalWatch(QObject):
    """Lives from `start` to `stop`, on the main thread.

    Parameters
    ----------
    arrived : called on the GUI thread when one of the signals came
    """

    def __init__(self, arrived: Callable[[], object], parent: QObject) -> None:
        super().__init__(parent)
        self._arrived = arrived
        self._read, self._write = socket.socketpair()
        self._read.setblocking(False)
        self._write.setblocking(False)
        self._notifier = QSocketNotifier(self._read.fileno(), QSocketNotifier.Type.Read, self)
        self._notifier.activated.connect(self._take)
        self._before = {number: signal.signal(number, _noted) for number in WATCHED}
        self._old_fd = signal.set_wakeup_fd(self._write.fileno(), warn_on_full_buffer=False)

    def stop(self) -> None:
        """Put everything back as it was."""
        signal.set_wakeup_fd(self._old_fd)
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._notifier.setEnabled(False)
        self._read.close()
        self._write.close()

    def _take(self) -> None:
        if any(number in WATCHED for number in self._read.recv(64)):
            self._arrived()


def _noted(*_: object) -> None:
    """The socket has it; without a handler the interpreter would end instead."""
