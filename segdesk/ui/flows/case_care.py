"""Removing and renaming a case: ask, do, and say where things went.

What either means stands in `app.project.removing`; the files go below the project's removed/ first,
and from there into the system's bin where it has one.
"""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QFile, Signal
from PySide6.QtWidgets import QWidget

from segdesk.app.project import removing
from segdesk.app.project.workbench import Workbench
from segdesk.errors import SegdeskError
from segdesk.ui.dialogs.case_name import CaseNameDialog
from segdesk.ui.dialogs.message import Choice, show_message
from segdesk.ui.flows.flow import Flow
from segdesk.ui.flows.session import Session
from segdesk.ui.flows.training_controller import TrainingController
from segdesk.ui.look import counted_words
from segdesk.ui.look.translations import tr
from segdesk.ui.threads.task_runner import TaskRunner


class CaseCare(Flow):
    """Owned by the window, on its thread; disk work is done on the "write" lane."""

    #: A sentence that asks for nothing.
    noted = Signal(str)
    #: What did not work; an Exception.
    failed = Signal(object)

    def __init__(
        self,
        window: QWidget,
        session: Session,
        runner: TaskRunner,
        training: TrainingController,
    ) -> None:
        super().__init__(window, session, runner)
        self._training = training

    def why_not_remove(self) -> str:
        """Empty where the case on screen can be removed now; else the reason."""
        workbench, case = self._session.workbench, self._session.case_id
        if workbench is None or case is None:
            return tr("Import a scan first (Ctrl+I).")
        return self._why_not(case)

    def _why_not(self, case: str) -> str:
        """Whether something needs a case's files, on screen or not."""
        if self._training.is_running:
            return tr("A training or prediction is running and may read it; stop it first.")
        if self._session.case_reader.is_being_read(case):
            return tr("It is being read: wait a moment.")
        if self._session.is_saving:
            return tr("The project is being saved: wait a moment.")
        return self._session.why_not_now()

    # Removing

    def ask_to_remove(self) -> None:
        """Ask once, with what goes."""
        workbench, case = self._session.workbench, self._session.case_id
        if workbench is None or case is None:
            return
        row = workbench.project.case(case)
        worked_on, predictions = removing.what_goes(workbench, case)
        text = tr(
            "Remove {case} from the project? Its scan ({slices}), its mask (worked on in "
            "{worked_on} of them) and {predictions} go to the system's bin, or where "
            "there is none to the folder 'removed' of the project. Undo does not bring it back: it "
            "takes back what was done before on another case.",
            case=row.title,
            slices=counted_words.slices(row.slices),
            worked_on=worked_on,
            predictions=counted_words.predictions(predictions),
        )
        show_message(
            self._window,
            "remove_case_dialog",
            tr("Remove a case"),
            text,
            choices=(
                Choice("remove_case_now", tr("Remove"), lambda: self._save_first(workbench, case)),
                Choice("keep_case", tr("Keep it"), lambda: None, "primary"),
            ),
        )

    def _save_first(self, workbench: Workbench, case: str) -> None:
        """The journal must not name it any more when it goes."""
        self._session.writer.save(lambda error: self._remove(workbench, case, error))

    def _remove(self, workbench: Workbench, case: str, error: Exception | None) -> None:
        if error is not None:
            self.failed.emit(error)
            return
        view = self._session.view
        if self._session.workbench is not workbench or view is None:
            return
        # The hand may have gone on, and begun something, while the save ran.
        reason = self._why_not(case)
        if reason:
            self.noted.emit(reason)
            return
        title = workbench.project.case(case).title
        ids = [row.id for row in workbench.project.cases]
        try:
            if view.crosshair.case_id == case:
                at = ids.index(case)
                others = [*ids[at + 1 :], *reversed(ids[:at])]
                view.crosshair.show_case(others[0] if others else None)
            removing.take_out(workbench, case)
        except SegdeskError as refusal:
            self.failed.emit(refusal)
            return
        self._runner.start(
            tr("Removing {case}", case=title),
            lambda _: _put_away(workbench, case),
            done=lambda left: self._say_where(title, left),
            failed=self.failed.emit,
            lane="write",
        )

    def _say_where(self, title: str, left: Path | None) -> None:
        if left is None:
            self.noted.emit(
                tr("{case} is in the system's bin; undo does not bring it back.", case=title)
            )
        else:
            place = f"{left.parent.name}/{left.name}"
            self.noted.emit(
                tr(
                    "{case} lies in '{place}' of the project's folder; undo does not bring it "
                    "back.",
                    case=title,
                    place=place,
                )
            )

    # Renaming

    def ask_for_name(self) -> None:
        """Ask what the case on screen shall be called."""
        workbench, case = self._session.workbench, self._session.case_id
        if workbench is not None and case is not None:
            row = workbench.project.case(case)
            CaseNameDialog(
                self._window, row, lambda name: self._rename(workbench, case, name)
            ).open()

    def _rename(self, workbench: Workbench, case: str, name: str) -> None:
        if self._session.workbench is not workbench:
            return
        try:
            removing.rename(workbench, case, name)
        except SegdeskError as error:
            self.failed.emit(error)
            return
        self._session.writer.write_index()


def _put_away(workbench: Workbench, case: str) -> Path | None:
    """On a worker: the index first, then the files; where they lie, None for the system's bin."""
    workbench.folder.write_index()
    folder = workbench.folder.scans.set_aside(case)
    if not QFile.moveToTrash(str(folder)):
        return folder
    home = folder.parent
    if not any(home.iterdir()):
        home.rmdir()
    return None
