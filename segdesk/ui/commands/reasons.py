"""Why something cannot be done now, in words: what a disabled action says in its tooltip."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from segdesk.app.runs.run_in_use import run_in_use
from segdesk.errors import UsageError
from segdesk.ui.commands.action import Action, Groups
from segdesk.ui.flows.closing import Leaving
from segdesk.ui.flows.session import Session
from segdesk.ui.flows.training_controller import TrainingController
from segdesk.ui.look.read_only import why_read_only
from segdesk.ui.look.translations import tr, translated


class Reasons:
    """Each method gives "" where it can be done. Asked by the table of actions.

    Parameters
    ----------
    session, training, leaving : of the window
    """

    def __init__(self, session: Session, training: TrainingController, leaving: Leaving) -> None:
        self._session = session
        self._training = training
        self._leaving = leaving
        self._missing: dict[str, Callable[[], str]] = {
            "project": self.project,
            "case": self.case,
            "hu": self.hu,
            "mask": self.mask,
            "segment": self.segment,
            "prediction": self.prediction,
        }

    def why_not(self, action: Action) -> str:
        """Why a row of the table cannot be done now: what it needs, then what it says itself."""
        if action.changes and (reason := self.read_only()):
            return reason
        if action.needs != "nothing" and (reason := self._missing[action.needs]()):
            return reason
        return action.why_not()

    def answering(self, groups: Groups) -> Groups:
        """The same rows, each of which answers with everything that keeps it from being done."""

        def whole(action: Action) -> Callable[[], str]:
            return lambda: self.why_not(action)

        return tuple(
            tuple(replace(action, why_not=whole(action)) for action in group) for group in groups
        )

    def idle(self) -> str:
        """A project can be opened, closed or imported into."""
        if self._leaving.is_under_way:
            return tr("A project is being closed: wait a moment.")
        if self._session.is_opening:
            return tr("A project is being opened: wait a moment.")
        return ""

    def read_only(self) -> str:
        """The open project can be changed."""
        return why_read_only(self._session.workbench)

    def project(self) -> str:
        if self._session.workbench is None:
            return self.idle() or tr("Open a project first (Ctrl+O).")
        return ""

    def case(self) -> str:
        reason = self.project()
        if not reason and self._session.case_id is None:
            return tr("Import a scan first (Ctrl+I).")
        return reason

    def hu(self) -> str:
        """The window presets mean something: the values are HU."""
        reason = self.case()
        case = None if self._session.view is None else self._session.view.crosshair.case
        if not reason and case is not None and case.unit != "HU":
            return tr("These values are not HU.")
        return reason

    def mask(self) -> str:
        reason = self.case()
        if not reason and self._session.is_reading:
            return tr("Reading the mask…")
        return reason

    def segment(self) -> str:
        reason = self.mask()
        workbench = self._session.workbench
        if not reason and workbench is not None and not len(workbench.segments):
            return tr("There is no segment: add one to the segment list.")
        return reason

    def segment_number(self, number: int) -> str:
        """There is a segment of this number; 0 is background, which is always there."""
        workbench = self._session.workbench
        if number and workbench is not None and number not in workbench.segments:
            return tr("There is no segment {number}.", number=number)
        return ""

    def undo(self) -> str:
        workbench, view = self._session.workbench, self._session.view
        if view is not None and view.hand.ghost is not None:
            return ""
        if workbench is None or workbench.history.next_undo is None:
            return self.project() or tr("Nothing has been done yet.")
        return ""

    def redo(self) -> str:
        workbench = self._session.workbench
        if workbench is None or workbench.history.next_redo is None:
            return self.project() or tr("Nothing was undone.")
        return ""

    def prediction(self) -> str:
        reason = self.mask()
        workbench, case = self._session.workbench, self._session.case_id
        if reason or workbench is None or case is None:
            return reason
        if not workbench.offers(case):
            return tr("There is no prediction of this case: train or predict first.")
        return ""

    def predict(self) -> str:
        """A run could predict."""
        workbench = self._session.workbench
        if workbench is None:
            return ""
        if self._training.is_running:
            return tr("A training is running; stop it first.")
        try:
            run_in_use(workbench.project)
        except UsageError as error:
            return translated(error.words)
        return ""

    def stop(self) -> str:
        return "" if self._training.is_running else tr("Nothing is running.")

    def save(self) -> str:
        reason = self.project()
        workbench = self._session.workbench
        if not reason and workbench is not None and not workbench.has_unsaved:
            return tr("Everything is saved.")
        return reason
