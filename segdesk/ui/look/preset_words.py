"""What windows and their presets are called."""

from __future__ import annotations

from segdesk.core.case import Case
from segdesk.core.window import Window
from segdesk.ui.look.translations import tr


def window_words(window: Window) -> str:
    """A window as it is written everywhere: width, then level."""
    return f"W {figure(window.width)}   L {figure(window.level)}"


def figure(value: float) -> str:
    """A number for people: whole where it is, else three digits, with a true minus."""
    text = f"{value:.0f}" if value == round(value) or abs(value) >= 100 else f"{value:.3g}"
    return text.replace("-", "−")


def preset_word(name: str, case: Case | None) -> str:
    """A preset of `core.window` in a word; of "file" what it is for that case: the window that its
    file asks for, or all of its values."""
    return {
        "lung": tr("lung"),
        "mediastinum": tr("mediastinum"),
        "bone": tr("bone"),
        "soft": tr("soft"),
        "file": tr("file's own") if case is not None and case.window else tr("whole range"),
    }.get(name, name)
