"""Text that a stranger chose, as it may go to a terminal, a log or the window.

Names of cases, segments, readers and files, and tags of DICOM, can hold characters that command a
terminal (escape, bell, backspace), end a line in a log, or turn the order of letters round so that
a name reads as another one. In their place stands the replacement character.
"""

from __future__ import annotations

import unicodedata

#: Turn the order of letters: https://www.unicode.org/reports/tr9/#Explicit_Directional_Embeddings
_TURN = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
#: Control characters, halves of pairs, and the separators that end a line or a paragraph.
_KINDS = frozenset({"Cc", "Cs", "Zl", "Zp"})
_INSTEAD = "\ufffd"


def printable(text: str, *, keep: str = "\n") -> str:
    """The text with the replacement character for what commands instead of being read.

    Parameters
    ----------
    keep : of these characters, those that stay
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(_INSTEAD if _commands(one) and one not in keep else one for one in text)


def _commands(character: str) -> bool:
    return character in _TURN or unicodedata.category(character) in _KINDS
