"""Save elsewhere: a whole project at a place of the reader's choice, and the window goes on there.

Offered where the project's folder is not the one that was opened, or its disk refuses; it is also a
command, for whoever wants a copy. What the copy is made of belongs to
`app.project.elsewhere`.
"""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from segdesk.app.project.elsewhere import Elsewhere
from segdesk.app.project.workbench import Workbench
from segdesk.core.edit import Edit
from segdesk.errors import Cancelled, ProjectGone
from segdesk.ui.dialogs.new_project import NewProjectDialog, Words
from segdesk.ui.dialogs.waiting import WaitingDialog
from segdesk.ui.flows.flow import Flow
from segdesk.ui.flows.opening import Opening, Then
from segdesk.ui.flows.session import Session
from segdesk.ui.flows.training_controller import TrainingController
from segdesk.ui.look.preferences import Preferences
from segdesk.ui.look.translations import tr
from segdesk.ui.threads.task_runner import Task, TaskRunner
from segdesk.ui.widgets.banner import Offer

#: objectName of the button that offers it.
OFFER = "offer_save_elsewhere"


class SaveElsewhere(Flow):
    """Owned by the window; lives on the GUI thread."""

    #: A sentence about what became of it; what could not be kept; what went wrong, an Exception.
    noted = Signal(str)
    warned = Signal(str)
    failed = Signal(object)

    def __init__(
        self,
        window: QWidget,
        session: Session,
        runner: TaskRunner,
        training: TrainingController,
        preferences: Preferences,
        opening: Opening,
    ) -> None:
        super().__init__(window, session, runner)
        self._training = training
        self._preferences = preferences
        self._opening = opening
        self._waiting: WaitingDialog | None = None

    def why_gone(self) -> ProjectGone | None:
        """Why nothing is written any more; None where all is well, or nothing is open."""
        workbench = self._session.workbench
        return None if workbench is None else workbench.folder.why_gone()

    def offer(self) -> Offer:
        """The button of a message."""
        return Offer(OFFER, "", tr("Save elsewhere…"), self.ask)

    def why_not(self) -> str:
        """Why no copy can be made now; empty where one can."""
        if self._session.workbench is None:
            return tr("Open a project first (Ctrl+O).")
        if self._waiting is not None:
            return tr("A copy is being made.")
        if self._training.is_running:
            return tr("A training is running; stop it first.")
        if self._runner.is_busy("long"):
            return tr("Something is being imported or exported: wait, or cancel it.")
        return ""

    def ask(self) -> None:
        """Ask where the copy shall be, and make it."""
        workbench, path = self._session.workbench, self._session.path
        if workbench is None or path is None:
            return
        if reason := self.why_not():
            self.noted.emit(reason)
            return
        NewProjectDialog(
            self._window,
            self._preferences.now.project_folder,
            # Behind a save or sync that is under way, whose end says what is on the disk.
            lambda target: self._runner.when_idle("write", lambda: self._start(workbench, target)),
            because=tr(
                "A whole copy is made: scans, masks, history, runs. The window goes on in it."
            ),
            name=tr("{name}-copy", name=path.stem),
            words=Words(tr("Save a copy elsewhere"), tr("Save")),
        ).open()

    def _start(self, workbench: Workbench, target: Path) -> None:
        if self._session.workbench is not workbench:
            self.noted.emit(
                tr("Nothing was done: the project that it was asked for has been closed.")
            )
            return
        if reason := self.why_not():
            self.noted.emit(reason)
            return
        try:
            copy = Elsewhere(workbench)
        except Exception as error:  # noqa: BLE001 - whatever it was, the reader has to know
            self.failed.emit(error)
            return
        title = tr("Saving a copy as '{name}'", name=target.name)

        def write(task: Task) -> tuple[str, ...]:
            def tell(done: int, total: int) -> None:
                task.hand_over(lambda: self._tell(done, total))

            return copy.write(target, tell=tell, cancelled=task.is_cancelled)

        def failed(error: Exception) -> None:
            self._end_waiting()
            if not isinstance(error, Cancelled):
                self.failed.emit(error)

        drawn = workbench.history.next_undo

        def done(lost: tuple[str, ...]) -> None:
            self._end_waiting()
            if task.is_cancelled():
                # It was whole before it could be stopped. The hand may have drawn on since.
                self.noted.emit(
                    tr("'{name}' is complete, but the window stays here.", name=target.name)
                )
            else:
                self._go_on(workbench, target, lost, drawn)

        task = self._runner.start(title, write, done=done, failed=failed, lane="write")
        self._waiting = WaitingDialog(self._window, "elsewhere_waiting", title, task.cancel)
        self._waiting.open()

    def _tell(self, done: int, total: int) -> None:
        if self._waiting is not None:
            # A bar counts in 32 bits.
            self._waiting.tell(done // 1024, total // 1024)

    def _end_waiting(self) -> None:
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            waiting.end()

    def _go_on(
        self, workbench: Workbench, target: Path, lost: tuple[str, ...], drawn: Edit | None
    ) -> None:
        """Open the copy where the reader was, and let the old folder be.

        Parameters
        ----------
        drawn : the newest step that is in the copy; where there is another by now, it is not left
        """
        view = self._session.view
        place = (
            None
            if view is None
            else (view.crosshair.case_id, view.crosshair.slice, view.hand.tool, view.hand.segment)
        )

        def leave(then: Then, otherwise: Then) -> None:
            workbench.settle()
            if workbench.history.next_undo is not drawn:
                self.warned.emit(
                    tr(
                        "'{name}' lacks what was drawn while it was opened, so the window stays "
                        "here: save elsewhere once more.",
                        name=target.name,
                    )
                )
                otherwise()
                return
            self._session.let_go()
            then()

        def opened() -> None:
            view, workbench = self._session.view, self._session.workbench
            if view is not None and workbench is not None and place is not None:
                case, index, tool, segment = place
                if case is not None and any(row.id == case for row in workbench.project.cases):
                    view.crosshair.show_case(case, index)
                view.hand.use_tool(tool)
                if segment == 0 or segment in workbench.segments:
                    view.hand.use_segment(segment)
            what = tr("What could be reached") if lost else tr("Everything")
            self.noted.emit(tr("{what} is in '{name}' now.", what=what, name=target.name))
            for sentence in lost:
                self.warned.emit(sentence)
            # The copy has what was drawn as the journal had it.
            self._session.writer.save()

        self._opening.open(target, then=opened, leave=leave, is_copy=True)
