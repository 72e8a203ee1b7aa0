"""How masks change: `DoesEdits`, the part of the Workbench through which every Edit goes.

Each is applied, journalled and remembered for undo, in step, and signals say what changed. How
gestures become Edits belongs to `editing`; how the three are kept in step to `steps`.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from dataclasses import replace

from psygnal import Signal

from segdesk.app.project.edit_in_pieces import EditInPieces, MadeEdit, MovedOn
from segdesk.app.project.loaded import Live, LoadedCase
from segdesk.app.project.read_only import check_may_change
from segdesk.app.project.recovered import misfit_words
from segdesk.app.project.steps import Steps
from segdesk.core.box import Box
from segdesk.core.edit import Edit, SegmentChange
from segdesk.core.history import DoneAgain, TakenBack
from segdesk.core.pieces import Seen
from segdesk.core.project import Project
from segdesk.core.segment import SegmentTable
from segdesk.errors import ChangeWaits, ProjectError, ProjectGone, UsageError
from segdesk.sentence import Sentence
from segdesk.store.project_folder import ProjectFolder


class DoesEdits(ABC):
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
        self._going_in: EditInPieces | None = None
        self._kept_off, self._all_kept_off = "", False
        self.seen = ""  # the case of which a worker makes a large Edit

    @abstractmethod
    def loaded(self, id: str) -> LoadedCase:
        """The case's arrays, read now where they are not in memory; in the window a bug."""

    @abstractmethod
    def in_memory_now(self, id: str) -> LoadedCase | None:
        """The case's arrays where they are in memory; reads nothing."""

    @property
    @abstractmethod
    def segments(self) -> SegmentTable:
        """The table of the project."""

    @abstractmethod
    def set_aside(self, case: str, problem: ProjectError) -> None:
        """A case cannot be read: what was done on it waits for a mask. On the command line its
        steps stand in the way of no other; in the window undo waits for it."""

    def stamp(self, edit: Edit) -> Edit:
        """The Edit with reader and time."""
        return replace(edit, reader=self.reader, time=time.time())

    def do(self, edit: Edit) -> None:
        """Apply an Edit, journal it, remember it for undo. An empty one leaves nothing behind.

        Raises
        ------
        UsageError
            Where the project is only read, or the Edit is too large for a journal.
        """
        if edit.is_empty:
            return
        check_may_change(self.folder)
        self.folder.check_size(edit)
        if edit.segments or edit.case == self.going_in:
            self.settle()
        self._settle_hand()
        edit = self.stamp(edit)
        self._apply(edit)
        self._keep(edit)

    def go_live(self, gesture: Live) -> None:
        """A gesture begins to draw; another one that is still drawing becomes an Edit first.

        Raises
        ------
        UsageError
            Where the project is only read, or the case is just being changed.
        """
        check_may_change(self.folder)
        self.check_free(gesture.case)
        if self._live is not gesture:
            self._settle_hand()
            self._live = gesture

    def end_live(self, gesture: Live) -> None:
        """A gesture has ended."""
        if self._live is gesture:
            self._live = None

    def settle(self) -> None:
        """Make whole what is half-way, before anything else is kept: an Edit of what a gesture has
        drawn so far, and all of a large Edit that is going in.

        Otherwise a save, or an Edit that comes from a worker, would hold half a stroke, and the
        stroke's own Edit would not fit it.
        """
        while self.go_on():
            pass
        self._settle_hand()

    def _settle_hand(self) -> None:
        if self._live is not None:
            self._live.finish()

    # Large Edits: a worker makes them, the window takes them in piece by piece

    @property
    def going_in(self) -> str:
        """The case that a large Edit is going into, or ""."""
        return "" if self._going_in is None else self._going_in.edit.case

    def check_free(self, case: str) -> None:
        """Keep a hand off a case while a large Edit goes into it, or into others in the same step.

        Raises
        ------
        UsageError
            Then.
        """
        if case and (self._all_kept_off or case in (self.going_in, self._kept_off)):
            raise UsageError(
                Sentence("'{case}' is just being changed.", case=case), "Wait a moment."
            )

    def settle_for_hand(self, case: str) -> None:
        """As `settle`, before a hand changes a case; raises as `check_free`."""
        self.check_free(case)
        self.settle()

    def keep_off(self, case: str) -> None:
        """From now on, until `let_case_be`, keep the hand off a case, of which a worker makes a
        large Edit. What is being drawn on it becomes an Edit first.
        """
        self._settle_hand()
        self._kept_off = case

    def keep_off_all(self) -> None:
        """As `keep_off`, of every case, until `let_all_be`: a step of several Edits is under way,
        and nothing may stand between them."""
        self.settle()
        self._all_kept_off = True

    def let_all_be(self) -> None:
        """The last Edit of that step is in, or none follows any more."""
        self._all_kept_off = False

    def let_case_be(self) -> None:
        """No worker makes a large Edit any more."""
        self._kept_off = self.seen = ""

    def see(self, case: str) -> Seen:
        """The mask of a case, for a worker that makes a large Edit of it, or looks whether one
        fits. The case stays in memory until `let_case_be`."""
        self.settle()
        self.seen = case
        return Seen.now(self.loaded(case).annotation, self.segments)

    def packed(self, edit: Edit) -> MadeEdit:
        """An Edit as `begin` keeps it, with its record, which takes long to make. Any thread.

        Raises
        ------
        UsageError
            Where it is too large for a journal.
        """
        edit = self.stamp(edit)
        return MadeEdit(edit, b"" if edit.is_empty else self.folder.record_of(edit))

    def begin(self, made: MadeEdit, seen: Seen) -> None:
        """Keep a large Edit that a worker has made; `go_on` takes it into the mask.

        It is in the journal and the History when this returns: a crash leaves it whole. Until its
        last piece no hand changes the case, and whoever needs the mask whole calls `settle`.

        Raises
        ------
        MovedOn
            Where one of its slices, or a segment, has changed since it was seen. Nothing was done.
        UsageError
            As `do`.
        """
        if made.edit.is_empty:
            return
        self._let_in(made.edit, seen)
        self._keep(made.edit, made.record)

    def begin_step(self, entry: TakenBack | DoneAgain, applied: Edit, seen: Seen) -> None:
        """Take a large Edit of the History back, or do it again; as `begin`.

        Parameters
        ----------
        applied : of the entry, which a worker has found to fit
        """
        back = isinstance(entry, TakenBack)
        self._settle_hand()
        if (self.history.next_undo if back else self.history.next_redo) is not entry.edit:
            raise MovedOn(entry.edit.case)
        self._let_in(applied, seen)
        self._keep_step(entry)

    def _let_in(self, edit: Edit, seen: Seen) -> None:
        check_may_change(self.folder)
        self.settle()
        loaded = self.in_memory_now(edit.case)
        if loaded is None or loaded.annotation is not seen.mask:
            raise MovedOn(edit.case)
        if not seen.still_fits(edit, self.segments):
            raise MovedOn(edit.case)
        if edit.segments:
            self._apply_segments(edit.segments, taken_back=edit.kind == "undo")
        self._going_in = EditInPieces(edit, loaded)

    def go_on(self) -> bool:
        """Take the next piece of a large Edit into the mask. Returns whether there are more; with
        the last one the signals say what has changed."""
        going = self._going_in
        if going is None:
            return False
        if going.take_piece():
            return True
        self._going_in = None
        self._said(going.edit, going.end())
        return False

    def let_go_of(self, case: str) -> None:
        """A case leaves: what is going into it goes with it."""
        if self.going_in == case:
            self._going_in = None

    @property
    def progress(self) -> tuple[int, int]:
        """How many pieces of a large Edit are in, and of how many; (0, 0) where none goes in."""
        return (0, 0) if self._going_in is None else self._going_in.progress

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
            raise self.misfit(entry) from error
        except ProjectGone:
            raise
        except ProjectError as problem:
            self.set_aside(case, problem)
            raise
        self._keep_step(entry)

    def misfit(self, entry: TakenBack | DoneAgain) -> ProjectError:
        """What is said where a step does not fit the mask: that is not what it was made on, so
        nothing of the case before or behind it fits either, and all of it leaves the History."""
        case = entry.edit.case
        self.forget_steps(case)
        return ProjectError(*misfit_words(entry.applied))

    def _keep_step(self, entry: TakenBack | DoneAgain) -> None:
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

    def _keep(self, edit: Edit, record: bytes = b"") -> None:
        try:
            self._steps.keep(edit, record)
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
        self._said(edit, boxes)

    def _said(self, edit: Edit, boxes: tuple[Box, ...]) -> None:
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
