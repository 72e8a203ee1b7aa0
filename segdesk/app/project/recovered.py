"""What the journal brings back when a project is opened, and how that is said."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace

from segdesk.app.project.left_out import LeftOut
from segdesk.core.annotation import Annotation
from segdesk.core.edit import Edit
from segdesk.core.history import History, Stacks, TakenBack
from segdesk.core.replay import count_in
from segdesk.errors import ProjectError, UsageError
from segdesk.sentence import Sentence, listed
from segdesk.store.project_folder import Opened, ProjectFolder


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
    others = len(done) - strokes
    if not done:
        return strokes, ""
    said = listed(
        words
        for count, words in (
            (strokes, Sentence.counted("{n} stroke", "{n} strokes", strokes)),
            (others, Sentence.counted("{n} other change", "{n} other changes", others)),
        )
        if count
    )
    if not writable:
        return strokes, Sentence("With {changes} not saved yet.", changes=said)
    return strokes, Sentence("Recovered {changes} that had not been saved.", changes=said)


def news_of_copy(notes: Sequence[str]) -> tuple[str, ...]:
    """Of what was said about a project, what is news where it was made a moment ago."""
    return tuple(note for note in notes if not note.startswith("Recovered "))


def kept_apart(
    folder: ProjectFolder, misfits: Sequence[Edit], orphans: Sequence[Edit]
) -> tuple[str, ...]:
    """Keep changes that do not fit the masks, or whose case is not there, apart, where it may be
    written, and say so."""
    said: list[str] = []
    if misfits:
        left = Sentence.counted(
            "{n} change of the journal did not fit the masks and was left out",
            "{n} changes of the journal did not fit the masks and were left out",
            len(misfits),
        )
        said.append(Sentence("{left_out}; {kept}.", left_out=left, kept=_kept(folder, misfits)))
    if orphans:
        left = Sentence.counted(
            "{n} change of the journal named no case of today and was left out",
            "{n} changes of the journal named no case of today and were left out",
            len(orphans),
        )
        said.append(Sentence("{left_out}; {kept}.", left_out=left, kept=_kept(folder, orphans)))
    return tuple(said)


def _kept(folder: ProjectFolder, edits: Sequence[Edit]) -> Sentence:
    if folder.writable:
        return Sentence("kept in '{name}'", name=folder.keep_left_out(edits))
    return Sentence.counted("a writer keeps it apart", "a writer keeps them apart", len(edits))


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
        return (error.words,)
    if not was_whole:
        forget_undone()
    return (Sentence("{name} was cut off half-way; it is taken back.", name=newest.name),)


def misfit_words(edit: Edit) -> tuple[Sentence, Sentence]:
    """Sentence and hint where a step of the history does not fit any more."""
    said = Sentence("{name} does not fit what is drawn; nothing was changed.", name=edit.name)
    if not edit.case:
        return said, Sentence("Nothing older can be undone or redone. Draw it by hand.")
    return said, Sentence(
        "Nothing older of '{case}' can be undone or redone. Draw it by hand.", case=edit.case
    )


def done_again(history: History, redo: Callable[[], Edit | None]) -> tuple[str, ...]:
    """Do again what was half undone, where the other half can't be read any more; say so."""
    undone = history.next_redo
    if undone is None or not history.has_lost_half:
        return ()
    try:
        redo()
    except ProjectError as error:
        return (error.words,)
    name = TakenBack(undone).applied.name
    return (Sentence("{name} was cut off half-way; it is taken back.", name=name),)
