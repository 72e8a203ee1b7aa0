"""The project's segments as a table: name, millilitres, shown, locked."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QColor, QFont, QIcon, QPixmap

from segdesk.app.project.workbench import Workbench
from segdesk.core.segment import Segment
from segdesk.errors import UsageError
from segdesk.ui.look.as_written import item, tip
from segdesk.ui.look.icons import icon
from segdesk.ui.look.theme import Tokens
from segdesk.ui.look.translations import tr, translated

Index = QModelIndex | QPersistentModelIndex
NAME, VOLUME, SHOWN, LOCKED = range(4)


class SegmentsModel(QAbstractTableModel):
    """Rows are the segments in the order of their numbers. Changes go through the Workbench."""

    refused = Signal(str)

    def __init__(self, tokens: Tokens) -> None:
        super().__init__()
        self._workbench: Workbench | None = None
        self._case: str | None = None
        self._numbers: tuple[int, ...] = ()
        self._active = 0
        self.set_tokens(tokens)

    def set_tokens(self, tokens: Tokens) -> None:
        """Other colours for the icons."""
        self._icons = {name: icon(name, tokens) for name in ("eye", "eye_off", "lock", "unlock")}
        self._dim = QColor(tokens.dim)

    def show(self, workbench: Workbench | None, case: str | None, active: int) -> None:
        """Follow the table; rows are only reset where segments went."""
        self._workbench, self._case, self._active = workbench, case, active
        numbers = workbench.segments.numbers if workbench is not None else ()
        known = len(self._numbers)
        if known < len(numbers) and numbers[:known] == self._numbers:
            # No reset: it would take a name away that is being typed.
            self.beginInsertRows(QModelIndex(), known, len(numbers) - 1)
            self._numbers = numbers
            self.endInsertRows()
        elif numbers != self._numbers:
            self.beginResetModel()
            self._numbers = numbers
            self.endResetModel()
        if numbers:
            self.dataChanged.emit(self.index(0, 0), self.index(len(numbers) - 1, LOCKED))

    def segment(self, row: int) -> Segment | None:
        """The segment of a row; None where it is gone and the rows do not know it yet."""
        if self._workbench is None or not 0 <= row < len(self._numbers):
            return None
        number = self._numbers[row]
        return next((one for one in self._workbench.segments if one.number == number), None)

    def row_of(self, number: int) -> int:
        """The row of a number, -1 for none."""
        return self._numbers.index(number) if number in self._numbers else -1

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        return 0 if parent.isValid() else len(self._numbers)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        return 4

    def flags(self, index: Index) -> Qt.ItemFlag:
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        return flags | Qt.ItemFlag.ItemIsEditable if index.column() == NAME else flags

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        segment = self.segment(index.row())
        if segment is None:
            return None
        if role == Qt.ItemDataRole.ToolTipRole:
            words = self._tip(segment, index.column())
            # A long name is cut in its column.
            return tip(f"{segment.name}\n{words}" if index.column() == NAME else words)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return item(f"{segment.name}: {self._tip(segment, index.column())}")
        if index.column() == NAME:
            return self._name(segment, role)
        if index.column() == VOLUME:
            if role == Qt.ItemDataRole.DisplayRole:
                return self._volume(segment.number)
            if role == Qt.ItemDataRole.TextAlignmentRole:
                return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            return self._dim if role == Qt.ItemDataRole.ForegroundRole else None
        if role == Qt.ItemDataRole.DecorationRole:
            if index.column() == SHOWN:
                return self._icons["eye" if segment.visible else "eye_off"]
            return self._icons["lock" if segment.locked else "unlock"]
        return None

    def setData(self, index: Index, value: object, role: int = Qt.ItemDataRole.EditRole) -> bool:
        """Rename: an Edit, so that undo brings the old name back."""
        segment = self.segment(index.row())
        if segment is None or self._workbench is None or role != Qt.ItemDataRole.EditRole:
            return False
        try:
            table = self._workbench.segments.renamed(segment.number, str(value))
            self._workbench.change_segment(table[segment.number])
        except UsageError as error:
            self.refused.emit(translated(error.words))
            return False
        return True

    def toggle(self, index: Index) -> None:
        """Show or hide, lock or unlock: what a click on the column means."""
        segment = self.segment(index.row())
        if segment is None or self._workbench is None:
            return
        if index.column() == SHOWN:
            self._workbench.show_segment(segment.number, not segment.visible)
        elif index.column() == LOCKED:
            try:
                self._workbench.change_segment(replace(segment, locked=not segment.locked))
            except UsageError as error:
                self.refused.emit(translated(error.words))

    def _name(self, segment: Segment, role: int) -> object:
        if role == Qt.ItemDataRole.DisplayRole:
            return item(f"{segment.number}   {segment.name}")
        if role == Qt.ItemDataRole.EditRole:
            return segment.name
        if role == Qt.ItemDataRole.DecorationRole:
            return _swatch(segment.colour)
        if role == Qt.ItemDataRole.FontRole and segment.number == self._active:
            font = QFont()
            font.setWeight(QFont.Weight.DemiBold)
            return font
        return None

    def _volume(self, number: int) -> str:
        if self._workbench is None or self._case is None:
            return ""
        if not self._workbench.is_loaded(self._case):
            return "…"
        voxels = self._workbench.loaded(self._case).counts.voxels(number)
        grid = self._workbench.project.case(self._case).grid
        if not grid.stacked:
            return f"{voxels} px"
        volume = voxels * grid.voxel_ml
        return f"{volume:.0f} mL" if volume >= 10 or not voxels else f"{volume:.2f} mL"

    def _tip(self, segment: Segment, column: int) -> str:
        if column == NAME:
            return tr("Double click or Enter to rename; click the swatch twice for the colour")
        if column == VOLUME:
            return tr("Volume in this case")
        if column == SHOWN:
            return tr("Hide") if segment.visible else tr("Show")
        return tr("Unlock") if segment.locked else tr("Lock: strokes leave it alone")


def _swatch(colour: str) -> QIcon:
    """The same colour in every state: Qt tints a plain pixmap in a row that is selected."""
    pixmap = QPixmap(14, 14)
    pixmap.fill(QColor(colour))
    swatch = QIcon()
    for mode in QIcon.Mode:
        swatch.addPixmap(pixmap, mode)
    return swatch
