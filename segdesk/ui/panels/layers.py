"""What is drawn over the image, how strongly, and which run's predictions these are."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QColor, QPixmap
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QSlider,
    QWidget,
)

from segdesk.app.labelling.accepting import offered_by, proposed
from segdesk.app.project.workbench import Workbench
from segdesk.app.runs.run_in_use import AUTOMATIC, why_of
from segdesk.app.screen.display import STYLES
from segdesk.app.screen.view_state import ViewState
from segdesk.ui.look.as_written import tip
from segdesk.ui.look.theme import GRID, Tokens
from segdesk.ui.look.translations import tr, translated
from segdesk.ui.panels.panel import Panel
from segdesk.ui.panels.run_words import usable_words
from segdesk.ui.widgets.labels import label


class RunList(QComboBox):
    """A list whose rows do not move while it is open: a run may end behind it."""

    #: Its rows may change again.
    closed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.view().installEventFilter(self)

    @property
    def is_open(self) -> bool:
        return self.view().isVisible()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        # Not by `hidePopup`, which Qt does not call where Esc closes the list.
        if event.type() == QEvent.Type.Hide:
            self.closed.emit()
        return super().eventFilter(watched, event)


class LayersPanel(Panel):
    """Opacity of annotation and prediction, style, all overlays on or off; the run in use."""

    #: Id of the run that somebody wants to use, or `AUTOMATIC`.
    run_wanted = Signal(str)

    def __init__(self, tokens: Tokens) -> None:
        super().__init__("layers", tr("Layers"), tokens)
        self._shown = QCheckBox(tr("Shown"))
        self._shown.setObjectName("layers_shown")
        self._shown.setAccessibleName(tr("Overlays shown"))
        self._shown.setToolTip(tr("S: off and on; hold to peek"))
        self._shown.toggled.connect(self._show)
        self.title_row.addWidget(self._shown)
        grid = QGridLayout()
        grid.setHorizontalSpacing(3 * GRID)
        grid.setVerticalSpacing(GRID)
        self._annotation = self._slider("annotation_opacity", tr("Annotation opacity"))
        self._prediction = self._slider("prediction_opacity", tr("Prediction opacity"))
        self._annotation.valueChanged.connect(self._fade_annotation)
        self._prediction.valueChanged.connect(self._fade_prediction)
        self._prediction_label = label("")
        self._style = QComboBox()
        self._style.setObjectName("overlay_style")
        self._style.setAccessibleName(tr("Overlay style"))
        for style, words in zip(STYLES, (tr("Fill"), tr("Outline"), tr("Difference")), strict=True):
            self._style.addItem(words, style)
        self._style.activated.connect(self._restyle)
        self._legend = QWidget()
        self._legend.setObjectName("difference_legend")
        self._swatches = (label(""), label(""))
        legend = QHBoxLayout(self._legend)
        legend.setContentsMargins(0, 0, 0, 0)
        legend.setSpacing(GRID)
        words = (tr("only predicted"), tr("only drawn"))
        for swatch, what in zip(self._swatches, words, strict=True):
            legend.addWidget(swatch)
            legend.addWidget(label(what, "dim"))
            legend.addSpacing(GRID)
        legend.addStretch(1)
        self._runs = RunList()
        self._runs.setObjectName("run_in_use")
        self._runs.setAccessibleName(tr("Run in use"))
        self._runs.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self._runs.setMinimumContentsLength(8)
        self._runs.activated.connect(self._choose_run)
        # Queued: what was chosen in it is told after it has closed.
        self._runs.closed.connect(self._show_runs, Qt.ConnectionType.QueuedConnection)
        self._why = label("", "dim")
        self._why.setObjectName("run_in_use_why")
        self._why.setTextFormat(Qt.TextFormat.PlainText)
        self._why.setWordWrap(True)
        for row, (name, widget) in enumerate(
            (
                (label(tr("Annotation")), self._annotation),
                (self._prediction_label, self._prediction),
                (label(tr("Style")), self._style),
                (None, self._legend),
                (label(tr("Run in use")), self._runs),
            )
        ):
            if name is None:
                grid.addWidget(widget, row, 0, 1, 2)
                continue
            grid.addWidget(name, row, 0)
            grid.addWidget(widget, row, 1)
        grid.setColumnStretch(1, 1)
        self.rows.addLayout(grid)
        self.rows.addWidget(self._why)
        self.rows.addStretch(1)

    def _slider(self, id: str, name: str) -> QSlider:
        slider = QSlider(Qt.Orientation.Horizontal)
        slider.setObjectName(id)
        slider.setAccessibleName(name)
        slider.setRange(0, 100)
        return slider

    def _listen(self, workbench: Workbench, view: ViewState) -> None:
        self.bridge.listen(view.display.layers_changed, self.refresh)
        self.bridge.listen(view.crosshair.case_changed, self.refresh)
        self.bridge.listen(workbench.index_changed, self.refresh)
        self.bridge.listen(workbench.predictions_changed, self.refresh)
        self.bridge.listen(workbench.proposed, self._show_whose)
        self.bridge.listen(view.crosshair.slice_changed, self._show_whose)
        self.bridge.listen(workbench.run_changed, self._show_runs)
        self.bridge.listen(workbench.segments_changed, self._show_why)

    def refresh(self) -> None:
        self._show_whose()
        has_view = self.view is not None
        for widget in (self._shown, self._annotation, self._style):
            widget.setEnabled(has_view)
        self._show_runs()
        if self.view is None:
            self._show_legend(False)
            return
        layers = self.view.display.layers
        for slider, opacity in (
            (self._annotation, layers.annotation),
            (self._prediction, layers.prediction),
        ):
            slider.blockSignals(True)
            slider.setValue(round(100 * opacity))
            slider.blockSignals(False)
        self._shown.blockSignals(True)
        self._shown.setChecked(layers.shown)
        self._shown.blockSignals(False)
        self._style.setCurrentIndex(STYLES.index(layers.style))
        self._show_legend(layers.style == "difference")

    def _show_whose(self) -> None:
        """Whose prediction is shown on the slice: of a run, or of the training that goes on."""
        run, proposal = None, None
        workbench, view = self.workbench, self.view
        if workbench is not None and view is not None and view.crosshair.case_id is not None:
            place = view.crosshair.case_id, view.crosshair.slice
            run, proposal = offered_by(workbench, *place), proposed(workbench, *place)
        words = tr("Prediction {run}").format(run=run) if run else tr("Prediction")
        if proposal is not None:
            words = tr("Proposal {run}").format(run=run)
        self._prediction_label.setText(words)
        self._prediction.setEnabled(run is not None)
        self._prediction.setToolTip("" if run else tr("This case has no prediction yet"))

    def _show_legend(self, is_difference: bool) -> None:
        """What the two colours of the difference mean; nothing while there are none."""
        self._legend.setVisible(is_difference)
        colours = (self.tokens.false_positive, self.tokens.false_negative)
        for swatch, colour in zip(self._swatches, colours, strict=True):
            picture = QPixmap(2 * GRID, 2 * GRID)
            picture.fill(QColor(colour))
            swatch.setPixmap(picture)

    def _show_runs(self) -> None:
        """Which run is in use and why, and which others there are."""
        if self._runs.is_open:
            return
        workbench = self.workbench
        runs = workbench.project.runs if workbench is not None else ()
        usable = [run for run in reversed(runs) if run.has_weights and run.outcome != "running"]
        chosen = workbench.project.in_use.chosen if workbench is not None else ""
        first = tr("best: {run}").format(run=chosen or tr("none yet"))
        rows = [(first, AUTOMATIC), *((usable_words(run), run.id) for run in usable)]
        if rows != [
            (self._runs.itemText(at), self._runs.itemData(at)) for at in range(self._runs.count())
        ]:
            self._runs.clear()
            for text, id in rows:
                self._runs.addItem(text, id)
        in_use = workbench.project.in_use if workbench is not None else None
        by_hand = in_use.by_hand if in_use is not None else ""
        self._runs.setCurrentIndex(max(0, self._runs.findData(by_hand or AUTOMATIC)))
        self._runs.setEnabled(bool(usable))
        # What is chosen may be longer than the box is wide.
        self._runs.setToolTip(
            tip(
                tr("{run}: predicts from now on, and its predictions are shown").format(
                    run=self._runs.currentText()
                )
            )
            if usable
            else tr("No run can predict yet: train first")
        )
        self._show_why()

    def _show_why(self) -> None:
        """Why that run; and whose prediction is shown where it has not predicted this case."""
        workbench, view = self.workbench, self.view
        text = ""
        # Where none has learnt, the box says as much.
        if workbench is not None and any(
            run.has_weights and run.outcome != "running" for run in workbench.project.runs
        ):
            text = translated(why_of(workbench.project))
            case = view.crosshair.case_id if view is not None else None
            shown = workbench.predicted_by(case) if case is not None else None
            in_use = workbench.project.in_use.run
            if in_use and shown is not None and shown != in_use:
                text = tr(
                    "Shown is {shown}: {run}, which is in use, has not predicted this case yet. "
                    "Press Predict this case (menu Train). {why}",
                    shown=shown,
                    run=in_use,
                    why=text,
                )
        self._why.setText(text)
        self._why.setVisible(bool(text))

    def _choose_run(self) -> None:
        self.run_wanted.emit(self._runs.currentData())

    def _show(self, shown: bool) -> None:
        if self.view is not None:
            self.view.display.set_layers(shown=shown)

    def _fade_annotation(self, percent: int) -> None:
        if self.view is not None:
            self.view.display.set_layers(annotation=percent / 100)

    def _fade_prediction(self, percent: int) -> None:
        if self.view is not None:
            self.view.display.set_layers(prediction=percent / 100)

    def _restyle(self) -> None:
        if self.view is not None:
            self.view.display.set_layers(style=self._style.currentData())
