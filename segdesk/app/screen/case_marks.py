"""What the case list marks: cases that are new, and those that could not be read. No Qt."""

from __future__ import annotations

from collections.abc import Mapping

from psygnal import Signal

from segdesk.app.screen.crosshair import Crosshair


class CaseMarks:
    """Owned by the window, on its thread."""

    #: A case is marked otherwise.
    marks_changed = Signal()

    def __init__(self, crosshair: Crosshair) -> None:
        self._crosshair = crosshair
        self._unreadable: dict[str, str] = {}
        self._new: frozenset[str] = frozenset()
        crosshair.case_changed.connect(self._look)

    @property
    def new(self) -> frozenset[str]:
        """Cases that came in the background and have not been looked at yet."""
        return self._new

    def mark_new(self, id: str) -> None:
        """A case came while another is on screen: it is marked until it is shown."""
        self._new |= {id}
        self.marks_changed.emit()

    @property
    def unreadable(self) -> Mapping[str, str]:
        """Cases that could not be read, and why."""
        return self._unreadable

    def mark_unreadable(self, id: str, why: str) -> None:
        """A case could not be read: it is marked until it can."""
        self._unreadable[id] = why
        self.marks_changed.emit()

    def mark_readable(self, id: str) -> None:
        """A case can be read again."""
        if self._unreadable.pop(id, None) is not None:
            self.marks_changed.emit()

    def _look(self) -> None:
        """The case on screen is new no more."""
        if self._crosshair.case_id in self._new:
            self._new -= {self._crosshair.case_id}
            self.marks_changed.emit()
