"""A project as one file to carry: out of the window, and into it.

What goes in and what is checked belongs to `app.project.packing` and `app.project.unpacking`.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from segdesk.app.project import endings, packing, unpacking
from segdesk.app.project.packing import Pack
from segdesk.app.project.unpacking import Held
from segdesk.app.project.workbench import Workbench
from segdesk.errors import Cancelled, SegdeskError
from segdesk.ui.dialogs import ask
from segdesk.ui.dialogs.new_project import NewProjectDialog, Words
from segdesk.ui.dialogs.pack_choice import LeftOut, PackChoiceDialog
from segdesk.ui.dialogs.waiting import WaitingDialog
from segdesk.ui.flows.flow import Flow
from segdesk.ui.flows.import_words import final
from segdesk.ui.flows.session import Session
from segdesk.ui.look.preferences import Preferences
from segdesk.ui.look.translations import tr, translated
from segdesk.ui.threads.task_runner import Task, TaskRunner

FILTERS = ("Packed projects (*.h5)",)


class Packing(Flow):
    """Owned by the window; lives on the GUI thread.

    Parameters
    ----------
    open_project : opens the project that was unpacked, in the place of the one that is open
    """

    noted = Signal(str)
    failed = Signal(object)

    def __init__(
        self,
        window: QWidget,
        session: Session,
        runner: TaskRunner,
        preferences: Preferences,
        open_project: Callable[[Path], object],
    ) -> None:
        super().__init__(window, session, runner)
        self._preferences = preferences
        self._open_project = open_project
        self._waiting: tuple[Task, WaitingDialog] | None = None
        runner.progressed.connect(self._progressed)

    # Out of the window

    def why_not_pack(self) -> str:
        """Empty where the open project can be packed now; else the reason."""
        workbench = self._session.workbench
        if workbench is None:
            return tr("Open a project first (Ctrl+O).")
        if not workbench.project.cases:
            return tr("Import a scan first (Ctrl+I).")
        return ""

    def ask_to_pack(self) -> None:
        """Ask what goes in, and where."""
        workbench = self._session.workbench
        if workbench is not None:
            PackChoiceDialog(
                self._window,
                workbench.project,
                lambda left_out: self._ask_where(workbench, left_out),
            ).open()

    def _ask_where(self, workbench: Workbench, left_out: LeftOut) -> None:
        path = workbench.folder.path
        ask.for_new_file(
            self._window,
            tr("Pack"),
            str(path.with_suffix(endings.PACKED)),
            FILTERS,
            lambda file: self._save_first(workbench, left_out, with_ending(file)),
        )

    def _save_first(self, workbench: Workbench, left_out: LeftOut, file: Path) -> None:
        """What is saved need not be copied in memory; where it cannot be, it is packed as it is."""
        self._session.writer.save(lambda _: self._pack(workbench, left_out, file))

    def _pack(self, workbench: Workbench, left_out: LeftOut, file: Path) -> None:
        if self._session.workbench is not workbench:
            self.noted.emit(
                tr("Nothing was done: the project that it was asked for has been closed.")
            )
            return
        try:
            # The file's dialog has asked whether one may be replaced.
            packing.check_file(file, overwrite=True)
            wanted = packing.prepare(
                workbench, without_cases=left_out.cases, without_runs=left_out.runs
            )
        except SegdeskError as error:
            self.failed.emit(final(error))
            return

        def done(packed: Pack) -> None:
            counted = packing.counted(packed.contents.project)
            self.noted.emit(tr("{what} are in {name}.", what=counted, name=file.name))
            for note in packed.notes:
                self.noted.emit(translated(note))

        self._runner.start(
            tr("Packing"),
            lambda task: wanted.write(
                file, overwrite=True, tell=task.tell, cancelled=task.is_cancelled
            ),
            done=done,
            failed=self._failed,
            lane="long",
        )

    # Into the window

    def ask_for_packed(self) -> None:
        """Ask which packed project to open."""
        ask.for_file(
            self._window,
            tr("Open a packed project"),
            self._preferences.now.project_folder,
            FILTERS,
            self._offer,
        )

    def offers(self, path: Path) -> bool:
        """Whether a path is a packed project; then it is offered to unpack it."""
        is_packed = unpacking.is_packed(path)
        if is_packed:
            self._offer(path)
        return is_packed

    def _offer(self, file: Path) -> None:
        if self._waiting is not None:
            return
        self._wait_for(
            "pack_checking",
            tr("Checking {name}", name=file.name),
            lambda task: unpacking.look(file, tell=task.tell, cancelled=task.is_cancelled),
            lambda held: self._ask_for_place(file, held),
        )

    def _ask_for_place(self, file: Path, held: Held) -> None:
        what = packing.counted(held)
        NewProjectDialog(
            self._window,
            self._preferences.now.project_folder,
            lambda path: self._unpack(file, path),
            because=tr(
                "{name} is a packed project with {what}. Every byte of it was checked. Where shall "
                "it be unpacked? The file itself stays as it is.",
                name=file.name,
                what=what,
            ),
            name=file.stem,
            words=Words(tr("Unpack a project"), tr("Unpack and open")),
        ).open()

    def _unpack(self, file: Path, path: Path) -> None:
        self._wait_for(
            "pack_unpacking",
            tr("Unpacking {name}", name=file.name),
            lambda task: unpacking.unpack(file, path, tell=task.tell, cancelled=task.is_cancelled),
            lambda _: self._open_project(path),
        )

    def _wait_for(
        self,
        id: str,
        title: str,
        work: Callable[[Task], Held],
        then: Callable[[Held], object],
    ) -> None:
        def done(held: Held) -> None:
            self._end_waiting()
            then(held)

        task = self._runner.start(title, work, done=done, failed=self._failed, lane="long")

        def stop() -> None:
            # The dialog is gone by itself then.
            self._waiting = None
            task.cancel()

        waiting = WaitingDialog(self._window, id, title, stop)
        self._waiting = (task, waiting)
        waiting.open()

    def _progressed(self, task: Task, _sentence: str, done: int, total: int) -> None:
        if self._waiting is not None and self._waiting[0] is task:
            self._waiting[1].tell(done, total)

    def _end_waiting(self) -> None:
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            waiting[1].end()

    def _failed(self, error: Exception) -> None:
        self._end_waiting()
        if isinstance(error, Cancelled):
            self.noted.emit(tr("Stopped; nothing half-done was left behind."))
        else:
            self.failed.emit(final(error))


def with_ending(file: Path) -> Path:
    """The name as packed projects are called; a dialog may leave the ending out."""
    return file if file.suffix == endings.PACKED else file.with_name(file.name + endings.PACKED)
