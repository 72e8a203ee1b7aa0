"""Reading the masks of the open project: the `CaseReader`, one case after the other.

The case on screen comes first, then those that were asked for, in order. What a project that was
closed meanwhile had read, or could not, is dropped. In the window nothing else reads: a Workbench
that is asked for arrays which are not in memory raises, and a prediction is read behind its case.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from PySide6.QtCore import QObject, Signal

from segdesk.app.project.loaded import LoadedCase
from segdesk.app.project.workbench import Workbench
from segdesk.core.prediction import Prediction
from segdesk.errors import ProjectError, SegdeskError
from segdesk.ui.look.translations import tr, translated
from segdesk.ui.threads.task_runner import TaskRunner
from segdesk.ui.widgets.bridge import Bridge


class CaseReader(QObject):
    """Owned by the session; lives on the GUI thread, the reading on the lane "read"."""

    #: The reading of a case began or ended.
    busy_changed = Signal()
    #: A sentence about what was read: a prediction that can't be, what was brought back.
    noted = Signal(str)
    #: What went wrong with something that was asked for; an Exception.
    failed = Signal(object)
    #: A case could not be read: its id and a ProjectError.
    unreadable = Signal(str, object)
    #: A case was read: its id.
    readable = Signal(str)

    def __init__(self, runner: TaskRunner, parent: QObject) -> None:
        super().__init__(parent)
        self._runner = runner
        self._bridge = Bridge(self)
        self._open: _Open | None = None

    def start(self, workbench: Workbench, on_screen: Callable[[], str | None]) -> None:
        """Read for this project from now on.

        Parameters
        ----------
        on_screen : id of the case that is shown, or None
        """
        self._open = _Open(workbench, on_screen)
        workbench.reads = False
        self._bridge.listen_now(workbench.prediction_wanted, self._read_prediction)

    def stop(self) -> None:
        """The project is let go: nobody hears of what is read, nothing that waits is read."""
        self._bridge.close()
        self._open = None

    def has_mask(self, case: str) -> bool:
        """Whether a case's mask is in memory."""
        return self._open is not None and self._open.has_mask(case)

    def is_being_read(self, case: str) -> bool:
        """Whether a case waits in the queue, or is on its way."""
        now = self._open
        return now is not None and (case == now.under_way or case in now.queue)

    def when_read(
        self,
        case: str,
        then: Callable[[], None],
        *,
        otherwise: Callable[[Exception], None] | None = None,
        anew: bool = False,
    ) -> None:
        """Do something once the case's mask is in memory: now where it is, else after reading.

        Parameters
        ----------
        otherwise : gets what went wrong; None: it is said as any other failure
        anew : its files were just replaced: what is being read of it, or fails, tells nothing
        """
        now = self._open
        if now is None:
            return
        if now.has_mask(case):
            then()
            return
        if anew and now.under_way == case:
            now.out_of_date = True
        now.queue.setdefault(case, []).append(_Waiting(then, otherwise))
        self._read(now, case)

    def read_on_screen(self) -> None:
        """Have the case on screen read where it is not in memory."""
        now = self._open
        if now is not None and (case := now.unread_on_screen()) is not None:
            self._read(now, case)

    def _read(self, now: _Open, case: str) -> None:
        """Have a case read, unless another is being read: the end of that one looks again."""
        if now.under_way is not None:
            return
        now.under_way, now.out_of_date = case, False
        self.busy_changed.emit()
        self._runner.start(
            tr("Reading {case}", case=case),
            lambda _: read_case(now.workbench, case),
            done=lambda read: self._done(now, read),
            failed=lambda error: self._failed(now, case, error),
        )

    def _done(self, now: _Open, read: CaseRead) -> None:
        if self._open is not now:
            return
        now.under_way = None
        try:
            if not now.out_of_date:
                self._adopt(now, read)
        finally:
            self._read_next(now)
            self.busy_changed.emit()

    def _adopt(self, now: _Open, read: CaseRead) -> None:
        workbench = now.workbench
        # A case that was drawn on and saved meanwhile is newer in memory than what was read.
        if workbench.project.case(read.id).generation == read.generation:
            if read.prediction is not None:
                workbench.adopt_prediction(read.prediction)
            elif read.lacks:
                workbench.lacks_prediction(read.lacks, read.id)
            workbench.adopt(read.id, read.loaded)
            self.readable.emit(read.id)
        if read.note:
            self.noted.emit(read.note)
        for waiting in now.queue.pop(read.id, []):
            if self._open is now:
                waiting.then()
        if said := workbench.brought_back.pop(read.id, ""):
            self.noted.emit(f"{read.id}: {translated(said)}")

    def _failed(self, now: _Open, case: str, error: Exception) -> None:
        if self._open is not now:
            return
        now.under_way = None
        if now.out_of_date:
            self._read_next(now)
            self.busy_changed.emit()
            return
        asked = now.queue.pop(case, [])
        self.busy_changed.emit()
        for waiting in asked:
            if waiting.otherwise is not None:
                waiting.otherwise(error)
        if isinstance(error, ProjectError):
            self.unreadable.emit(case, error)
        elif not asked or any(waiting.otherwise is None for waiting in asked):
            self.failed.emit(error)
        self._read_next(now, but=case)

    def _read_next(self, now: _Open, *, but: str = "") -> None:
        """The case on screen is next, then the first of the queue.

        Parameters
        ----------
        but : can't be read, so it is not tried again at once because it is on screen
        """
        if self._open is not now:
            return
        case = now.unread_on_screen()
        if case is not None and case != but:
            self._read(now, case)
        elif now.queue:
            self._read(now, next(iter(now.queue)))

    def _read_prediction(self, run: str, case: str) -> None:
        """A prediction that is shown has left the memory, or another one is shown now."""
        now = self._open
        if now is None or (run, case) in now.predictions:
            return
        now.predictions.add((run, case))

        def done(prediction: Prediction) -> None:
            now.predictions.discard((run, case))
            if self._open is now:
                now.workbench.adopt_prediction(prediction)
                now.workbench.predictions_changed.emit(case)

        def failed(error: Exception) -> None:
            now.predictions.discard((run, case))
            if self._open is not now:
                return
            now.workbench.lacks_prediction(run, case)
            if isinstance(error, SegdeskError):
                self.noted.emit(_predict_again(error))
            else:
                self.failed.emit(error)

        self._runner.start(
            tr("Reading the prediction"),
            lambda _: read_prediction(now.workbench, run, case),
            done=done,
            failed=failed,
        )


