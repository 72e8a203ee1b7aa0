"""From dropped files to cases in the project: survey, choice, place, import, one after the other.

What reads runs on the task runner's long lane; what changes the project, on the GUI thread. What
files mean is decided in `formats`, by way of `app.files.importing`. Nothing half-imported stays: a
project that was made for an import that brought nothing goes again. An import goes on behind the
hand that draws: only in an empty project is a case shown without being asked for.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QApplication, QDialog, QWidget

from segdesk.app.files import importing, scan_put_back
from segdesk.app.files.import_questions import SAYS_ITSELF, Questions, look_all
from segdesk.app.files.importing import Imported, Request
from segdesk.app.project.loaded import LoadedCase
from segdesk.app.project.workbench import Workbench
from segdesk.app.screen.view_state import ViewState
from segdesk.core.case import Case
from segdesk.core.volume import Voxels
from segdesk.core.window import AS_IT_IS, PRESETS, Window, full_range
from segdesk.errors import Cancelled, SegdeskError, UsageError
from segdesk.formats.findings import Survey
from segdesk.sentence import Sentence
from segdesk.ui.canvas.focus import is_typing
from segdesk.ui.dialogs.new_project import NewProjectDialog
from segdesk.ui.dialogs.series_list import Chosen, ImportChoiceDialog
from segdesk.ui.flows.flow import Flow
from segdesk.ui.flows.import_words import final, one_error, source_of, stopped_words, why_no_room
from segdesk.ui.flows.labels_with_scans import LabelsWithScans
from segdesk.ui.flows.new_cases import SHOW, look_offer, notes_words
from segdesk.ui.flows.opening import Opening
from segdesk.ui.flows.session import Session
from segdesk.ui.flows.thumbnails import Thumbnails
from segdesk.ui.look.preferences import Preferences
from segdesk.ui.look.translations import all_translated, tr, translated
from segdesk.ui.threads.task_runner import Task, TaskRunner
from segdesk.ui.widgets.banner import Offer
from segdesk.ui.widgets.bridge import Bridge

log = logging.getLogger(__name__)

#: Id of the offer to choose among volumes.
CHOOSE = "choose_volumes"


@dataclass(slots=True)
class _Batch:
    """One import under way, from the drop to the last sentence about it."""

    #: What the reader had done on the canvas when the import was asked for.
    touches: int = 0
    chosen: Chosen = field(default_factory=lambda: Chosen(()))
    notes: list[str] = field(default_factory=list)
    #: Of the cases that came, by id.
    case_notes: dict[str, tuple[str, ...]] = field(default_factory=dict)
    made_project: bool = False
    cases: tuple[str, ...] = ()
    waiting: list[Request] = field(default_factory=list)
    taken: list[str] = field(default_factory=list)
    problems: list[SegdeskError] = field(default_factory=list)
    is_stopped: bool = False


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
        self._labels = LabelsWithScans(self, session)
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
        batch.is_stopped = True
        if self._task is not None:
            self._task.cancel()
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
        if batch.is_stopped:
            self._end(batch)
        elif [row.kind for row in survey.volumes] == [SAYS_ITSELF]:
            # One gesture from a DICOM folder to its case: nothing is left to be said. Where there
            # is something to choose, the dialog has all of it.
            batch.notes = [
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
        if workbench is None or batch.is_stopped:
            self._finish(batch)
            return
        findings = batch.chosen.findings
        try:
            importing.check_space(workbench.folder.path, findings)
            rows = importing.requests(
                workbench,
                findings,
                labels=batch.chosen.labels,
                unit=batch.chosen.unit,
                is_scan=batch.chosen.is_scan,
            )
        except SegdeskError as error:
            batch.problems.append(error)
        else:
            batch.waiting = list(rows)
            batch.cases = tuple(row.case for row in rows)
        self._next(workbench, batch)

    def _next(self, workbench: Workbench, batch: _Batch) -> None:
        self._task = None
        if not batch.waiting or batch.is_stopped or self._session.workbench is not workbench:
            self._finish(batch)
            return
        request = batch.waiting.pop(0)
        count = len(batch.cases)
        number = count - len(batch.waiting)

        def read(task: Task) -> Imported:
            def tell(sentence: str, done: int, total: int) -> None:
                many = f" ({number} / {count})" if count > 1 else ""
                task.tell(translated(sentence) + many, done, total)

            def first(plane: Voxels, _: int) -> None:
                task.hand_over(lambda: self._preview(request, plane))

            return importing.read_in(
                workbench.folder,
                workbench.project.id,
                request,
                on_first=first,
                progress=tell,
                cancelled=task.is_cancelled,
            )

        def done(imported: Imported) -> None:
            if self._session.workbench is workbench:
                self._take(workbench, batch, imported)
            else:
                self._next(workbench, batch)

        def failed(error: Exception) -> None:
            if isinstance(error, Cancelled):
                batch.waiting.clear()
            elif isinstance(error, SegdeskError):
                batch.problems.append(error)
            else:
                self.failed.emit(error)
            self._next(workbench, batch)

        self._task = self._runner.start(
            tr("Importing {case}", case=request.case), read, done=done, failed=failed, lane="long"
        )

    def _preview(self, request: Request, plane: Voxels) -> None:
        is_hu = request.finding.kind == "DICOM"
        window: Window = (
            PRESETS["lung"] if is_hu else full_range(float(plane.min()), float(plane.max()))
        )
        if plane.ndim == 3:
            window = AS_IT_IS
        self.previewed.emit(plane, window)

    def _take(self, workbench: Workbench, batch: _Batch, imported: Imported) -> None:
        """Bring a scan in: the index that names it is on the disk before it is shown."""
        if imported.is_back:
            batch.taken.append(imported.request.case)
            batch.notes.append(scan_put_back.said_of(imported.case.id, imported.request))
            self.put_back.emit(imported.case.id)
            self._next(workbench, batch)
            return
        try:
            joined = importing.join(workbench, imported)
        except SegdeskError as error:
            batch.problems.append(error)
            self._next(workbench, batch)
            return

        def write() -> LoadedCase | None:
            workbench.folder.write_index()
            return None if joined.legend is None else workbench.read_case(joined.case.id)

        def written(loaded: LoadedCase | None) -> None:
            if self._session.workbench is not workbench or loaded is None:
                drawn(None)
                return
            workbench.adopt(joined.case.id, loaded)
            self._labels.draw(workbench, imported, joined, drawn)

        def drawn(error: Exception | None) -> None:
            if isinstance(error, SegdeskError):
                batch.problems.append(error)
            elif error is not None:
                self.failed.emit(error)
            if self._session.workbench is workbench:
                self._taken(batch, workbench.project.case(joined.case.id))
            self._next(workbench, batch)

        def refused(error: Exception) -> None:
            if self._session.workbench is workbench:
                importing.leave(workbench, joined)
                self._remove(workbench, joined.case.id)
            if isinstance(error, SegdeskError):
                batch.problems.append(error)
            else:
                self.failed.emit(error)
            self._next(workbench, batch)

        # A part of the import: closing waits for it.
        self._task = self._runner.start(
            tr("Importing {case}", case=joined.case.id),
            lambda _: write(),
            done=written,
            failed=refused,
            lane="long",
        )

    def _remove(self, workbench: Workbench, case: str) -> None:
        """The files of a case that came to nothing; where the disk refuses that, the next import of
        that name removes them."""
        self._runner.start(
            tr("Removing {case}", case=case),
            lambda _: workbench.folder.scans.remove(case),
            done=lambda _: None,
            failed=lambda error: log.warning("%s was left behind: %s", case, error),
            lane="write",
        )

    def _taken(self, batch: _Batch, case: Case) -> None:
        if case.source.notes:
            batch.case_notes[case.id] = case.source.notes
        batch.taken.append(case.id)
        view = self._session.view
        if view is None:
            return
        if view.crosshair.case_id is None:
            self._session.ensure_segment()
            view.crosshair.show_case(case.id)
            self.shown.emit()
        else:
            view.marks.mark_new(case.id)

    def _finish(self, batch: _Batch) -> None:
        workbench = self._session.workbench
        if not batch.taken:
            if batch.made_project and workbench is not None and not workbench.project.cases:
                self._session.discard()
            self.shown.emit()
        if not batch.is_stopped:
            # The notes stand in the cases too, and the project that they are about is going.
            for words in (
                " ".join(dict.fromkeys(all_translated(batch.notes))),
                *notes_words(batch.case_notes),
            ):
                if words:
                    self.noted.emit(words)
        self._end(batch)
        if batch.problems:
            self.failed.emit(one_error(batch.problems, len(batch.cases)))
        view = self._session.view
        if view is not None and not batch.is_stopped:
            new = [case for case in batch.taken if case in view.marks.new]
            if new:
                is_open = partial(self._shows, view)
                came = len(batch.taken)
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
        lost = [case for case in batch.cases if case not in batch.taken]
        if batch.is_stopped and (lost or not batch.taken):
            self.noted.emit(stopped_words(lost))
        self.busy_changed.emit()


def _is_hand_elsewhere() -> bool:
    """Whether somebody types, or a dialog or menu is open: what is pressed next is meant for it."""
    return (
        is_typing(QApplication.focusWidget())
        or QApplication.activeModalWidget() is not None
        or QApplication.activePopupWidget() is not None
    )
