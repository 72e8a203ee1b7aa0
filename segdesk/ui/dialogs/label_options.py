"""What the slices of an imported label map become."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QRadioButton, QWidget

from segdesk.app.files.importing import LabelsAs
from segdesk.ui.dialogs.dialog import Dialog, sentence
from segdesk.ui.look.translations import tr


class LabelOptionsDialog(Dialog):
    """Asked once the file is chosen.

    Parameters
    ----------
    name : of the file
    case : that the labels are for
    then : gets what was chosen
    """

    def __init__(
        self, parent: QWidget | None, name: str, case: str, then: Callable[[LabelsAs], None]
    ) -> None:
        super().__init__("label_options_dialog", tr("Import labels"), parent)
        self._then = then
        self.rows.addWidget(
            sentence(tr("What do the labels of '{name}' say about {case}?", name=name, case=case))
        )
        words: tuple[tuple[LabelsAs, str], ...] = (
            ("auto", tr("Slices with labels are right, empty ones are not looked at yet")),
            ("corrected", tr("Every slice is right, empty ones too")),
            ("predicted", tr("They are a prediction that has to be looked at")),
        )
        self._options: list[tuple[LabelsAs, QRadioButton]] = []
        for value, text in words:
            option = QRadioButton(text)
            self._options.append((value, option))
            option.setObjectName(f"labels_{value}")
            option.setAccessibleName(option.text())
            self.rows.addWidget(option)
        self._options[0][1].setChecked(True)
        self.add_button("cancel_label_options", tr("Cancel"), self.reject)
        self.add_button("import_label_map", tr("Import"), self._choose, role="primary")
        self.end_rows()

    def _choose(self) -> None:
        chosen: LabelsAs = next(value for value, option in self._options if option.isChecked())
        self.accept()
        self._then(chosen)
