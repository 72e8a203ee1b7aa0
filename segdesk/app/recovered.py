"""In words: what the journal brought back when a project was opened."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from segdesk.core.edit import Edit
from segdesk.core.history import UNDO, History
from segdesk.store.project_folder import ProjectFolder


def recovered(history: History) -> tuple[int, str]:
    """How many strokes came back, net of what had been undone, and the sentence that says so."""
    done = [edit for edit in history.done if edit.patches or edit.statuses]
    strokes = sum(edit.kind == "stroke" for edit in done)
    parts = (counted(strokes, "stroke"), counted(len(done) - strokes, "other change"))
    said = " and ".join(part for part in parts if part)
    return strokes, f"Recovered {said} that had not been saved." if said else ""


def left_out(folder: ProjectFolder, misfits: Sequence[Edit]) -> str:
    """Keep changes that do not fit the masks apart, where it may be written, and say so."""
    kept = "a writer keeps them apart"
    if folder.writable:
        kept = f"they are kept in '{folder.keep_left_out(misfits)}'"
    words = counted(len(misfits), "change")
    return f"{words} of the journal did not fit the masks and were left out; {kept}."


def done_again(history: History, redo: Callable[[], Edit | None]) -> tuple[str, ...]:
    """Do again what was half undone, where the other half is older than the journal; say so."""
    undone = history.next_redo
    if undone is None or not history.is_half_undone:
        return ()
    redo()
    return (f"{UNDO}{undone.name} was cut off half-way; it is taken back.",)


def taken_back(history: History, undo: Callable[[], Edit | None]) -> tuple[str, ...]:
    """Take back what was cut off between its parts, so that no half of it stays, and say so."""
    newest = history.next_undo
    if newest is None or not history.is_cut_off:
        return ()
    undo()
    history.forget_undone()
    return (f"{newest.name} was cut off half-way; it is taken back.",)


def counted(number: int, word: str) -> str:
    """A number of things in words, or nothing for none."""
    return "" if not number else f"{number} {word}{'' if number == 1 else 's'}"
