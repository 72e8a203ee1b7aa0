"""The part of the import's dialog that asks what the files leave open: HU or not, mask or scan."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QComboBox,
    QHBoxLayout,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from segdesk.app.files.import_questions import SAYS_ITSELF, Questions
from segdesk.app.files.importing import Finding, UnitChoice
from segdesk.ui.dialogs.dialog import sentence
from segdesk.ui.look.as_written import caption
from segdesk.ui.look.theme import GRID
from segdesk.ui.look.translations import tr, translated

#: Scans whose values are unclear that are named; the rest is counted.
MOST_DOUBTS = 4


class ImportAnswers(QWidget):
    """Shows only what concerns the scans that are chosen."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._chosen: tuple[tuple[Finding, Questions], ...] = ()
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(2 * GRID)
        self._mask = sentence("")
        self._mask.setObjectName("import_looks_like_mask")
        self._as_labels = self._option("import_as_labels")
        self._as_scan = self._option("import_as_scan")
        self._as_scan.setText(tr("It is a scan: import it as one"))
        self._as_scan.setAccessibleName(self._as_scan.text())
        self._group = QButtonGroup(self)
        for option in (self._as_labels, self._as_scan):
            self._group.addButton(option)
        self._doubt = sentence("")
        self._doubt.setObjectName("import_unit_doubt")
        self._unit = QComboBox()
        self._unit.setObjectName("import_unit")
        self._unit.setAccessibleName(tr("Values of the scan"))
        for words, unit in (("", ""), (tr("HU"), "HU"), (tr("Raw numbers, no HU"), "raw")):
            self._unit.addItem(words, unit)
        self._unit_label = sentence(tr("Values"))
        self._unit_label.setWordWrap(False)
        self._unit_label.setBuddy(self._unit)
        for widget in (self._mask, self._as_labels, self._as_scan, self._doubt):
            rows.addWidget(widget)
        row = QHBoxLayout()
        row.setSpacing(2 * GRID)
        row.addWidget(self._unit_label)
        row.addWidget(self._unit, 1)
        rows.addLayout(row)
        self._group.buttonToggled.connect(lambda *_: self._refresh())
        self._unit.activated.connect(lambda *_: self.changed.emit())

    def _option(self, id: str) -> QRadioButton:
        made = QRadioButton()
        made.setObjectName(id)
        return made

    def show_for(self, chosen: Sequence[tuple[Finding, Questions]]) -> None:
        """Ask about these scans."""
        if tuple(chosen) == self._chosen:
            return
        self._chosen = tuple(chosen)
        mask_of = self._mask_of
        words = tr("Take it as the labels of {case}", case=mask_of)
        self._as_labels.setText(caption(words))
        self._as_labels.setAccessibleName(words)
        self._group.setExclusive(False)
        self._as_labels.setChecked(bool(mask_of))
        self._as_scan.setChecked(False)
        self._group.setExclusive(True)
        self._refresh()

    def _refresh(self) -> None:
        mask = translated(self._single.mask)
        if mask and not self._mask_of:
            mask += " " + tr(
                "To take it as labels, cancel, show their case and choose Import labels…."
            )
        self._mask.setText(mask)
        self._mask.setVisible(bool(mask))
        self._as_labels.setVisible(bool(mask and self._mask_of))
        self._as_scan.setVisible(bool(mask))
        doubts = [translated(asked.unit) for _, asked in self._chosen if asked.unit]
        more = len(doubts) - MOST_DOUBTS
        shown = doubts[:MOST_DOUBTS] + ([tr("… and {n} more.", n=more)] if more > 0 else [])
        self._doubt.setText("\n".join(shown))
        self._doubt.setVisible(bool(doubts))
        self._unit.setItemText(
            0, tr("Choose…") if doubts else tr("HU or not: decided by the numbers")
        )
        is_asked = not self.labels_of and any(
            row.kind != SAYS_ITSELF and not row.is_colour for row, _ in self._chosen
        )
        self._unit.setVisible(is_asked)
        self._unit_label.setVisible(is_asked)
        self.changed.emit()

    @property
    def _single(self) -> Questions:
        return self._chosen[0][1] if len(self._chosen) == 1 else Questions()

    @property
    def _mask_of(self) -> str:
        return self._single.mask_of[0] if self._single.mask_of else ""

    @property
    def labels_of(self) -> str:
        """The case whose labels the one file shall be, or empty."""
        return self._mask_of if self._as_labels.isChecked() else ""

    @property
    def is_scan(self) -> bool:
        """Whether what looks like a mask was said to be a scan: among others, by its tick."""
        if self._single.mask:
            return self._as_scan.isChecked()
        return any(asked.mask for _, asked in self._chosen)

    @property
    def unit(self) -> UnitChoice:
        """What the reader says of the values; empty where nothing is asked or said."""
        return self._unit.currentData() if self._unit.isVisibleTo(self) else ""

    @property
    def problem(self) -> str:
        """What has still to be said, or empty."""
        if self._single.mask and not (self.labels_of or self.is_scan):
            return tr("Say whether it is a scan.")
        if not self.labels_of and not self.unit and any(asked.unit for _, asked in self._chosen):
            return tr("Say whether the values are HU.")
        return ""
