"""Segments: add, rename, colour, lock, hide, and their volumes as they change."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPoint, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QColorDialog,
    QHeaderView,
    QLineEdit,
    QMenu,
    QPushButton,
    QSizePolicy,
    QStyledItemDelegate,
    QTableView,
    QWidget,
)

from segdesk.app.project.workbench import Workbench
from segdesk.app.screen.view_state import ViewState
from segdesk.errors import SegdeskError
from segdesk.ui.look.as_written import tip, title
from segdesk.ui.look.read_only import why_read_only
from segdesk.ui.look.sizes import row_height
from segdesk.ui.look.theme import Tokens
from segdesk.ui.look.translations import tr, translated
from segdesk.ui.models.segments_model import LOCKED, NAME, SHOWN, VOLUME, SegmentsModel
from segdesk.ui.panels.panel import Panel


class _Names(QStyledItemDelegate):
    """Leaves alone what is being typed; Qt would fill the field anew with each change behind it."""

    def setEditorData(self, editor: QWidget, index: QModelIndex | QPersistentModelIndex) -> None:
        name = index.data(Qt.ItemDataRole.EditRole)
        if isinstance(editor, QLineEdit) and (editor.isModified() or editor.text() == name):
            return
        super().setEditorData(editor, index)


class SegmentTable(QTableView):
    """Says which row was chosen by a hand, and which eye or padlock was clicked.

    A row that becomes the current one by itself (Qt makes the first one so when the table gets
    the focus) is no choice. Return and Enter rename, which Qt leaves to F2 outside macOS; Delete
    removes.
    """

    #: A row, by a click on its name or volume, or by a key.
    chosen = Signal(int)
    #: The index of an eye or a padlock.
    toggled = Signal(object)

    #: The current row shall go.
    remove_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setTabKeyNavigation(False)
        # As high as its rows at most: what is left belongs to the panels below.
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Maximum)
        self.setItemDelegateForColumn(NAME, _Names(self))
        self._pressed = QPersistentModelIndex()

    def sizeHint(self) -> QSize:
        rows = max(FEWEST_ROWS, self.model().rowCount())
        return QSize(super().sizeHint().width(), rows * self.verticalHeader().defaultSectionSize())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        typing = self.state() == QAbstractItemView.State.EditingState
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not typing:
            self.edit(self.currentIndex().siblingAtColumn(NAME))
            event.accept()
            return
        if event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace) and not typing:
            self.remove_wanted.emit()
            event.accept()
            return
        before = self.currentIndex().row()
        super().keyPressEvent(event)
        if self.currentIndex().row() not in (before, -1):
            self.chosen.emit(self.currentIndex().row())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        index = self.indexAt(event.position().toPoint())
        self._pressed = QPersistentModelIndex(index)
        if index.column() in (SHOWN, LOCKED):
            # Neither the current row nor the selection goes there.
            event.accept()
            return
        super().mousePressEvent(event)
        if index.isValid() and event.button() == Qt.MouseButton.LeftButton:
            self.chosen.emit(index.row())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """A press chooses one row; a drag from it chooses no other."""
        if event.buttons() == Qt.MouseButton.NoButton:
            super().mouseMoveEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        index = self.indexAt(event.position().toPoint())
        pressed, self._pressed = self._pressed, QPersistentModelIndex()
        if pressed.column() not in (SHOWN, LOCKED):
            super().mouseReleaseEvent(event)
        elif pressed == index and event.button() == Qt.MouseButton.LeftButton:
            self.toggled.emit(index)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Two quick clicks on an eye are two clicks."""
        if self.indexAt(event.position().toPoint()).column() in (SHOWN, LOCKED):
            self.mousePressEvent(event)
        else:
            super().mouseDoubleClickEvent(event)


#: Rows that are seen however low the window is.
FEWEST_ROWS = 2
#: A double click left of this, in pixels, is on the swatch.
SWATCH = 22


