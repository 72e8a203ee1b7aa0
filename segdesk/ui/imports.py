"""From dropped files to cases in the project: survey, choice, place, import, one after the other.

What reads runs on the task runner's long lane; what changes the project, on the GUI thread. What
files mean is decided in `formats`, by way of `app.importing`. Nothing half-imported stays: a
project that was made for an import that brought nothing goes again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from segdesk.app import importing
from segdesk.app.importing import Imported, Request
from segdesk.app.workbench import Workbench
from segdesk.core.window import PRESETS, Window, full_range
from segdesk.errors import Cancelled, InputError, SegdeskError, UsageError
from segdesk.formats.findings import Survey
from segdesk.ui.dialogs.import_choice import Chosen, ImportChoiceDialog
from segdesk.ui.dialogs.new_project import NewProjectDialog, good_place
from segdesk.ui.preferences import Preferences
from segdesk.ui.session import Session
from segdesk.ui.threads.task_runner import Task, TaskRunner
from segdesk.ui.translations import tr

#: Problems that one dialog names; the rest is counted.
MOST_PROBLEMS = 5


@dataclass(slots=True)
class _Batch:
    """One import under way."""

    chosen: Chosen
    notes: list[str]
    made_project: bool = False
    waiting: list[Request] = field(default_factory=list)
    count: int = 0
    taken: list[str] = field(default_factory=list)
    problems: list[SegdeskError] = field(default_factory=list)


class ImportFlow(QObject):
    """Owned by the window; lives on the GUI thread. One import at a time.

    Parameters
    ----------
    window : parent of the dialogs
    """

    #: The middle slice of a scan that is being read: int16 (rows, columns), and its `Window`.
    previewed = Signal(object, object)
    #: The first case of an import is there, or the import brought none.
    shown = Signal()
    noted = Signal(str)
    failed = Signal(object)

    def __init__(
        self, window: QWidget, session: Session, runner: TaskRunner, preferences: Preferences
    ) -> None:
        super().__init__(window)
        self._window = window
        self._session = session
        self._runner = runner
        self._preferences = preferences
        self._task: Task | None = None

    @property
    def is_busy(self) -> bool:
        return self._task is not None

    def start(self, sources: Sequence[str | Path]) -> None:
        """Look at files and folders and import what the reader chooses of them."""
        if self.is_busy:
            busy = UsageError(tr("An import is running."), tr("Wait until it ends, or cancel it."))
            self.failed.emit(busy)
            return
        first = Path(str(sources[0]))
        self._preferences.change(import_folder=str(first.parent))
        self._task = self._runner.start(
            tr("Looking at the files"),
            lambda task: importing.survey(sources, progress=task.tell, cancelled=task.is_cancelled),
            done=self._found,
            failed=self._survey_failed,
            lane="long",
        )

    def _survey_failed(self, error: Exception) -> None:
        self._task = None
        self.failed.emit(error)

    def _found(self, survey: Survey) -> None:
        self._task = None
        notes = [*survey.notes]
        if len(survey.volumes) == 1:
            notes += [tr("Left out: {problem}", problem=row.problem) for row in survey.refused]
            self._place(_Batch(Chosen(survey.volumes), notes))
            return
        dialog = ImportChoiceDialog(
            self._window,
            survey,
            self._disk(),
            lambda chosen: self._place(_Batch(chosen, notes)),
        )
        dialog.open()

    def _disk(self) -> Path:
        """A folder on the disk that the volumes will lie on."""
        path = self._session.path
        return path if path is not None else good_place(self._preferences.now.project_folder).parent

    def _place(self, batch: _Batch) -> None:
        """Make sure that there is a project to import into."""
        if self._session.workbench is not None:
            self._begin(batch)
            return
        batch.made_project = True
        dialog = NewProjectDialog(
            self._window,
            self._preferences.now.project_folder,
            lambda path: self._session.create(path, then=lambda: self._begin(batch)),
            because=tr("A scan lives in a project. Where shall it be?"),
        )
        dialog.open()

    def _begin(self, batch: _Batch) -> None:
        workbench = self._session.workbench
        if workbench is None:
            return
        findings = batch.chosen.findings
        try:
            importing.check_space(workbench.folder.path, findings)
            rows = importing.requests(workbench, findings, labels=batch.chosen.labels)
        except SegdeskError as error:
            batch.problems.append(error)
        else:
            batch.waiting = list(rows)
            batch.count = len(rows)
        self._next(workbench, batch)

    def _next(self, workbench: Workbench, batch: _Batch) -> None:
        self._task = None
        if self._session.workbench is not workbench:
            return
        if not batch.waiting:
            self._finish(workbench, batch)
            return
        request = batch.waiting.pop(0)
        number = batch.count - len(batch.waiting)

        def read(task: Task) -> Imported:
            def tell(sentence: str, done: int, total: int) -> None:
                many = f" ({number} / {batch.count})" if batch.count > 1 else ""
                task.tell(sentence + many, done, total)

            def first(plane: npt.NDArray[np.int16], _: int) -> None:
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

    def _preview(self, request: Request, plane: npt.NDArray[np.int16]) -> None:
        is_hu = request.finding.kind == "DICOM"
        window: Window = (
            PRESETS["lung"] if is_hu else full_range(float(plane.min()), float(plane.max()))
        )
        self.previewed.emit(plane, window)

    def _take(self, workbench: Workbench, batch: _Batch, imported: Imported) -> None:
        try:
            case = importing.take(workbench, imported)
        except SegdeskError as error:
            batch.problems.append(error)
            return
        batch.notes += [f"{case.id}: {note}" for note in case.source.notes]
        batch.taken.append(case.id)
        view = self._session.view
        if len(batch.taken) == 1 and view is not None:
            self._session.ensure_segment()
            view.show_case(case.id)
            self.shown.emit()

    def _finish(self, workbench: Workbench, batch: _Batch) -> None:
        if not batch.taken:
            if batch.made_project and not workbench.project.cases:
                self._session.discard()
            self.shown.emit()
        for note in dict.fromkeys(batch.notes):
            self.noted.emit(note)
        if batch.problems:
            self.failed.emit(_one_error(batch.problems, batch.count))


def _one_error(problems: Sequence[SegdeskError], count: int) -> SegdeskError:
    """Several problems as one sentence and the list of them."""
    if len(problems) == 1:
        return problems[0]
    named = "\n".join(problem.sentence for problem in problems[:MOST_PROBLEMS])
    more = len(problems) - MOST_PROBLEMS
    if more > 0:
        named += "\n" + tr("and {n} more", n=more)
    return InputError(
        tr("{n} of {all} scans were not imported.", n=len(problems), all=count), named
    )
