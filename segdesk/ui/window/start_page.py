"""The empty window invites: to a project where there is none, to a scan where there is no scan."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QAction, QIcon, QPixmap
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from segdesk.core.regular_file import is_folder
from segdesk.ui.look.as_written import caption, tip
from segdesk.ui.look.icons import SIZE
from segdesk.ui.look.sizes import scaled
from segdesk.ui.look.theme import GRID
from segdesk.ui.look.translations import tr
from segdesk.ui.widgets.labels import label
from segdesk.ui.window.recent_menu import told_apart

#: Recent projects that are offered; the menu has more.
MOST_RECENT = 6
WIDTH = 480


class StartPage(QWidget):
    """Shown where no scan is. Its buttons are the actions of the menu."""

    #: A recent project was clicked: its path.
    project_wanted = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("page")
        self.setAccessibleName(tr("Start"))
        self._heading = _label("start_heading", "heading")
        self._advice = _label("start_advice", "")
        self._advice.setWordWrap(True)
        self._buttons = QHBoxLayout()
        self._buttons.setSpacing(2 * GRID)
        self._recent_title = _label("recent_title", "title")
        self._recent_title.setText(tr("Recent projects"))
        self._recent = QVBoxLayout()
        self._recent.setSpacing(0)
        column = QVBoxLayout()
        column.setSpacing(3 * GRID)
        column.addStretch(2)
        column.addWidget(self._heading)
        column.addWidget(self._advice)
        column.addLayout(self._buttons)
        column.addSpacing(4 * GRID)
        column.addWidget(self._recent_title)
        column.addLayout(self._recent)
        column.addStretch(3)
        self._research = _label("research_only", "dim")
        self._research.setText(tr("For research only. segdesk is not a medical device."))
        column.addWidget(self._research)
        holder = QWidget()
        holder.setFixedWidth(scaled(WIDTH))
        holder.setLayout(column)
        outer = QHBoxLayout(self)
        outer.addStretch(1)
        outer.addWidget(holder)
        outer.addStretch(1)

    def invite_to_start(self, actions: Sequence[QAction], recent: Sequence[str]) -> None:
        """No project is open."""
        self._heading.setText(tr("Paint, train, correct"))
        self._advice.setText(
            tr(
                "Drop a folder of DICOM files or a scan anywhere into this window, "
                "or open a project."
            )
        )
        self._fill(actions)
        _empty(self._recent)
        there = [path for path in recent if is_folder(Path(path))][:MOST_RECENT]
        self._recent_title.setVisible(bool(there))
        for number, (path, name) in enumerate(zip(there, told_apart(there), strict=True)):
            self._recent.addWidget(_recent_row(number, path, name, self.project_wanted.emit))

    def invite_to_import(self, actions: Sequence[QAction], project: str) -> None:
        """The project has no scan yet."""
        self._heading.setText(tr("{project} has no scan yet", project=project))
        self._advice.setText(
            tr("Drop a folder of DICOM files, a scan or a stack of pictures into this window.")
        )
        self._fill(actions)
        _empty(self._recent)
        self._recent_title.hide()

    def wait(self, sentence: str) -> None:
        """A project is being opened."""
        self._heading.setText(sentence)
        self._advice.clear()
        self._fill(())
        _empty(self._recent)
        self._recent_title.hide()

    def _fill(self, actions: Sequence[QAction]) -> None:
        _empty(self._buttons)
        for at, action in enumerate(actions):
            button = QPushButton(action.icon(), action.text())
            button.setObjectName(f"start_{action.objectName()}")
            button.setAccessibleName(action.text())
            button.setToolTip(action.toolTip())
            button.setEnabled(action.isEnabled())
            if not at:
                button.setProperty("role", "primary")
                # The colour that icons have on the accent.
                button.setIcon(QIcon(_drawn(action, QIcon.State.On)))
            button.clicked.connect(action.trigger)
            self._buttons.addWidget(button)
        self._buttons.addStretch(1)


def _drawn(action: QAction, state: QIcon.State) -> QPixmap:
    return action.icon().pixmap(QSize(SIZE, SIZE), QIcon.Mode.Normal, state)


def _recent_row(number: int, path: str, name: str, chosen: Callable[[str], object]) -> QPushButton:
    button = QPushButton(caption(name))
    button.setObjectName(f"recent_{number}")
    button.setAccessibleName(tr("Open {name}", name=name))
    button.setToolTip(tip(path))
    button.setProperty("role", "link")
    button.setCursor(Qt.CursorShape.PointingHandCursor)
    button.clicked.connect(lambda: chosen(path))
    return button


def _label(id: str, role: str) -> QLabel:
    made = label("", role)
    made.setObjectName(id)
    made.setWordWrap(True)
    return made


def _empty(layout: QHBoxLayout | QVBoxLayout) -> None:
    while (item := layout.takeAt(0)) is not None:
        widget = item.widget()
        if widget is not None:
            widget.hide()
            widget.deleteLater()
