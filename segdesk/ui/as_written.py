"""Names are shown as they are: what Qt would take for markup, keys or placeholders is escaped.

Qt guesses whether a text is HTML, takes "&" in a button for a key and "[*]" in a title for a mark.
Names of segments, files and projects are none of it. Every label is plain text
(`panels.panel.label`, `dialogs.dialog.sentence`), and every tooltip, menu entry and title that is
not written in the code goes through here; `tests/contracts` looks that none goes by.
"""

from __future__ import annotations

import html

from PySide6.QtGui import Qt


def tip(text: str) -> str:
    """A tooltip that shows this text, whatever is in it."""
    if not Qt.mightBeRichText(text):
        return text
    return f"<qt>{html.escape(text)}</qt>".replace("\n", "<br>")


def caption(text: str) -> str:
    """The text of a button or menu entry."""
    return text.replace("&", "&&")


def title(text: str) -> str:
    """The title of a window."""
    return text.replace("[*]", "[*][*]")
