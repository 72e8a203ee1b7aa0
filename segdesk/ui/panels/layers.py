"""What is drawn over the image, and how strongly."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QComboBox, QGridLayout, QSlider

from segdesk.app.view_state import STYLES, ViewState
from segdesk.app.workbench import Workbench
from segdesk.ui.panels.panel import Panel, label
from segdesk.ui.theme import GRID, Tokens


class LayersPanel(Panel):
    """Opacity of annotation and prediction, style, and all overlays on or off."""

    def __init__(self, tokens: Tokens) -> None:
        super().__init__("layers", "Layers", tokens)
        self._shown = QCheckBox(self.tr("Shown"))
        self._shown.setObjectName("layers_shown")
        self._shown.setAccessibleName(self.tr("Overlays shown"))
        self._shown.setToolTip(self.tr("S: off and on; hold to peek"))
        self._shown.toggled.connect(self._show)
        self.title_row.addWidget(self._shown)
        grid = QGridLayout()
        grid.setHorizontalSpacing(3 * GRID)
        grid.setVerticalSpacing(GRID)
        self._annotation = self._slider("annotation_opacity", self.tr("Annotation opacity"))
        self._prediction = self._slider("prediction_opacity", self.tr("Prediction opacity"))
        self._annotation.valueChanged.connect(self._fade_annotation)
        self._prediction.valueChanged.connect(self._fade_prediction)
        self._prediction_label = label("")
        self._style = QComboBox()
        self._style.setObjectName("overlay_style")
        self._style.setAccessibleName(self.tr("Overlay style"))
        for style, words in zip(
            STYLES, (self.tr("Fill"), self.tr("Outline"), self.tr("Difference")), strict=True
        ):
            self._style.addItem(words, style)
        self._style.activated.connect(self._restyle)
        for row, (name, widget) in enumerate(
            (
                (label(self.tr("Annotation")), self._annotation),
                (self._prediction_label, self._prediction),
                (label(self.tr("Style")), self._style),
            )
        ):
            grid.addWidget(name, row, 0)
            grid.addWidget(widget, row, 1)
        grid.setColumnStretch(1, 1)
        self.rows.addLayout(grid)
        self.rows.addStretch(1)

    def _slider(self, id: str, name: str) -> QSlider:
        slider = QSlider(Qt.Orientation.Horizontal)
        slider.setObjectName(id)
        slider.setAccessibleName(name)
        slider.setRange(0, 100)
        return slider

    def _listen(self, workbench: Workbench, view: ViewState) -> None:
        self.bridge.listen(view.layers_changed, self.refresh)
        self.bridge.listen(view.case_changed, self.refresh)
        self.bridge.listen(workbench.index_changed, self.refresh)
        self.bridge.listen(workbench.predictions_changed, self.refresh)

    def refresh(self) -> None:
        run = None
        if self.workbench is not None and self.view is not None and self.view.case_id is not None:
            run = self.workbench.newest_prediction(self.view.case_id)
        self._prediction_label.setText(
            self.tr("Prediction {run}").format(run=run) if run else self.tr("Prediction")
        )
        has_view = self.view is not None
        for widget in (self._shown, self._annotation, self._style):
            widget.setEnabled(has_view)
        self._prediction.setEnabled(run is not None)
        self._prediction.setToolTip("" if run else self.tr("This case has no prediction yet"))
        if self.view is None:
            return
        layers = self.view.layers
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

    def _show(self, shown: bool) -> None:
        if self.view is not None:
            self.view.set_layers(shown=shown)

    def _fade_annotation(self, percent: int) -> None:
        if self.view is not None:
            self.view.set_layers(annotation=percent / 100)

    def _fade_prediction(self, percent: int) -> None:
        if self.view is not None:
            self.view.set_layers(prediction=percent / 100)

    def _restyle(self) -> None:
        if self.view is not None:
            self.view.set_layers(style=self._style.currentData())
