"""One trainer process for all that one call asks for: training, predicting, evaluating.

Loading Keras costs more than the prediction of a small scan, so the second job takes the first
one's child.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from rich.table import Table

from segdesk.app.project.workbench import Workbench
from segdesk.app.runs import evaluating, teaching
from segdesk.app.runs.evaluating import PoolChoice
from segdesk.jobs.standby import Standby


@dataclass(frozen=True, slots=True)
class Then:
    """What comes after a training in the same call.

    Parameters
    ----------
    predicts : all cases, with the run in use then
    evaluates : the run in use on this pool; None where nothing is compared
    """

    predicts: bool
    evaluates: PoolChoice | None

    @property
    def is_anything(self) -> bool:
        return self.predicts or self.evaluates is not None

    def cases(self, workbench: Workbench) -> list[str]:
        """Ids of the cases to predict at the training's end.

        Raises
        ------
        UsageError
            Where there is nothing to compare: said before a training is begun for it.
        """
        wanted: set[str] = set()
        if self.evaluates is not None:
            teaching.keep_split(workbench)
            wanted.update(evaluating.slices_to_evaluate(workbench, self.evaluates))
        return [case.id for case in workbench.project.cases if self.predicts or case.id in wanted]

    @contextmanager
    def child(self) -> Generator[Standby | None]:
        """Lends one child to each job of the call, and ends it; None where there is but one job."""
        if not self.is_anything:
            yield None
            return
        standby = Standby()
        try:
            yield standby
        finally:
            standby.close()


@dataclass(frozen=True, slots=True)
class More:
    """What came after a training, for the command's answer.

    Parameters
    ----------
    fields : for scripts
    tables : for people
    """

    fields: dict[str, Any]
    tables: tuple[Table, ...] = ()
