"""The case list: name, pool, slices, and a bar of what has been said about them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QFont, QPainter
from PySide6.QtWidgets import (
    QListView,
    QPushButton,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
)

from segdesk.app.project.workbench import Workbench
from segdesk.app.screen.view_state import ViewState
from segdesk.core.case import Case
from segdesk.core.split import POOLS, Pool
from segdesk.core.status import SliceStatus
from segdesk.ui.look import counted_words
from segdesk.ui.look.as_written import item, tip
from segdesk.ui.look.read_only import why_read_only
from segdesk.ui.look.sizes import row_height, scaled, small_size
from segdesk.ui.look.theme import GRID, RADIUS, Tokens
from segdesk.ui.look.translations import all_translated, tr, translated
from segdesk.ui.panels.panel import Panel
from segdesk.ui.widgets.labels import label

Index = QModelIndex | QPersistentModelIndex
CASE_ROLE = Qt.ItemDataRole.UserRole
#: Whether the case came in the background and has not been looked at.
NEW_ROLE = Qt.ItemDataRole.UserRole + 1
#: Why the case could not be read; empty where it was or nobody has tried.
DAMAGED_ROLE = Qt.ItemDataRole.UserRole + 2
#: The order of colours in a row's bar.
BAR = (
    SliceStatus.VERIFIED,
    SliceStatus.CORRECTED,
    SliceStatus.PARTIAL,
    SliceStatus.PREDICTED,
    SliceStatus.REJECTED,
)


class CasesModel(QAbstractListModel):
    """Ids of the project's cases; what a row shows is asked of the Workbench when it is drawn."""

    def __init__(self) -> None:
        super().__init__()
        self.workbench: Workbench | None = None
        self._ids: tuple[str, ...] = ()
        self._new: frozenset[str] = frozenset()
        self._unreadable: Mapping[str, str] = {}
        self._rows: list[tuple[object, ...]] = []

    def show(
        self,
        workbench: Workbench | None,
        new: frozenset[str] = frozenset(),
        unreadable: Mapping[str, str] | None = None,
    ) -> None:
        """Follow the index: rows are only reset where cases came or went.

        Parameters
        ----------
        new : ids of cases that nobody has looked at yet
        unreadable : ids of cases that could not be read, and why
        """
        self.workbench, self._new, self._unreadable = workbench, new, unreadable or {}
        cases = workbench.project.cases if workbench is not None else ()
        ids = tuple(case.id for case in cases)
        rows = self._rows_now()
        before, self._rows = self._rows, rows
        if ids != self._ids:
            self.beginResetModel()
            self._ids = ids
            self.endResetModel()
            return
        # Only these are painted anew: of hundreds of cases a stroke changes one.
        for at, (row, was) in enumerate(zip(rows, before, strict=True)):
            if row != was:
                self.dataChanged.emit(self.index(at), self.index(at))

    def _rows_now(self) -> list[tuple[object, ...]]:
        """For each case all that its row shows."""
        if self.workbench is None:
            return []
        pools = dict(self.workbench.project.split.pools)
        return [
            (
                case,
                statuses,
                _pool_words(case, pools),
                case.id in self._new,
                self._unreadable.get(case.id, ""),
            )
            for case, statuses in self.workbench.each_case()
        ]

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        return 0 if parent.isValid() else len(self._ids)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid() or self.workbench is None:
            return None
        id = self._ids[index.row()]
        if role == CASE_ROLE:
            return id
        if role == NEW_ROLE:
            return id in self._new
        if role == DAMAGED_ROLE:
            return self._unreadable.get(id, "")
        if role == Qt.ItemDataRole.AccessibleTextRole and id in self._unreadable:
            return tr("{case}, cannot be read", case=self._title(id))
        if role == Qt.ItemDataRole.AccessibleTextRole and id in self._new:
            return tr("{case}, new", case=self._title(id))
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return self._title(id)
        if role == Qt.ItemDataRole.ToolTipRole:
            return tip(self._sentence(id))
        return None

    def row_of(self, id: str | None) -> int:
        """The row of a case, -1 for none."""
        return self._ids.index(id) if id in self._ids else -1

    def _title(self, id: str) -> str:
        return "" if self.workbench is None else item(self.workbench.project.case(id).title)

    def _sentence(self, id: str) -> str:
        if self.workbench is None:
            return ""
        title = self._title(id)
        name = title if title == id else f"{title} ({id})"
        counts = Counter(self.workbench.statuses(id))
        parts = [
            f"{counts[status]} {translated(status.word)}"
            for status in SliceStatus
            if counts[status]
        ]
        said = ", ".join(parts)
        words = (
            tr("{case} (new): {said}", case=name, said=said)
            if id in self._new
            else f"{name}: {said}"
        )
        # What the import said goes after some seconds; here it can be found again.
        why = (self._unreadable[id],) if id in self._unreadable else ()
        return "\n".join(
            (words, *why, *all_translated(self.workbench.project.case(id).source.notes))
        )


