"""How far what runs is, in the training's row: its bar, its words and the steps of its curve."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from segdesk.jobs import messages
from segdesk.jobs.messages import Message
from segdesk.ui.charts.curves import Curves
from segdesk.ui.flows.training_controller import TrainingController
from segdesk.ui.look.translations import tr, translated
from segdesk.ui.panels.run_words import span
from segdesk.ui.panels.training_row import TrainingRow


class TrainingProgress(QObject):
    """Takes what the controller says of what runs. Owned by the training panel.

    Parameters
    ----------
    row : whose bar and words are set
    curves : get the steps of the run that they show
    shown_run : says which that is
    """

    #: A sentence for the status line.
    said = Signal(str)
    #: The child is there: it may be told what is on screen.
    is_there = Signal()

    def __init__(
        self,
        controller: TrainingController,
        row: TrainingRow,
        curves: Curves,
        shown_run: Callable[[], str | None],
    ) -> None:
        super().__init__(row)
        self._controller, self._curves = controller, curves
        self._bar, self._left = row.bar, row.left
        self._shown_run = shown_run

    def begin(self) -> None:
        """Something starts."""
        self._bar.setValue(0)
        self._left.show_line(tr("starting the trainer…"))

    def show_state(self) -> None:
        """Nothing where nothing runs, and what holds for as long as it does."""
        if not self._controller.is_running:
            self._left.show_line("")
        elif self._controller.is_stopping:
            self._left.show_line(tr("stopping…"))
        elif self._controller.is_paused:
            self._left.show_line(tr("paused"))

    def take(self, message: Message) -> None:
        """Show a message of the child."""
        match message:
            case messages.Started():
                self._left.show_line(tr("preparing the first step…"))
                self.is_there.emit()
            case messages.Step():
                if self._shown_run() == self._running_id():
                    share = message.step / max(message.steps, 1)
                    self._curves.add_step(message.epoch - 1 + share, message.loss)
                self._show(_share(message), _time_left(message))
            case messages.Progress():
                self._show_prediction(message)
            case messages.Resumed():
                words = tr(
                    "{run} goes on after step {step}, in epoch {epoch}.",
                    run=self._running_id() or "",
                    step=message.step,
                    epoch=message.epoch + 1,
                )
                self.said.emit(words)
            case messages.Note():
                self.said.emit(translated(message.sentence))
            case _:
                pass

    def _running_id(self) -> str | None:
        session = self._controller.session
        return session.job.run_id if session is not None else None

    def _show_prediction(self, message: messages.Progress) -> None:
        session = self._controller.session
        if session is None:
            return
        cases = [case.id for case in session.job.predict]
        before = cases.index(message.case) if message.case in cases else 0
        share = message.done / max(message.total, 1)
        words = tr(
            "predicting {case}: slice {done} of {total}",
            case=message.case,
            done=message.done,
            total=message.total,
        )
        self._show((before + share) / max(len(cases), 1), words)

    def _show(self, share: float, words: str) -> None:
        """A share of the whole between 0 and 1, and what is said of it."""
        self._bar.setValue(round(1000 * share))
        self._left.show_line(tr("stopping…") if self._controller.is_stopping else words)


def _share(message: messages.Step) -> float:
    """Of the whole training where its end is known, else of the epoch."""
    if message.seconds_left is not None:
        return message.seconds / max(message.seconds + message.seconds_left, 1e-6)
    return message.step / max(message.steps, 1)


def _time_left(message: messages.Step) -> str:
    words = tr("epoch {epoch}", epoch=message.epoch)
    if message.seconds_left is None:
        return words + " · " + tr("{time} so far", time=span(message.seconds))
    return words + " · " + tr("{time} left", time=span(message.seconds_left))
