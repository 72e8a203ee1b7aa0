"""What an operation is to do, asked before it begins: a field for each of its options."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QHBoxLayout, QWidget

from segdesk.app.labelling.operations.operation import Operation
from segdesk.app.labelling.options import Options, Size, Switch
from segdesk.ui.dialogs.dialog import Dialog, sentence
from segdesk.ui.look.theme import GRID
from segdesk.ui.look.translations import tr, translated
from segdesk.ui.widgets.option_fields import field_of
from segdesk.ui.widgets.plain_label import PlainLabel


class OperationDialog(Dialog):
    """Holds the options while they are chosen.

    Parameters
    ----------
    size_range, size_unit : of lengths in the scan, as the hand gives them
    then : gets what was chosen
    """

    def __init__(
        self,
        parent: QWidget,
        operation: Operation,
        size_range: tuple[float, float],
        size_unit: str,
        then: Callable[[Options], None],
    ) -> None:
        name = translated(operation.words.name)
        super().__init__("operation_dialog", name, parent)
        self.options = Options()
        self.size_range, self.size_unit = size_range, size_unit
        self._then = then
        self.rows.addWidget(sentence(translated(operation.words.tip)))
        # Kept: nobody else holds them.
        self._fields = [field_of(option, lambda: self) for option in operation.options]
        for option, field in zip(operation.options, self._fields, strict=True):
            row = QHBoxLayout()
            row.setSpacing(2 * GRID)
            if isinstance(option, Size):
                row.addWidget(PlainLabel(translated(option.name)))
            for widget in field.widgets:
                row.addWidget(widget)
            row.addStretch(1)
            self.rows.addLayout(row)
            field.show_of(self)
        self.add_button("cancel_operation", tr("Cancel"), self.reject)
        self.add_button("start_operation", tr("Do it"), self._choose, role="primary")
        self.end_rows()

    def set_size(self, size: Size, millimetres: float) -> None:
        """Set a length."""
        self.options = self.options.changed(size, millimetres)

    def set_switch(self, switch: Switch, is_on: bool) -> None:
        """Turn an option on or off."""
        self.options = self.options.changed(switch, is_on)

    def _choose(self) -> None:
        self.accept()
        self._then(self.options)
