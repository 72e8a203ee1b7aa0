"""What a command says: tables and progress on stderr for people, one JSON object on stdout."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from segdesk.errors import ChoiceNeeded, SegdeskError

Tell = Callable[[str, int, int], None]


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
        self._people.print(sentence, markup=False)

    def answer(self, fields: dict[str, Any], *, table: Table | None = None) -> None:
        """The command's result: the object for scripts, or a table for people on stdout."""
        if self._as_json:
            sys.stdout.write(json.dumps(fields, indent=1, allow_nan=False) + "\n")
            sys.stdout.flush()
        elif table is not None:
            Console(highlight=False).print(table)

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
                    tasks[sentence] = bar.add_task(sentence, total=total)
                bar.update(tasks[sentence], completed=done, total=total)

            yield tell


def complain(error: SegdeskError) -> None:
    """One sentence on stderr, with the next step; the list where a choice is needed."""
    people = Console(stderr=True, highlight=False, soft_wrap=True)
    people.print(f"segdesk: {error}", markup=False)
    if isinstance(error, ChoiceNeeded):
        for choice in error.choices:
            people.print(f"  {choice}", markup=False)


def table(*columns: str, rows: list[tuple[Any, ...]]) -> Table:
    """A plain table; numbers stand right."""
    made = Table(box=None, pad_edge=False)
    for at, name in enumerate(columns):
        numeric = any(isinstance(row[at], int | float) for row in rows)
        made.add_column(name, justify="right" if numeric else "left")
    for row in rows:
        made.add_row(*(f"{cell:.4f}" if isinstance(cell, float) else str(cell) for cell in row))
    return made
