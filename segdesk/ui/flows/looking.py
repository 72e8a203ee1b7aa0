"""What the run in use makes of the slice on screen, while nothing trains: `Looking` asks for it.

Only a child that waits already is asked, so a look costs no start of Keras; what it finds is
offered as the proposals of a training are.
"""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer

from segdesk.app.runs.looking import run_to_look_with
from segdesk.jobs.standby import Standby
from segdesk.ui.flows.session import Session
from segdesk.ui.flows.trainer_ready import TrainerReady
from segdesk.ui.flows.training_controller import TrainingController
from segdesk.ui.widgets.bridge import Bridge

#: A slice that is only passed by is not looked at, in milliseconds.
REST_MS = 150


class Looking(QObject):
    """Owned by the application; lives on the GUI thread.

    Parameters
    ----------
    standby : whose child looks
    ready : says when there is one
    """

    def __init__(
        self,
        standby: Standby,
        session: Session,
        training: TrainingController,
        ready: TrainerReady,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._standby, self._session, self._training = standby, session, training
        #: Of the weights by which a look has failed: nobody can do anything about it here.
        self._given_up = ""
        self._weights = ""
        #: It was to look while a look was under way.
        self._asks_again = False
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(REST_MS)
        self._later.timeout.connect(self._look)
        self._bridge = Bridge(self)
        session.opened.connect(self._opened)
        session.closed.connect(self._closed)
        ready.prepared.connect(self._later.start)
        training.finished.connect(self._later.start)
        training.looked.connect(self._looked)

    def _opened(self) -> None:
        workbench, view = self._session.workbench, self._session.view
        if workbench is None or view is None:
            return
        self._given_up = ""
        for signal in (
            view.crosshair.case_changed,
            view.crosshair.slice_changed,
            workbench.statuses_changed,
            workbench.predictions_changed,
            workbench.index_changed,
            workbench.case_loaded,
        ):
            self._bridge.listen(signal, self._later.start)

    def _closed(self) -> None:
        self._later.stop()
        self._bridge.close()

    def _look(self) -> None:
        workbench, view, training = self._session.workbench, self._session.view, self._training
        if workbench is None or view is None or training.is_running:
            # The training's end asks again.
            return
        self._asks_again = training.is_looking
        case, index = view.crosshair.case_id, view.crosshair.slice
        if self._asks_again or case is None or self._standby.pid is None:
            return
        if case == workbench.pressed_on:
            # A stroke began on what was shown then; it is asked again once that is done.
            self._later.start()
            return
        run = run_to_look_with(workbench, case, index)
        if run is not None and run.weights_sha256 != self._given_up:
            self._weights = run.weights_sha256
            training.look(run, case, index)

    def _looked(self, is_taken: bool, is_answered: bool) -> None:
        if not is_answered:
            self._given_up = self._weights
        elif is_taken or self._asks_again:
            # Somebody may have turned to another slice meanwhile.
            self._later.start()
