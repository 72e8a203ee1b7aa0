"""Undo and redo in the window: read what has left the memory, and stay awake over a long step.

A step that is a group of Edits (`core.edit`) is a row of them (`large_edits`), behind a dialog that
keeps the hand off the masks until it is whole. Any other step is taken at once, or as soon as
the mask that it changes is read, and then shows nothing any more: the key is long past.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import takewhile
from typing import Protocol

from PySide6.QtCore import QObject, QTimer

from segdesk.app.project.workbench import Workbench
from segdesk.app.screen.view_state import ViewState
from segdesk.core.edit import Edit
from segdesk.core.pieces import is_large
from segdesk.errors import Cancelled, ProjectError, ProjectGone
from segdesk.ui.dialogs.waiting import WaitingDialog
from segdesk.ui.flows.asked_edits import Way, next_step
from segdesk.ui.flows.case_reader import CaseReader
from segdesk.ui.flows.large_edits import LargeEdits, Row, window_of
from segdesk.ui.look.edit_words import place_words
from segdesk.ui.look.translations import tr, translated


class Place(Protocol):
    """What is asked of the session: the open project, what is on screen, and whether what takes
    several turns of the loop can begin."""

    @property
    def workbench(self) -> Workbench | None: ...

    @property
    def view(self) -> ViewState | None: ...

    def why_not_now(self) -> str: ...


class HistoryWalk(QObject):
    """Owned by the session; lives on the GUI thread.

    Parameters
    ----------
    reader : has the mask in memory that a step changes
    large : takes a large Edit back, or does it again
    noted, refused, failed : say what became of a late step, why a key did nothing, what went wrong
    """

    def __init__(
        self,
        parent: QObject,
        place: Place,
        reader: CaseReader,
        large: LargeEdits,
        *,
        noted: Callable[[str], object],
        refused: Callable[[str], object],
        failed: Callable[[Exception], object],
    ) -> None:
        super().__init__(parent)
        self._place = place
        self._reader = reader
        self._large = large
        self._noted = noted
        self._refused = refused
        self._failed = failed
        #: A step waits for the mask that it changes.
        self._is_late = False
        self._row: Row | None = None

    def forget(self) -> None:
        """The project goes: nothing waits any more."""
        self._is_late = False
        self._end()

    def take(self, workbench: Workbench, way: Way) -> None:
        """Take the newest step back, or do it again, and go where it was.

        The place is shown now, because a key was pressed now.
        """
        edit = next_step(workbench, way)
        if edit is None or self._row is not None:
            return
        if reason := self._large.why_not():
            self._refused(reason)
        elif edit.group:
            reason = self._place.why_not_now()
            if reason:
                self._refused(reason)
            else:
                words = step_words(way, edit)
                dialog = WaitingDialog(window_of(self), "history_under_way", words)
                dialog.open()
                total = _parts(workbench, way, edit)
                self._row = self._large.begin_row(workbench, dialog, total)
                self._go_on(self._row, workbench, way, edit)
        elif self._place.view is not None and edit.case in self._place.view.marks.new:
            # Its labels came in by themselves: who takes back a stroke does not mean them.
            self._refused(_not_seen(edit))
        elif not edit.case or self._reader.has_mask(edit.case):
            self._step(workbench, way, edit, lambda: self._reveal(edit))
        elif self._is_late:
            said = tr("{case} is still being read: wait a moment.", case=edit.case)
            self._refused(said)
        else:
            self._is_late = True
            self._reveal(edit)
            self._reader.when_read(
                edit.case,
                lambda: self._late(workbench, way, edit),
                otherwise=lambda error: self._broken(workbench, way, edit, error),
            )

    def _late(self, workbench: Workbench, way: Way, edit: Edit) -> None:
        """The mask that a step waited for is there."""
        self._is_late = False
        named = f"{translated(edit.name)}, {place_words(edit, workbench)}"
        if next_step(workbench, way) is not edit:
            # Something was drawn while the mask was read: that is not what was meant.
            self._noted(tr("Left as it was, because more was drawn since: {edit}", edit=named))
            return

        def say() -> None:
            view = self._place.view
            if view is not None and not view.pane.shows(edit):
                said = tr("Undone: {edit}") if way == "undo" else tr("Done again: {edit}")
                self._noted(said.format(edit=named))

        self._step(workbench, way, edit, say)

    def _step(self, workbench: Workbench, way: Way, edit: Edit, then: Callable[[], None]) -> None:
        """Take an Edit back, or do it again, whose mask is there; a large one piece by piece."""
        if is_large(edit):
            title = step_words(way, edit)
            self._large.step(workbench, way, title, done=then, failed=self._failed)
            return
        _ = workbench.undo_part() if way == "undo" else workbench.redo_part()
        then()

    # A step of several parts

    def _go_on(self, row: Row, workbench: Workbench, way: Way, edit: Edit) -> None:
        """The next part, once its mask is read."""

        def part() -> None:
            self._part(row, workbench, way, edit)

        if edit.case:
            self._reader.when_read(
                edit.case,
                part,
                otherwise=lambda error: self._broken(workbench, way, edit, error),
            )
        else:
            part()

    def _part(self, row: Row, workbench: Workbench, way: Way, edit: Edit) -> None:
        if row.is_over:
            return
        if next_step(workbench, way) is not edit:
            self._end()
            return

        def later(following: Edit) -> None:
            QTimer.singleShot(0, self, lambda: self._go_on(row, workbench, way, following))

        def done() -> None:
            following = next_step(workbench, way)
            if following is not None and edit.goes_with(following):
                later(following)
            else:
                self._end()
                self._reveal(edit)

        def failed(error: Exception) -> None:
            if isinstance(error, Cancelled):
                # Whoever closes the window cancels what reads; no half of a step may stay.
                later(edit)
            else:
                self._end()
                self._failed(error)

        row.step(way, counts=1, done=done, failed=failed)

    def _reveal(self, edit: Edit | None) -> None:
        if edit is not None and self._place.view is not None:
            self._place.view.pane.reveal(edit)

    def _broken(self, workbench: Workbench, way: Way, edit: Edit, error: Exception) -> None:
        """The mask cannot be read: the step waits until it can, and so does what is behind it.

        Only where the other parts of it are taken already, it and all of the case leave the
        History: half a step must not stay.
        """
        case = edit.case
        self._is_late = False
        self._end()
        self._failed(error)
        if not isinstance(error, ProjectError) or isinstance(error, ProjectGone):
            return
        history = workbench.history
        if edit.goes_with(history.next_redo if way == "undo" else history.next_undo):
            workbench.set_aside(case, error)
            self._noted(tr("What was done on {case} is left out of undo.", case=case))
        else:
            said = tr(
                "{step} waits until {case} can be read, and so does what was done before it; "
                "nothing was changed."
            )
            self._noted(said.format(step=step_words(way, edit), case=case))

    def _end(self) -> None:
        row, self._row = self._row, None
        if row is not None:
            row.end()


def step_words(way: Way, edit: Edit) -> str:
    """What a step is called while it is under way."""
    if way == "undo":
        return tr("Undo {name}", name=edit.name)
    return tr("Redo {name}", name=edit.name)


def _not_seen(edit: Edit) -> str:
    return tr(
        "The newest change is '{name}' of {case}, which came in by itself: look at {case} first.",
        name=edit.name,
        case=edit.case,
    )


def _parts(workbench: Workbench, way: Way, edit: Edit) -> int:
    """How many Edits the next step has."""
    stack = workbench.history.to_redo if way == "redo" else workbench.history.done
    return sum(1 for _ in takewhile(edit.goes_with, reversed(stack)))
