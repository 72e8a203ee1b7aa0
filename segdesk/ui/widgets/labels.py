"""Labels in the roles of the style sheet."""

from __future__ import annotations

from PySide6.QtWidgets import QLabel, QWidget

from segdesk.ui.widgets.plain_label import PlainLabel


def label(text: str, role: str = "") -> QLabel:
    """A label in one of the style sheet's roles: title, dim, warn, bad, heading."""
    made = PlainLabel(text)
    if role:
        made.setProperty("role", role)
    return made


def use_role(widget: QWidget, role: str) -> None:
    """Give a widget another of the style sheet's roles."""
    if widget.property("role") != role:
        widget.setProperty("role", role)
        widget.style().unpolish(widget)
        widget.style().polish(widget)
