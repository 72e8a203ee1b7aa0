"""What becomes of an error in the window: a sentence, a dialog, or the log.

`Faults` is the window's door: whatever escapes a slot comes here through Python's excepthook, and
whatever a task failed with is handed here. What a user can mend is a sentence; a bug goes to the
log and a dialog offers to copy it. Either way the window lives on.
"""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QApplication

from segdesk.app.logbook import open_logbook
from segdesk.app.signal_errors import unwrapped
from segdesk.errors import Cancelled, SegdeskError, UsageError
from segdesk.ui.dialogs.message import show_bug, show_error
from segdesk.ui.look.translations import translated
from segdesk.ui.widgets.painting import signature

#: Functions that Qt, pyqtgraph or `PaintGuard` call to paint.
PAINTING = frozenset({"paint", "paintEvent"})

log = logging.getLogger(__name__)


class Faults(QObject):
    """Owned by the application; lives on the GUI thread."""

    #: A refusal that needs no dialog, for the status line.
    said = Signal(str)
    _arrived = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._old_hook = sys.excepthook
        self._log_file: Path | None = None
        self._showing_bug = False
        self._shown: set[str] = set()
        #: Faults of painting that were told once already: Qt would bring them back for ever.
        self._told: set[str] = set()
        #: What may be promised about the reader's work; the window knows its project.
        self.what_is_kept: Callable[[], str] = str
        # Queued where another thread raised: dialogs belong to the GUI thread.
        self._arrived.connect(self.show_error)

    def install(self) -> None:
        """Take over what nobody else catches, and open the log."""
        self._log_file = open_logbook()
        sys.excepthook = self._uncaught

    def uninstall(self) -> None:
        sys.excepthook = self._old_hook

    def show_error(self, error: BaseException) -> None:
        """Say what went wrong in the way that fits it."""
        error = unwrapped(error)
        if isinstance(error, Cancelled):
            return
        if isinstance(error, UsageError):
            self.said.emit(translated(error.words))
            return
        fault = signature(error)
        if _comes_of_painting(error):
            if fault in self._told:
                return
            self._told.add(fault)
        if isinstance(error, SegdeskError):
            self._show_sentence(error)
        else:
            self._show_bug(error)

    def _show_sentence(self, error: SegdeskError) -> None:
        """One dialog for each sentence, however often it is said before it is read."""
        words = str(error)
        if words in self._shown:
            return
        self._shown.add(words)
        dialog = show_error(QApplication.activeWindow(), error)
        dialog.finished.connect(lambda: self._shown.discard(words))

    def _show_bug(self, error: BaseException) -> None:
        text = "".join(traceback.format_exception(error))
        log.error("a bug: %s", text)
        if self._showing_bug:
            # One dialog at a time; the log has them all.
            return
        self._showing_bug = True
        dialog = show_bug(
            QApplication.activeWindow(), text, str(self._log_file or ""), self.what_is_kept()
        )
        dialog.finished.connect(self._bug_was_read)

    def _bug_was_read(self) -> None:
        self._showing_bug = False

    def _uncaught(
        self, kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        if issubclass(kind, KeyboardInterrupt):
            self._old_hook(kind, error, trace)
            return
        self._arrived.emit(error.with_traceback(trace))


def _comes_of_painting(error: BaseException) -> bool:
    """Whether a paint event raised it: the next paint will raise it again."""
    frames = traceback.extract_tb(error.__traceback__)
    return any(frame.name in PAINTING for frame in frames)
