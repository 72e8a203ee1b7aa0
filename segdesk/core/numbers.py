"""Numbers as people type them: read as they are meant, or refused, never read otherwise.

The window's fields and the command line share these rules, whatever the system's locale says.
Ranges belong to whoever asks. The module knows no widget and no locale.
"""

from __future__ import annotations

import re
from typing import Literal

from segdesk.errors import UsageError
from segdesk.sentence import Sentence

_WHOLE = re.compile(r"[+-]?\d{1,15}", re.ASCII)
_DECIMAL = re.compile(r"[+-]?(\d+[.,]?\d*|[.,]\d+)(e[+-]?\d{1,3})?", re.ASCII | re.IGNORECASE)
#: One to three digits, none of them a leading zero, a sign, and three digits: 1,024.
_GROUPED = re.compile(r"[+-]?([1-9]\d{0,2})([.,])(\d{3})", re.ASCII)
#: Signs that group thousands somewhere.
GROUPING = ".,"


def whole(text: str) -> int:
    """Read a whole number: digits alone, with at most a sign before them.

    Raises
    ------
    UsageError
        Where it is anything else. "1,024" and "1.024" are refused too: to one reader they are a
        thousand, to another hardly more than one.
    """
    typed = text.strip()
    if not _WHOLE.fullmatch(typed):
        _refuse(typed, "whole number", Sentence("Write digits alone, without '.' or ','."))
    return int(typed)


def decimal(text: str, *, grouping: str = GROUPING) -> float:
    """Read a number whose decimal sign may be "." or ",", with an exponent or without ("1e-3").

    One sign with exactly three digits after it could group thousands, where what stands before it
    could begin such a number: "1,024" is refused, and so is "1.024". "0,001", "1,02", "1,0240",
    "1234,567" and "1,024e0" can be read in one way only.

    Parameters
    ----------
    text : as typed; spaces around it do not count
    grouping : signs that might group thousands; the command line's "." never does

    Raises
    ------
    UsageError
        Where it is no number, or can be read in two ways.
    """
    typed = text.strip()
    if not _DECIMAL.fullmatch(typed):
        _refuse(typed, "number", Sentence("Write it like 0.5, 0,5 or 5e-1."))
    grouped = _GROUPED.fullmatch(typed)
    if grouped is not None and grouped[2] in grouping:
        before, _, after = grouped.groups()
        raise UsageError(
            Sentence("'{typed}' can be read in two ways.", typed=typed),
            Sentence(
                "Write {before}{after}, or {before}.{after}0 where the decimals are meant.",
                before=before,
                after=after,
            ),
        )
    return float(typed.replace(",", "."))


def shown(value: float) -> str:
    """A number as the window shows it: "." as the decimal sign, no grouping, every digit it has.

    "5" for 5.0, "0.001", "1e-5"; `decimal` reads back what is not a whole number of thousandths.
    """
    if isinstance(value, int) or (value.is_integer() and abs(value) < 1e15):
        return str(int(value))
    return re.sub(r"e-0*", "e-", repr(float(value)))


def _refuse(typed: str, kind: Literal["number", "whole number"], hint: Sentence) -> None:
    if kind == "number":
        said = Sentence("'{typed}' is no number.", typed=typed)
        none = Sentence("A number is missing.")
    else:
        said = Sentence("'{typed}' is no whole number.", typed=typed)
        none = Sentence("A whole number is missing.")
    raise UsageError(said if typed else none, hint)