@dataclass(frozen=True, slots=True, eq=False)
class CaseRead:
    """What a worker has read of a case."""

    id: str
    generation: int
    loaded: LoadedCase
    prediction: Prediction | None
    #: The run whose prediction of it can't be read, and what shall be said of that.
    lacks: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class _Waiting:
    """What is done once a case was read, and what where that fails."""

    then: Callable[[], None]
    otherwise: Callable[[Exception], None] | None


@dataclass(slots=True, eq=False)
class _Open:
    """An open project, the case that is being read and those that wait, in order."""

    workbench: Workbench
    on_screen: Callable[[], str | None]
    under_way: str | None = None
    #: What is being read was replaced since; it waits in the queue and is read again.
    out_of_date: bool = False
    #: A case that is being read stays in it, so that who asks meanwhile waits for the same end.
    queue: dict[str, list[_Waiting]] = field(default_factory=dict)
    #: Predictions that are being read by themselves, by run and case.
    predictions: set[tuple[str, str]] = field(default_factory=set)

    def has_mask(self, case: str) -> bool:
        return self.workbench.is_loaded(case)

    def unread_on_screen(self) -> str | None:
        """The case on screen, where its mask is not in memory."""
        case = self.on_screen()
        return None if case is None or self.has_mask(case) else case


def read_case(workbench: Workbench, case: str) -> CaseRead:
    """Read a case and the prediction that is shown of it. Any thread.

    Raises
    ------
    ProjectError
        Where its scan or its mask cannot be read.
    """
    row = workbench.project.case(case)
    run = workbench.predicted_by(case)
    prediction, lacks, note = None, "", ""
    if run is not None:
        try:
            prediction = read_prediction(workbench, run, case)
        except SegdeskError as error:
            # It hides neither the scan nor the mask; another prediction makes it good.
            lacks, note = run, _predict_again(error)
    return CaseRead(case, row.generation, workbench.read_case(case), prediction, lacks, note)


def read_prediction(workbench: Workbench, run: str, case: str) -> Prediction:
    """Read what a run has predicted of a case, and what it left out. Any thread; raises as
    `Runs.read_prediction`."""
    project = workbench.project
    return workbench.folder.runs.read_prediction(
        run, project.case(case), weights_sha256=project.weights_of(run)
    ).read_whole()


def _predict_again(error: SegdeskError) -> str:
    return tr("{problem} Predict the case again.", problem=error.sentence)
