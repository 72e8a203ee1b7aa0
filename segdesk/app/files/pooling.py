"""Who teaches and who is kept apart: one pool for all scans of a patient, and who that is.

A pool is set by hand, at the import or later; where it is not, `core.split` draws one at the first
training (`teaching`). Only here is decided which cases share a patient.
"""

from __future__ import annotations

from dataclasses import replace

from segdesk.app.project.workbench import Workbench
from segdesk.core.case import Case
from segdesk.core.project import Project
from segdesk.core.split import Pool
from segdesk.errors import UsageError
from segdesk.sentence import Sentence


def same_patient(workbench: Workbench, case: str) -> tuple[str, ...]:
    """Ids of the cases of this case's patient, itself among them: they share one pool."""
    project = workbench.project
    wanted = _patient(project.case(case))
    return tuple(row.id for row in project.cases if _patient(row) == wanted)


def needs_reason(workbench: Workbench, case: str, pool: Pool | None) -> bool:
    """Whether a network was trained with the split that this would change."""
    project = workbench.project
    row = project.case(case)
    if not project.runs or row.pool == pool:
        return False
    return _in_force(project, row) != (_drawn(project, row) if pool is None else {pool})


def set_pool(workbench: Workbench, case: str, pool: Pool | None, *, reason: str = "") -> None:
    """Put a case, and every other scan of its patient, into a pool; kept as `follow_project` keeps.

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
        workbench.follow_project(project)


def place(workbench: Workbench, case: Case) -> Case:
    """A new case as it joins the project: of whom it is, and in the pool of that patient.

    The same voxels, or another volume of the same series, are the same patient. Without a pool of
    its own the case takes the one that was set for its patient by hand. With one, it takes the
    patient's other scans along, as `set_pool` does.

    Parameters
    ----------
    case : not yet in the project; `pool` as asked for at the import

    Raises
    ------
    UsageError
        Where the patient is in another pool by hand, or by a split that a network was trained with.
    """
    project = workbench.project
    twin = next((row for row in project.cases if _is_twin(row, case)), None)
    if twin is not None:
        case = replace(case, patient=_patient(twin))
    others = [row for row in project.cases if _patient(row) == _patient(case)]
    if not others:
        return case
    by_hand = next((row for row in others if row.pool is not None), None)
    if case.pool is None:
        return case if by_hand is None else replace(case, pool=by_hand.pool)
    if by_hand is not None and by_hand.pool != case.pool:
        raise UsageError(
            Sentence(
                "'{case}' is of the same patient and in the pool '{pool}'.",
                case=by_hand.id,
                pool=by_hand.pool or "",
            ),
            "Import the scan without a pool, or move that case first.",
        )
    if needs_reason(workbench, others[0].id, case.pool):
        raise UsageError(
            Sentence(
                "'{case}' is of the same patient, and a network has been trained with "
                "its place in the split.",
                case=others[0].id,
            ),
            "Import the scan without a pool; its patient can be moved later, with a reason.",
        )
    set_pool(workbench, others[0].id, case.pool)
    return case


def _patient(case: Case) -> str:
    return case.patient or case.id


def _is_twin(row: Case, case: Case) -> bool:
    same_series = bool(case.source.series) and row.source.series == case.source.series
    return same_series or row.fingerprint == case.fingerprint


def _in_force(project: Project, case: Case) -> set[Pool]:
    return _drawn(project, case) if case.pool is None else {case.pool}


def _drawn(project: Project, case: Case) -> set[Pool]:
    """The pools that the split has drawn for the case; several where its slices are independent."""
    patients = set(case.patients)
    return {pool for patient, pool in project.split.pools if patient in patients}
