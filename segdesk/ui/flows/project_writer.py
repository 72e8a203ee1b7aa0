"""What is written of the open project, in order: the `ProjectWriter`.

Everything that a save has to come after is entered in one place, and a save is begun in one place,
once nothing is entered there. So a save never begins while a sync writes the same journal, another
save is under way, or a large Edit is half in. A sync waits for no save: what is drawn during a long
one reaches the disk too. Which words follow belongs to `journal_sync`, files to `store`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum

from PySide6.QtCore import QObject, Signal

from segdesk.app.project.saving import PendingSave
from segdesk.app.project.workbench import Workbench
from segdesk.core.project import Project
from segdesk.errors import SegdeskError
from segdesk.ui.look.translations import tr, translated
from segdesk.ui.threads.task_runner import TaskRunner

#: Gets None, or what went wrong.
Then = Callable[[Exception | None], None]


class Work(Enum):
    """What a save comes after."""

    SAVE = "a save"
    SYNC = "an fsync of the journal"
    LARGE_EDIT = "a large Edit that goes in piece by piece"


class ProjectWriter(QObject):
    """Owned by the session; lives on the GUI thread, files on the lanes "write" and "sync"."""

    #: A save begins: what is journalled from here on is not in it.
    save_begins = Signal()
    #: A save of the open project has ended: None, or what went wrong.
    save_ended = Signal(object)
    #: `is_saving` has changed.
    changed = Signal()
    #: Why a save that nobody waits for was refused, in a sentence.
    refused = Signal(str)
    #: What went wrong with something that nobody waits for; an Exception.
    failed = Signal(object)

    def __init__(self, runner: TaskRunner, parent: QObject) -> None:
        super().__init__(parent)
        self._runner = runner
        self._open: _Open | None = None

    def start(self, workbench: Workbench) -> None:
        """Write this project from now on."""
        self._open = _Open(workbench)

    def stop(self) -> None:
        """The project is let go. What is being written goes on; nobody hears of a save that waits,
        because it was not done."""
        self._open = None

    @property
    def is_saving(self) -> bool:
        return self._is_under_way(Work.SAVE)

    @property
    def is_syncing(self) -> bool:
        return self._is_under_way(Work.SYNC)

    def _is_under_way(self, work: Work) -> bool:
        return self._open is not None and work in self._open.under_way

    # What a save comes after

    def sync(self, then: Then) -> None:
        """Have the journal reach the disk itself, unless that is under way."""
        now = self._open
        if now is None or Work.SYNC in now.under_way:
            return

        def ended(error: Exception | None) -> None:
            now.under_way.remove(Work.SYNC)
            if self._open is now:
                then(error)
            self._go_on(now)

        now.under_way.add(Work.SYNC)
        self._runner.start(
            tr("Writing the journal"),
            lambda _: now.workbench.folder.sync(),
            done=lambda _: ended(None),
            failed=ended,
            lane="sync",
        )

    def hold_saves(self) -> Callable[[], None]:
        """Let no save begin until what is returned is called, once: a large Edit goes in."""
        now = self._open
        if now is None:
            return lambda: None
        if Work.LARGE_EDIT in now.under_way:
            raise ValueError("expected one large Edit at a time")
        now.under_way.add(Work.LARGE_EDIT)

        def release() -> None:
            now.under_way.remove(Work.LARGE_EDIT)
            self._go_on(now)

        return release

    # Saving

    def save(self, then: Then | None = None) -> None:
        """Write what changed, after what is under way. `then` gets None, or what went wrong;
        nothing is lost either way."""
        now = self._open
        if now is not None:
            now.queue.append(then)
            self._go_on(now)
        elif then is not None:
            then(None)

    def _go_on(self, now: _Open) -> None:
        """Begin the saves that were asked for, in order, once nothing is under way."""
        while self._open is now and now.queue and not now.under_way:
            self._save(now, now.queue.popleft())

    def _save(self, now: _Open, then: Then | None) -> None:
        if not now.workbench.has_unsaved:
            if then is not None:
                then(None)
            return
        try:
            pending = PendingSave(now.workbench)
        except Exception as error:  # noqa: BLE001 - handed to whoever asked, who shows it
            self._save_ended(now, error, then)
            return
        now.under_way.add(Work.SAVE)
        self.save_begins.emit()
        self.changed.emit()

        def done(project: Project) -> None:
            problem: Exception | None = None
            try:
                pending.succeeded(project)
            except Exception as error:  # noqa: BLE001 - handed to whoever asked, who shows it
                problem = error
            ended(problem)

        def failed(error: Exception) -> None:
            pending.failed()
            ended(error)

        def ended(error: Exception | None) -> None:
            now.under_way.remove(Work.SAVE)
            try:
                self._save_ended(now, error, then)
            finally:
                self._go_on(now)

        self._runner.start(
            tr("Saving"), lambda _: pending.run(), done=done, failed=failed, lane="write"
        )

    def _save_ended(self, now: _Open, error: Exception | None, then: Then | None) -> None:
        if self._open is now:
            self.save_ended.emit(error)
            self.changed.emit()
        if then is not None:
            then(error)
        elif isinstance(error, SegdeskError):
            # Why, and what is safe, stands over the scan for as long as it is true.
            self.refused.emit(translated(error.words))
        elif error is not None:
            self.failed.emit(error)

    # The index

    def write_index(self) -> None:
        """Have what was handed over of the index written, behind whatever is being written."""
        if self._open is not None:
            self._write(self._open.workbench.folder.write_index, self._written)

    def write_the_rest(self, then: Then) -> None:
        """Write what waits of index and journal, behind whatever is being written."""
        if self._open is None:
            then(None)
        else:
            self._write(self._open.workbench.folder.write_what_waits, then)

    def _written(self, error: Exception | None) -> None:
        if error is not None:
            self.failed.emit(error)

    def _write(self, write: Callable[[], None], then: Then) -> None:
        self._runner.start(
            tr("Writing the index"),
            lambda _: write(),
            done=lambda _: then(None),
            failed=then,
            lane="write",
        )


@dataclass(slots=True, eq=False)
class _Open:
    """An open project, what is under way that a save comes after, and the saves that wait."""

    workbench: Workbench
    under_way: set[Work] = field(default_factory=set)
    queue: deque[Then | None] = field(default_factory=deque)
