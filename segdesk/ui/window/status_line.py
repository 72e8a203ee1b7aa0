"""The status line: what the mouse would do, long work with a Cancel button, when it was saved."""

from __future__ import annotations

import time

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QPushButton, QStatusBar, QWidget

from segdesk.ui.look.as_written import tip
from segdesk.ui.look.sizes import scaled
from segdesk.ui.look.theme import GRID
from segdesk.ui.look.translations import tr, translated
from segdesk.ui.panels.elided import ElidedLabel
from segdesk.ui.threads.task_runner import Task, TaskRunner
from segdesk.ui.widgets.labels import label, use_role

#: How long a refusal stands before the mouse's words come back, in milliseconds.
SENTENCE_MS = 8000
#: The mouse's words wait at least this long, or nobody could read the refusal.
LEAST_MS = 2500
#: Progress below this share, and in the first second, gives no honest estimate.
LEAST_SHARE = 0.03
LEAST_SECONDS = 1.0


class StatusLine(QStatusBar):
    """Owned by the window.

    Parameters
    ----------
    runner : whose long tasks are shown
    """

    def __init__(self, runner: TaskRunner) -> None:
        super().__init__()
        self.setObjectName("status_line")
        self.setAccessibleName(tr("Status line"))
        self.setSizeGripEnabled(False)
        self._mouse = ""
        self._words = ElidedLabel("status_words", role="")
        self._words.setContentsMargins(2 * GRID, 0, 0, 0)
        self.addWidget(self._words, 1)
        self._work = QWidget()
        self._work.setObjectName("work_under_way")
        self._work_words = label("")
        self._work_words.setObjectName("work_words")
        self._bar = QProgressBar()
        self._bar.setObjectName("work_progress")
        self._bar.setAccessibleName(tr("Progress"))
        self._bar.setTextVisible(False)
        self._bar.setFixedWidth(scaled(30 * GRID))
        self._cancel = QPushButton(tr("Cancel"))
        self._cancel.setObjectName("cancel_work")
        self._cancel.setAccessibleName(tr("Cancel"))
        self._cancel.setProperty("role", "link")
        self._cancel.clicked.connect(self._cancel_shown)
        row = QHBoxLayout(self._work)
        row.setContentsMargins(0, 0, 3 * GRID, 0)
        row.setSpacing(2 * GRID)
        for widget in (self._work_words, self._bar, self._cancel):
            row.addWidget(widget)
        self._work.hide()
        self.addPermanentWidget(self._work)
        self._saved = label("")
        self._saved.setObjectName("saved_words")
        self._saved.setProperty("role", "dim")
        self._saved.setContentsMargins(0, 0, 3 * GRID, 0)
        self.addPermanentWidget(self._saved)
        self._tasks: list[Task] = []
        self._back = QTimer(self)
        self._back.setSingleShot(True)
        self._back.setInterval(SENTENCE_MS)
        self._back.timeout.connect(self._show_mouse)
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.timeout.connect(self._show_mouse)
        runner.began.connect(self._begin)
        runner.progressed.connect(self._progress)
        runner.ended.connect(self._end)

    def say_mouse(self, sentence: str) -> None:
        """What the mouse would do now; stands until it means something else."""
        self._mouse = sentence
        left = self._back.remainingTime() - (SENTENCE_MS - LEAST_MS)
        if self._back.isActive() and left > 0:
            self._soon.start(left)
        else:
            self._show_mouse()

    def say(self, sentence: str) -> None:
        """Something that is true for a moment."""
        self._words.show_line(sentence, "")
        self._soon.stop()
        self._back.start()

    def say_saved(self, words: str, sentence: str = "", role: str = "dim") -> None:
        """State of the project on disk, such as "saved 3 s ago"; a whole sentence as tooltip."""
        use_role(self._saved, role)
        self._saved.setText(words)
        self._saved.setToolTip(tip(sentence))

    def _show_mouse(self) -> None:
        self._back.stop()
        self._soon.stop()
        self._words.show_line(self._mouse, "")

    def _begin(self, task: Task) -> None:
        self._tasks.append(task)
        if len(self._tasks) == 1:
            self._show_work(task)

    def _show_work(self, task: Task) -> None:
        self._work_words.setText(task.title)
        self._bar.setRange(0, 0)
        self._cancel.setEnabled(True)
        self._work.show()

    def _progress(self, task: Task, sentence: str, done: int, total: int) -> None:
        if not self._tasks or task is not self._tasks[0]:
            return
        self._bar.setRange(0, max(total, 1))
        self._bar.setValue(done)
        words = f"{translated(sentence)}   {done} / {total}"
        left = seconds_left(time.monotonic() - task.started, done, total)
        if left is not None:
            words += "   " + tr("{time} left", time=clock(left))
        self._work_words.setText(words)

    def _end(self, task: Task) -> None:
        self._tasks.remove(task)
        if self._tasks:
            self._show_work(self._tasks[0])
        else:
            self._work.hide()

    def _cancel_shown(self) -> None:
        if self._tasks:
            self._tasks[0].cancel()
            self._cancel.setEnabled(False)
            self._work_words.setText(tr("Stopping…"))


def seconds_left(elapsed_s: float, done: int, total: int) -> float | None:
    """How long the rest takes at the pace so far; None while nobody can know."""
    if elapsed_s < LEAST_SECONDS or done < LEAST_SHARE * total or done <= 0:
        return None
    return elapsed_s * (total - done) / done


def clock(seconds: float) -> str:
    """Minutes and seconds, such as 0:14."""
    whole = round(seconds)
    return f"{whole // 60}:{whole % 60:02d}"
