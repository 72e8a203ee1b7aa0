"""What the journal brings back when a project is opened, and how that is said."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace

from segdesk.app.project.left_out import LeftOut, counted
from segdesk.core.annotation import Annotation
from segdesk.core.edit import Edit
from segdesk.core.history import UNDO, History, Stacks
from segdesk.core.replay import count_in
from segdesk.errors import ProjectError, UsageError
from segdesk.store.project_folder import Opened, ProjectFolder

_RECOVERED = "Recovered "


def follow(
    opened: Opened,
    history: History,
    unread: dict[str, LeftOut],
    *,
    note: Callable[[Edit], object],
    apply: Callable[[Edit], object],
    mask: Callable[[str], Annotation],
) -> list[Edit]:
    """Do what the journal says was done since the last save, with the history of before it.

    Parameters
    ----------
    history : empty
    unread : gets the cases whose mask or scan cannot be read, why, and their Edits; nothing of them
        is in the history. The Edits of those that it has already are given to them alone
    note : told every Edit before it is tried: a save has to write every case that the journal names
    apply : changes the masks; raises ValueError or UsageError where an Edit does not fit
    mask : of a case that an Edit was just tried on

    Returns
    -------
    What did not fit, but for what the masks have already: what was done again on a case that had
    been left out stands in the journal twice until the next save.
    """
    history.restore(opened.done, opened.undone)
    for case in opened.gone:
        history.forget_case(case)
    for case in unread:
        history.forget_steps(case)
    misfits, by_case = list[Edit](), dict[str, list[Edit]]()
    for entry in opened.entries:
        if isinstance(entry, Stacks):
            history.keep_only(entry)
            continue
        edit = entry if isinstance(entry, Edit) else entry.applied
        note(edit)
        if edit.case and edit.case in unread:
            unread[edit.case].edits.append(edit)
            _apply_segments(edit, apply)
            continue
        try:
            apply(edit)
        except ProjectError as problem:
            unread[edit.case] = LeftOut(problem.sentence, [edit])
            history.forget_steps(edit.case)
            _apply_segments(edit, apply)
        except (ValueError, UsageError):
            misfits.append(edit)
            own = by_case.setdefault(edit.case, [])
            own.append(edit)
            if edit.case:
                del own[len(own) - count_in(mask(edit.case), own) :]
        else:
            history.follow(entry)
    left = {id(edit) for own in by_case.values() for edit in own}
    return [edit for edit in misfits if id(edit) in left]


def _apply_segments(edit: Edit, apply: Callable[[Edit], object]) -> None:
    """What an Edit changes of the segments needs no mask; without it another segment would get the
    number that is drawn with. Where it does not fit, the segments are as they were."""
    if edit.segments:
        with suppress(ValueError, UsageError):
            apply(replace(edit, case="", patches=(), statuses=(), dismissals=()))


def recovered(opened: Opened, history: History, *, writable: bool) -> tuple[int, str]:
    """How many strokes came back, net of what had been undone, and the sentence that says so.

    Parameters
    ----------
    writable : else another program may be at work, and nothing was cut off
    """
    saved = {edit.sequence for edit in opened.done if edit is not None}
    new = [edit for edit in history.done if edit.sequence not in saved]
    done = [edit for edit in new if edit.patches or edit.statuses]
    strokes = sum(edit.kind == "stroke" for edit in done)
    parts = (counted(strokes, "stroke"), counted(len(done) - strokes, "other change"))
    said = " and ".join(part for part in parts if part)
    if not said:
        return strokes, ""
    if not writable:
        return strokes, f"With {said} not saved yet."
    return strokes, f"{_RECOVERED}{said} that had not been saved."


def news_of_copy(notes: Sequence[str]) -> tuple[str, ...]:
    """Of what was said about a project, what is news where it was made a moment ago."""
    return tuple(note for note in notes if not note.startswith(_RECOVERED))


def kept_apart(
    folder: ProjectFolder, misfits: Sequence[Edit], orphans: Sequence[Edit]
) -> tuple[str, ...]:
    """Keep changes that do not fit the masks, or whose case is not there, apart, where it may be
    written, and say so."""
    said: list[str] = []
    for edits, why in ((misfits, "did not fit the masks"), (orphans, "named no case of today")):
        if edits:
            it, was = ("it", "was") if len(edits) == 1 else ("them", "were")
            kept = f"a writer keeps {it} apart"
            if folder.writable:
                kept = f"kept in '{folder.keep_left_out(edits)}'"
            words = counted(len(edits), "change")
            said.append(f"{words} of the journal {why} and {was} left out; {kept}.")
    return tuple(said)


def taken_back(
    history: History, undo: Callable[[], Edit | None], forget_undone: Callable[[], object]
) -> tuple[str, ...]:
    """Take back what was cut off between its parts, so that no half of it stays, and say so.

    A group of which a part was undone is undone as a whole, and can be done again; one that was
    never whole can't.
    """
    newest = history.next_undo
    if newest is None or not (history.is_half_undone or history.is_cut_off):
        return ()
    was_whole = any(edit.segments and edit.goes_with(newest) for edit in history.to_redo)
    try:
        undo()
    except ProjectError as error:
        # It keeps nobody from opening the project.
        return (str(error),)
    if not was_whole:
        forget_undone()
    return (f"{newest.name} was cut off half-way; it is taken back.",)


def done_again(history: History, redo: Callable[[], Edit | None]) -> tuple[str, ...]:
    """Do again what was half undone, where the other half can't be read any more; say so."""
    undone = history.next_redo
    if undone is None or not history.has_lost_half:
        return ()
    try:
        redo()
    except ProjectError as error:
        return (str(error),)
    return (f"{UNDO}{undone.name} was cut off half-way; it is taken back.",)
