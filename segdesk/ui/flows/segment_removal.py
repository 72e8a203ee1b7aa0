"""Removing a segment in the window: look for its voxels, ask, make them background, all awake.

What a removal is stands in `app.labelling.removing_segments`. Cases that are not in memory are read
by a worker, one after the other; what changes a mask happens on this thread, a few slices in each
turn of the loop, behind a dialog that keeps the hand off the masks meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from segdesk.app.labelling import removing_segments
from segdesk.app.labelling.removing_segments import Found
from segdesk.app.project.workbench import Workbench
from segdesk.errors import Cancelled, SegdeskError
from segdesk.ui.dialogs.message import Choice, show_message
from segdesk.ui.dialogs.waiting import WaitingDialog
from segdesk.ui.flows.flow import Flow
from segdesk.ui.flows.in_turns import InTurns
from segdesk.ui.flows.session import Session
from segdesk.ui.look import counted_words
from segdesk.ui.look.translations import tr, translated
from segdesk.ui.threads.task_runner import Task, TaskRunner


class SegmentRemoval(Flow):
    """Owned by the window; lives on the GUI thread. One removal at a time."""

    #: A sentence for a moment; what went wrong, an Exception.
    said = Signal(str)
    failed = Signal(object)

    def __init__(self, window: QWidget, session: Session, runner: TaskRunner) -> None:
        super().__init__(window, session, runner)
        self._waiting: WaitingDialog | None = None

    def ask(self, number: int) -> None:
        """Remove a segment, once it is known how many voxels go and the reader agrees."""
        workbench = self._session.workbench
        if workbench is None or self._waiting is not None:
            return
        reason = self._session.why_not_now()
        if reason:
            self.said.emit(reason)
            return
        try:
            removing_segments.check_removable(workbench, number)
        except SegdeskError as error:
            self.said.emit(translated(error.words))
            return
        workbench.settle()
        name = workbench.segments[number].name
        title = tr("Looking for '{name}' in every case", name=name)
        seen = removing_segments.generations(workbench)
        ids = [case.id for case in workbench.project.cases if not workbench.is_loaded(case.id)]
        task = self._runner.start(
            title,
            lambda task: _read_all(task, workbench, ids, number),
            done=lambda found: self._looked(workbench, number, found, seen),
            failed=self._stopped,
        )
        self._waiting = WaitingDialog(self._window, "removal_looking", title, task.cancel)
        self._waiting.open()

    def _stopped(self, error: Exception) -> None:
        self._end_waiting()
        if not isinstance(error, Cancelled):
            self.failed.emit(error)

    def _end_waiting(self) -> None:
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            waiting.end()

    def _looked(
        self, workbench: Workbench, number: int, read: list[Found], seen: dict[str, int]
    ) -> None:
        """The cases that were not in memory are known; now those that are."""
        found = list(read)

        def look() -> Iterator[None]:
            for case in workbench.project.cases:
                known = any(row.case == case.id for row in read)
                if known or not workbench.is_loaded(case.id):
                    continue
                loaded = workbench.loaded(case.id)
                if loaded.counts.voxels(number):
                    found.append(removing_segments.look_for(loaded.annotation, case.id, number))
                yield

        InTurns(
            self,
            look(),
            done=lambda: self._ask(workbench, number, found, seen),
            failed=self._stopped,
        )

    def _ask(
        self, workbench: Workbench, number: int, found: list[Found], seen: dict[str, int]
    ) -> None:
        self._end_waiting()
        if workbench is not self._session.workbench or number not in workbench.segments:
            return
        found = [row for row in found if row.slices]
        if not found:
            self._remove(workbench, number, found, seen)
            return
        question = show_message(
            self._window,
            "remove_segment_question",
            tr("Remove '{name}'?", name=workbench.segments[number].name),
            tr(
                "'{name}' has {voxels} in {slices} of {cases}. They become background; undo brings "
                "them back.",
                name=workbench.segments[number].name,
                voxels=counted_words.voxels(sum(row.voxels for row in found)),
                slices=counted_words.slices(sum(len(row.slices) for row in found)),
                cases=counted_words.cases(len(found)),
            ),
            choices=(
                Choice("keep_segment", tr("Keep it"), lambda: None),
                Choice(
                    "remove_segment",
                    tr("Remove"),
                    lambda: self._remove(workbench, number, found, seen),
                    "primary",
                ),
            ),
        )
        # It comes by itself, once everything is looked through.
        question.take_no_keys_yet()

    def _remove(
        self, workbench: Workbench, number: int, found: list[Found], seen: dict[str, int]
    ) -> None:
        """Case by case, each read first where it has left the memory.

        Parameters
        ----------
        found : as it was before the question
        seen : from `removing_segments.generations`, of then
        """
        if workbench is not self._session.workbench or number not in workbench.segments:
            return
        segment = workbench.segments[number].name
        name, group = removing_segments.name_of(workbench, number), removing_segments.new_group()
        waiting = WaitingDialog(
            self._window, "removal_under_way", tr("Removing '{name}'", name=segment)
        )
        self._waiting = waiting
        if found:
            waiting.open()
        total = sum(len(row.slices) for row in found)
        left = list(found)
        removed = 0

        def take(row: Found) -> Iterator[None]:
            nonlocal removed
            loaded = workbench.loaded(row.case)
            mask, now = loaded.annotation, row
            if loaded.counts.voxels(number) != row.voxels:
                # Something came from the background meanwhile, such as labels.
                now = removing_segments.look_for(mask, row.case, number)
                yield
            for edit in removing_segments.edits_of_case(mask, now, number, name=name, group=group):
                workbench.do(edit)
                removed += len(edit.slices)
                waiting.tell(removed, total)
                yield

        def go_on() -> None:
            if workbench is not self._session.workbench:
                self._end_waiting()
                return
            if not left:
                left.extend(removing_segments.come_since(workbench, number, seen))
            if left:
                row = left.pop(0)
                self._session.case_reader.when_read(row.case, lambda: start(row), otherwise=broken)
            else:
                workbench.do(removing_segments.last_edit(workbench, number, name=name, group=group))
                self._end_waiting()
                self.said.emit(tr("'{name}' was removed. Undo brings it back.", name=segment))

        def start(row: Found) -> None:
            InTurns(self, take(row), done=go_on, failed=broken)

        def broken(error: Exception) -> None:
            """Nothing half-done stays; a part whose mask has left the memory is read first."""
            if workbench is self._session.workbench:
                while (part := workbench.history.next_undo) is not None and part.group == group:
                    if part.case and not self._session.has_mask(part.case):
                        self._session.case_reader.when_read(
                            part.case, lambda: broken(error), otherwise=self._stopped
                        )
                        return
                    workbench.undo_part()
                undone = workbench.history.next_redo
                if undone is not None and undone.group == group:
                    workbench.forget_undone()
            self._stopped(error)

        go_on()


def _read_all(task: Task, workbench: Workbench, ids: list[str], number: int) -> list[Found]:
    """Look through cases that are not in memory, on a worker; keeps none of them."""
    found: list[Found] = []
    for id in ids:
        if task.is_cancelled():
            raise Cancelled
        loaded = workbench.read_case(id)
        if loaded.counts.voxels(number):
            found.append(removing_segments.look_for(loaded.annotation, id, number))
        else:
            found.append(Found(id, 0, ()))
    return found
