"""Cases that cannot be read: the rest of the project goes on without them, and what was done on
them comes back once they have a mask again, in this session or a later one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Protocol

from segdesk.core.after_a_gap import AfterGap
from segdesk.core.annotation import Annotation
from segdesk.core.case import Case
from segdesk.core.edit import Edit
from segdesk.core.history import BegunAnew, Entry, History, Stacks, TakenBack, edit_of
from segdesk.core.project import Project
from segdesk.core.removed_segments import clearing, words
from segdesk.core.replay import Lacking, lacking
from segdesk.core.segment import SegmentTable
from segdesk.errors import ChangeWaits, ProjectError, ProjectGone, UsageError
from segdesk.sentence import Sentence
from segdesk.store.copying import InMemory
from segdesk.store.project_folder import Opened, ProjectFolder


@dataclass(frozen=True, slots=True, eq=False)
class LeftOut:
    """A case that cannot be read, or that could not the last time.

    Parameters
    ----------
    problem : why; "" where it is not known any more
    edits : what the journal has of it since the last save, in order
    steps : all that is there of what led to its newest mask and beyond, in order
    older : words for when the older mask that takes its place is from; "" where none does
    apart : what was done since that mask and before a gap in the journals; not among `steps`
    is_kept : whether the case's folder has `steps`; else a save would drop the last of them
    """

    problem: str
    edits: list[Edit] = field(default_factory=list[Edit])
    steps: tuple[Edit, ...] = ()
    older: str = ""
    apart: tuple[Edit, ...] = ()
    is_kept: bool = True


def on_opening(
    unread: Mapping[str, LeftOut], folder: ProjectFolder, opened: Opened
) -> tuple[tuple[str, ...], dict[str, LeftOut]]:
    """Let the rest of the project be saved without the cases that cannot be read.

    Parameters
    ----------
    unread : those that the journal names, and that could not be read just now; of a group of Edits
        that was cut off what waits is taken back, as it is on the others

    Returns
    -------
    Sentences that say so; the cases with all that waits of them, those too that could not be read
    in an earlier session.
    """
    notes: list[str] = []
    rows: dict[str, LeftOut] = {}
    waiting, project = folder.waiting_edits, opened.project
    notes += filter(None, map(waiting.damage, waiting.cases(project)))
    earlier = tuple(case for case in waiting.cases(project) if case not in unread)
    for case, row in unread.items():
        cut_off = _cut_off(opened.entries, case) if folder.writable else ()
        for entry in cut_off:
            with suppress(ChangeWaits, ProjectGone):
                folder.append(entry)
            row.edits.append(entry.applied)
        for name in dict.fromkeys(entry.edit.name for entry in cut_off):
            notes.append(
                Sentence(
                    "{name} was cut off half-way; what waits of '{case}' is without it.",
                    name=name,
                    case=case,
                )
            )
        folder.leave_out(case)
        waits = _changes(len(row.edits) - 2 * len(cut_off))
        try:
            steps = waiting.keep(case) if folder.writable else waiting.of(case)
            said = Sentence("{waits} of it, not saved yet, will be done then.", waits=waits)
        except ProjectError as error:
            steps, said = (
                tuple(row.edits),
                Sentence(
                    "The journal alone has {waits} of it. {problem}",
                    waits=waits,
                    problem=error.sentence,
                ),
            )
            row = replace(row, is_kept=False)
        rows[case] = replace(row, steps=steps)
        if row.problem:
            notes.append(
                Sentence(
                    "{problem} '{case}' is left out until it can be read. {said}",
                    problem=row.problem,
                    case=case,
                    said=said,
                )
            )
        else:
            earlier += (case,)
    for case in earlier:
        try:
            rows[case] = rows.get(case) or LeftOut("", steps=waiting.of(case))
        except ProjectError as error:
            notes.append(error.sentence)
            continue
    return tuple(notes), {id: _on_older(row, project.case(id), folder) for id, row in rows.items()}


def _on_older(row: LeftOut, case: Case, folder: ProjectFolder) -> LeftOut:
    """With what is known where an older mask has taken the place of the one that was damaged, and
    the program ended before what led on from there was done again."""
    older = folder.older_in_place(case)
    if not older:
        return row
    apart = tuple[Edit, ...]()
    with suppress(ProjectError):
        apart = folder.waiting_edits.before_gap(case.id, case.generation)
    return replace(row, older=older, apart=apart)


def _cut_off(entries: Sequence[Entry], case: str) -> tuple[TakenBack, ...]:
    """What takes back a case's part of a group whose last Edit, that of the segments, is missing or
    taken back itself: a kill came between its parts."""
    done, whole = dict[int, Edit](), set[str]()
    for entry in entries:
        edit, is_back = edit_of(entry), isinstance(entry, TakenBack)
        if edit is None or not edit.group:
            continue
        if edit.segments:
            (whole.discard if is_back else whole.add)(edit.group)
        if edit.case == case:
            done.pop(edit.sequence, None)
            if not is_back:
                done[edit.sequence] = edit
    return tuple(TakenBack(edit) for edit in reversed(done.values()) if edit.group not in whole)


def on_older_masks(opened: Opened, folder: ProjectFolder) -> dict[str, LeftOut]:
    """Cases whose mask lacks more than the journal has of them since the last save: an older one
    was taken, and the program ended before what led on from there was done again. The journal
    alone does not fit it, or fits and leaves a hole.
    """
    rows: dict[str, LeftOut] = {}
    for case in folder.waiting_edits.cases(opened.project):
        count = sum(edit.case == case for entry in opened.entries if (edit := edit_of(entry)))
        # Where it cannot be read, whoever does the Edits says so.
        with suppress(ProjectError):
            row = opened.project.case(case)
            before = folder.waiting_edits.of(case)[: -count or None]
            mask = folder.read_annotation(row)
            is_older = bool(folder.older_in_place(row))
            if count and (is_older or lacking(mask, before).edits):
                rows[case] = LeftOut("")
    return rows


def read_now(rows: Mapping[str, LeftOut], bring_back: Callable[[str], object]) -> None:
    """Bring back those that may be readable again, before anybody trains, packs or compares with a
    mask that lacks what waits."""
    for case in [case for case, row in rows.items() if not row.problem]:
        # Whoever shows it says why it cannot be read.
        with suppress(ProjectError):
            bring_back(case)


def still_waiting(rows: Mapping[str, LeftOut]) -> tuple[Sentence, ...]:
    """Of those that could not be read earlier and still cannot, that something waits."""
    return tuple(
        Sentence(
            "'{case}' could not be read earlier; what it lacks is done once it can be.", case=case
        )
        for case, row in rows.items()
        if not row.problem and row.steps
    )


def news(brought_back: Mapping[str, str]) -> tuple[Sentence, ...]:
    """What became of each case that was brought back, where there is something to say."""
    return tuple(
        Sentence("{case}: {said}", case=id, said=said) for id, said in brought_back.items() if said
    )


def taken(
    rows: dict[str, LeftOut], case: Case, folder: ProjectFolder, *, look: bool
) -> LeftOut | None:
    """Take out the row of a case that has a mask now.

    Parameters
    ----------
    look : into its folder too, because a read that failed once has left something there
    """
    row = rows.pop(case.id, None)
    with suppress(ProjectError):
        if row is None and look and folder.waiting_edits.waits(case.id):
            row = LeftOut("", steps=folder.waiting_edits.of(case.id))
            return _on_older(row, case, folder)
    return row


def set_aside(
    case: str, problem: ProjectError, folder: ProjectFolder, done: Iterable[Edit]
) -> LeftOut:
    """A case that turns out to be unreadable: what led to its mask waits.

    Parameters
    ----------
    done : what can be undone of it, for where the journals cannot be read either
    """
    try:
        waiting = folder.waiting_edits
        steps = waiting.keep(case) if folder.writable else waiting.of(case)
    except ProjectError:
        return LeftOut(problem.sentence, steps=tuple(done), is_kept=False)
    return LeftOut(problem.sentence, steps=steps)


def keep_before_a_save(rows: dict[str, LeftOut], folder: ProjectFolder) -> None:
    """Keep what the disk did not take when a case was left out: a save drops the journals that have
    it. Where the case's folder is the trouble, it is kept beside the journals.

    Raises
    ------
    ProjectError
        Where the disk still refuses.
    """
    for case, row in tuple(rows.items()):
        if row.is_kept:
            continue
        try:
            row = replace(row, steps=folder.waiting_edits.keep(case))
        except ProjectError:
            folder.keep_left_out(row.steps)
        rows[case] = replace(row, is_kept=True)


def with_left_out(memory: InMemory, rows: Mapping[str, LeftOut]) -> InMemory:
    """What is in memory, with what waits of these cases."""
    return replace(
        memory,
        since=tuple(edit for row in rows.values() for edit in row.edits),
        waiting={case: row.steps for case, row in rows.items()},
    )


def lacked(mask: Annotation, row: LeftOut) -> tuple[tuple[Edit, ...], Lacking]:
    """What is done on a mask that was left out, each as it fits; and what is known of that.

    Parameters
    ----------
    mask : as it was read, and the same when this returns
    """
    found = lacking(mask, row.steps)
    # What is known to lead there, or else what the newest save lacked.
    return found.edits or (() if found.is_all else tuple(row.edits)), found


class Bench(Protocol):
    """What of the Workbench is needed here."""

    folder: ProjectFolder
    project: Project
    history: History

    @property
    def segments(self) -> SegmentTable: ...
    def do(self, edit: Edit) -> None: ...
    def apply_live(self, edit: Edit) -> None: ...
    def forget_steps(self, case: str) -> None: ...


def bring_back(case: str, left_out: LeftOut, mask: Annotation, bench: Bench) -> str:
    """Do again what a case lacks, now that it has a mask, and take out of it what it has of
    segments that were removed since; nothing older of the case can be undone then.

    Parameters
    ----------
    mask : as it was read; as it was when this returns, but for what is done

    Returns
    -------
    What became of it, in sentences; "" where nothing is lacking.
    """
    folder, do = bench.folder, bench.do if bench.folder.writable else bench.apply_live
    edits, found = lacked(mask, left_out)
    parts_a_step = bench.history.is_cut_off
    # What of them has segments was asked without.
    tried = [replace(edit, segments=()) for edit in edits]
    brought, apart = 0, [*left_out.apart, *(edit for edit in found.hidden if edit not in tried)]
    generation = bench.project.case(case).generation if found.edits else folder.generation
    anew = BegunAnew(case, generation, folder.numbered(Edit("", case)).sequence)
    ends = [anew] if edits and folder.writable else []
    for begin in ends:
        # Where the program ends before the same stands behind them, all of it waits again.
        with suppress(ChangeWaits, ProjectGone):
            folder.append(begin)
    unsure = AfterGap(mask) if found.hidden or (left_out.older and not found.is_all) else None
    for edit in edits:
        kind = edit.kind if edit.kind == "stroke" else "change"
        try:
            # What it changed of the segments was done when the case was left out.
            plain = replace(edit, kind=kind, group="", segments=())
            do(plain if unsure is None else unsure.softened(plain))
        except (ValueError, UsageError):
            apart.append(edit)
            unsure = unsure or AfterGap(mask)
        except BaseException:
            # Whatever it was, all of it still waits; what is done from here on is no part of it.
            if ends:
                with suppress(ChangeWaits, ProjectGone):
                    folder.append(bench.history.stacks)
            raise
        else:
            brought += 1
            if unsure is not None:
                unsure.did()
    said = list[str]()
    if brought:
        said.append(
            Sentence.counted(
                "{n} change made since fit it and was done again.",
                "{n} changes made since fit it and were done again.",
                brought,
            )
        )
    if unsure is not None and unsure.slices:
        said.append(unsure.words(case))
    if parts_a_step or any(edit.group for edit in edits):
        # It went with what others of its group did, and is not undone without them; or it would
        # stand between the Edits of one that is being done just now.
        bench.forget_steps(case)
    if folder.writable:
        said += _let_go(left_out, apart, folder, (*ends, bench.history.stacks) if ends else ())
    elif apart:
        said.append(
            Sentence.counted("{n} change did not fit.", "{n} changes did not fit.", len(apart))
        )
    if left_out.older and not found.is_all:
        said.append(
            Sentence("What else was changed after {older} may not be in it.", older=left_out.older)
        )
    edit, count = clearing(mask, case, bench.segments.gone)
    if count:
        do(edit)
        bench.forget_steps(case)
        said.append(words(case, count))
    return Sentence.joined(said)


def _let_go(
    left_out: LeftOut, apart: list[Edit], folder: ProjectFolder, ends: Sequence[BegunAnew | Stacks]
) -> list[str]:
    """Nothing waits any more: it is done, which the journal says by `ends`, or kept apart."""
    case = left_out.steps[0].case if left_out.steps else ""
    said = list[str]()
    try:
        if apart:
            name = folder.keep_left_out(apart)
            said += [
                Sentence.counted(
                    "{n} change did not fit; '{name}' keeps what they were.",
                    "{n} changes did not fit; '{name}' keeps what they were.",
                    len(apart),
                    name=name,
                )
            ]
        for end in ends:
            folder.append(end)
        if case:
            # Its last copy goes once the disk itself has what was done again.
            folder.sync()
            folder.waiting_edits.forget(case)
    except ProjectError as error:
        said.append(error.words)
        # All of it still waits, and what is done from here on is no part of it.
        for stacks in ends[-1:]:
            with suppress(ChangeWaits, ProjectGone):
                folder.append(stacks)
    return said


def _changes(count: int) -> Sentence:
    if not count:
        return Sentence("nothing")
    return Sentence.counted("{n} change", "{n} changes", count)
