"""The thread that waits for the trainer process: a QObject in a QThread.

It blocks on the child's pipe, so it gets no queued slots until the child is gone: `stop` and its
kin are methods of the session's client and are called straight from the window's thread.
Everything comes back by one queued signal, in order. What is slow about the child's news (reading
a prediction, writing the index) is done here.
"""

from __future__ import annotations

from contextlib import suppress

from PySide6.QtCore import QObject, Qt, QThread, Signal, Slot

from segdesk.app.runs import running
from segdesk.app.runs.running import TrainerSession, Worked
from segdesk.core.prediction import Prediction, Proposal
from segdesk.errors import SegdeskError, TrainingError
from segdesk.jobs import messages
from segdesk.jobs.messages import Message
from segdesk.store.project_folder import ProjectFolder


class _Worker(QObject):
    """Lives on the worker thread."""

    said = Signal(object, object)

    def __init__(self, session: TrainerSession) -> None:
        super().__init__()
        self._session = session
        self._folder: ProjectFolder = session.job.folder

    @Slot()
    def work(self) -> None:
        """Run the session to its end; its last word is a `Worked`."""
        bug = TrainingError("A fault in segdesk ended the training.", "The log has the details.")
        worked = Worked(None, None, bug)
        try:
            worked = self._session.work(self._say)
        finally:
            self.said.emit(worked, None)

    @Slot()
    def write(self) -> None:
        """Put what the session brought on disk, and end the thread."""
        try:
            self._folder.write_index()
        except SegdeskError as error:
            self.said.emit(error, None)
        finally:
            QThread.currentThread().quit()

    def _say(self, message: Message) -> None:
        read: Prediction | Proposal | None = None
        if isinstance(message, messages.Proposed):
            read = running.read_proposal(self._session.job.run_id, message)
        elif isinstance(message, messages.Predicted):
            # Whoever shows the case asks for it as soon as it is there.
            job = self._session.job
            # Where it can't be read now, that is said when it is looked at.
            with suppress(SegdeskError):
                read = self._folder.runs.read_prediction(
                    job.run_id, job.case(message.case), weights_sha256=""
                ).read_whole()
        self.said.emit(message, read)


class TrainingWorker(QObject):
    """Runs one session on a thread of its own. Lives on the window's thread.

    `message` brings each message, with the Prediction or Proposal that it speaks of; `worked` how
    the session ended, once: then close its record and call `write`; `ended` comes when the thread
    is gone, with the error where the index could not be written, else None.
    """

    message = Signal(object, object)
    worked = Signal(object)
    ended = Signal(object)
    _write = Signal()

    def __init__(self, session: TrainerSession, parent: QObject) -> None:
        super().__init__(parent)
        self.session = session
        self._error: SegdeskError | None = None
        self._thread = QThread(self)
        self._thread.setObjectName("training")
        self._worker = _Worker(session)
        self._worker.moveToThread(self._thread)
        self._thread.started.connect(self._worker.work)
        self._write.connect(self._worker.write)
        self._worker.said.connect(self._take, Qt.ConnectionType.QueuedConnection)
        self._thread.finished.connect(self._finish)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def write(self) -> None:
        """Have the index written, and end."""
        self._write.emit()

    @Slot(object, object)
    def _take(
        self, said: Message | Worked | SegdeskError, read: Prediction | Proposal | None
    ) -> None:
        if isinstance(said, Worked):
            self.worked.emit(said)
        elif isinstance(said, SegdeskError):
            self._error = said
        else:
            self.message.emit(said, read)

    @Slot()
    def _finish(self) -> None:
        self._thread.wait()
        self.ended.emit(self._error)
        self.deleteLater()
