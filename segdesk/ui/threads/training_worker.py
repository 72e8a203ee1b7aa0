"""The thread that waits for the trainer process: a QObject in a QThread.

It blocks on the child's pipe, so it gets no queued slots: `stop` and its kin are methods of the
session's client and are called straight from the window's thread. Everything comes back by one
queued signal, in order.
"""

from __future__ import annotations

from PySide6.QtCore import QObject, Qt, QThread, Signal, Slot

from segdesk.app.running import TrainerSession, Worked
from segdesk.jobs.messages import Message


class _Worker(QObject):
    """Lives on the worker thread."""

    said = Signal(object)

    def __init__(self, session: TrainerSession) -> None:
        super().__init__()
        self._session = session

    @Slot()
    def work(self) -> None:
        """Run the session to its end; its last word is a `Worked`."""
        self.said.emit(self._session.work(self.said.emit))
        QThread.currentThread().quit()


class TrainingWorker(QObject):
    """Runs one session on a thread of its own. Lives on the window's thread.

    `message` brings each message, `ended` how the session ended, once, when the thread is gone.
    """

    message = Signal(object)
    ended = Signal(object)

    def __init__(self, session: TrainerSession, parent: QObject) -> None:
        super().__init__(parent)
        self.session = session
        self._worked: Worked | None = None
        self._thread = QThread(self)
        self._thread.setObjectName("training")
        self._worker = _Worker(session)
        self._worker.moveToThread(self._thread)
        self._thread.started.connect(self._worker.work)
        self._worker.said.connect(self._take, Qt.ConnectionType.QueuedConnection)
        self._thread.finished.connect(self._finish)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    @Slot(object)
    def _take(self, said: Message | Worked) -> None:
        if isinstance(said, Worked):
            self._worked = said
        else:
            self.message.emit(said)

    @Slot()
    def _finish(self) -> None:
        self._thread.wait()
        self.ended.emit(self._worked or Worked(None, None))
        self.deleteLater()
