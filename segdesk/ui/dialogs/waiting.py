"""A dialog while something short is under way that the rest of the window has to wait for."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QLabel, QProgressBar, QPushButton, QWidget

from segdesk.ui.dialogs.dialog import Dialog, sentence
from segdesk.ui.look.sizes import scaled
from segdesk.ui.look.translations import tr

#: Width, in pixels.
WIDTH = 380


class WaitingDialog(Dialog):
    """Says what is done and how far it is; nothing can be drawn meanwhile.

    Parameters
    ----------
    cancel : called by Cancel or Esc; None where it goes on to its end
    """

    def __init__(
        self, parent: QWidget | None, id: str, text: str, cancel: Callable[[], object] | None = None
    ) -> None:
        super().__init__(id, text, parent)
        self._cancel = cancel
        self._ended = False
        self.setMinimumWidth(scaled(WIDTH))
        self._said: QLabel = sentence(text)
        self._bar = QProgressBar()
        self._bar.setObjectName("waiting_progress")
        self._bar.setAccessibleName(text)
        self._bar.setTextVisible(False)
        self._bar.setRange(0, 0)
        self.rows.addWidget(self._said)
        self.rows.addWidget(self._bar)
        self._button: QPushButton | None = None
        if cancel is not None:
            self._button = self.add_button("cancel_waiting", tr("Cancel"), self.reject)
        self.end_rows()

    def goes_to_its_end(self) -> None:
        """It can't be cancelled any more."""
        self._cancel = None
        if self._button is not None:
            self._button.setEnabled(False)

    def tell(self, done: int, total: int) -> None:
        """How far it is; nothing once the dialog has gone, which deletes it."""
        if self._ended:
            return
        self._bar.setRange(0, max(total, 1))
        self._bar.setValue(done)

    def end(self) -> None:
        """It is done: the dialog goes, where a cancel has not closed it."""
        if not self._ended:
            self._ended = True
            self.accept()

    def reject(self) -> None:
        """Esc, or the window's cross: cancels where that is possible, else goes on."""
        if self._ended:
            super().reject()
        elif self._cancel is not None:
            self._ended = True
            super().reject()
            self._cancel()
