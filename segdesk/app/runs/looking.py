"""Looks while nothing trains: what the run in use makes of one slice, by a child that waits.

A case that the run in use has not predicted is offered a proposal of the slice on screen, as while
a training goes on. Running the child belongs to `running`, when to look to the window.
"""

from __future__ import annotations

from collections.abc import Sequence

from segdesk.app.project.workbench import Workbench
from segdesk.app.runs.running import (
    TellNote,
    TrainerJob,
    TrainerSession,
    begin_bundle,
    step_of,
    trained_network,
    volume_refs,
    write_bundle,
)
from segdesk.core.place import identity_of
from segdesk.core.prediction import Proposal
from segdesk.core.run import Run
from segdesk.core.status import SliceStatus
from segdesk.errors import TrainingError
from segdesk.jobs.bundle import Bundle
from segdesk.jobs.standby import Standby
from segdesk.sentence import Sentence


def run_to_look_with(workbench: Workbench, case: str, index: int) -> Run | None:
    """The run in use, where what it makes of a slice is wanted and not there.

    None where it has predicted the case or proposed the slice, cannot predict it, or where a person
    has called the slice right, rejected it, or dismissed the run's proposals there.
    """
    loaded, project = workbench.in_memory_now(case), workbench.project
    if loaded is None or not project.in_use.run or not workbench.folder.writable:
        return None
    run, row = project.run(project.in_use.run), project.case(case)
    if run.intensities is None or run.outcome == "running" or not run.has_weights:
        return None
    if run.id in row.predictions or row.unit != run.intensities.unit:
        return None
    status = loaded.annotation.status(index)
    if status.teaches_whole or status is SliceStatus.REJECTED:
        return None
    there = workbench.proposal(case, index)
    if there is not None and (there.run, there.step) == (run.id, step_of(run)):
        return None
    meant = Proposal(run.id, case, 0, index, loaded.annotation.labels[index]).dismissed_as
    return None if loaded.annotation.is_dismissed(meant, index) else run


def look_session(
    workbench: Workbench,
    run: Run,
    case: str,
    index: int,
    *,
    command: Sequence[str] | None = None,
    standby: Standby | None = None,
) -> TrainerSession:
    """A session that proposes one slice with a run's weights. On the Workbench's thread.

    `command` and `standby` are as for `TrainerSession`.
    """
    folder, row = workbench.folder, workbench.project.case(case)
    job = TrainerJob(run.id, folder, (row,), trains=False, looks=True)

    def prepare(tell: TellNote) -> Bundle:
        if run.intensities is None:
            raise TrainingError(
                Sentence("The model of '{run}' is not there any more.", run=run.id), "Train again."
            )
        volumes, damaged = volume_refs(
            folder, [row], {case: [index]}, neighbours_mm=run.plan.neighbours_mm
        )
        if damaged:
            raise damaged[case]
        run_folder = begin_bundle(job)
        bundle = Bundle(
            run=run.id,
            run_folder=str(run_folder.resolve()),
            identity=identity_of(run_folder),
            plan=run.plan,
            segments=run.segments,
            intensities=run.intensities,
            volumes=tuple(volumes.values()),
            train=False,
            pixel_mm=run.pixel_mm,
            input_shape=run.input_shape,
            own=trained_network(folder, run),
            preview=(case, index),
        )
        write_bundle(job, bundle)
        return bundle

    return TrainerSession(job, prepare, command=command, standby=standby)


def take_look(workbench: Workbench, run: Run, proposal: Proposal) -> bool:
    """Offer what was proposed, where it is of the run in use as it is now; on the Workbench's
    thread.

    Returns
    -------
    Whether it was wanted still.
    """
    project = workbench.project
    if project.in_use.run != run.id or proposal.run != run.id:
        return False
    now = project.run(run.id)
    if (now.weights_sha256, now.best) != (run.weights_sha256, run.best):
        return False
    if run_to_look_with(workbench, proposal.case, proposal.slice) is None:
        return False
    workbench.propose(proposal)
    return True
