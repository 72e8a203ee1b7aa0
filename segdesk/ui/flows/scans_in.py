"""Chosen scans become cases of the open project, one after the other: the `ScansIn`.

Each is read on the task runner's long lane, joins the project on the GUI thread, and is on the disk
before it is shown. What was chosen, and where, is `imports.py`'s.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field

from PySide6.QtCore import QObject, Signal

from segdesk.app.files import importing, joining, scan_put_back
from segdesk.app.files.importing import Imported, Request
from segdesk.app.project.loaded import LoadedCase
from segdesk.app.project.workbench import Workbench
from segdesk.core.case import Case
from segdesk.core.volume import Voxels
from segdesk.core.window import AS_IT_IS, PRESETS, Window, full_range
from segdesk.errors import Cancelled, SegdeskError
from segdesk.ui.dialogs.series_list import Chosen
from segdesk.ui.flows.labels_with_scans import LabelsWithScans
from segdesk.ui.flows.session import Session
from segdesk.ui.look.translations import tr, translated
from segdesk.ui.threads.task_runner import Task, TaskRunner

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Came:
    """What has become of the scans of one import.

    Parameters
    ----------
    cases : ids that they were to have; taken : of those that are there
    notes : of the import; case_notes : of the cases that came, by id
    problems : why others did not come
    is_stopped : nothing more shall come
    """

    cases: tuple[str, ...] = ()
    taken: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    case_notes: dict[str, tuple[str, ...]] = field(default_factory=dict)
    problems: list[SegdeskError] = field(default_factory=list)
    is_stopped: bool = False


@dataclass(slots=True)
class _Row:
    """The scans that are on their way into one project."""

    workbench: Workbench
    came: Came
    then: Callable[[], None]
    waiting: list[Request] = field(default_factory=list)


class ScansIn(QObject):
    """Owned by the `ImportFlow`; lives on the GUI thread. One row of scans at a time."""

    #: The middle slice of a scan that is being read, and its `Window`.
    previewed = Signal(object, object)
    #: The first case of an empty project is there.
    shown = Signal()
    #: A case has the scan again that it had lost.
    put_back = Signal(str)
    #: With an error that no reader can mend.
    failed = Signal(object)

    def __init__(self, parent: QObject, session: Session, runner: TaskRunner) -> None:
        super().__init__(parent)
        self._session = session
        self._runner = runner
        self._labels = LabelsWithScans(self, session)
        self._task: Task | None = None
        self._is_busy = False

    @property
    def is_busy(self) -> bool:
        """From the first scan until the last one is in."""
        return self._is_busy

    def bring(
        self, workbench: Workbench, chosen: Chosen, came: Came, then: Callable[[], None]
    ) -> None:
        """Bring in what was chosen; `came` says how it went by the time that `then` is called."""
        row = _Row(workbench, came, then)
        self._is_busy = True
        try:
            importing.check_space(workbench.folder.path, chosen.findings)
            row.waiting = list(
                importing.requests(
                    workbench,
                    chosen.findings,
                    labels=chosen.labels,
                    unit=chosen.unit,
                    is_scan=chosen.is_scan,
                )
            )
        except SegdeskError as error:
            came.problems.append(error)
        came.cases = tuple(request.case for request in row.waiting)
        self._next(row)

    def stop(self) -> None:
        """Leave off with the scan in hand; the row has to be marked as stopped before."""
        if self._task is not None:
            self._task.cancel()

    def _next(self, row: _Row) -> None:
        self._task = None
        workbench, came = row.workbench, row.came
        if not row.waiting or came.is_stopped or self._session.workbench is not workbench:
            self._is_busy = False
            row.then()
            return
        request = row.waiting.pop(0)
        count = len(came.cases)
        number = count - len(row.waiting)

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
                self._take(row, imported)
            else:
                self._next(row)

        def failed(error: Exception) -> None:
            if isinstance(error, Cancelled):
                row.waiting.clear()
            elif isinstance(error, SegdeskError):
                came.problems.append(error)
            else:
                self.failed.emit(error)
            self._next(row)

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

    def _take(self, row: _Row, imported: Imported) -> None:
        """Bring a scan in: the index that names it is on the disk before it is shown."""
        workbench, came = row.workbench, row.came
        if imported.is_back:
            came.taken.append(imported.request.case)
            came.notes.append(scan_put_back.said_of(imported.case.id, imported.request))
            self.put_back.emit(imported.case.id)
            self._next(row)
            return
        try:
            joined = joining.join(workbench, imported)
        except SegdeskError as error:
            came.problems.append(error)
            self._next(row)
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
                came.problems.append(error)
            elif error is not None:
                self.failed.emit(error)
            if self._session.workbench is workbench:
                self._taken(came, workbench.project.case(joined.case.id))
            self._next(row)

        def refused(error: Exception) -> None:
            if self._session.workbench is workbench:
                joining.leave(workbench, joined)
                self._remove(workbench, joined.case.id)
            if isinstance(error, SegdeskError):
                came.problems.append(error)
            else:
                self.failed.emit(error)
            self._next(row)

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

    def _taken(self, came: Came, case: Case) -> None:
        if case.source.notes:
            came.case_notes[case.id] = case.source.notes
        came.taken.append(case.id)
        view = self._session.view
        if view is None:
            return
        if view.crosshair.case_id is None:
            self._session.ensure_segment()
            view.crosshair.show_case(case.id)
            self.shown.emit()
        else:
            view.marks.mark_new(case.id)
