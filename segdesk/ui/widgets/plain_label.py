"""A label that shows a text as it is: no markup, and nothing in it that commands."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel

from segdesk.core.printable import printable


class PlainLabel(QLabel):
    """Every label of the window; who wants markup says so."""

    def __init__(self, text: str = "") -> None:
        super().__init__()
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setText(text)

    def setText(self, text: str) -> None:
        super().setText(printable(text))
