"""Who teaches and who is kept apart, set by hand: the pool of a case, and why it was changed."""

from __future__ import annotations

from dataclasses import replace

from segdesk.app.workbench import Workbench
from segdesk.core.split import Pool
from segdesk.errors import UsageError


def same_patient(workbench: Workbench, case: str) -> tuple[str, ...]:
    """Ids of the cases of this case's patient, itself among them: they share one pool."""
    wanted = workbench.project.case(case).patient
    return tuple(
        row.id
        for row in workbench.project.cases
        if row.id == case or (wanted and row.patient == wanted)
    )


def needs_reason(workbench: Workbench, case: str, pool: Pool | None) -> bool:
    """Whether a network was trained with the split that this would change."""
    return bool(workbench.project.runs) and workbench.project.case(case).pool != pool


def set_pool(workbench: Workbench, case: str, pool: Pool | None, *, reason: str = "") -> None:
    """Put a case, and every other scan of its patient, into a pool.

    Parameters
    ----------
    pool : None: the split decides
    reason : kept with the cases; needed once a training exists

    Raises
    ------
    UsageError
        Where a training exists and no reason is given.
    """
    if needs_reason(workbench, case, pool) and not reason.strip():
        raise UsageError(
            "A network has been trained with this split.", "Say why the case is moved."
        )
    project = workbench.project
    for id in same_patient(workbench, case):
        row = project.case(id)
        reasons = (*row.pool_reasons, reason.strip()) if reason.strip() else row.pool_reasons
        project = project.with_case(replace(row, pool=pool, pool_reasons=reasons))
    if project != workbench.project:
        workbench.put_project(project)
