"""The one door through which masks change: the `Door`, the part of the Workbench that takes Edits.

Each is applied, journalled and remembered for undo, in step, and signals say what changed. How
gestures become Edits belongs to `editing`; how the three are kept in step to `steps`.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from dataclasses import replace

from psygnal import Signal

from segdesk.app.project.loaded import Live, LoadedCase
from segdesk.app.project.read_only import check_may_change
from segdesk.app.project.steps import Steps
from segdesk.core.edit import Edit, SegmentChange
from segdesk.core.history import DoneAgain, TakenBack
from segdesk.core.project import Project
from segdesk.errors import ChangeWaits, ProjectError, ProjectGone
from segdesk.store.project_folder import ProjectFolder


class Door(ABC):
    """What the Workbench does with Edits. Lives on its thread.

    Parameters
    ----------
    folder : the open project on disk
    reader : who works, written into every Edit; may be empty
    """

    labels_changed = Signal(str, tuple)  # id, and the Boxes: once for an Edit
    statuses_changed = Signal(str)
    segments_changed = Signal()
    history_changed = Signal()

    def __init__(self, folder: ProjectFolder, *, reader: str = "") -> None:
        self.folder = folder
        self.reader = reader
        self.project = Project(id="")
        self._steps = Steps(folder)
        self.history, self._unsaved = self._steps.history, self._steps.unsaved
        self._live: Live | None = None

    @abstractmethod
    def loaded(self, id: str) -> LoadedCase:
        """The case's arrays, read now where they are not in memory."""

    @abstractmethod
    def set_aside(self, case: str, problem: ProjectError) -> None:
        """A case cannot be read: its steps stand in the way of no other, and wait for a mask."""

    def stamp(self, edit: Edit) -> Edit:
        """The Edit with reader and time."""
        return replace(edit, reader=self.reader, time=time.time())

    def do(self, edit: Edit) -> None:
        """Apply an Edit, journal it, remember it for undo. An empty one leaves nothing behind."""
        if edit.is_empty:
            return
        check_may_change(self.folder)
        self.settle()
        edit = self.stamp(edit)
        self._apply(edit)
        self._keep(edit)

    def go_live(self, gesture: Live) -> None:
        """A gesture begins to draw; another one that is still drawing becomes an Edit first."""
        check_may_change(self.folder)
        if self._live is not gesture:
            self.settle()
            self._live = gesture

    def end_live(self, gesture: Live) -> None:
        """A gesture has ended."""
        if self._live is gesture:
            self._live = None

    def settle(self) -> None:
        """Make an Edit of what a gesture has drawn so far, before anything else is kept.

        Otherwise a save, or an Edit that comes from a worker, would hold half a stroke, and the
        stroke's own Edit would not fit it.
        """
        if self._live is not None:
            self._live.finish()

    def apply_live(self, edit: Edit) -> None:
        """Apply a part of a gesture that is not finished. It ends in `commit` or is inverted."""
        self._apply(edit)

    def commit(self, edit: Edit, *, applied: Edit) -> None:
        """Finish a gesture: `applied` has been applied live, `edit` is the whole.

        What `edit` has beyond `applied` (statuses) is applied now; then it is journalled.
        """
        if edit.is_empty:
            return
        self._apply(replace(edit, patches=()) if applied.patches else edit)
        self._keep(self.stamp(edit))

    def undo(self) -> Edit | None:
        """Take the newest step back, all of its group; gives its last Edit, None for nothing."""
        newest = edit = self.undo_part()
        while edit is not None and edit.goes_with(self.history.next_undo):
            edit = self.undo_part()
        return newest

    def redo(self) -> Edit | None:
        """Do the newest undone step again; as `undo`."""
        edit = self.redo_part()
        while edit is not None and edit.goes_with(self.history.next_redo):
            edit = self.redo_part()
        return edit

    def undo_part(self) -> Edit | None:
        """Take the newest Edit back; the rest of its group is the caller's to take back too."""
        check_may_change(self.folder)
        self.settle()
        edit = self.history.next_undo
        if edit is not None:
            self._step(TakenBack(edit, self.history.goes_on))
        return edit

    def redo_part(self) -> Edit | None:
        """Do the newest undone Edit again; the rest of its group is the caller's to do too."""
        check_may_change(self.folder)
        self.settle()
        edit = self.history.next_redo
        if edit is not None:
            self._step(DoneAgain(edit))
        return edit

    def _step(self, entry: TakenBack | DoneAgain) -> None:
        """Take an Edit of the history back, or do it again."""
        case = entry.edit.case
        try:
            self._apply(entry.applied)
        except ValueError as error:
            # The mask is not what it was made on: nothing of it before or behind that fits either.
            self.forget_steps(case)
            which = f" of '{case}'" if case else ""
            raise ProjectError(
                f"{entry.applied.name} does not fit what is drawn; nothing was changed.",
                f"Nothing older{which} can be undone or redone. Draw it by hand.",
            ) from error
        except ProjectGone:
            raise
        except ProjectError as problem:
            self.set_aside(case, problem)
            raise
        try:
            self._steps.keep_step(entry)
        finally:
            self.history_changed.emit()

    def forget_undone(self) -> None:
        """Nothing can be redone any more."""
        self._steps.forget_undone()
        self.history_changed.emit()

    def forget_steps(self, case: str) -> None:
        """Nothing of a case can be undone or redone: its mask is not the one that it was made on.
        Nothing at all where it names no case: then it is the segments."""
        self._steps.forget(case)
        self.history_changed.emit()

    def _keep(self, edit: Edit) -> None:
        try:
            self._steps.keep(edit)
        finally:
            self.history_changed.emit()

    @property
    def refusal(self) -> ChangeWaits | ProjectGone | None:
        """Why the journal did not take the newest of the Edits that wait."""
        return self._steps.refusal

    def _apply(self, edit: Edit) -> None:
        """Change masks and segments, and say so."""
        # The mask first: it is what may refuse, and then nothing of the Edit is applied.
        loaded = self.loaded(edit.case) if edit.case else None
        boxes = loaded.annotation.apply(edit) if loaded is not None else ()
        if edit.segments:
            self._apply_segments(edit.segments, taken_back=edit.kind == "undo")
        if loaded is None:
            return
        loaded.counts.apply(edit)
        if boxes:
            self.labels_changed.emit(edit.case, boxes)
        if edit.statuses or edit.dismissals:
            self.statuses_changed.emit(edit.case)

    def _apply_segments(self, changes: tuple[SegmentChange, ...], *, taken_back: bool) -> None:
        table = self.project.segments
        for change in changes:
            table = table.changed(change.before, change.after, taken_back=taken_back)
        self.project = replace(self.project, segments=table)
        self.segments_changed.emit()
