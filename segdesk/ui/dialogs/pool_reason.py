"""Why a case changes its pool although a network has been trained: kept with the case."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QLineEdit, QWidget

from segdesk.ui.dialogs.dialog import Dialog, sentence
from segdesk.ui.dialogs.message import WIDTH
from segdesk.ui.look.sizes import scaled
from segdesk.ui.look.translations import tr


class PoolReasonDialog(Dialog):
    """Asks for one line of text.

    Parameters
    ----------
    case : id
    pool : in words
    then : gets the reason
    """

    def __init__(
        self, parent: QWidget | None, case: str, pool: str, then: Callable[[str], None]
    ) -> None:
        super().__init__("pool_reason_dialog", tr("Change the pool"), parent)
        self._then = then
        self.setMinimumWidth(scaled(WIDTH))
        self.rows.addWidget(
            sentence(
                tr(
                    "A network has been trained with this split. Moving {case} to {pool} makes "
                    "older figures no longer comparable. Why is it moved?",
                    case=case,
                    pool=pool,
                )
            )
        )
        self.reason = QLineEdit()
        self.reason.setObjectName("pool_reason")
        self.reason.setAccessibleName(tr("Reason"))
        self.reason.setPlaceholderText(tr("A reason, kept with the case"))
        self.reason.textChanged.connect(self._check)
        self.rows.addWidget(self.reason)
        self.add_button("cancel_pool_reason", tr("Cancel"), self.reject)
        self._move = self.add_button("move_pool", tr("Move"), self._choose, role="primary")
        self.end_rows()
        self._check()

    def _check(self) -> None:
        given = bool(self.reason.text().strip())
        self._move.setEnabled(given)
        self._move.setToolTip("" if given else tr("A reason is needed."))

    def _choose(self) -> None:
        reason = self.reason.text().strip()
        self.accept()
        self._then(reason)
