"""What a command says: sentences and progress on stderr, tables or one JSON object on stdout."""

from __future__ import annotations

import json
import math
import os
import sys
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from segdesk.core.printable import printable
from segdesk.errors import ChoiceNeeded, SegdeskError

Tell = Callable[[str, int, int], None]
#: Columns of text where no terminal says how many it has: no row of a table is broken there.
WIDE = 240
#: In the place of a figure that nothing can be said of.
UNDEFINED = "—"


class Report:
    """Where a command's words go.

    Parameters
    ----------
    as_json : print one object on stdout and nothing else there
    """

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json
        self._people = Console(stderr=True, highlight=False, soft_wrap=True)

    def say(self, sentence: str) -> None:
        """A sentence for people."""
        self._people.print(printable(sentence, keep=""), markup=False)

    def answer(self, fields: dict[str, Any], tables: Iterable[Table] = ()) -> None:
        """The command's result: the object for scripts, or tables for people, on stdout.

        Figures that are no number (a loss that ran away) are null in the object.
        """
        if self._as_json:
            text = json.dumps(_plain(fields), indent=1, allow_nan=False)
            # It is a control character too, and JSON would let it stand.
            _write(text.replace("\x7f", "\\u007f") + "\n")
            return
        console = Console(highlight=False)
        if not console.is_terminal:
            console.width = WIDE
        with console.capture() as text:
            for at, table in enumerate(tables):
                if at:
                    console.print()
                console.print(table)
        _write("".join(f"{line.rstrip()}\n" for line in text.get().splitlines()))

    @contextmanager
    def progress(self) -> Generator[Tell, None, None]:
        """A bar on stderr while something long goes on: call with sentence, done and total."""
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.completed}/{task.total}"),
            TimeRemainingColumn(),
        )
        # Without a terminal a bar would only leave empty lines behind.
        silent = not self._people.is_terminal
        with Progress(*columns, console=self._people, transient=True, disable=silent) as bar:
            tasks: dict[str, Any] = {}

            def tell(sentence: str, done: int, total: int) -> None:
                if sentence not in tasks:
                    for old in tasks.values():
                        bar.remove_task(old)
                    tasks.clear()
                    tasks[sentence] = bar.add_task(_cell(sentence), total=total)
                bar.update(tasks[sentence], completed=done, total=total)

            yield tell


def complain(error: SegdeskError) -> None:
    """One sentence on stderr, with the next step; the list where a choice is needed."""
    people = Console(stderr=True, highlight=False, soft_wrap=True)
    people.print(printable(f"segdesk: {error}", keep=""), markup=False)
    if isinstance(error, ChoiceNeeded):
        for choice in error.choices:
            people.print(printable(f"  {choice}", keep=""), markup=False)


def table(*columns: str, rows: Sequence[tuple[Any, ...]]) -> Table:
    """A plain table; numbers stand right. None is an empty cell."""
    made = Table(box=None, pad_edge=False)
    for at, name in enumerate(columns):
        numeric = any(isinstance(row[at], int | float) for row in rows)
        made.add_column(name, justify="right" if numeric else "left")
    for row in rows:
        made.add_row(*(_cell(value) for value in row))
    return made


def figure(value: float | None) -> float | str:
    """A figure for a table: a dash where it is undefined."""
    return UNDEFINED if value is None else value


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.3f}"
    # A name is no markup, and commands no terminal.
    return printable(str(value), keep="").replace("[", r"\[")


def _plain(value: Any) -> Any:
    """The value without NaN and infinity, which JSON does not know."""
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _write(text: str) -> None:
    """Text to stdout. A reader that has left (`| head`) has seen what it wanted."""
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        # Python flushes stdout once more at its end: https://docs.python.org/3/library/signal.html
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
