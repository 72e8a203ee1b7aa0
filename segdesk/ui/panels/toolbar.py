"""The tool bar: tools, the window, and the options of the tool in the hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAction, QStandardItemModel
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QSizePolicy,
    QToolBar,
    QToolButton,
    QWidget,
)

from segdesk.app.labelling.tools.tool import Tool
from segdesk.app.labelling.tools.toolbox import options_of
from segdesk.app.project.workbench import Workbench
from segdesk.app.screen.view_state import ViewState
from segdesk.core.case import Case
from segdesk.core.window import PRESETS
from segdesk.ui.look.as_written import tip
from segdesk.ui.look.icons import icon
from segdesk.ui.look.preset_words import preset_word, window_words
from segdesk.ui.look.sizes import scaled
from segdesk.ui.look.theme import GRID, Tokens
from segdesk.ui.look.translations import tr
from segdesk.ui.panels.elided import ElidedLabel
from segdesk.ui.panels.option_row import OptionRow
from segdesk.ui.widgets.bridge import Bridge

#: A longer name of a segment is cut, in pixels.
WIDEST_NAME = 60 * GRID
#: Actions right of the tools.
BESIDE_TOOLS = ("undo", "redo")


class ToolBar(QToolBar):
    """Tools are QActions of the table; options and window are fields of the view.

    Parameters
    ----------
    tools : in their order
    action : gives the row of the table of an id
    """

    def __init__(
        self, tools: Sequence[Tool], action: Callable[[str], QAction], tokens: Tokens
    ) -> None:
        super().__init__()
        self.setObjectName("tool_bar")
        self.setAccessibleName(tr("Tools"))
        self.setWindowTitle(tr("Tools"))
        self.setMovable(False)
        self._view: ViewState | None = None
        self._bridge = Bridge(self)
        for tool in tools:
            self._add(action(tool.id), Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.addSeparator()
        for id in BESIDE_TOOLS:
            self._add(action(id), Qt.ToolButtonStyle.ToolButtonIconOnly)
        self.addSeparator()
        self._window = QComboBox()
        self._window.setObjectName("window_preset")
        self._window.setAccessibleName(tr("Window"))
        for name in (*PRESETS, "file"):
            self._window.addItem(preset_word(name, None), name)
        self._window.activated.connect(self._choose_window)
        self._window.setFixedWidth(scaled(30 * GRID))
        self._segment = ElidedLabel("painted_segment")
        self._segment.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self._segment.setMaximumWidth(scaled(WIDEST_NAME))
        self._segment.setContentsMargins(3 * GRID, 0, GRID, 0)
        # Whether a first stroke starts from the prediction; shown where there is one.
        start = self._start = action("start_from_prediction")
        self._start_box = QCheckBox(start.text())
        self._start_box.setObjectName("from_prediction")
        self._start_box.setAccessibleName(start.text())
        self._start_box.clicked.connect(lambda: start.trigger())
        start.changed.connect(self._show_start)
        self.addWidget(self._window)
        self.addSeparator()
        self._options = OptionRow(self, options_of(tools), lambda: self._view and self._view.hand)
        self._start_place = self.addWidget(self._start_box)
        self.addWidget(_spring())
        self.addWidget(self._segment)
        self.set_tokens(tokens)
        self.refresh()

    def _add(self, action: QAction, style: Qt.ToolButtonStyle) -> None:
        self.addAction(action)
        button = self.widgetForAction(action)
        if isinstance(button, QToolButton):
            button.setObjectName(f"{action.objectName()}_button")
            button.setAccessibleName(action.text())
            button.setToolButtonStyle(style)

    def attach(self, workbench: Workbench, view: ViewState) -> None:
        """Follow a project's view."""
        self.detach()
        self._view = view
        for signal in (
            view.hand.options_changed,
            view.display.window_changed,
            view.crosshair.case_changed,
            view.hand.segment_changed,
            view.hand.tool_changed,
            workbench.segments_changed,
            workbench.predictions_changed,
        ):
            self._bridge.listen(signal, self.refresh)
        self.refresh()

    def detach(self) -> None:
        self._bridge.close()
        self._view = None
        self.refresh()

    def set_tokens(self, tokens: Tokens) -> None:
        """Icons in other colours; each action's icon is named by its data."""
        for action in self.actions():
            if isinstance(action.data(), str):
                action.setIcon(icon(action.data(), tokens))
        more = self.findChild(QToolButton, "qt_toolbar_ext_button")
        if more is not None:
            more.setIcon(icon("more", tokens))
            more.setIconSize(QSize(3 * GRID, 3 * GRID))
            more.setToolTip(tr("More tools and fields: the window is too narrow for all"))
            more.setAccessibleName(tr("More tools and fields"))

    def refresh(self) -> None:
        """Show the view's fields."""
        view = self._view
        self._options.refresh()
        self._window.setEnabled(view is not None)
        case = None if view is None else view.crosshair.case_id
        self._start_place.setVisible(
            view is not None and case is not None and view.workbench.offers(case)
        )
        if view is None:
            self._segment.show_line("")
            return
        self._show_presets(view.crosshair.case)
        at = self._window.findData(view.display.preset)
        self._window.setCurrentIndex(at)
        if at < 0:
            self._window.setPlaceholderText(window_words(view.display.window))
        segments = view.workbench.segments
        paints = segments[view.hand.segment].name if view.hand.segment in segments else ""
        self._segment.show_line(tr("paints {name}").format(name=paints) if paints else "")

    def _show_start(self) -> None:
        self._start_box.setChecked(self._start.isChecked())
        self._start_box.setToolTip(self._start.toolTip())

    def _show_presets(self, case: Case | None) -> None:
        """The presets are windows of HU; other values have their range only."""
        is_hu = case is None or case.unit == "HU"
        reason = "" if is_hu else tr("These values are not HU.")
        model = self._window.model()
        for at in range(self._window.count()):
            if self._window.itemData(at) in PRESETS and isinstance(model, QStandardItemModel):
                model.item(at).setEnabled(is_hu)
                model.item(at).setToolTip(tip(reason))
        self._window.setItemText(self._window.findData("file"), preset_word("file", case))
        keys = tr("F2 to F6, or drag with W held") if is_hu else tr("drag with W held")
        words = tr("Window and level: {keys}").format(keys=keys)
        self._window.setToolTip(tip(f"{words}. {reason}" if reason else words))

    def _choose_window(self) -> None:
        if self._view is not None:
            self._view.display.use_preset(self._window.currentData())


def _spring() -> QWidget:
    spring = QWidget()
    spring.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
    return spring
