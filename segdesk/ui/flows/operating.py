"""Operations from the window: their options are asked, a worker computes, one Edit comes back.

It belongs to the case and segment for which it was asked, whatever is on screen when it ends.
"""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from segdesk.app.labelling.operations import applying
from segdesk.app.labelling.operations.applying import Asked
from segdesk.app.labelling.operations.operation import Operation
from segdesk.app.labelling.options import Options
from segdesk.app.project.workbench import Workbench
from segdesk.core.edit import Edit
from segdesk.core.pieces import Seen
from segdesk.errors import SegdeskError, UsageError
from segdesk.ui.dialogs.operation_options import OperationDialog
from segdesk.ui.flows.asked_edits import GoOn
from segdesk.ui.flows.session import Session
from segdesk.ui.look import counted_words
from segdesk.ui.look.translations import tr, translated


class Operating(QObject):
    """Owned by the window; lives on the GUI thread."""

    noted = Signal(str)
    failed = Signal(object)

    def __init__(self, window: QWidget, session: Session) -> None:
        super().__init__(window)
        self._window = window
        self._session = session

    def ask(self, operation: Operation) -> None:
        """Ask for the options, where there are any, and begin."""
        workbench, view = self._session.workbench, self._session.view
        if workbench is None or view is None or view.crosshair.case_id is None:
            return
        case, hand = view.crosshair.case_id, view.hand
        plane = view.pane.plane
        segment, seen = hand.segment, () if plane is None else plane.whole_slices

        def begin(options: Options) -> None:
            if self._session.workbench is not workbench:
                return
            try:
                asked = applying.ask(
                    workbench, operation, case, segment=segment, options=options, on_screen=seen
                )
            except UsageError as refusal:
                self.noted.emit(translated(refusal.words))
                return
            self._begin(workbench, asked)

        if operation.options:
            OperationDialog(self._window, operation, hand.size_range, hand.size_unit, begin).open()
        else:
            begin(Options())

    def _begin(self, workbench: Workbench, asked: Asked) -> None:
        name = translated(asked.operation.words.name)
        found = Edit(asked.operation.words.done, asked.case)

        def make(go_on: GoOn, seen: Seen) -> Edit:
            nonlocal found
            now = replace(asked, annotation=seen.mask, table=seen.segments)
            found = applying.edit_of(now, lambda done, total: go_on())
            return found

        self._session.large.make(
            workbench,
            asked.case,
            name,
            make,
            voxels=asked.annotation.labels.size,
            done=lambda: self.noted.emit(_said(name, found)),
            failed=self._fail,
        )

    def _fail(self, error: Exception) -> None:
        if isinstance(error, SegdeskError):
            self.noted.emit(translated(error.words))
        else:
            self.failed.emit(error)


def _said(name: str, edit: Edit) -> str:
    if edit.is_empty:
        return tr("{name}: there is nothing to change.", name=name)
    return tr(
        "{name}: {voxels} on {slices}.",
        name=name,
        voxels=counted_words.voxels(edit.changed),
        slices=counted_words.slices(len(edit.slices)),
    )
