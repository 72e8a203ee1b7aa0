"""What every flow of the window acts on: the `Flow`."""

from __future__ import annotations

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from segdesk.ui.flows.session import Session
from segdesk.ui.threads.task_runner import TaskRunner


class Flow(QObject):
    """Something with the open project that takes more than one turn of the loop. Owned by the
    window; lives on the GUI thread.

    Parameters
    ----------
    window : parent of its dialogs
    session : what is open
    runner : does what would hold the window up
    """

    def __init__(self, window: QWidget, session: Session, runner: TaskRunner) -> None:
        super().__init__(window)
        self._window = window
        self._session = session
        self._runner = runner
