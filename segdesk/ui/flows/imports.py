"""From dropped files to cases in the project: survey, choice, place, and what came of it.

How the chosen scans come in, one after the other, is `scans_in.py`. What files mean is decided in
`formats`, by way of `app.files.importing`. Nothing half-imported stays: a project that was made for
an import that brought nothing goes again. An import goes on behind the hand that draws: only in an
empty project is a case shown without being asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QApplication, QDialog, QWidget

from segdesk.app.files import importing
from segdesk.app.files.import_questions import SAYS_ITSELF, Questions, look_all
from segdesk.app.screen.view_state import ViewState
from segdesk.errors import UsageError
from segdesk.formats.findings import Survey
from segdesk.sentence import Sentence
from segdesk.ui.canvas.focus import is_typing
from segdesk.ui.dialogs.new_project import NewProjectDialog
from segdesk.ui.dialogs.series_list import Chosen, ImportChoiceDialog
from segdesk.ui.flows.flow import Flow
from segdesk.ui.flows.import_words import final, one_error, source_of, stopped_words, why_no_room
from segdesk.ui.flows.new_cases import SHOW, look_offer, notes_words
from segdesk.ui.flows.opening import Opening
from segdesk.ui.flows.scans_in import Came, ScansIn
from segdesk.ui.flows.session import Session
from segdesk.ui.flows.thumbnails import Thumbnails
from segdesk.ui.look.preferences import Preferences
from segdesk.ui.look.translations import all_translated, tr, translated
from segdesk.ui.threads.task_runner import Task, TaskRunner
from segdesk.ui.widgets.banner import Offer
from segdesk.ui.widgets.bridge import Bridge

#: Id of the offer to choose among volumes.
CHOOSE = "choose_volumes"


@dataclass(slots=True)
class _Batch:
    """One import under way, from the drop to the last sentence about it."""

    #: What the reader had done on the canvas when the import was asked for.
    touches: int = 0
    chosen: Chosen = field(default_factory=lambda: Chosen(()))
    made_project: bool = False
    came: Came = field(default_factory=Came)


class ImportFlow(Flow):
    """Owned by the window; lives on the GUI thread. One import at a time.

    Parameters
    ----------
    window : parent of the dialogs
    idle : "" where the session is neither opening nor closing a project, else the reason
    touches : counts what the reader does on the canvas
    """

    #: The middle slice of a scan that is being read, and its `Window`.
    previewed = Signal(object, object)
    #: The first case of an empty project is there, or the import brought none.
    shown = Signal()
    #: An `Offer` to look at what came, or to choose what shall come; and the id of one that is
    #: no longer good.
    offered = Signal(object)
    taken_back = Signal(str)
    #: An import began or ended.
    busy_changed = Signal()
    #: A file is the labels of a case that is there: its id, and the source.
    labels_came = Signal(str, str)
    #: A case has the scan again that it had lost.
    put_back = Signal(str)
    noted = Signal(str)
    failed = Signal(object)

    def __init__(
        self,
        window: QWidget,
        session: Session,
        opening: Opening,
        runner: TaskRunner,
        preferences: Preferences,
        idle: Callable[[], str],
        touches: Callable[[], int],
    ) -> None:
        super().__init__(window, session, runner)
        self._opening = opening
        self._preferences = preferences
        self._idle = idle
        self._touches = touches
        self._scans = ScansIn(self, session, runner)
        self._scans.previewed.connect(self.previewed)
        self._scans.shown.connect(self.shown)
        self._scans.put_back.connect(self.put_back)
        self._scans.failed.connect(self.failed)
        self._batch: _Batch | None = None
        self._task: Task | None = None
        self._dialog: QDialog | None = None
        self._is_offering = False
        self._bridge = Bridge(self)
        session.closed.connect(self._bridge.close)

    @property
    def is_busy(self) -> bool:
        """From the drop until the last scan is in, dialogs included."""
        return self._batch is not None

    def why_not(self) -> str:
        """Why no import can begin now, or ""."""
        if self.is_busy:
            return tr("An import is running: wait until it ends, or cancel it.")
        return self._idle()

    def start(self, sources: Sequence[str | Path]) -> None:
        """Look at files and folders and import what the reader chooses of them."""
        reason = self.why_not()
        if reason:
            self.failed.emit(UsageError(Sentence.of(reason)))
            return
        workbench = self._session.workbench
        rows = workbench.project.cases if workbench is not None else ()
        cases = tuple((row.id, row.grid) for row in rows)

        def look(task: Task) -> tuple[Survey, tuple[Questions, ...]]:
            survey = importing.survey(sources, progress=task.tell, cancelled=task.is_cancelled)
            asked = look_all(survey.volumes, cases, progress=task.tell, cancelled=task.is_cancelled)
            return survey, asked

        batch = self._batch = _Batch(self._touches())
        first = Path(str(sources[0]))
        self._preferences.change(import_folder=str(first.parent))
        self._task = self._runner.start(
            tr("Looking at the files"),
            look,
            done=lambda seen: self._found(batch, *seen),
            failed=lambda error: self._survey_failed(batch, error),
            lane="long",
        )
        self.busy_changed.emit()

    def stop(self) -> None:
        """Leave off because the project goes; what that cost is said once it is known."""
        batch = self._batch
        if batch is None:
            return
        batch.came.is_stopped = True
        if self._task is not None:
            self._task.cancel()
        elif self._scans.is_busy:
            self._scans.stop()
        elif self._dialog is not None:
            self._dialog.reject()
        elif self._is_offering:
            self.taken_back.emit(CHOOSE)
            self._end(batch)

    def _survey_failed(self, batch: _Batch, error: Exception) -> None:
        self._end(batch)
        self.failed.emit(final(error))

    def _found(self, batch: _Batch, survey: Survey, asked: Sequence[Questions]) -> None:
        self._task = None
        if batch.came.is_stopped:
            self._end(batch)
        elif [row.kind for row in survey.volumes] == [SAYS_ITSELF]:
            # One gesture from a DICOM folder to its case: nothing is left to be said. Where there
            # is something to choose, the dialog has all of it.
            batch.came.notes = [
                *survey.notes,
                *(
                    tr("Left out: {problem}", problem=translated(row.named_refusal))
                    for row in survey.refused
                ),
            ]
            self._place(batch, Chosen(survey.volumes))
        else:
            self._offer_choice(batch, survey, asked)

    def _offer_choice(self, batch: _Batch, survey: Survey, asked: Sequence[Questions]) -> None:
        """Ask which volumes shall come in, at once only where no hand has begun to work."""

        def ask() -> None:
            self._is_offering = False
            dialog = ImportChoiceDialog(
                self._window,
                survey,
                asked,
                self._session.path,
                lambda chosen: self._place(batch, chosen),
            )
            Thumbnails(self._runner, survey.volumes, dialog)
            dialog.take_no_keys_yet()
            self._ask(batch, dialog)

        def dropped() -> None:
            self._is_offering = False
            self._end(batch)

        at_rest = self._session.case_id is None or self._touches() == batch.touches
        if at_rest and not _is_hand_elsewhere():
            ask()
            return
        self._is_offering = True
        found = Sentence.counted(
            "One volume was found to import.",
            "{n} volumes were found to import.",
            len(survey.volumes),
        )
        self.offered.emit(Offer(CHOOSE, translated(found), tr("Choose…"), ask, dropped))

    def _ask(self, batch: _Batch, dialog: QDialog) -> None:
        """Show a dialog; the import ends where the reader changes their mind."""

        def closed() -> None:
            if self._dialog is dialog:
                self._dialog = None

        def rejected() -> None:
            closed()
            self._end(batch)

        self._dialog = dialog
        # Connected first: by the time that the answer is taken, no dialog is open.
        dialog.accepted.connect(closed)
        dialog.rejected.connect(rejected)
        dialog.open()

    def _place(self, batch: _Batch, chosen: Chosen) -> None:
        """Make sure that there is a project to import into."""
        batch.chosen = chosen
        if chosen.labels_of:
            # A mask of a case that is there: no scan comes in.
            self._end(batch)
            self.labels_came.emit(chosen.labels_of, source_of(chosen.findings[0]))
            return
        if self._session.workbench is not None:
            self._begin(batch)
            return
        batch.made_project = True
        self._ask(
            batch,
            NewProjectDialog(
                self._window,
                self._preferences.now.project_folder,
                lambda path: self._create(batch, path),
                because=tr("A scan lives in a project. Where shall it be?"),
                why_no_room=lambda folder: why_no_room(folder, chosen.findings),
            ),
        )

    def _create(self, batch: _Batch, path: Path) -> None:
        self._opening.create(
            path, then=lambda: self._begin(batch), otherwise=lambda: self._end(batch)
        )

    def _begin(self, batch: _Batch) -> None:
        workbench = self._session.workbench
        if workbench is None or batch.came.is_stopped:
            self._finish(batch)
            return
        self._scans.bring(workbench, batch.chosen, batch.came, lambda: self._finish(batch))

    def _finish(self, batch: _Batch) -> None:
        workbench = self._session.workbench
        if not batch.came.taken:
            if batch.made_project and workbench is not None and not workbench.project.cases:
                self._session.discard()
            self.shown.emit()
        if not batch.came.is_stopped:
            # The notes stand in the cases too, and the project that they are about is going.
            for words in (
                " ".join(dict.fromkeys(all_translated(batch.came.notes))),
                *notes_words(batch.came.case_notes),
            ):
                if words:
                    self.noted.emit(words)
        self._end(batch)
        if batch.came.problems:
            self.failed.emit(one_error(batch.came.problems, len(batch.came.cases)))
        view = self._session.view
        if view is not None and not batch.came.is_stopped:
            new = [case for case in batch.came.taken if case in view.marks.new]
            if new:
                is_open = partial(self._shows, view)
                came = len(batch.came.taken)
                self.offered.emit(look_offer(view, new, came, is_open, self.noted.emit))
                self._bridge.close()
                self._bridge.listen(
                    view.crosshair.case_changed, partial(self._take_offer_back, view, new[0])
                )

    def _take_offer_back(self, view: ViewState, case: str) -> None:
        """The case that it offers to show is on screen."""
        if view.crosshair.case_id == case:
            self._bridge.close()
            self.taken_back.emit(SHOW)

    def _shows(self, view: ViewState) -> bool:
        return self._session.view is view

    def _end(self, batch: _Batch) -> None:
        """Ready for the next import; says what a stop has cost."""
        self._task = self._batch = None
        lost = [case for case in batch.came.cases if case not in batch.came.taken]
        if batch.came.is_stopped and (lost or not batch.came.taken):
            self.noted.emit(stopped_words(lost))
        self.busy_changed.emit()


def _is_hand_elsewhere() -> bool:
    """Whether somebody types, or a dialog or menu is open: what is pressed next is meant for it."""
    return (
        is_typing(QApplication.focusWidget())
        or QApplication.activeModalWidget() is not None
        or QApplication.activePopupWidget() is not None
    )
