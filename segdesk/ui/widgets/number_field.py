"""The one field for numbers: what is typed is taken as it is meant, or marked and refused.

How text is read stands in `core.numbers`; here are the keys, the mark, and what is shown. Qt's own
spin boxes read by the system's locale: a German "0.001" became 1, an English "0,001" too.
"""

from __future__ import annotations

import math

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QAccessible, QAccessibleEvent, QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QAbstractSpinBox, QStyle, QStyleOptionSpinBox

from segdesk.core import numbers
from segdesk.errors import UsageError
from segdesk.sentence import Sentence
from segdesk.ui.look.as_written import tip
from segdesk.ui.look.theme import GRID
from segdesk.ui.look.translations import translated

#: Digits that stay of a number that a step has made.
STEP_DIGITS = 6
#: What one key, such as PgUp, multiplies or divides by at most: ten doublings of a learning rate
#: would end at its limit.
MOST_AT_ONCE = 10.0
#: From the edit of the field to its text, in pixels: as far as in a box that is chosen from.
TEXT_LEFT = GRID + 2
#: Longer than any number that means something.
LONGEST = 24


class NumberField(QAbstractSpinBox):
    """A number that is typed or stepped.

    While it is typed it is read with every key; what can't be read is marked and said, the value is
    what it was before, and the text stays until it is mended or Esc brings the value back.
    Return takes what was typed and shows it in the one way in which numbers are shown. Up and Down
    step; the wheel does where the field has the focus.

    Parameters
    ----------
    id : objectName
    low, high : what is allowed, both inclusive
    value : at first
    whole : digits alone are read; `count` is the value as an int
    step : added by Up, taken away by Down
    ratio : above 1: what Up multiplies by and Down divides by, instead of `step`
    unit : shown after the number, such as " mm"
    """

    #: A value was typed or stepped; not where a program set it.
    changed = Signal(float)
    #: `problem` is another one, or none.
    problem_changed = Signal()

    def __init__(
        self,
        id: str,
        low: float,
        high: float,
        value: float,
        *,
        whole: bool = False,
        step: float = 1.0,
        ratio: float = 0.0,
        unit: str = "",
    ) -> None:
        super().__init__()
        self.setObjectName(id)
        self._low, self._high = low, high
        self._value = value
        #: The value before typing began.
        self._before = value
        self._is_whole = whole
        self._step, self._ratio = step, ratio
        self._unit = unit
        self._problem = ""
        self._tip = ""
        edit = self.lineEdit()
        edit.setMaxLength(LONGEST + len(unit))
        # The style sheet's padding does not reach the text of such a field.
        edit.setTextMargins(TEXT_LEFT, 0, 0, 0)
        edit.textEdited.connect(self._read)
        self.editingFinished.connect(self._settle)
        self._show()

    @property
    def value(self) -> float:
        """The last good value."""
        return self._value

    @property
    def count(self) -> int:
        """The last good value of a field that reads whole numbers."""
        return round(self._value)

    @property
    def problem(self) -> str:
        """Why what is typed there cannot be taken, or ""."""
        return self._problem

    def allows(self, value: float) -> bool:
        """Whether a value lies in its range, and is whole where it has to be."""
        return self._low <= value <= self._high and (not self._is_whole or value == round(value))

    def set_range(self, low: float, high: float) -> None:
        """What is allowed from now on; the value stays."""
        self._low, self._high = low, high

    def set_unit(self, unit: str) -> None:
        """What stands after the number."""
        if unit != self._unit:
            self._unit = unit
            self._show()

    def set_tip(self, tip: str) -> None:
        """The tooltip while nothing is wrong."""
        self._tip = tip
        self._say()

    def set_value(self, value: float) -> None:
        """Hold and show another value; what was being typed is given up."""
        self._value = value
        self._show()

    def follow(self, value: float) -> None:
        """Show a value that has changed elsewhere; what is being typed for the same one stays."""
        if value != self._value:
            self.set_value(value)

    # What is typed

    def _typed(self) -> str:
        """The text without the unit."""
        return self.lineEdit().text().strip().removesuffix(self._unit.strip()).strip()

    def _read(self) -> None:
        text = self._typed()
        try:
            value = numbers.whole(text) if self._is_whole else numbers.decimal(text)
            self._check(value)
        except UsageError as refusal:
            self._mark(translated(refusal.words))
            self._take(self._before)
            return
        self._mark("")
        self._take(value)

    def _check(self, value: float) -> None:
        if not (math.isfinite(value) and self._low <= value <= self._high):
            low, high = numbers.shown(self._low), numbers.shown(self._high)
            raise UsageError(
                Sentence(
                    "{value} does not lie between {low} and {high}.",
                    value=self._typed(),
                    low=low,
                    high=high,
                )
            )

    def _take(self, value: float) -> None:
        if value != self._value:
            self._value = value
            self.changed.emit(value)

    def _settle(self) -> None:
        """Typing has ended: a good value is shown as it is held, a bad one stays marked."""
        if not self._problem:
            self._show()

    def _show(self) -> None:
        self._before = self._value
        self.lineEdit().setText(numbers.shown(self._value) + self._unit)
        self._mark("")

    def _mark(self, problem: str) -> None:
        if problem == self._problem:
            return
        self._problem = problem
        self.setProperty("problem", bool(problem))
        self.style().unpolish(self)
        self.style().polish(self)
        self._say()
        self.problem_changed.emit()

    def _say(self) -> None:
        """In the tooltip, and to a screen reader, which is told that it has changed."""
        self.setToolTip(tip(self._problem or self._tip))
        self.setAccessibleDescription(self._problem)
        changed = QAccessibleEvent(self, QAccessible.Event.DescriptionChanged)
        QAccessible.updateAccessibility(changed)

    # Steps

    def stepBy(self, steps: int) -> None:
        """Up and Down, the arrows, the wheel: from the last good value."""
        if self._ratio:
            factor = min(max(self._ratio**steps, 1 / MOST_AT_ONCE), MOST_AT_ONCE)
            stepped = self._value * factor
        else:
            stepped = self._value + self._step * steps
        stepped = float(f"{stepped:.{STEP_DIGITS}g}")
        stepped = min(max(stepped, self._low), self._high)
        self._take(int(stepped) if self._is_whole else stepped)
        self._show()
        self.selectAll()

    def stepEnabled(self) -> QAbstractSpinBox.StepEnabledFlag:
        flags = QAbstractSpinBox.StepEnabledFlag.StepNone
        if self._value < self._high:
            flags |= QAbstractSpinBox.StepEnabledFlag.StepUpEnabled
        if self._value > self._low:
            flags |= QAbstractSpinBox.StepEnabledFlag.StepDownEnabled
        return flags

    # Events of Qt

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Return and Esc end here: neither may reach the scan or a dialog's button."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._settle()
            self.selectAll()
        elif event.key() == Qt.Key.Key_Escape:
            self._take(self._before)
            self._show()
            self.selectAll()
        else:
            super().keyPressEvent(event)
            return
        event.accept()

    def selectAll(self) -> None:
        """The number, so that the next key replaces it and the unit stays."""
        self.lineEdit().setSelection(0, len(self._typed()))

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        if event.reason() in (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason):
            self.selectAll()

    def sizeHint(self) -> QSize:
        """Room for the widest number that may stand there."""
        texts = [numbers.shown(value) for value in (self._low, self._high, self._value)]
        metrics = self.fontMetrics()
        width = max(metrics.horizontalAdvance(text + self._unit + " ") for text in texts)
        option = QStyleOptionSpinBox()
        self.initStyleOption(option)
        size = QSize(width + TEXT_LEFT, self.lineEdit().sizeHint().height())
        style = self.style()
        return style.sizeFromContents(QStyle.ContentsType.CT_SpinBox, option, size, self)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()
