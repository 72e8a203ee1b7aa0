"""Letting a project go: ask where a network learns, stop what runs, save, close; in that order.

Closing always saves. Where the disk refuses, a dialog says so and the window stays open; the
journal has every stroke either way.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from segdesk.app.signal_errors import unwrapped
from segdesk.core.run import Run
from segdesk.errors import SegdeskError
from segdesk.ui.dialogs.dialog import Dialog
from segdesk.ui.dialogs.message import Choice, show_message
from segdesk.ui.dialogs.training_runs import ask_to_stop
from segdesk.ui.flows.elsewhere import SaveElsewhere
from segdesk.ui.flows.flow import Flow
from segdesk.ui.flows.session import Session
from segdesk.ui.flows.training_controller import TrainingController
from segdesk.ui.look.translations import tr, translated
from segdesk.ui.threads.task_runner import TaskRunner


class Leaving(Flow):
    """Owned by the window; lives on the GUI thread. Each step goes on by a callback."""

    said = Signal(str)
    #: It began, or ended one way or the other.
    changed = Signal()

    def __init__(
        self,
        window: QWidget,
        session: Session,
        runner: TaskRunner,
        training: TrainingController,
    ) -> None:
        super().__init__(window, session, runner)
        self._training = training
        self._then: Callable[[], None] | None = None
        self._otherwise: Callable[[], None] = _nothing
        self._question: Dialog | None = None
        self._hides = False
        #: Offered where the project can't be saved; the window sets it.
        self.elsewhere: SaveElsewhere | None = None

    @property
    def is_under_way(self) -> bool:
        return self._then is not None

    def ask(self, go: Callable[[], None], otherwise: Callable[[], None]) -> None:
        """Call `go` unless something learns or predicts that shall not be stopped."""
        if self._question is not None:
            self._question.raise_()
            otherwise()
            return
        run = self._running()
        if run is None or self._training.is_stopping or self.is_under_way:
            go()
            return

        def answered(goes: bool) -> None:
            self._question = None
            if goes:
                go()
            else:
                otherwise()

        self._question = ask_to_stop(
            self._window,
            run,
            predicts=not self._training.is_learning,
            stop=lambda: answered(True),
            stay=lambda: answered(False),
        )

    def _running(self) -> Run | None:
        session, workbench = self._training.session, self._session.workbench
        if session is None or workbench is None:
            return None
        return workbench.project.run(session.job.run_id)

    def start(
        self,
        then: Callable[[], None],
        *,
        hides: bool = False,
        otherwise: Callable[[], None] | None = None,
    ) -> None:
        """Let the open project go, and then go on.

        While one is under way, only what comes after it changes: the last wish counts.

        Parameters
        ----------
        hides : the window goes for good, so nobody has to watch a training end
        otherwise : called where the project stays, or another wish comes
        """
        was_under_way = self.is_under_way
        dropped = self._otherwise
        self._then, self._hides, self._otherwise = then, hides, otherwise or _nothing
        if was_under_way:
            dropped()
            return
        self.changed.emit()
        self._runner.cancel_all()
        if self._runner.is_busy("long"):
            self.said.emit(tr("Stopping the work under way…"))
        self._runner.when_idle("long", lambda: self._runner.when_idle("read", self._stop_training))

    def _stop_training(self) -> None:
        if self._training.is_running:
            self.said.emit(tr("Stopping the training…"))
            if self._hides:
                self._window.hide()
        self._training.close_down(self._save)

    def _save(self) -> None:
        workbench = self._session.workbench
        gone = None if workbench is None else workbench.folder.why_gone()
        if gone is not None:
            # Even where everything was saved: what is in memory may be all that is left.
            self._refuse(gone)
            return
        if workbench is not None and workbench.has_unsaved:
            self.said.emit(tr("Saving…"))
            self._session.writer.save(self._saved)
        else:
            self._session.writer.save(self._write_rest)

    def _write_rest(self, error: Exception | None) -> None:
        """Of the index; where that fails the old one stays, and no stroke is lost."""
        self._session.write_the_rest(self._written)

    def _written(self, error: Exception | None) -> None:
        workbench = self._session.workbench
        if error is None and workbench is not None and workbench.has_unsaved:
            self._save()
        elif error is not None:
            self._refuse(error)
        else:
            self._runner.when_idle("sync", lambda: self._leave(None))

    def _saved(self, error: Exception | None) -> None:
        if error is None:
            # A stroke that was drawn while the save ran is saved as well.
            self._save()
        else:
            self._refuse(error)

    def _refuse(self, error: Exception) -> None:
        self._window.show()
        cause = unwrapped(error)
        sentence = translated(cause.sentence) if isinstance(cause, SegdeskError) else str(cause)
        dialog = show_message(
            self._window,
            "save_failed_dialog",
            tr("The project was not saved"),
            sentence,
            hint=self._session.journal.what_is_kept().removeprefix(sentence).strip(),
            choices=(
                Choice("close_anyway", tr("Close anyway"), lambda: self._leave(None)),
                Choice("save_elsewhere_first", tr("Save elsewhere…"), self._save_elsewhere),
                Choice("save_again", tr("Try again"), self._save),
                Choice("stay_open", tr("Stay open"), self._stay, "primary"),
            ),
        )
        # Esc is an answer too: nothing was chosen, so the project stays.
        dialog.rejected.connect(self._stay)

    def _save_elsewhere(self) -> None:
        """The project stays open until it is there."""
        self._stay()
        if self.elsewhere is not None:
            self.elsewhere.ask()

    def _stay(self) -> None:
        self._then = None
        dropped, self._otherwise = self._otherwise, _nothing
        self.changed.emit()
        dropped()

    def _leave(self, error: Exception | None) -> None:
        self._session.let_go()
        then, self._then = self._then, None
        self._otherwise = _nothing
        self.changed.emit()
        if then is not None:
            then()


def _nothing() -> None:
    pass
