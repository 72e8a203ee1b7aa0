"""What the window presets are called."""

from __future__ import annotations

from segdesk.ui.look.translations import tr


def preset_word(name: str) -> str:
    """A preset of `core.window` in a word, or "file" for the scan's own."""
    return {
        "lung": tr("lung"),
        "mediastinum": tr("mediastinum"),
        "bone": tr("bone"),
        "soft": tr("soft"),
        "file": tr("file"),
    }.get(name, name)
