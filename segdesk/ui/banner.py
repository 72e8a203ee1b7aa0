"""A calm line above the scan for what only has to be said: recovered strokes, an import's notes."""

from __future__ import annotations

from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QToolButton

from segdesk.ui.icons import icon
from segdesk.ui.theme import GRID, RADIUS, Tokens
from segdesk.ui.translations import tr


class Banner(QFrame):
    """Hidden until it has something to say; sentences queue up in one line each."""

    def __init__(self, tokens: Tokens) -> None:
        super().__init__()
        self.setObjectName("banner")
        self.setAccessibleName(tr("Message"))
        self._sentences: list[str] = []
        self._text = QLabel()
        self._text.setObjectName("banner_text")
        self._text.setWordWrap(True)
        self._close = QToolButton()
        self._close.setObjectName("close_banner")
        self._close.setAccessibleName(tr("Close the message"))
        self._close.setToolTip(tr("Close"))
        self._close.setProperty("role", "icon")
        self._close.clicked.connect(self.clear)
        row = QHBoxLayout(self)
        row.setContentsMargins(3 * GRID, GRID, GRID, GRID)
        row.addWidget(self._text, 1)
        row.addWidget(self._close)
        self.set_tokens(tokens)
        self.hide()

    @property
    def text(self) -> str:
        return self._text.text()

    def say(self, sentence: str) -> None:
        """Show one more sentence, once."""
        if sentence not in self._sentences:
            self._sentences.append(sentence)
            self._text.setText("\n".join(self._sentences))
        self.show()

    def clear(self) -> None:
        """Everything was read."""
        self._sentences.clear()
        self._text.clear()
        self.hide()

    def set_tokens(self, tokens: Tokens) -> None:
        self._close.setIcon(icon("close", tokens))
        self.setStyleSheet(
            f"QFrame#banner {{ background: {tokens.raised}; border-left: 3px solid "
            f"{tokens.accent}; border-radius: {RADIUS}px; }}"
        )
