"""In words: what the journal brought back when a project was opened."""

from __future__ import annotations

from segdesk.core.history import History


def recovered(history: History) -> tuple[int, str]:
    """How many strokes came back, net of what had been undone, and the sentence that says so."""
    done = [edit for edit in history.done if edit.patches or edit.statuses]
    strokes = sum(edit.kind == "stroke" for edit in done)
    parts = (counted(strokes, "stroke"), counted(len(done) - strokes, "other change"))
    said = " and ".join(part for part in parts if part)
    return strokes, f"Recovered {said} that had not been saved." if said else ""


def counted(number: int, word: str) -> str:
    """A number of things in words, or nothing for none."""
    return "" if not number else f"{number} {word}{'' if number == 1 else 's'}"
