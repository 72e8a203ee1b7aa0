"""Training and prediction within the window: one session at a time.

It freezes what is asked for, hands the session to a worker thread, brings each message to
`app.runs.running`, and sees the child off when the window closes. What is shown is the training
panel's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QObject, QTimer, Signal

from segdesk.app.project.workbench import Workbench
from segdesk.app.runs import looking, predicting, resuming, running, training
from segdesk.app.runs.running import TrainerSession, Worked
from segdesk.app.runs.starting import Start
from segdesk.core.prediction import Prediction, Proposal
from segdesk.core.run import Plan, Run
from segdesk.errors import SegdeskError
from segdesk.jobs.messages import Message
from segdesk.jobs.standby import Standby
from segdesk.ui.threads.training_worker import TrainingWorker

#: What comes after a look waits so long for it, in milliseconds; it takes less than one second.
LOOK_MS = 10_000
#: The child's time to end after a stop, after one that closes the project, and after a
#: terminate, in milliseconds.
STOP_MS = 10_000
CLOSE_MS = 5000
TERMINATE_MS = 2000


class TrainingController(QObject):
    """Owned by the main window, on its thread.

    `message` after it has been taken into the project; `finished` with the run and how the
    session ended; `failed` with a SegdeskError that came of what nobody pressed just now.
    """

    started = Signal(str)
    #: Paused, going on, stopping.
    changed = Signal()
    message = Signal(object)
    finished = Signal(object, object)
    failed = Signal(object)
    #: A look has ended: whether what it found is offered now, and whether the child could answer.
    looked = Signal(bool, bool)

    def __init__(
        self,
        parent: QObject,
        *,
        command: Sequence[str] | None = None,
        standby: Standby | None = None,
    ) -> None:
        super().__init__(parent)
        self._workbench: Workbench | None = None
        self._worker: TrainingWorker | None = None
        #: What looks at one slice; what is to run after it waits for its end.
        self._looker: TrainingWorker | None = None
        self._is_taken = self._is_answered = False
        self._command = command
        self.standby = standby
        self._when_done: Callable[[], None] | None = None
        self._patience = QTimer(self)
        self._patience.setSingleShot(True)
        self._patience.timeout.connect(self._lose_patience)
        self._terminated = False
        self._ended: tuple[Run, Worked] | None = None
        self.is_paused = False
        self.is_stopping = False

    def attach(self, workbench: Workbench) -> None:
        """Work on this project from now on; nothing may be running."""
        self._workbench = workbench

    @property
    def is_running(self) -> bool:
        return self._worker is not None

    @property
    def session(self) -> TrainerSession | None:
        """What is running."""
        return self._worker.session if self._worker is not None else None

    def train(
        self,
        plan: Plan,
        predict: Sequence[str],
        preview: tuple[str, int] | None = None,
        start: Start | None = None,
    ) -> Run:
        """Start a training.

        Parameters
        ----------
        start : as for `training.freeze`

        Raises
        ------
        TrainingError, UsageError
            Where there is nothing to learn from, or the run to start from does not fit.
        """
        workbench = self._idle_workbench()
        frozen = training.freeze(workbench, plan, predict=predict, preview=preview, start=start)
        self._begin(training.training_session(frozen, command=self._command, standby=self.standby))
        return frozen.run

    def resume(
        self, run_id: str, predict: Sequence[str], preview: tuple[str, int] | None = None
    ) -> str:
        """Go on with a run that was stopped or cut off; gives with which labels.

        Raises
        ------
        TrainingError, UsageError
            Where it cannot go on.
        """
        begun = resuming.resume(
            self._idle_workbench(),
            run_id,
            predict=predict,
            preview=preview,
            command=self._command,
            standby=self.standby,
        )
        self._begin(begun.session)
        return begun.said

    def predict(self, run: Run, cases: Sequence[str]) -> None:
        """Start a prediction with a run's model.

        Raises
        ------
        TrainingError
            Where the model is gone or does not fit a case.
        """
        session = predicting.prediction_session(
            self._idle_workbench(), run, cases, command=self._command, standby=self.standby
        )
        self._begin(session)

    @property
    def is_looking(self) -> bool:
        return self._looker is not None

    def look(self, run: Run, case: str, index: int) -> None:
        """Have the child that waits propose one slice with a run's weights. Nobody asked for it, so
        nothing is said of it but what it has found; nothing runs, and nothing has to wait for it.
        """
        workbench = self._idle_workbench()
        if self._looker is not None:
            raise ValueError("expected no look under way")
        session = looking.look_session(
            workbench, run, case, index, command=self._command, standby=self.standby
        )
        self._is_taken = self._is_answered = False

        def take(message: Message, read: Prediction | Proposal | None) -> None:
            # Another project may be open by now.
            if self._workbench is workbench and isinstance(read, Proposal):
                self._is_answered = True
                self._is_taken = looking.take_look(workbench, run, read)

        looker = self._looker = TrainingWorker(session, self)
        looker.message.connect(take)
        looker.worked.connect(looker.write)
        looker.ended.connect(self._end_look)
        looker.start()

    def _end_look(self) -> None:
        self._looker = None
        self._patience.stop()
        if self._worker is not None:
            self._worker.start()
        elif self._when_done is not None:
            done, self._when_done = self._when_done, None
            done()
        self.looked.emit(self._is_taken, self._is_answered)

    @property
    def is_learning(self) -> bool:
        """Whether what runs trains, rather than predicts with an older run."""
        return self._worker is not None and self._worker.session.job.trains

    def stop(self) -> None:
        """Ask the child to end; the best weights are kept, and nothing is predicted after it.

        A child that does not end is terminated, then killed.
        """
        if self._worker is not None and not self.is_stopping:
            self._worker.session.client.stop()
            self.is_stopping = True
            self._terminated = False
            self._patience.start(STOP_MS)
            self.changed.emit()

    def pause(self, paused: bool) -> None:
        """Wait after the step in hand, or go on."""
        if self._worker is not None and paused != self.is_paused:
            client = self._worker.session.client
            (client.pause if paused else client.go_on)()
            self.is_paused = paused
            self.changed.emit()

    def look_at(self, case: str | None, index: int) -> None:
        """Which slice is on screen: what a training proposes for it comes first."""
        if self._worker is not None and case is not None:
            self._worker.session.client.look_at(case, index)

    def close_down(self, done: Callable[[], None]) -> None:
        """End whatever runs, the harder the longer it takes, and then call `done`."""
        if self._worker is None and self._looker is None:
            done()
            return
        self._when_done = done
        if self._looker is not None:
            self._patience.start(LOOK_MS)
        self.stop()
        if not self._terminated and self._patience.remainingTime() > CLOSE_MS:
            self._patience.start(CLOSE_MS)

    def _lose_patience(self) -> None:
        if self._looker is not None:
            self._looker.session.client.kill()
            return
        if self._worker is None:
            return
        client = self._worker.session.client
        if self._terminated:
            client.kill()
        else:
            client.terminate()
            self._terminated = True
            self._patience.start(TERMINATE_MS)

    def _idle_workbench(self) -> Workbench:
        if self._workbench is None or self._worker is not None:
            raise ValueError("expected an open project and nothing running")
        return self._workbench

    def _begin(self, session: TrainerSession) -> None:
        self.is_paused = self.is_stopping = False
        self._ended = None
        self._worker = TrainingWorker(session, self)
        self._worker.message.connect(self._take)
        self._worker.worked.connect(self._close_record)
        self._worker.ended.connect(self._end)
        if self._looker is None:
            self._worker.start()
        else:
            self._patience.start(LOOK_MS)
        self.started.emit(session.job.run_id)

    def _take(self, message: Message, read: Prediction | Proposal | None) -> None:
        if self._workbench is not None and self._worker is not None:
            running.take(self._workbench, self._worker.session.job, message, read)
            self.message.emit(message)

    def _close_record(self, worked: Worked) -> None:
        """The child is gone."""
        if self._workbench is not None and self._worker is not None:
            self._patience.stop()
            job = self._worker.session.job
            self._ended = running.close_record(self._workbench, job, worked), worked
            self._worker.write()

    def _end(self, error: SegdeskError | None) -> None:
        """The record is on disk, or the disk refused it."""
        worker, self._worker = self._worker, None
        # A stop that came when the child had ended must not end the next one.
        self._patience.stop()
        if self._ended is not None:
            self.finished.emit(*self._ended)
        if error is not None:
            self.failed.emit(error)
        if self._when_done is not None:
            done, self._when_done = self._when_done, None
            done()
        elif worker is not None and self._ended is not None and not self.is_stopping:
            self._predict_what_is_left(worker.session, self._ended[0])

    def _predict_what_is_left(self, session: TrainerSession, run: Run) -> None:
        """What was to be predicted after a training is, with the run that is in use now: where an
        earlier one is better, or one was chosen by hand. A stop stops that too.
        """
        if self._workbench is None or run.outcome != "finished":
            return
        left = predicting.left_to_predict(self._workbench, session.job)
        if left is not None:
            try:
                self.predict(*left)
            except SegdeskError as error:
                self.failed.emit(error)
