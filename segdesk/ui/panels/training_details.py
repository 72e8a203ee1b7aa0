"""What stands below the training's row, on demand: settings, curves, and Pause while it runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QEvent, QObject, QSize, Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QHBoxLayout,
    QScrollArea,
    QSizePolicy,
    QStyle,
    QVBoxLayout,
    QWidget,
)

from segdesk.ui.charts.curves import Curves
from segdesk.ui.look.as_written import tip
from segdesk.ui.look.sizes import scaled
from segdesk.ui.look.theme import GRID, Tokens
from segdesk.ui.look.translations import tr
from segdesk.ui.panels.elided import ElidedLabel
from segdesk.ui.panels.training_row import push_button

#: Widths of the columns beside the curves, in pixels; the form's where it needs no more.
FORM_WIDTH, SIDE_WIDTH = 74 * GRID, 38 * GRID


class TrainingDetails(QWidget):
    """The run whose curves are shown, its facts and its curves. Owned by the training panel.

    While something runs its settings are fixed, so the form makes room for the curves.

    Parameters
    ----------
    form : the settings of the next training
    toggle_pause : what Pause does
    """

    run_chosen = Signal(str)

    def __init__(self, form: QWidget, tokens: Tokens, toggle_pause: Callable[[], None]) -> None:
        super().__init__()
        self.setObjectName("curves_and_settings")
        self._runs = QComboBox()
        self._runs.setObjectName("training_run")
        self._runs.setAccessibleName(tr("Run whose curves are shown"))
        self._runs.setToolTip(tip(self._runs.accessibleName()))
        self._runs.activated.connect(lambda _: self.run_chosen.emit(self._runs.currentData()))
        self.facts = ElidedLabel("training_facts")
        self._form = _FormColumn(form)
        self.curves = Curves(tokens)
        self.pause = push_button("pause_button", tr("Pause"), "", toggle_pause)
        title = QHBoxLayout()
        title.setSpacing(2 * GRID)
        title.addWidget(self._runs)
        title.addWidget(self.facts, 1)
        body = QHBoxLayout()
        body.setSpacing(3 * GRID)
        body.addWidget(self._form)
        body.addWidget(self.curves, 1)
        self._side = QWidget()
        self._side.setFixedWidth(scaled(SIDE_WIDTH))
        side = QVBoxLayout(self._side)
        side.setContentsMargins(0, 0, 0, 0)
        side.addStretch(0)
        side.addWidget(self.pause)
        body.addWidget(self._side)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, GRID, 0, 0)
        rows.setSpacing(GRID)
        rows.addLayout(title)
        rows.addLayout(body, 1)

    def show_running(self, running: bool) -> None:
        """Settings of what may come, or what can be done about what runs."""
        self._form.setVisible(not running)
        self._side.setVisible(running)

    def offer_runs(self, ids: Sequence[str], shown: str | None) -> None:
        """Offer the curves of these runs; an open list stays as it is, under the pointer."""
        if self._runs.view().isVisible():
            return
        if list(ids) != [self._runs.itemData(at) for at in range(self._runs.count())]:
            self._runs.clear()
            for id in ids:
                self._runs.addItem(id, id)
        self._runs.setCurrentIndex(self._runs.findData(shown))
        self._runs.setVisible(bool(ids))


class _FormColumn(QScrollArea):
    """As wide as the form needs, also while it scrolls."""

    def __init__(self, form: QWidget) -> None:
        super().__init__()
        self.setObjectName("plan_scroll")
        self.setAccessibleName(form.accessibleName())
        self._form = form
        self.setWidget(form)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Expanding)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    def minimumSizeHint(self) -> QSize:
        return QSize(self.sizeHint().width(), super().minimumSizeHint().height())

    def sizeHint(self) -> QSize:
        bar = self.style().pixelMetric(QStyle.PixelMetric.PM_ScrollBarExtent, None, self)
        needed = self._form.minimumSizeHint().width() + bar
        return QSize(max(scaled(FORM_WIDTH), needed), super().sizeHint().height())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._form and event.type() == QEvent.Type.LayoutRequest:
            # What it needs may be another; Qt's area keeps that to itself.
            self.updateGeometry()
        return super().eventFilter(watched, event)
