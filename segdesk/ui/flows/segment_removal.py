"""Removing a segment in the window: look for its voxels, ask, make them background, all awake.

What a removal is stands in `app.labelling.removing_segments`. A worker looks through the cases, one
after the other; each case's voxels go as one large Edit, in a row that nothing comes between
(`large_edits`).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QWidget

from segdesk.app.labelling import removing_segments
from segdesk.app.labelling.removing_segments import Found
from segdesk.app.project.workbench import Workbench
from segdesk.core.annotation import Annotation
from segdesk.core.edit import Edit
from segdesk.core.pieces import Seen
from segdesk.errors import Cancelled, SegdeskError
from segdesk.ui.dialogs.message import Choice, show_message
from segdesk.ui.dialogs.waiting import WaitingDialog
from segdesk.ui.flows.asked_edits import GoOn
from segdesk.ui.flows.flow import Flow
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
        session.closed.connect(self._end_waiting)

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
        masks: list[tuple[str, Annotation | None]] = []
        for case in workbench.project.cases:
            loaded = workbench.in_memory_now(case.id)
            if loaded is None or loaded.counts.voxels(number):
                masks.append((case.id, None if loaded is None else loaded.annotation))
        task = self._runner.start(
            title,
            lambda task: _look_through(task, workbench, masks, number),
            done=lambda found: self._ask(workbench, number, found, seen),
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

    def _ask(
        self, workbench: Workbench, number: int, found: list[Found], seen: dict[str, int]
    ) -> None:
        self._end_waiting()
        if workbench is not self._session.workbench or number not in workbench.segments:
            return
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
        if self._session.large.is_under_way:
            again = partial(self._remove, workbench, number, found, seen)
            self._session.large.when_free(again)
            return
        segment = workbench.segments[number].name
        name, group = removing_segments.name_of(workbench, number), removing_segments.new_group()
        waiting = WaitingDialog(
            self._window, "removal_under_way", tr("Removing '{name}'", name=segment)
        )
        if found:
            waiting.open()
        total = sum(len(row.slices) for row in found)
        row = self._session.large.begin_row(workbench, waiting, total)
        left = list(found)

        def go_on() -> None:
            if row.is_over:
                return
            if not left:
                left.extend(removing_segments.come_since(workbench, number, seen))
            if left:
                case = left.pop(0)
                self._session.case_reader.when_read(case.case, lambda: take(case), otherwise=broken)
                return
            try:
                workbench.do(removing_segments.last_edit(workbench, number, name=name, group=group))
            except SegdeskError as error:
                broken(error)
                return
            row.end()
            self.said.emit(tr("'{name}' was removed. Undo brings it back.", name=segment))

        def take(case: Found) -> None:
            def make(still: GoOn, seen: Seen) -> Edit:
                return removing_segments.edit_of_case(
                    seen.mask, case.case, number, name=name, group=group, go_on=still
                )

            row.make(
                case.case,
                make,
                voxels=workbench.annotation(case.case).labels.size,
                counts=len(case.slices),
                done=lambda: QTimer.singleShot(0, self, go_on),
                failed=broken,
            )

        def broken(error: Exception) -> None:
            """Nothing half-done stays; a part whose mask has left the memory is read first."""
            part = workbench.history.next_undo
            if row.is_over:
                return
            if part is None or part.group != group:
                undone = workbench.history.next_redo
                if undone is not None and undone.group == group:
                    workbench.forget_undone()
                row.end()
                self._stopped(error)
                return

            def back() -> None:
                again = partial(QTimer.singleShot, 0, self, partial(broken, error))
                # Whoever closes the window cancels what reads, and this has to come to its end.
                row.step(
                    "undo",
                    counts=0,
                    done=again,
                    failed=lambda late: again() if isinstance(late, Cancelled) else stop(late),
                )

            if part.case:
                self._session.case_reader.when_read(part.case, back, otherwise=stop)
            else:
                back()

        def stop(late: Exception) -> None:
            """What is left of it is taken back by undo, or when the project is opened again."""
            row.end()
            self._stopped(late)

        go_on()


def _look_through(
    task: Task,
    workbench: Workbench,
    cases: Sequence[tuple[str, Annotation | None]],
    number: int,
) -> list[Found]:
    """Where a segment has voxels, on a worker; keeps none of the cases that it reads.

    Parameters
    ----------
    cases : id, and the mask where it is in memory
    """
    found: list[Found] = []
    for id, mask in cases:
        task.go_on()
        if mask is None:
            loaded = workbench.read_case(id)
            if not loaded.counts.voxels(number):
                continue
            mask = loaded.annotation
        row = removing_segments.look_for(mask, id, number)
        if row.slices:
            found.append(row)
    return found