class CaseDelegate(QStyledItemDelegate):
    """Draws a row: name, pool and slices above, the bar of statuses below."""

    def __init__(self, tokens: Tokens) -> None:
        super().__init__()
        self.tokens = tokens

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        # As wide as the list: a long name is cut with an ellipsis, not at the edge.
        return QSize(1, row_height() + 3 * GRID)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        model = index.model()
        if not isinstance(model, CasesModel) or model.workbench is None:
            return
        case = model.workbench.project.case(str(index.data(CASE_ROLE)))
        painter.save()
        try:
            mark = ("", "")
            if index.data(DAMAGED_ROLE):
                mark = (tr("damaged"), self.tokens.bad)
            elif index.data(NEW_ROLE):
                mark = (tr("new"), self.tokens.accent)
            self._paint_row(painter, option, model.workbench, case, mark)
        finally:
            # Also where it fails: the rows below are drawn with the same painter.
            painter.restore()

    def _paint_row(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        workbench: Workbench,
        case: Case,
        mark: tuple[str, str],
    ) -> None:
        rect: QRect = option.rect
        state = option.state
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        selected = bool(state & QStyle.StateFlag.State_Selected)
        if selected:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(self.tokens.raised))
            painter.drawRoundedRect(rect.adjusted(0, 1, 0, -1), RADIUS, RADIUS)
        if state & QStyle.StateFlag.State_HasFocus:
            painter.setPen(QColor(self.tokens.accent))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(rect.adjusted(0, 1, -1, -2), RADIUS, RADIUS)
        inner = rect.adjusted(2 * GRID, GRID, -2 * GRID, -GRID)
        line = QRect(inner.left(), inner.top(), inner.width(), scaled(5 * GRID))
        font = QFont(option.font)
        font.setWeight(QFont.Weight.DemiBold if selected else QFont.Weight.Normal)
        painter.setFont(font)
        painter.setPen(QColor(self.tokens.text))
        middle = Qt.AlignmentFlag.AlignVCenter
        facts = _pool_words(case, dict(workbench.project.split.pools))
        small = QFont(font)
        small.setPixelSize(small_size())
        small.setWeight(QFont.Weight.Normal)
        painter.setFont(small)
        width = painter.fontMetrics().horizontalAdvance(facts)
        painter.setPen(QColor(self.tokens.dim))
        painter.drawText(line, middle | Qt.AlignmentFlag.AlignRight, facts)
        painter.setFont(font)
        painter.setPen(QColor(self.tokens.text))
        room = line.adjusted(0, 0, -width - 2 * GRID, 0)
        name = painter.fontMetrics().elidedText(
            case.title, Qt.TextElideMode.ElideRight, room.width()
        )
        painter.drawText(room, middle | Qt.AlignmentFlag.AlignLeft, name)
        word, colour = mark
        if word:
            after = painter.fontMetrics().horizontalAdvance(name) + 2 * GRID
            painter.setFont(small)
            painter.setPen(QColor(colour))
            painter.drawText(
                room.adjusted(after, 0, 0, 0), middle | Qt.AlignmentFlag.AlignLeft, word
            )
        slices = counted_words.slices(case.slices)
        painter.setFont(small)
        painter.setPen(QColor(self.tokens.dim))
        metrics = painter.fontMetrics()
        below = QRect(inner.left(), line.bottom(), inner.width(), metrics.height())
        painter.drawText(below, middle | Qt.AlignmentFlag.AlignRight, slices)
        width = inner.width() - metrics.horizontalAdvance(slices) - 2 * GRID
        bar = QRect(inner.left(), below.center().y() - 2, width, 5)
        draw_bar(painter, bar, workbench.statuses(case.id), self.tokens)


