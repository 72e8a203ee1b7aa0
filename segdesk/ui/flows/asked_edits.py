"""Large Edits as they are asked for: `Asked`, what is made on a worker and how it is taken in.

When they are made, and in how many pieces they go in, belongs to `large_edits`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, NamedTuple

from segdesk.app.project.edit_in_pieces import MadeEdit, MovedOn
from segdesk.app.project.workbench import Workbench
from segdesk.core.edit import Edit
from segdesk.core.history import DoneAgain, TakenBack
from segdesk.core.pieces import Seen
from segdesk.errors import SegdeskError

Way = Literal["undo", "redo"]
#: Raises where the reader has cancelled.
GoOn = Callable[[], object]
#: Makes an Edit of a case as it was seen, and of the segments then; any thread. It goes by nothing
#: else of the project, and calls the first now and then.
Make = Callable[[GoOn, Seen], Edit]


class Asked(NamedTuple):
    """A large Edit that was asked for.

    Parameters
    ----------
    make : as `Make`, on a worker, with the record for the journal of what is new
    begin : takes in what was made
    """

    workbench: Workbench
    case: str
    title: str
    make: Callable[[GoOn, Seen], Edit | MadeEdit]
    begin: Callable[[Any, Seen], object]
    done: Callable[[], object]
    failed: Callable[[Exception], object]


def asked_edit(
    workbench: Workbench,
    case: str,
    title: str,
    make: Make,
    done: Callable[[], object],
    failed: Callable[[Exception], object],
) -> Asked:
    """A new one."""

    def make_and_pack(go_on: GoOn, seen: Seen) -> MadeEdit:
        return workbench.packed(make(go_on, seen))

    return Asked(workbench, case, title, make_and_pack, workbench.begin, done, failed)


def asked_step(
    workbench: Workbench,
    way: Way,
    title: str,
    done: Callable[[], object],
    failed: Callable[[Exception], object],
) -> Asked | None:
    """The next step of the History; None where there is none."""
    edit = next_step(workbench, way)
    if edit is None:
        return None
    entry = TakenBack(edit, workbench.history.goes_on) if way == "undo" else DoneAgain(edit)

    def look(_: GoOn, seen: Seen) -> Edit:
        applied = entry.applied
        try:
            seen.mask.check(applied)
        except ValueError as error:
            if seen.still_fits(applied, seen.segments):
                raise
            # It was compared with a mask that somebody was changing.
            raise MovedOn(edit.case) from error
        return applied

    def begin(applied: Edit, seen: Seen) -> None:
        workbench.begin_step(entry, applied, seen)

    def broken(error: Exception) -> None:
        failed(workbench.misfit(entry) if isinstance(error, ValueError) else error)

    return Asked(workbench, edit.case, title, look, begin, done, broken)


def next_step(workbench: Workbench, way: Way) -> Edit | None:
    return workbench.history.next_undo if way == "undo" else workbench.history.next_redo


def do_now(
    workbench: Workbench,
    case: str,
    make: Make,
    done: Callable[[], object],
    failed: Callable[[Exception], object],
) -> None:
    """Make a small one at once."""
    try:
        workbench.settle()
        seen = Seen.now(workbench.annotation(case), workbench.segments)
        workbench.do(make(lambda: None, seen))
    except SegdeskError as error:
        failed(error)
    else:
        done()
