"""What a case shall be called on the screen."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QLineEdit, QWidget

from segdesk.app.project.removing import LONGEST_NAME
from segdesk.core.case import Case
from segdesk.ui.dialogs.dialog import Dialog, sentence
from segdesk.ui.dialogs.message import WIDTH
from segdesk.ui.look.sizes import scaled
from segdesk.ui.look.translations import tr


class CaseNameDialog(Dialog):
    """One line of text; empty gives the id back.

    Parameters
    ----------
    case : that gets a name
    then : gets it
    """

    def __init__(self, parent: QWidget | None, case: Case, then: Callable[[str], object]) -> None:
        super().__init__("case_name_dialog", tr("Rename a case"), parent)
        self._then = then
        self.setMinimumWidth(scaled(WIDTH))
        self.rows.addWidget(
            sentence(
                tr(
                    "What shall {case} be called? Its files, exports and the records of trainings "
                    "go on under {id}.",
                    case=case.title,
                    id=case.id,
                )
            )
        )
        self.name = QLineEdit(case.title)
        self.name.setObjectName("case_name")
        self.name.setAccessibleName(tr("Name of the case"))
        self.name.setPlaceholderText(case.id)
        self.name.setMaxLength(LONGEST_NAME)
        self.name.selectAll()
        self.rows.addWidget(self.name)
        self.add_button("cancel_case_name", tr("Cancel"), self.reject)
        self.add_button("rename_case_now", tr("Rename"), self._choose, role="primary")
        self.end_rows()

    def _choose(self) -> None:
        name = self.name.text()
        self.accept()
        self._then(name)
