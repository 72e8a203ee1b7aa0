"""The open project at another place, whatever became of its folder: files, masks and undo.

How a copy is made and what it takes from where belongs to `store.copying`; that it holds what is in
memory is checked here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from segdesk.app.project.workbench import Workbench
from segdesk.core.annotation import Annotation
from segdesk.core.segment import Segment, SegmentTable
from segdesk.errors import SegdeskError
from segdesk.store.copying import Tell


class Elsewhere:
    """One copy of the open project.

    Made on the Workbench's thread; `write` once, on any. Until it has ended nothing may be changed:
    the arrays in memory are not copied before.
    """

    def __init__(self, workbench: Workbench) -> None:
        self._memory = workbench.in_memory()
        self._copy = workbench.folder.begin_copy(self._memory)

    def write(
        self,
        path: Path,
        *,
        tell: Tell = lambda done, total: None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> tuple[str, ...]:
        """Make a whole project at a path, and return sentences that name what could not be kept.

        Raises
        ------
        ProjectError
            Where something is there already, or the disk refuses; then nothing is left behind.
        Cancelled
            Where `cancelled` said so; then nothing is left behind.
        """
        return self._copy.run(path, is_same=self._is_same, tell=tell, cancelled=cancelled)

    def _is_same(self, made: Path, with_history: bool) -> bool:
        try:
            copy = Workbench.open(made, writable=False)
        except SegdeskError:
            return False
        try:
            steps = (len(copy.history.done), len(copy.history.to_redo))
            if with_history and steps != (len(self._memory.done), len(self._memory.undone)):
                return False
            return _rows(copy.segments) == _rows(self._memory.project.segments) and all(
                _same(copy.annotation(case.id), self._memory.masks[case.id])
                for case in copy.project.cases
                if case.id in self._memory.masks
            )
        except SegdeskError:
            return False
        finally:
            copy.close()


def _same(a: Annotation, b: Annotation) -> bool:
    return (
        np.array_equal(a.labels, b.labels)
        and np.array_equal(a.provenance, b.provenance)
        and a.statuses == b.statuses
        and a.complete == b.complete
        and a.dismissed == b.dismissed
    )


def _rows(segments: SegmentTable) -> list[Segment]:
    """Without what is a matter of looking."""
    return [replace(row, visible=True) for row in segments]