class SegmentsPanel(Panel):
    """The table of segments. The row in bold is the one that paints."""

    said = Signal(str)
    #: The number of a segment that shall go.
    remove_wanted = Signal(int)

    def __init__(self, tokens: Tokens) -> None:
        super().__init__("segments", tr("Segments"), tokens)
        self._add = QPushButton(tr("Add"))
        self._add.setObjectName("add_segment")
        self._add.setAccessibleName(tr("Add a segment"))
        self._add.setProperty("role", "link")
        self._add.clicked.connect(self.add)
        self.title_row.addWidget(self._add)
        self._model = SegmentsModel(tokens)
        self._model.refused.connect(self.said)
        self._table = SegmentTable()
        self._table.setObjectName("segment_table")
        self._table.setAccessibleName(tr("Segments"))
        self._table.setModel(self._model)
        self._table.horizontalHeader().hide()
        self._table.verticalHeader().hide()
        self._table.verticalHeader().setDefaultSectionSize(row_height())
        self._table.setShowGrid(False)
        self._table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self._table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self._table.setEditTriggers(QAbstractItemView.EditTrigger.EditKeyPressed)
        self._table.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        header = self._table.horizontalHeader()
        header.setMinimumSectionSize(28)
        header.setSectionResizeMode(NAME, QHeaderView.ResizeMode.Stretch)
        for column in (VOLUME, SHOWN, LOCKED):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.ResizeToContents)
        self._table.chosen.connect(self._choose)
        self._table.toggled.connect(self._model.toggle)
        self._table.remove_wanted.connect(lambda: self._remove(self._table.currentIndex()))
        self._table.doubleClicked.connect(self._double_clicked)
        self._table.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self._table.customContextMenuRequested.connect(self._show_menu)
        self._table.setMinimumHeight(FEWEST_ROWS * row_height())
        self._model.rowsInserted.connect(self._table.updateGeometry)
        self._model.modelReset.connect(self._table.updateGeometry)
        self.rows.addWidget(self._table, 1)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)

    def _listen(self, workbench: Workbench, view: ViewState) -> None:
        self.bridge.listen(workbench.segments_changed, self.refresh)
        self.bridge.listen(workbench.labels_changed, self.refresh)
        self.bridge.listen(view.hand.segment_changed, self.refresh)
        self.bridge.listen(view.crosshair.case_changed, self.refresh)
        self.bridge.listen(workbench.case_loaded, self.refresh)

    def set_tokens(self, tokens: Tokens) -> None:
        self._model.set_tokens(tokens)
        super().set_tokens(tokens)

    def refresh(self) -> None:
        """Volumes and names of today; the active segment's row is the current one."""
        case = self.view.crosshair.case_id if self.view else None
        active = self.view.hand.segment if self.view else 0
        self._model.show(self.workbench, case, active)
        why_not = why_read_only(self.workbench)
        self._add.setEnabled(self.workbench is not None and not why_not)
        self._add.setToolTip(tip(why_not if self.workbench else tr("Open a project first")))
        row = self._model.row_of(active)
        if row < 0:
            # Background is no row of the table.
            self._table.clearSelection()
        elif self._table.currentIndex().row() != row or not self._table.selectedIndexes():
            self._table.setCurrentIndex(self._model.index(row, NAME))

    def add(self) -> None:
        """Add a segment, make it active, and let its name be typed."""
        if self.workbench is None or self.view is None:
            return
        try:
            segment = self.workbench.add_segment()
        except SegdeskError as error:
            self.said.emit(translated(error.words))
            return
        self.view.hand.use_segment(segment.number)
        self.bridge.flush()
        self._table.edit(self._model.index(self._model.row_of(segment.number), NAME))

    def _remove(self, index: QModelIndex) -> None:
        segment = self._model.segment(index.row())
        if segment is not None:
            self.remove_wanted.emit(segment.number)

    def _choose(self, row: int) -> None:
        segment = self._model.segment(row)
        if segment is not None and self.view is not None:
            self.view.hand.use_segment(segment.number)

    def _double_clicked(self, index: QModelIndex) -> None:
        if index.column() != NAME:
            return
        here = self._table.viewport().mapFromGlobal(self._table.cursor().pos())
        if here.x() - self._table.visualRect(index).left() < SWATCH:
            self._choose_colour(index)
        else:
            self._table.edit(index)

    def _choose_colour(self, index: QModelIndex) -> None:
        segment = self._model.segment(index.row())
        if segment is None or self.workbench is None:
            return
        if why_not := why_read_only(self.workbench):
            self.said.emit(why_not)
            return
        dialog = QColorDialog(QColor(segment.colour), self)
        dialog.setObjectName("segment_colour_dialog")
        dialog.setWindowTitle(title(tr("Colour of {name}").format(name=segment.name)))
        dialog.setAccessibleName(dialog.windowTitle())
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        workbench, number = self.workbench, segment.number
        dialog.colorSelected.connect(lambda colour: self._recolour(workbench, number, colour))
        dialog.open()

    def _recolour(self, workbench: Workbench, number: int, colour: QColor) -> None:
        # While the dialog was open, the project may have gone and the segment may have changed.
        if self.workbench is workbench and number in workbench.segments:
            segment = workbench.segments[number]
            workbench.change_segment(replace(segment, colour=colour.name()))

    def _show_menu(self, at: QPoint) -> None:
        """The menu of a row: by a right click on it, or by the Menu key for the current one."""
        index = self._table.indexAt(at)
        segment = self._model.segment(index.row())
        if segment is None:
            return
        menu = QMenu(self)
        menu.setObjectName("segment_menu")
        menu.setToolTipsVisible(True)
        menu.setAccessibleName(segment.name)
        menu.aboutToHide.connect(menu.deleteLater)
        name = index.siblingAtColumn(NAME)
        for id, text, chosen in (
            ("rename_segment", tr("Rename"), lambda: self._table.edit(name)),
            ("colour_segment", tr("Colour…"), lambda: self._choose_colour(name)),
            (
                "show_segment",
                tr("Hide") if segment.visible else tr("Show"),
                lambda: self._model.toggle(index.siblingAtColumn(SHOWN)),
            ),
            (
                "lock_segment",
                tr("Unlock") if segment.locked else tr("Lock"),
                lambda: self._model.toggle(index.siblingAtColumn(LOCKED)),
            ),
            ("remove_segment", tr("Remove…") + "\tDel", lambda: self._remove(name)),
        ):
            action = menu.addAction(text)
            action.setObjectName(id)
            why_not = "" if id == "show_segment" else why_read_only(self.workbench)
            action.setEnabled(not why_not)
            action.setToolTip(tip(why_not))
            action.triggered.connect(chosen)
        menu.popup(self._table.viewport().mapToGlobal(at))