def draw_bar(
    painter: QPainter, bar: QRect, statuses: Sequence[SliceStatus], tokens: Tokens
) -> None:
    """A bar whose colours are the shares of each status."""
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(tokens.unlabelled))
    painter.drawRoundedRect(bar, 2, 2)
    counts = Counter(statuses)
    left = float(bar.left())
    for status in BAR:
        width = bar.width() * counts[status] / max(len(statuses), 1)
        if width:
            painter.setBrush(QColor(tokens.status(status)))
            painter.drawRoundedRect(QRect(round(left), bar.top(), max(round(width), 2), 5), 2, 2)
        left += width


def _pool_words(case: Case, pools: Mapping[str, Pool]) -> str:
    """As the row says it; `pools` is what the split has drawn, by patient."""
    pool = _pool_of(case, pools)
    words = {"train": tr("train"), "validation": tr("validation"), "test": tr("test")}
    if pool is None:
        return "" if case.grid.stacked else tr("split by slice")
    return words[pool]


def _pool_of(case: Case, pools: Mapping[str, Pool]) -> Pool | None:
    """None where there is none yet, or where each slice has its own."""
    if case.pool is not None or not case.grid.stacked:
        return case.pool
    return pools.get(case.patient_of(0))


class CasesPanel(Panel):
    """The list of cases. Says which one is wanted; a menu is asked of the window."""

    case_wanted = Signal(str)
    menu_wanted = Signal(QPoint, str)
    import_wanted = Signal()

    def __init__(self, tokens: Tokens) -> None:
        super().__init__("cases", tr("Cases"), tokens)
        self._facts = label("", "dim")
        self.title_row.addWidget(self._facts)
        self._model = CasesModel()
        self._delegate = CaseDelegate(tokens)
        self._list = QListView()
        self._list.setObjectName("case_list")
        self._list.setAccessibleName(tr("Cases"))
        self._list.setModel(self._model)
        self._list.setItemDelegate(self._delegate)
        self._list.setUniformItemSizes(True)
        self._list.setMouseTracking(True)
        self._list.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self._list.customContextMenuRequested.connect(self._ask_menu)
        self._list.selectionModel().currentChanged.connect(self._chosen)
        self._import = QPushButton(tr("Import a scan…"))
        self._import.setObjectName("import_link")
        self._import.setAccessibleName(tr("Import a scan"))
        self._import.setProperty("role", "link")
        self._import.clicked.connect(self.import_wanted)
        self.rows.addWidget(self._list, 1)
        self.rows.addWidget(self._import)

    def _listen(self, workbench: Workbench, view: ViewState) -> None:
        # At once: a row that is painted before the next turn would ask for a case that has gone.
        self.bridge.listen_now(workbench.index_changed, self.refresh)
        self.bridge.listen(workbench.statuses_changed, self.refresh)
        self.bridge.listen(view.crosshair.case_changed, self.refresh)
        self.bridge.listen(view.marks.marks_changed, self.refresh)

    def refresh(self) -> None:
        if self._delegate.tokens != self.tokens:
            self._delegate.tokens = self.tokens
            self._list.viewport().update()
        if self.view is None:
            self._model.show(self.workbench)
        else:
            self._model.show(self.workbench, self.view.marks.new, self.view.marks.unreadable)
        self._facts.setText(self._pools())
        why_not = why_read_only(self.workbench)
        self._import.setEnabled(not why_not)
        self._import.setToolTip(tip(why_not))
        row = self._model.row_of(self.view.crosshair.case_id if self.view else None)
        # A list that gets the keys while no row is current makes the first one so, unmarked.
        if row >= 0 and not self._list.selectionModel().isSelected(self._model.index(row)):
            self._list.setCurrentIndex(self._model.index(row))

    def _pools(self) -> str:
        if self.workbench is None or not self.workbench.project.cases:
            return ""
        project = self.workbench.project
        pools = dict(project.split.pools)
        counts = Counter(_pool_of(case, pools) for case in project.cases)
        words = {
            "train": tr("{count} train", count=counts["train"]),
            "validation": tr("{count} val", count=counts["validation"]),
            "test": tr("{count} test", count=counts["test"]),
        }
        return " · ".join(words[pool] for pool in POOLS if counts[pool])

    def _chosen(self, index: QModelIndex) -> None:
        id = index.data(CASE_ROLE)
        if id is not None and self.view is not None and id != self.view.crosshair.case_id:
            self.case_wanted.emit(id)

    def _ask_menu(self, at: QPoint) -> None:
        index = self._list.indexAt(at)
        if index.isValid():
            self.menu_wanted.emit(self._list.viewport().mapToGlobal(at), index.data(CASE_ROLE))
