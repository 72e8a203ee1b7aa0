"""Opening and making projects: the new one first, and only when it is there the old one is let go.

So a project that can't be opened, or a reader who stays after all, leaves the open one as it is.
What is open belongs to `session`, letting go to `closing`.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from segdesk.app.opening import open_project
from segdesk.app.project import endings
from segdesk.app.project.recovered import news_of_copy
from segdesk.app.project.workbench import Workbench
from segdesk.core.regular_file import is_folder
from segdesk.errors import ProjectLocked
from segdesk.ui.dialogs import ask
from segdesk.ui.dialogs.message import Choice, show_message
from segdesk.ui.dialogs.new_project import NewProjectDialog
from segdesk.ui.flows.flow import Flow
from segdesk.ui.flows.session import Session
from segdesk.ui.look.preferences import Preferences
from segdesk.ui.look.translations import tr, translated
from segdesk.ui.threads.task_runner import TaskRunner

#: A project, and sentences about it.
_Made = tuple[Workbench, tuple[str, ...]]
Then = Callable[[], None]


def _nothing() -> None:
    pass


class Leave(Protocol):
    """Lets the open project go and calls `then`, or `otherwise` where it stays."""

    def __call__(self, then: Then, otherwise: Then) -> None: ...


class Opening(Flow):
    """Owned by the window; lives on the GUI thread.

    Parameters
    ----------
    window : parent of the dialog
    idle : why nothing can be opened now, or ""
    leave : lets the open project go
    """

    #: A sentence about why nothing was opened, which is no failure.
    said = Signal(str)

    def __init__(
        self,
        window: QWidget,
        session: Session,
        runner: TaskRunner,
        preferences: Preferences,
        idle: Callable[[], str],
        leave: Leave,
    ) -> None:
        super().__init__(window, session, runner)
        self._preferences = preferences
        self._idle = idle
        self._leave = leave
        #: Whether the project that was opened last was to be read only, whatever is allowed.
        self.was_asked_to_read = False

    def open(
        self,
        path: Path,
        *,
        then: Then = _nothing,
        only_read: bool = False,
        leave: Leave | None = None,
        is_copy: bool = False,
    ) -> None:
        """Open a project in the place of the one that is open, while the window goes on.

        Parameters
        ----------
        then : called once it is there
        only_read : write nothing into it
        leave : lets the open project go in another way than with a save
        is_copy : it was made of the open one a moment ago: what is not saved is no news
        """
        if not is_folder(path):
            self._preferences.forget(str(path))
        if reason := self._idle():
            self.said.emit(reason)
            return
        workbench = self._session.workbench
        if workbench is not None and not only_read and workbench.folder.is_at(path):
            self.said.emit(tr("'{name}' is open already.", name=path.name))
            then()
            return

        self.was_asked_to_read = only_read

        def failed(error: Exception) -> None:
            if isinstance(error, ProjectLocked):
                self._ask_to_read(error, path, then)
            else:
                self._session.failed.emit(error)

        self._begin(
            lambda: self._open(path, only_read, is_copy),
            _let_go,
            then,
            failed,
            leave or self._leave,
        )

    def create(
        self,
        path: Path,
        *,
        then: Then = _nothing,
        otherwise: Then = _nothing,
        asked: bool = False,
    ) -> None:
        """Make a new project and open it in the place of the one that is open; `otherwise` is
        called where that fails.

        Parameters
        ----------
        asked : by a hand, so that an import under way stops as it does for any other project
        """

        def failed(error: Exception) -> None:
            self._session.failed.emit(error)
            otherwise()

        reader = self._preferences.now.reader
        # An import makes its first project itself, and goes on with it.
        leave = None if self._session.workbench is None and not asked else self._leave
        self._begin(
            lambda: (Workbench.create(path, reader=reader), ()),
            Workbench.discard,
            then,
            failed,
            leave,
        )

    def ask(self) -> None:
        """Ask which project to open."""
        ask.for_folder(
            self._window,
            tr("Open a project: a folder whose name ends in {ending}", ending=endings.FOLDER),
            self._preferences.now.project_folder,
            self.open,
        )

    def ask_for_new(self) -> None:
        """Ask where a new project shall live, and make it."""
        NewProjectDialog(self._window, self._preferences.now.project_folder, self._create).open()

    def _create(self, path: Path) -> None:
        if reason := self._idle():
            self.said.emit(reason)
        else:
            self.create(path, asked=True)

    def _open(self, path: Path, only_read: bool, is_copy: bool) -> _Made:
        workbench, cut_off = open_project(
            path, reader=self._preferences.now.reader, only_read=only_read
        )
        notes = tuple(tr("{run} was cut off when segdesk ended.", run=run) for run in cut_off)
        said = news_of_copy(workbench.notes) if is_copy else workbench.notes
        return workbench, (*said, *notes)

    def _begin(
        self,
        make: Callable[[], _Made],
        drop: Callable[[Workbench], None],
        then: Then,
        failed: Callable[[Exception], None],
        leave: Leave | None,
    ) -> None:
        if self._session.is_opening:
            raise ValueError("expected no project that is being opened")
        self._session.set_opening(True)

        def made(found: _Made) -> None:
            def take() -> None:
                self._session.set_opening(False)
                self._session.take(*found)
                then()

            def stay() -> None:
                self._session.set_opening(False)
                drop(found[0])

            if leave is None:
                take()
            else:
                leave(take, stay)

        def refused(error: Exception) -> None:
            self._session.set_opening(False)
            failed(error)

        self._runner.start(tr("Opening"), lambda _: make(), done=made, failed=refused)

    def _ask_to_read(self, error: ProjectLocked, path: Path, then: Then) -> None:
        show_message(
            self._window,
            "locked_dialog",
            tr("The project is open elsewhere"),
            translated(error.sentence),
            hint=tr(
                "Close it there, or only read it here: then nothing can be changed in this window, "
                "and what is saved there later is not seen."
            ),
            choices=(
                Choice("leave_locked", tr("Cancel"), _nothing),
                Choice(
                    "only_read",
                    tr("Only read it here"),
                    lambda: self.open(path, then=then, only_read=True),
                    "primary",
                ),
            ),
        )


def _let_go(workbench: Workbench) -> None:
    workbench.close()
