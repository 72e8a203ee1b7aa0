"""Sizes that follow the system's font: text, small text, a row of a list, and what they lie in."""

from __future__ import annotations

from PySide6.QtGui import QFontInfo
from PySide6.QtWidgets import QApplication

#: The size of text in pixels that the sizes in the code are meant for.
DESIGNED_FOR = 13
#: Of small text, and of a row of a list, as shares of the text's size.
SMALL_SHARE, ROW_SHARE = 0.85, 2.6


def text_size() -> int:
    """Of the system's font, in pixels."""
    return QFontInfo(QApplication.font()).pixelSize()


def small_size() -> int:
    """Of what is said beside."""
    return round(SMALL_SHARE * text_size())


def row_height() -> int:
    """Of a row in a list."""
    return round(ROW_SHARE * text_size())


def scaled(pixels: float) -> int:
    """A length of the design, as large as the text makes it."""
    return round(pixels * text_size() / DESIGNED_FOR)
