"""Cases that cannot be read: the rest of the project goes on without them, and what was done on
them comes back once they have a mask again."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

from segdesk.app.unsaved import Unsaved
from segdesk.core.annotation import Annotation
from segdesk.core.edit import Edit
from segdesk.errors import ChangeWaits, ProjectGone, UsageError
from segdesk.store.copying import InMemory
from segdesk.store.project_folder import ProjectFolder


@dataclass(frozen=True, slots=True, eq=False)
class LeftOut:
    """A case that cannot be read.

    Parameters
    ----------
    problem : why; "" where it is not known any more
    edits : what the journal has of it, in order
    before : what could be undone of it, in order; it led to the mask that cannot be read
    older : words for when the older mask that takes its place is from; "" where none does
    """

    problem: str
    edits: list[Edit] = field(default_factory=list[Edit])
    before: tuple[Edit, ...] = ()
    older: str = ""


def unreadable(
    cases: Mapping[str, LeftOut], folder: ProjectFolder, unsaved: Unsaved
) -> tuple[str, ...]:
    """Let the rest of the project be saved without these cases, and say so."""
    for case in cases:
        unsaved.cases.discard(case)
        folder.leave_out(case)
    return tuple(
        f"{row.problem} '{case}' is left out until it can be read." for case, row in cases.items()
    )


def keep_in_journal(cases: Mapping[str, LeftOut], folder: ProjectFolder) -> None:
    """Have the journal of now hold what was done on these cases.

    A save has left the journal behind that held it. So it comes back at an opening at which they
    can be read, be it that their disk was only away for a while.
    """
    for case, row in cases.items():
        for edit in row.edits:
            # Where the disk refuses, it waits as every other change.
            with suppress(ChangeWaits, ProjectGone):
                folder.append(_on_its_own(edit))
        folder.leave_out(case)


def _on_its_own(edit: Edit) -> Edit:
    """What was applied as a change like any other: what it went with is done or gone."""
    return replace(edit, kind=edit.kind if edit.kind == "stroke" else "change", group="")


def with_left_out(memory: InMemory, cases: Collection[LeftOut]) -> InMemory:
    """What is in memory, with what is kept for these cases."""
    before = tuple(edit for row in cases for edit in row.before)
    since = tuple(edit for row in cases for edit in row.edits)
    return replace(memory, before=before, since=since)


def bring_back(left_out: LeftOut, mask: Annotation, do: Callable[[Edit], object]) -> str:
    """Do again what a case lacks, now that it has a mask.

    Parameters
    ----------
    mask : as it was read; as it was when this returns, but for what is done
    do : does an Edit; ValueError and UsageError where it does not fit

    Returns
    -------
    What became of it, in sentences; "" where nothing is lacking.
    """
    lacking, is_whole = ((), True) if not left_out.older else missing(mask, left_out.before)
    brought, apart = 0, 0
    for edit in (*(replace(edit, segments=()) for edit in lacking), *left_out.edits):
        try:
            do(_on_its_own(edit))
        except (ValueError, UsageError):
            apart += 1
        else:
            brought += 1
    said = list[str]()
    if brought:
        was = "was" if brought == 1 else "were"
        said.append(f"{counted(brought, 'change')} made since fit it and {was} done again.")
    if apart:
        stay = "stays" if apart == 1 else "stay"
        said.append(f"{counted(apart, 'change')} did not fit and {stay} in the file apart.")
    if not is_whole:
        said.append(f"What else was changed after {left_out.older} may not be in it.")
    return " ".join(said)


def steps_before(edits: Sequence[Edit], apart: Sequence[Edit]) -> tuple[Edit, ...]:
    """What is kept apart of a case in front of the Edits that the journal has of it.

    Parameters
    ----------
    apart : what is kept apart; where it ends with other Edits, it is from another time
    """
    at = len(apart) - len(edits)
    is_same = [_on_its_own(edit) for edit in apart[max(at, 0) :]] == list(map(_on_its_own, edits))
    return tuple(apart[:at]) if edits and is_same else ()


def missing(mask: Annotation, steps: Sequence[Edit]) -> tuple[tuple[Edit, ...], bool]:
    """Of the steps that led to a newer mask those that an older one does not have.

    They are the longest end of the row of which each fits on the one before it: where more was
    done on the older mask already, the first of them does not fit.

    Parameters
    ----------
    mask : the older one; the same when this returns
    steps : of one case, in order

    Returns
    -------
    The end of the row; whether it is known to be all: the step before it is in the mask.
    """
    for start in range(len(steps)):
        if _fit(mask, steps[start:]):
            return tuple(steps[start:]), start > 0
    return (), False


def _fit(mask: Annotation, steps: Sequence[Edit]) -> bool:
    """Whether all of these can be done on a mask, which is left as it was."""
    done: list[Edit] = []
    try:
        for edit in steps:
            mask.apply(edit)
            done.append(edit)
    except ValueError:
        return False
    finally:
        for edit in reversed(done):
            mask.apply(edit.inverse())
    return True


def counted(number: int, word: str) -> str:
    """A number of things in words, or nothing for none."""
    return "" if not number else f"{number} {word}{'' if number == 1 else 's'}"
