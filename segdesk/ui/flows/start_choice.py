"""A training shall begin with a model file or a run of another project: which one is asked, and it
is read off the window's thread. What it is, says `app.runs.starting`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from segdesk.app.runs import starting
from segdesk.app.runs.starting import Start
from segdesk.ui.dialogs import ask
from segdesk.ui.flows.flow import Flow
from segdesk.ui.flows.session import Session
from segdesk.ui.look.preferences import Preferences
from segdesk.ui.look.translations import tr
from segdesk.ui.threads.task_runner import TaskRunner

#: In the place of a run's id: what else can be begun with.
A_FILE, A_PROJECT = "?file", "?project"


class StartChoice(Flow):
    """Owned by the window; lives on the GUI thread."""

    #: Why it cannot be begun with; an Exception.
    failed = Signal(object)

    def __init__(
        self, window: QWidget, session: Session, runner: TaskRunner, preferences: Preferences
    ) -> None:
        super().__init__(window, session, runner)
        self._preferences = preferences

    def ask(self, kind: str, then: Callable[[Start], None]) -> None:
        """Ask which file, or which project, whose run in use is taken; it is given to `then`.

        Parameters
        ----------
        kind : `A_FILE` or `A_PROJECT`
        """
        folder = self._preferences.now.project_folder

        def find(path: Path) -> None:
            self._find(path, then)

        if kind == A_FILE:
            filters = (tr("Models (*.segmodel)"),)
            ask.for_file(self._window, tr("Begin with a model file"), folder, filters, find)
        else:
            title = tr("Begin with the run in use of another project, or with a folder in its runs")
            ask.for_folder(self._window, title, folder, find)

    def _find(self, path: Path, then: Callable[[Start], None]) -> None:
        workbench = self._session.workbench
        if workbench is None:
            return

        def done(start: Start) -> None:
            if self._session.workbench is workbench:
                then(start)

        self._runner.start(
            tr("Reading what to begin with"),
            lambda _: starting.find(workbench, str(path)),
            done=done,
            failed=self.failed.emit,
        )
