"""Making the journal reach the disk every few seconds, and what may be said about it.

An Edit that the journal has taken outlives a crash of the program; only an fsync makes it outlive a
power cut. Whether the last one succeeded is known here and nowhere else, so the words "the journal
has it" come from here. Saves belong to `session`, files to `store`.
"""

from __future__ import annotations

import logging

from PySide6.QtCore import QObject, QTimer, Signal

from segdesk.app.workbench import Workbench
from segdesk.errors import SegdeskError
from segdesk.ui.threads.task_runner import TaskRunner
from segdesk.ui.translations import tr

#: A power cut costs at most this much of finished work.
SYNC_EVERY_MS = 2000
#: A save that shall replace a lost journal is tried again after so many turns of the timer.
SAVE_EVERY = 10

log = logging.getLogger(__name__)


class JournalSync(QObject):
    """Owned by the session; lives on the GUI thread, the fsync on the "write" lane."""

    #: An fsync has ended, well or not.
    ended = Signal()
    #: What may be said about the journal has changed.
    changed = Signal()
    #: The journal is lost: only a save makes what was drawn lasting.
    save_wanted = Signal()

    def __init__(self, runner: TaskRunner, parent: QObject) -> None:
        super().__init__(parent)
        self._runner = runner
        self._workbench: Workbench | None = None
        self._has_unsynced = False
        self._is_under_way = False
        self._trouble: Exception | None = None
        self._turns = 0
        self._timer = QTimer(self)
        self._timer.setInterval(SYNC_EVERY_MS)
        self._timer.timeout.connect(self.sync)

    @property
    def is_under_way(self) -> bool:
        return self._is_under_way

    def start(self, workbench: Workbench) -> None:
        """Look after this project's journal."""
        self._workbench = workbench
        self._timer.start()

    def stop(self) -> None:
        """The project is let go."""
        self._timer.stop()
        self._workbench = None
        self._has_unsynced = False
        self._set_trouble(None)

    # What has happened to the journal

    def note(self) -> None:
        """An Edit was journalled."""
        self._has_unsynced = True

    def save_begins(self) -> None:
        """What is journalled from here on is the next sync's; the save makes the rest lasting."""
        self._has_unsynced = False

    def save_ended(self, error: Exception | None) -> None:
        """A save wrote everything into new files, or did not."""
        if error is None:
            self._set_trouble(None)
        else:
            self._has_unsynced = True

    # What may be said

    @property
    def waiting(self) -> int:
        """How many changes the disk has not taken."""
        return 0 if self._workbench is None else self._workbench.folder.waiting

    @property
    def trouble(self) -> str:
        """Why the last fsync failed, in a sentence with what to do; empty where it succeeded."""
        if self._trouble is None:
            return ""
        known = isinstance(self._trouble, SegdeskError)
        return str(self._trouble) if known else tr("The disk refused to write the last changes.")

    def what_is_kept(self) -> str:
        """One sentence about what a crash or a power cut would leave; empty without a project."""
        if self._workbench is None:
            return ""
        if self.waiting:
            return tr(
                "The last changes ({n}) are not on the disk yet. Free some space and save again; "
                "closing now would lose them.",
                n=self.waiting,
            )
        if self._trouble is not None:
            return tr(
                "The disk refused to make the last changes lasting: they outlive a crash of "
                "segdesk, but not a power cut. Check the disk and save again."
            )
        return tr(
            "Nothing is lost: the journal keeps every stroke, and they come back when the "
            "project is opened again."
        )

    # Syncing

    def sync(self) -> None:
        """Have the journal reach the disk itself; a save does that too."""
        workbench = self._workbench
        if workbench is None or self._is_under_way or self._runner.is_busy("write"):
            return
        if workbench.folder.is_journal_lost:
            self._ask_for_save()
            return
        if not self._has_unsynced:
            return
        self._has_unsynced = False
        self._is_under_way = True
        self._runner.start(
            tr("Writing the journal"),
            lambda _: workbench.folder.sync(),
            done=lambda _: self._end(workbench, None),
            failed=lambda error: self._end(workbench, error),
            lane="write",
        )

    def _end(self, workbench: Workbench, error: Exception | None) -> None:
        self._is_under_way = False
        if self._workbench is workbench:
            if error is not None:
                self._has_unsynced = True
                if self._trouble is None:
                    log.warning("the journal was not synced: %s", error)
            self._set_trouble(error)
            if workbench.folder.is_journal_lost:
                self._turns = 0
                self._ask_for_save()
        self.ended.emit()

    def _ask_for_save(self) -> None:
        """At once, and then every now and then."""
        if self._turns % SAVE_EVERY == 0:
            self.save_wanted.emit()
        self._turns += 1

    def _set_trouble(self, error: Exception | None) -> None:
        had_trouble, self._trouble = self._trouble is not None, error
        if had_trouble or error is not None:
            self.changed.emit()
