"""The line before Train: which slices teach, validate and are left out, and a link to change it."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt, QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QSizePolicy, QWidget

from segdesk.app.project.workbench import Workbench
from segdesk.app.runs import lessons
from segdesk.app.runs.teaching import curriculum
from segdesk.ui.look.as_written import tip
from segdesk.ui.look.theme import GRID
from segdesk.ui.look.translations import tr, translated
from segdesk.ui.panels.elided import ElidedLabel

#: However many slices are called right in a row, the cases are gone through this seldom.
WAIT_MS = 200


class LessonsLine(QWidget):
    """One line, shorter where there is no room; its tooltip names each case. Owned by its panel."""

    #: The pools of cases are to be changed; where the menu for it belongs.
    pools_wanted = Signal(QPoint)

    def __init__(self) -> None:
        super().__init__()
        #: Whose slices are counted.
        self.workbench: Workbench | None = None
        self._words = ElidedLabel("training_lessons")
        self._change = QPushButton(tr("Change…"))
        self._change.setObjectName("change_pools")
        self._change.setAccessibleName(tr("Change who teaches and who validates"))
        self._change.setProperty("role", "link")
        self._change.setToolTip(
            tr("The pool of the case on screen; the list of cases has it for each in its menu")
        )
        # No higher than the words beside it: the panel is to stay slim.
        self._change.setStyleSheet("min-height: 0; padding: 0;")
        self._change.clicked.connect(self._ask)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(2 * GRID)
        # The link stands right behind the words, whatever room there is.
        self._words.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self._words.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(self._words)
        row.addWidget(self._change)
        row.addStretch(1)
        self._validates = True
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(WAIT_MS)
        self._soon.timeout.connect(self._show)
        self.hide()

    def follow(self, workbench: Workbench | None) -> None:
        """Say it of this project from now on, or of none."""
        self.workbench = workbench
        self._show()

    def set_validates(self, validates: bool) -> None:
        """Whether slices are kept out in the training that is planned."""
        self._validates = validates
        self._show()

    def show_soon(self) -> None:
        """Something has changed that may change who teaches."""
        if not self._soon.isActive():
            self._soon.start()

    def _show(self) -> None:
        self._soon.stop()
        workbench = self.workbench
        shares = ()
        if workbench is not None:
            project = workbench.project
            shares = curriculum(workbench, validates=self._validates).shares(
                case.id for case in project.cases
            )
            shares = lessons.as_named(shares, project)
        short = translated(lessons.in_short(shares))
        self._words.show_line(
            translated(lessons.in_a_line(shares)), shorter=(short, "") if short else ()
        )
        words = translated(lessons.in_lines(shares))
        if any(share.between for share in shares):
            words += "\n" + tr(
                "Those that stay out lie next to slices that validate: they neither teach nor "
                "validate, or the figure would flatter."
            )
        self._words.setToolTip(tip(words))
        self.setVisible(bool(shares))

    def _ask(self) -> None:
        self.pools_wanted.emit(self._change.mapToGlobal(self._change.rect().bottomLeft()))
