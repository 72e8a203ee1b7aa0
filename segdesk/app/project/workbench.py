"""The `Workbench`: owner of the one open project, and the one door through which masks change.

It keeps the index (`core.project`), the loaded cases, the history and the journal in step, and
says by signals what changed. What it does with Edits stands in `do_and_undo`. How gestures become
Edits belongs to `editing`, what is on screen to `view_state`, imports to `importing`, runs to
`training`, saving on a worker to `saving`. Lives on one thread: the window's, or the command
line's only one.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

from psygnal import Signal

from segdesk.app.project import left_out
from segdesk.app.project.do_and_undo import DoesEdits
from segdesk.app.project.left_out import LeftOut
from segdesk.app.project.loaded import LoadedCase, NotInMemory
from segdesk.app.project.memory import Memory
from segdesk.app.project.on_failure import otherwise
from segdesk.app.project.recovered import done_again, follow, kept_apart, recovered, taken_back
from segdesk.app.project.volumes import SegmentCounts
from segdesk.core.annotation import Annotation
from segdesk.core.case import Case
from segdesk.core.edit import Edit, SegmentChange
from segdesk.core.prediction import Prediction, Proposal
from segdesk.core.project import Project
from segdesk.core.run import Run
from segdesk.core.run_in_use import RunInUse
from segdesk.core.segment import Segment, SegmentTable, change_words
from segdesk.core.status import NONE, Complete, SliceStatus
from segdesk.core.volume import Volume
from segdesk.errors import ProjectError
from segdesk.sentence import Sentence
from segdesk.store.copying import InMemory
from segdesk.store.project_folder import ProjectFolder


class Workbench(DoesEdits):
    """The open project. One for each window or command.

    Signals say what changed and carry no arrays; listeners ask again.

    Parameters
    ----------
    folder : the open project on disk; the Workbench closes it
    reader : who works, written into every Edit; may be empty
    """

    index_changed = Signal()
    predictions_changed = Signal(str)
    run_changed = Signal(str)
    epochs_came = Signal(str)  # to a run of which nothing else has changed
    case_loaded = Signal(str)  # its arrays came into memory
    proposed = Signal(str, int)  # case and slice
    prediction_wanted = Signal(str, str)  # of a run on a case; only where `reads` is False

    def __init__(self, folder: ProjectFolder, *, reader: str = "") -> None:
        super().__init__(folder, reader=reader)
        self.notes: tuple[str, ...] = ()
        self.lost: tuple[str, ...] = ()  # those of the notes that tell of work that is gone
        self.last_saved: float | None = None  # by the clock that nobody sets (`time.monotonic`)
        self.recovered, self._is_open = 0, False
        self.left_out: dict[str, LeftOut] = {}  # cases that cannot be read
        self.brought_back: dict[str, str] = {}  # what became of their Edits once they could
        self._memory = Memory()
        self.pressed_on = ""  # a case on which a button is down: what is offered there stays
        self.looked_at = ""  # a case that stays in memory, because it is on screen
        self.reads = True  # what is asked for; False in the window, where only workers read

    # Opening and closing

    @classmethod
    def create(cls, path: Path, *, reader: str = "") -> Workbench:
        """A new, empty project at `path`, open for writing."""
        workbench = cls(ProjectFolder.create(path), reader=reader)
        with otherwise(workbench.close), otherwise(workbench.discard):
            workbench._load()
        return workbench

    @classmethod
    def open(cls, path: Path, *, writable: bool = True, reader: str = "") -> Workbench:
        """An existing project. Edits that were not saved are replayed from the journal."""
        workbench = cls(ProjectFolder.open(path, writable=writable), reader=reader)
        with otherwise(workbench.close):
            workbench._load()
        return workbench

    def _load(self) -> None:
        opened = self.folder.load()
        self.project, self.notes, self.lost = opened.project, opened.notes, opened.lost
        self._unsaved.retired = set(opened.gone)
        unread = left_out.on_older_masks(opened, self.folder)
        note, apply, mask = self._unsaved.note, self._apply, self.annotation
        misfits = follow(opened, self.history, unread, note=note, apply=apply, mask=mask)
        if opened.is_half_anew:
            self._steps.end_what_was_cut_off()
        self._unsaved.cases -= unread.keys()
        notes, self.left_out = left_out.on_opening(unread, self.folder, opened)
        self.notes, writable = self.notes + notes, self.folder.writable
        self.notes += taken_back(self.history, self.undo, self.forget_undone) if writable else ()
        self.recovered, said = recovered(opened, self.history, writable=writable)
        self.notes = (said, *self.notes) if said else self.notes
        self.notes += done_again(self.history, self.redo) if writable else ()
        self._steps.forget_waiting({id: row.edits for id, row in unread.items()})
        if misfits or opened.orphans:  # they keep nobody from opening; the next save drops them
            self.notes += kept_apart(self.folder, misfits, opened.orphans)
            self._unsaved.segments |= self.folder.writable
        left_out.read_now(self.left_out, lambda id: self._bring_back(id, self.annotation(id)))
        self.notes += left_out.still_waiting(self.left_out) + left_out.news(self.brought_back)
        self._is_open = True

    def close(self) -> None:
        """Let the project go. Saving comes first and is the caller's: see `saving`."""
        self._memory.clear()
        self.folder.close()

    def discard(self) -> None:
        """Close and delete a project whose first import failed: nothing half-done stays."""
        self._memory.clear()
        self.folder.delete()

    # Cases

    def read_case(self, id: str) -> LoadedCase:
        """A case's arrays from disk, as of the last save. Changes nothing; for worker threads."""
        case = self.project.case(id)
        volume = self.folder.scans.read(case)  # first: it proves the size that is allocated next
        annotation = self.folder.read_annotation(case)
        return LoadedCase(volume, annotation, SegmentCounts.of(annotation))

    def adopt(self, id: str, loaded: LoadedCase) -> None:
        """Keep what a worker has read, unless the case is in memory already."""
        if id not in self._memory:
            self._keep_arrays(id, loaded)
            self.case_loaded.emit(id)

    def is_loaded(self, id: str) -> bool:
        return id in self._memory

    def loaded(self, id: str) -> LoadedCase:
        """The case's arrays, read now where they are not in memory.

        Raises
        ------
        NotInMemory
            Where nothing is read now (`reads`).
        """
        if id not in self._memory:
            if not self.reads:
                raise NotInMemory(id)
            self._keep_arrays(id, self.read_case(id))
        return self._memory.case(id)

    def in_memory_now(self, id: str) -> LoadedCase | None:
        """The case's arrays where they are in memory; reads nothing."""
        return self._memory.peek(id)

    def volume(self, id: str) -> Volume:
        return self.loaded(id).volume

    def annotation(self, id: str) -> Annotation:
        return self.loaded(id).annotation

    def statuses(self, id: str) -> tuple[SliceStatus, ...]:
        """The slices' statuses as they are now, without reading arrays."""
        loaded = self._memory.peek(id)
        return self.project.case(id).statuses if loaded is None else loaded.annotation.statuses

    def each_case(self) -> Iterator[tuple[Case, tuple[SliceStatus, ...]]]:
        """Every case with its slices' statuses as they are now; reads no arrays."""
        for case in self.project.cases:
            loaded = self._memory.peek(case.id)
            yield case, case.statuses if loaded is None else loaded.annotation.statuses

    def complete(self, id: str) -> tuple[Complete, ...]:
        """For each slice the segments that it is complete for, as `statuses`."""
        case, loaded = self.project.case(id), self._memory.peek(id)
        kept = case.complete if loaded is None else loaded.annotation.complete
        return kept or (NONE,) * case.slices

    def _keep_arrays(self, id: str, loaded: LoadedCase) -> None:
        live = () if self._live is None else (self._live.case,)
        needed = {
            self.looked_at,
            self.seen,
            *live,
            *self._unsaved.cases,
            *self._unsaved.being_saved,
        }
        self._memory.keep(id, loaded, needed=needed)
        self._bring_back(id, loaded.annotation)

    def _bring_back(self, id: str, mask: Annotation) -> None:
        """Do again what waited until a case has a mask."""
        case = self.project.case(id)
        if row := left_out.taken(self.left_out, case, self.folder, look=self._is_open):
            self.brought_back[id] = left_out.bring_back(id, row, mask, self)

    def in_memory(self) -> InMemory:
        """What is in memory now, for a copy; the arrays themselves, so nothing may change them."""
        self.settle()
        there = self._memory.all_of(self.project, self.history)
        return left_out.with_left_out(there, self.left_out)

    def add_case(self, case: Case) -> None:
        """Take a new case into the index; its volume is on disk already."""
        self.put_project(self.project.with_case(case))

    def take_back_case(self, id: str, before: Project) -> None:
        """Undo an import that failed: the index as it was before; its files are the caller's."""
        if self.project is not before:
            self.follow_project(before)
        self.forget_case(id)
        self._unsaved.segments = True

    def forget_case(self, id: str) -> None:
        """Nothing of a case in memory or in the history; index and files are the caller's."""
        self.let_go_of(id)
        self._memory.drop_case(id)
        self._unsaved.retire(id)
        self.left_out.pop(id, None)
        self._steps.forget_case(id)
        self.history_changed.emit()

    def is_unsaved(self, id: str) -> bool:
        """Whether the journal names a case, or a save of it is under way."""
        return self._unsaved.names(id)

    def put_project(self, project: Project) -> None:
        """Replace the index (a case, split, settings, a first segment) and keep it on disk."""
        self.folder.save_index(project)
        self._show_project(project)

    def follow_project(self, project: Project) -> None:
        """As `put_project`, but it is `folder.write_index` that puts it on disk, on any thread."""
        self.folder.hand_over_index(project)
        self._show_project(project)

    def _show_project(self, project: Project) -> None:
        before, self.project = self.project, project
        self.index_changed.emit()
        if project.segments != before.segments:
            self.segments_changed.emit()

    # Runs and predictions

    def put_run(self, run: Run) -> None:
        """A run ended: it is on disk when this returns."""
        self.put_project(self.project.with_run(run))
        self.run_changed.emit(run.id)

    def follow_run(self, run: Run, *, keep: bool = True) -> None:
        """A run began, went on or ended; `folder.write_index` puts it on disk, on any thread.

        `keep` False: only in memory, for the curves.
        """
        before = next((one for one in self.project.runs if one.id == run.id), None)
        self.project = self.project.with_run(run)
        if keep:
            self.folder.hand_over_index(self.project)
        # Nobody but the curves asks for these, and they come many times in a second.
        only_epochs = before is not None and run.only_learnt_on(before)
        (self.epochs_came if only_epochs else self.run_changed).emit(run.id)

    def use(self, in_use: RunInUse) -> None:
        """Another run predicts, or the same for another reason; kept as `follow_project` keeps, or,
        where the project is only read, as long as it is open."""
        shown = {case.id: self.predicted_by(case.id) for case in self.project.cases}
        project = replace(self.project, in_use=in_use)
        if self.folder.writable:
            self.follow_project(project)
        else:
            self.project = project
            self.index_changed.emit()
        self.drop_proposals(but_of=in_use.run)
        for case, run in shown.items():
            if self.predicted_by(case) != run:
                self.predictions_changed.emit(case)

    def predicted_by(self, case: str) -> str | None:
        """Id of the run whose prediction of the case is shown and taken: `Project.predicted_by`."""
        return self.project.predicted_by(case)

    def prediction(self, case: str, run: str | None = None) -> Prediction | None:
        """The prediction of a run on a case (by default the one that is shown), or None; with the
        pieces of it that were restored, where the case is in memory or is read now.

        Where nothing is read now (`reads`), one that is not in memory is None, and wanted.
        """
        run = run or self.predicted_by(case)
        if run is None:
            return None
        kept, row = self._memory.prediction(run, case), self.project.case(case)
        if kept is None and run in row.predictions and not self.reads:
            if self._memory.may_be_read(run, case):
                self.prediction_wanted.emit(run, case)
        elif kept is None and run in row.predictions:
            read, sha256 = self.folder.runs.read_prediction, self.project.weights_of(run)
            by_run = partial(read, run, row, weights_sha256=sha256)
            kept = self._memory.read_prediction(run, case, by_run)
        return kept if kept is None or kept.left_out is None else self._restored(kept) or kept

    def _restored(self, kept: Prediction) -> Prediction | None:
        """A prediction with the pieces that were restored; None where the mask is not there."""
        loaded = self._memory.peek(kept.case)
        if loaded is None and self.reads:
            with suppress(ProjectError):
                loaded = self.loaded(kept.case)
        return None if loaded is None else self._memory.restored(kept, loaded.annotation.dismissed)

    def proposal(self, case: str, index: int) -> Proposal | None:
        """What the training that goes on, or the last one, makes of a slice; or None."""
        return self._memory.proposal(case, index)

    def propose(self, proposal: Proposal) -> None:
        """A training has looked at a slice. What fits no case that is in memory is dropped, and so
        is what comes while a hand draws there, whose stroke began on what was shown then.
        """
        if not self.is_loaded(proposal.case) or proposal.case == self.pressed_on:
            return
        slices, *shape = self.project.case(proposal.case).grid.shape
        if proposal.labels.shape == tuple(shape) and 0 <= proposal.slice < slices:
            is_first = not self.has_proposals(proposal.case)
            changed = self._memory.keep_proposal(proposal)
            for case in sorted(changed | ({proposal.case} if is_first else set())):
                self.predictions_changed.emit(case)
            self.proposed.emit(proposal.case, proposal.slice)

    def drop_proposals(self, *, but_of: str = "") -> None:
        """A training has ended with nothing to show, or another run was chosen: what is shown is
        the run in use again.

        Parameters
        ----------
        but_of : run whose proposals stay
        """
        for case in sorted(self._memory.drop_proposals(but_of=but_of)):
            self.predictions_changed.emit(case)

    def has_proposals(self, case: str) -> bool:
        """Whether the training that goes on, or the last one, has made anything of a case."""
        return bool(self.proposed_slices(case))

    def proposed_slices(self, case: str) -> frozenset[int]:
        """The slices of a case that the training that goes on, or the last one, has looked at."""
        return self._memory.proposed_slices(case)

    def offers(self, case: str) -> bool:
        """Whether there is something to take on some slice of a case."""
        return self.predicted_by(case) is not None or self.has_proposals(case)

    def awaits_prediction(self, case: str) -> bool:
        """Whether the prediction that is shown of a case is there and not in memory yet."""
        run = self.predicted_by(case)
        return (
            run is not None
            and self.prediction(case, run) is None
            and run in self.project.case(case).predictions
            and self._memory.may_be_read(run, case)
        )

    def adopt_prediction(self, prediction: Prediction) -> None:
        """Keep a prediction that a worker has read."""
        self._memory.keep_prediction(prediction)

    def lacks_prediction(self, run: str, case: str) -> None:
        """A worker could not read a prediction: it is not wanted again, until there is another."""
        self._memory.lacks_prediction(run, case)

    def add_prediction(self, run: str, case: str, prediction: Prediction | None = None) -> None:
        """A run has predicted a case; its file is on disk, `folder.write_index` puts it there in
        the index, on any thread.

        Parameters
        ----------
        prediction : as a worker has read it; kept where the case is in memory, because whoever
            shows the case asks for it at once
        """
        row = self.project.case(case)
        others = tuple(id for id in row.predictions if id != run)
        self._memory.drop_prediction(run, case)
        self._memory.drop_proposals(case)
        if prediction is not None and self.is_loaded(case):
            self.adopt_prediction(prediction)
        self.project = self.project.with_case(replace(row, predictions=(*others, run)))
        self.folder.hand_over_index(self.project)
        self.index_changed.emit()
        self.predictions_changed.emit(case)

    def set_aside(self, case: str, problem: ProjectError) -> None:
        """A case cannot be read: what was done on it waits for a mask. On the command line its
        steps stand in the way of no other; in the window undo waits for it."""
        row = left_out.set_aside(case, problem, self.folder, self.history.of(case))
        self.left_out.setdefault(case, row)
        self.forget_steps(case)

    # Segments

    @property
    def segments(self) -> SegmentTable:
        return self.project.segments

    def add_segment(self, name: str = "") -> Segment:
        """Add a segment under the next free number, as an Edit."""
        segment = self.segments.new(name)
        self.do(Edit(Sentence("Add segment"), "", segments=(SegmentChange(None, segment),)))
        return segment

    def change_segment(self, segment: Segment) -> None:
        """Rename, recolour or lock a segment, as an Edit."""
        was = self.segments[segment.number]
        if segment != was:
            self.do(Edit(change_words(was, segment), "", segments=(SegmentChange(was, segment),)))

    def show_segment(self, number: int, visible: bool) -> None:
        """Show or hide a segment: a matter of looking, not an Edit; kept at the next save."""
        table = self.segments.put(replace(self.segments[number], visible=visible))
        self.project = replace(self.project, segments=table)
        self._unsaved.segments = True
        self.segments_changed.emit()

    # What a save has to write

    @property
    def retired(self) -> set[str]:
        """Ids that no new case may have until a save."""
        return self._unsaved.retired

    @property
    def has_unsaved(self) -> bool:
        return bool(self._unsaved) and self.folder.writable

    def take_unsaved(self) -> dict[str, Annotation]:
        """The annotations that changed since the last save; the count starts anew."""
        self.settle()
        return {id: self._memory.case(id).annotation for id in self._unsaved.take()}

    def put_back_unsaved(self, ids: tuple[str, ...]) -> None:
        """A save failed: its cases still have to be written."""
        self._unsaved.put_back(ids)

    def saved(self, project: Project) -> None:
        """A save has ended: generations and statuses of its cases are now on disk."""
        self.project = self.project.as_saved(project)
        self._unsaved.saved()
        self.last_saved = time.monotonic()
        self.index_changed.emit()
