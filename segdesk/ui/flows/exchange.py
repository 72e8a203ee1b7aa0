"""Labels into the case on screen, and masks and scans out of it, as files."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import cast

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from segdesk.app.files import exporting, label_maps
from segdesk.app.files.exporting import What
from segdesk.app.files.importing import LabelMap, LabelsAs
from segdesk.app.project.workbench import Workbench
from segdesk.core.edit import Edit
from segdesk.core.pieces import Seen
from segdesk.errors import ProjectError, SegdeskError
from segdesk.ui.dialogs import ask
from segdesk.ui.dialogs.export import FILTERS, ExportDialog
from segdesk.ui.dialogs.label_options import LabelOptionsDialog
from segdesk.ui.dialogs.series_list import SCAN_FILTERS
from segdesk.ui.flows.asked_edits import GoOn
from segdesk.ui.flows.flow import Flow
from segdesk.ui.flows.import_words import final
from segdesk.ui.flows.session import Session
from segdesk.ui.look.preferences import Preferences
from segdesk.ui.look.translations import tr, translated
from segdesk.ui.threads.task_runner import TaskRunner


class Exchange(Flow):
    """Owned by the window; lives on the GUI thread."""

    noted = Signal(str)
    failed = Signal(object)

    def __init__(
        self, window: QWidget, session: Session, runner: TaskRunner, preferences: Preferences
    ) -> None:
        super().__init__(window, session, runner)
        self._preferences = preferences

    # Labels in

    def ask_for_labels(self) -> None:
        """Ask for a label map for the case on screen."""
        workbench, case = self._session.workbench, self._session.case_id
        if workbench is not None and case is not None:
            ask.for_file(
                self._window,
                tr("Labels of {case}", case=case),
                self._preferences.now.import_folder,
                SCAN_FILTERS,
                lambda path: self._ask_how(workbench, case, path),
            )

    def ask_how(self, case: str, source: str) -> None:
        """Ask what labels from a file, or `FILE.npz:KEY`, say about a case, and read them."""
        workbench = self._session.workbench
        if workbench is not None:
            self._ask_how(workbench, case, Path(source))

    def _ask_how(self, workbench: Workbench, case: str, path: Path) -> None:
        LabelOptionsDialog(
            self._window,
            path.name,
            case,
            lambda labels_as: self._read(workbench, case, path, labels_as),
        ).open()

    def _is_there(self, workbench: Workbench) -> bool:
        """Whether the project that something was asked for is still the open one: another one has
        cases of the same names.
        """
        is_there = self._session.workbench is workbench
        if not is_there:
            self.noted.emit(
                tr("Nothing was done: the project that it was asked for has been closed.")
            )
        return is_there

    def _read(self, workbench: Workbench, case: str, path: Path, labels_as: LabelsAs) -> None:
        if not self._is_there(workbench):
            return
        row = workbench.project.case(case)
        self._runner.start(
            tr("Reading labels"),
            lambda _: label_maps.read_label_map(row, str(path)),
            done=lambda labels: self._read_was(workbench, case, labels, labels_as),
            failed=self._failed,
            lane="long",
        )

    def _read_was(
        self, workbench: Workbench, case: str, labels: LabelMap, labels_as: LabelsAs
    ) -> None:
        if self._is_there(workbench):
            take = partial(self._take, workbench, case, labels, labels_as)
            self._session.case_reader.when_read(case, lambda: self._session.large.when_free(take))

    def _failed(self, error: Exception) -> None:
        self.failed.emit(final(error))

    def _take(self, workbench: Workbench, case: str, labels: LabelMap, labels_as: LabelsAs) -> None:
        notes: tuple[str, ...] = ()

        def make(_: GoOn, seen: Seen) -> Edit:
            nonlocal notes
            edit, notes = label_maps.map_edit(seen.mask, case, seen.segments, labels, labels_as)
            return edit

        def done() -> None:
            self._session.ensure_segment()
            for note in notes:
                self.noted.emit(translated(note))

        self._session.large.make(
            workbench,
            case,
            tr("Bringing the labels into {case}", case=case),
            make,
            voxels=labels.labels.size,
            done=done,
            failed=self._failed,
            is_quiet=True,
        )

    # Masks and scans out

    def ask_for_export(self) -> None:
        """Ask what of the case on screen shall be written, and where."""
        workbench, case = self._session.workbench, self._session.case_id
        if workbench is None or case is None:
            return
        has_prediction = workbench.predicted_by(case) is not None
        none = "" if has_prediction else tr("There is no prediction of this case yet.")
        ExportDialog(
            self._window,
            case,
            {"annotation": "", "prediction": none, "volume": ""},
            lambda what: self._ask_where(workbench, case, cast("What", what)),
            unseen=translated(exporting.unseen(workbench, case)),
        ).open()

    def _ask_where(self, workbench: Workbench, case: str, what: What) -> None:
        folder = workbench.folder.path.parent
        ask.for_new_file(
            self._window,
            tr("Export"),
            str(folder / f"{case}-{what}.nii.gz"),
            FILTERS,
            lambda file: self._export(workbench, case, what, file),
        )

    def _export(self, workbench: Workbench, case: str, what: What, file: Path) -> None:
        if self._is_there(workbench):
            self._session.case_reader.when_read(
                case,
                lambda: self._write(workbench, case, what, file),
                otherwise=lambda error: self._write_alone(workbench, case, what, file, error),
            )

    def _write(self, workbench: Workbench, case: str, what: What, file: Path) -> None:
        try:
            frozen = exporting.prepare(workbench, case, what)
        except SegdeskError as error:
            self.failed.emit(error)
            return
        self._run(case, file, lambda: frozen.write(file))

    def _write_alone(
        self, workbench: Workbench, case: str, what: What, file: Path, error: Exception
    ) -> None:
        """The case cannot be read; its mask may be whole all the same."""
        if what != "annotation" or not isinstance(error, ProjectError):
            self._failed(error)
            return
        self._run(case, file, lambda: exporting.prepare_alone(workbench, case, error).write(file))

    def _run(self, case: str, file: Path, write: Callable[[], tuple[str, ...]]) -> None:
        def done(notes: tuple[str, ...]) -> None:
            self.noted.emit(tr("{name} was written.", name=file.name))
            for note in notes:
                self.noted.emit(translated(note))

        self._runner.start(
            tr("Exporting {case}", case=case),
            lambda _: write(),
            done=done,
            failed=self._failed,
            lane="long",
        )
