"""Numbers as arguments: the rules of the window's fields, and a sentence where they refuse."""

from __future__ import annotations

import typer

from segdesk.core import numbers
from segdesk.core.split import Fold
from segdesk.errors import UsageError


def decimal(text: str) -> float:
    """Read an option's number: "." and "," are its decimal sign, "1e-3" is one too.

    A shell's numbers never group by ".", so "1.024" is hardly more than one here; "1,024" can be
    read in two ways and is refused.

    Raises
    ------
    typer.BadParameter
        Where it cannot be read; the option is named by the caller.
    """
    try:
        return numbers.decimal(text, grouping=",")
    except UsageError as refusal:
        raise typer.BadParameter(str(refusal)) from refusal


def fold(text: str) -> Fold:
    """Read "2/5".

    Raises
    ------
    typer.BadParameter
        Where it is no fold; the option is named by the caller.
    """
    try:
        return Fold.parsed(text)
    except UsageError as refusal:
        raise typer.BadParameter(str(refusal)) from refusal
