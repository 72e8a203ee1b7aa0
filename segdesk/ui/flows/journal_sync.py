"""Making the journal reach the disk every few seconds, and what may be said about it.

An Edit that the journal has taken outlives a crash of the program; only an fsync makes it outlive a
power cut. Whether the last one succeeded is known here and nowhere else, so the words "the journal
has it" come from here. What a disk does not take waits in memory and is tried again on the same
timer. When a sync or a save begins is decided by `project_writer`; the words are `kept_words`.
"""

from __future__ import annotations

import logging

from PySide6.QtCore import QObject, QTimer, Signal

from segdesk.app.project.workbench import Workbench
from segdesk.errors import ProjectGone, SegdeskError
from segdesk.ui.flows.project_writer import ProjectWriter
from segdesk.ui.look.kept_words import Kept, kept_words
from segdesk.ui.look.translations import tr, translated

#: A power cut costs at most this much of finished work.
SYNC_EVERY_MS = 2000
#: A save that failed, or shall replace a lost journal, is tried again after so many turns of the
#: timer.
SAVE_EVERY = 10

log = logging.getLogger(__name__)


class JournalSync(QObject):
    """Owned by the session; lives on the GUI thread."""

    #: An fsync has ended, well or not.
    ended = Signal()
    #: What may be said about the journal has changed.
    changed = Signal()

    def __init__(self, writer: ProjectWriter, parent: QObject) -> None:
        super().__init__(parent)
        self._writer = writer
        writer.save_begins.connect(self.save_begins)
        writer.save_ended.connect(self.save_ended)
        self._workbench: Workbench | None = None
        self._has_unsynced = False
        #: Why the last fsync failed; until a save where it has lost the journal.
        self._trouble: Exception | None = None
        self._not_saved: SegdeskError | None = None
        self._told = Kept()
        self._turns = 0
        self._timer = QTimer(self)
        self._timer.setInterval(SYNC_EVERY_MS)
        self._timer.timeout.connect(self.sync)

    def start(self, workbench: Workbench) -> None:
        """Look after this project's journal."""
        self._workbench = workbench
        self._timer.start()

    def stop(self) -> None:
        """The project is let go."""
        self._timer.stop()
        self._workbench = None
        self._has_unsynced = False
        self._trouble = self._not_saved = None
        self._tell()

    # What has happened to the journal

    def note(self) -> None:
        """An Edit was journalled, or waits because the disk refused it."""
        self._has_unsynced = True
        self._tell()

    def save_begins(self) -> None:
        """What is journalled from here on is the next sync's; the save makes the rest lasting."""
        self._has_unsynced = False

    def save_ended(self, error: Exception | None) -> None:
        """A save wrote everything into new files, or did not."""
        if error is None:
            self._not_saved = None
            folder = None if self._workbench is None else self._workbench.folder
            if folder is None or not folder.is_journal_lost:
                self._trouble = None
        else:
            self._has_unsynced = True
            self._not_saved = error if isinstance(error, SegdeskError) else None
            self._turns = 1
            self._look_whether_lost(error)
        self._tell()

    # What may be said

    @property
    def kept(self) -> Kept:
        """What of the work is safe and what is not."""
        if self._workbench is None:
            return Kept()
        folder = self._workbench.folder
        lost = self._trouble if folder.is_journal_lost else None
        refusal = self._workbench.refusal if folder.waiting else None
        return Kept(folder.waiting, refusal, lost, self._not_saved)

    @property
    def waiting(self) -> int:
        """How many changes the disk has not taken."""
        return self.kept.waiting

    @property
    def trouble(self) -> str:
        """Why the journal may not outlive a power cut, in a sentence; empty where it does."""
        lost = self.kept.lost
        if lost is None:
            return ""
        if isinstance(lost, SegdeskError):
            return translated(lost.words)
        return tr("The disk refused to write the last changes.")

    def what_is_kept(self) -> str:
        """What a crash or a power cut would leave, in a few sentences; empty without a project."""
        if self._workbench is None:
            return ""
        kept, gone = self.kept, self._workbench.folder.why_gone()
        if gone is not None or kept.waiting or kept.lost is not None:
            return " ".join(kept_words(kept, gone))
        return tr(
            "Nothing is lost: the journal keeps every stroke, and they come back when the "
            "project is opened again."
        )

    def _tell(self) -> None:
        kept = self.kept
        if kept != self._told:
            self._told = kept
            self.changed.emit()

    # Syncing

    def sync(self) -> None:
        """Have the journal reach the disk itself; a save does that too."""
        workbench = self._workbench
        if workbench is None or self._writer.is_syncing:
            return
        if workbench.folder.is_journal_lost or self._not_saved is not None:
            if isinstance(self._not_saved, ProjectGone) and workbench.folder.why_gone() is None:
                # The folder is back: nothing is to be waited for.
                self._turns = 0
            self._ask_for_save()
        if self._has_unsynced:
            self._has_unsynced = False
            self._writer.sync(self._synced)

    def _synced(self, error: Exception | None) -> None:
        if error is not None:
            self._has_unsynced = True
            if self._told.is_all:
                log.warning("the journal was not synced: %s", error)
            self._look_whether_lost(error)
        self._tell()
        self.ended.emit()

    def _look_whether_lost(self, error: Exception) -> None:
        """A journal whose fsync has failed is lost: another generation, at once."""
        workbench = self._workbench
        if self._trouble is None and workbench is not None and workbench.folder.is_journal_lost:
            self._trouble = error
            self._turns = 0
            self._ask_for_save()

    def _ask_for_save(self) -> None:
        """At once, and then every now and then: only a save makes what was drawn lasting. Where it
        fails, `save_ended` says so."""
        turns, self._turns = self._turns, self._turns + 1
        if turns % SAVE_EVERY == 0 and not self._writer.is_saving:
            self._writer.save(lambda _: None)
