"""Labels that come in with a scan: one Edit of the new case, made by a worker where it is large.

A large one goes into the mask piece by piece, as every large Edit does (`large_edits`). No hand has
asked for it just now, so no dialog comes between.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject

from segdesk.app.files import joining
from segdesk.app.files.importing import Imported
from segdesk.app.files.joining import Joined
from segdesk.app.project.workbench import Workbench
from segdesk.core.edit import Edit
from segdesk.core.pieces import Seen
from segdesk.ui.flows.asked_edits import GoOn
from segdesk.ui.flows.session import Session
from segdesk.ui.look.translations import tr

#: Called once at the end, with what kept the labels out; with None where they are in, or the
#: project has gone meanwhile.
Then = Callable[[Exception | None], object]


class LabelsWithScans(QObject):
    """Owned by the import; lives on the GUI thread. One at a time."""

    def __init__(self, parent: QObject, session: Session) -> None:
        super().__init__(parent)
        self._session = session
        self._then: Then | None = None
        session.closed.connect(self._end)

    def draw(self, workbench: Workbench, imported: Imported, joined: Joined, then: Then) -> None:
        """Draw the labels of a case that has joined and is on the disk."""
        self._then = then
        self._begin(workbench, imported, joined)

    def _begin(self, workbench: Workbench, imported: Imported, joined: Joined) -> None:
        """Now, or once no other large Edit is under way and the mask is in memory."""
        case, large = joined.case.id, self._session.large
        if self._then is None:
            return

        def again() -> None:
            self._begin(workbench, imported, joined)

        def make(_: GoOn, seen: Seen) -> Edit:
            return joining.edit_of_labels(imported, joined, seen.segments)

        if large.is_under_way:
            large.when_free(again)
        elif not workbench.is_loaded(case):
            self._session.case_reader.when_read(case, again, otherwise=self._end)
        else:
            large.make(
                workbench,
                case,
                tr("Bringing the labels into {case}", case=case),
                make,
                voxels=0 if imported.labels is None else imported.labels.labels.size,
                done=self._end,
                failed=self._end,
                is_quiet=True,
            )

    def _end(self, error: Exception | None = None) -> None:
        then, self._then = self._then, None
        if then is not None:
            then(error)
