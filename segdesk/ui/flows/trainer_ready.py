"""Having a trainer process ready before it is asked for, and no longer than its project is open."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Signal

from segdesk.core.run import Plan
from segdesk.jobs.messages import Prepare
from segdesk.jobs.standby import Standby
from segdesk.ui.flows.session import Session
from segdesk.ui.flows.training_controller import TrainingController
from segdesk.ui.look.preferences import Preferences
from segdesk.ui.widgets.bridge import Bridge

#: Nothing is started before a scan has been on screen for so long, in milliseconds: a project that
#: is only looked into costs nothing.
AFTER_MS = 3000


class TrainerReady(QObject):
    """Starts a child quietly once a scan is open, and ends it with the project.

    Owned by the application; lives on the GUI thread. The preference `trainer_stays` turns it off.

    Parameters
    ----------
    standby : whose child is prepared; the controller is given it
    plan : what would be trained now; None where the form has a problem, or there is none
    """

    #: A child waits, or will have done so in a moment.
    prepared = Signal()

    def __init__(
        self,
        standby: Standby,
        session: Session,
        training: TrainingController,
        preferences: Preferences,
        plan: Callable[[], Plan | None],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._standby, self._session, self._training = standby, session, training
        self._preferences, self._plan = preferences, plan
        self._prepared: Prepare | None = None
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(AFTER_MS)
        self._later.timeout.connect(self._prepare)
        training.standby = standby
        standby.keeps = preferences.now.trainer_stays
        self._bridge = Bridge(self)
        session.opened.connect(self._opened)
        session.closed.connect(self._end)
        training.finished.connect(self._later.start)
        preferences.changed.connect(self._take_preferences)

    def _opened(self) -> None:
        workbench = self._session.workbench
        if workbench is not None:
            # The network has an output for each.
            self._bridge.listen(workbench.segments_changed, self._later.start)
        self._later.start()

    def close(self) -> None:
        """The window is gone."""
        self._later.stop()
        self._standby.close()

    def _take_preferences(self) -> None:
        self._standby.keeps = self._preferences.now.trainer_stays
        if self._standby.keeps and self._session.workbench is not None:
            self._later.start()
        elif not self._standby.keeps:
            self._end()

    def _end(self) -> None:
        self._later.stop()
        if self._session.workbench is None:
            self._bridge.close()
        self._prepared = None
        self._standby.end()

    def _prepare(self) -> None:
        workbench, view = self._session.workbench, self._session.view
        if workbench is None or view is None or not self._standby.keeps:
            return
        case, plan = view.crosshair.case, self._plan()
        if case is None or plan is None:
            # A scan is still to come, or a number to be put right.
            self._later.start()
            return
        if self._training.is_looking:
            # The child will wait again: another one would take its place.
            self._later.start()
            return
        if self._training.is_running or not workbench.folder.writable:
            return
        wanted = Prepare(
            plan.network,
            plan.filters,
            max(2, len(workbench.segments) + 1),
            plan.channels(case.unit),
        )
        if wanted != self._prepared or self._standby.pid is None:
            self._prepared = wanted
            self._standby.prepare(wanted)
        self.prepared.emit()
