"""Another run predicts from now on, because somebody chose it in the panel Layers.

What that means stands in `app.runs.run_in_use`; here its prediction of the case on screen is read
before it is shown, off the window's thread.
"""

from __future__ import annotations

import logging
from dataclasses import replace

from PySide6.QtCore import QObject, Signal

from segdesk.app.project.workbench import Workbench
from segdesk.app.runs.run_in_use import AUTOMATIC, choose_by_hand
from segdesk.core.prediction import Prediction
from segdesk.errors import SegdeskError
from segdesk.ui.flows.case_reader import read_prediction
from segdesk.ui.flows.session import Session
from segdesk.ui.look.translations import tr
from segdesk.ui.threads.task_runner import TaskRunner

log = logging.getLogger(__name__)


class RunChoice(QObject):
    """Owned by the window, on its thread."""

    #: Why a choice could not be kept; an Exception.
    failed = Signal(object)

    def __init__(self, session: Session, runner: TaskRunner, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._runner = runner
        self._wanted = ""

    def use(self, id: str) -> None:
        """Use a run, or `AUTOMATIC`, from now on; of several that follow each other the last."""
        self._wanted = id
        workbench, case = self._session.workbench, self._session.case_id
        if workbench is None:
            return

        def is_wanted() -> bool:
            return self._session.workbench is workbench and self._wanted == id

        def failed(error: Exception) -> None:
            # What is wrong with a run that nobody wants any more is no news.
            if is_wanted():
                self.failed.emit(error)

        def done(prediction: Prediction | None) -> None:
            if not is_wanted():
                return
            if prediction is not None:
                workbench.adopt_prediction(prediction)
            try:
                choose_by_hand(workbench, id)
            except SegdeskError as error:
                self.failed.emit(error)
                return
            self._read_the_rest(workbench, case, id)
            self._session.writer.write_index()

        self._runner.start(
            tr("Reading the prediction"),
            lambda _: None if case is None else _read(workbench, case, id),
            done=done,
            failed=failed,
        )

    def _read_the_rest(self, workbench: Workbench, shown: str | None, id: str) -> None:
        """The same for the other cases in memory, which are shown without being read again."""
        others = [
            case.id
            for case in workbench.project.cases
            if case.id != shown and workbench.is_loaded(case.id)
        ]

        def done(predictions: list[Prediction]) -> None:
            if self._session.workbench is workbench and self._wanted == id:
                for prediction in predictions:
                    if workbench.is_loaded(prediction.case):
                        workbench.adopt_prediction(prediction)

        def read() -> list[Prediction]:
            found = [_read(workbench, case, id) for case in others]
            return [prediction for prediction in found if prediction is not None]

        self._runner.start(
            tr("Reading predictions"),
            lambda _: read(),
            done=done,
            # Whoever shows such a case reads it again, and hears what is wrong.
            failed=lambda error: log.warning("predictions were not read: %s", error),
        )


def _read(workbench: Workbench, case: str, id: str) -> Prediction | None:
    """What will be shown of a case once a run is used. On the worker's thread."""
    project = workbench.project
    by_hand = "" if id == AUTOMATIC else id
    run = replace(project, in_use=replace(project.in_use, by_hand=by_hand)).predicted_by(case)
    if run is None:
        return None
    return read_prediction(workbench, run, case)
