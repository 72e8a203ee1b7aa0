"""Names are shown as they are: what Qt would take for markup, keys or placeholders is escaped.

Qt guesses whether a text is HTML, takes "&" in a button for a key and "[*]" in a title for a mark.
Names of segments, files and projects are none of it, nor do they command: a control character is
shown as the replacement character. Every label is a `PlainLabel`, and every tooltip, menu entry,
title and row of a list that is not written in the code goes through here; `tests/contracts` looks
that none goes by.
"""

from __future__ import annotations

import html

from PySide6.QtGui import Qt

from segdesk.core.printable import printable


def tip(text: str) -> str:
    """A tooltip that shows this text, whatever is in it."""
    text = printable(text)
    if not Qt.mightBeRichText(text):
        return text
    return f"<qt>{html.escape(text)}</qt>".replace("\n", "<br>")


def item(text: str) -> str:
    """One line: a row of a list, a name that is painted."""
    return printable(text, keep="")


def caption(text: str) -> str:
    """The text of a button or menu entry."""
    return item(text).replace("&", "&&")


def title(text: str) -> str:
    """The title of a window."""
    return item(text).replace("[*]", "[*][*]")
