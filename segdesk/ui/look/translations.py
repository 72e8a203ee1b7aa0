"""Text for people: every sentence of the window's frame goes through `tr`."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication


def tr(text: str, **values: object) -> str:
    """The text in the reader's language, with `{name}` filled in after the translation."""
    translated = QCoreApplication.translate("window", text)
    return translated.format(**values) if values else translated
