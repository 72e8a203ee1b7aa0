"""Operations from the window: their options are asked, a worker computes, one Edit comes back.

It belongs to the case and segment for which it was asked, whatever is on screen when it ends.
"""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from segdesk.app.labelling.operations import applying
from segdesk.app.labelling.operations.operation import Operation, Proposal
from segdesk.app.labelling.options import Options
from segdesk.app.project.workbench import Workbench
from segdesk.app.screen.view_state import ViewState
from segdesk.errors import Cancelled, SegdeskError, UsageError
from segdesk.ui.dialogs.operation_options import OperationDialog
from segdesk.ui.flows.session import Session
from segdesk.ui.look.translations import tr, translated
from segdesk.ui.threads.task_runner import Task, TaskRunner


class Operating(QObject):
    """Owned by the window; lives on the GUI thread."""

    noted = Signal(str)
    failed = Signal(object)

    def __init__(self, window: QWidget, session: Session, runner: TaskRunner) -> None:
        super().__init__(window)
        self._window = window
        self._session = session
        self._runner = runner

    def ask(self, operation: Operation) -> None:
        """Ask for the options, where there are any, and begin."""
        workbench, view = self._session.workbench, self._session.view
        if workbench is None or view is None or view.case_id is None:
            return
        case, segment = view.case_id, view.hand.segment

        def begin(options: Options) -> None:
            if self._session.workbench is workbench:
                self._begin(workbench, view, operation, case, segment, options)

        if operation.options:
            hand = view.hand
            OperationDialog(self._window, operation, hand.size_range, hand.size_unit, begin).open()
        else:
            begin(Options())

    def _begin(
        self,
        workbench: Workbench,
        view: ViewState,
        operation: Operation,
        case: str,
        segment: int,
        options: Options,
    ) -> None:
        name = translated(operation.words.name)
        try:
            taken = applying.snapshot(workbench, case, segment)
        except UsageError as refusal:
            self.noted.emit(translated(str(refusal)))
            return

        def work(task: Task) -> Proposal | None:
            def progress(done: int, total: int) -> None:
                if task.is_cancelled():
                    raise Cancelled(tr("{name} was stopped; the mask is as it was.", name=name))
                task.tell(name, done, total)

            return operation.run(taken, options, progress)

        def done(proposal: Proposal | None) -> None:
            if self._session.workbench is not workbench:
                return
            seen = (view.slice,) if view.case_id == case else ()
            try:
                edit = applying.take(workbench, operation, taken, proposal, on_screen=seen)
            except UsageError as refusal:
                self.noted.emit(str(refusal))
                return
            if edit is None:
                self.noted.emit(tr("{name}: there is nothing to change.", name=name))
            else:
                self.noted.emit(
                    tr(
                        "{name}: {voxels} voxels on {slices} slices.",
                        name=name,
                        voxels=f"{edit.changed:,}",
                        slices=len(edit.slices),
                    )
                )

        self._runner.start(name, work, done=done, failed=self._fail, lane="long")

    def _fail(self, error: Exception) -> None:
        if isinstance(error, SegdeskError):
            self.noted.emit(str(error))
        else:
            self.failed.emit(error)
