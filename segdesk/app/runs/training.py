"""From a Plan to a training that is decided: `freeze`, on the Workbench's thread.

What is learnt from stands in `teaching`, how its bundle is written in `bundling`; running the
trainer and taking its messages in `running`.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from segdesk.app.project.workbench import Workbench
from segdesk.app.runs import starting
from segdesk.app.runs.bundling import prepare
from segdesk.app.runs.frozen_training import Frozen, Snapshot
from segdesk.app.runs.predicting import predictable
from segdesk.app.runs.rival import rival_of
from segdesk.app.runs.room import check_room
from segdesk.app.runs.running import (
    TrainerJob,
    TrainerSession,
)
from segdesk.app.runs.starting import Start
from segdesk.app.runs.teaching import (
    Curriculum,
    curriculum,
    learnt_segments,
    refusal,
)
from segdesk.core.networks import network
from segdesk.core.run import Plan, Run
from segdesk.core.split import Fold
from segdesk.core.volume import Unit
from segdesk.errors import TrainingError
from segdesk.jobs.standby import Standby
from segdesk.sentence import Sentence


def freeze(
    workbench: Workbench,
    plan: Plan,
    *,
    predict: Sequence[str] = (),
    preview: tuple[str, int] | None = None,
    fold: Fold | None = None,
    resumes: Run | None = None,
    start: Start | None = None,
) -> Frozen:
    """Decide everything about a training and put its Run into the project.

    Copies no labels: those in memory are copied when they are read, or right before they change.
    What was to be predicted and is of another unit than what teaches is left out with a note.

    Parameters
    ----------
    predict : ids of the cases to predict at its end
    preview : (case, slice) to show after each epoch
    fold : of the patients, validates in place of the pool
    resumes : goes on with these labels, by its own plan
    start : of which the plan says the name; None: the plan's run of this project, if it says one

    Raises
    ------
    TrainingError
        Where nothing teaches, the run that goes on learns other segments, the network cannot
        learn these, scans in HU and arrays without a unit teach together, or the disk has no room.
    UsageError
        Where the run to start from is unknown, has no weights or another network.
    """
    workbench.settle()
    # A fold is there to be measured on.
    validates = plan.validates or fold is not None
    lessons = curriculum(workbench, fold, validates=validates)
    if not lessons.count("train"):
        raise refusal(workbench)
    project = workbench.project
    if not len(project.segments):
        raise TrainingError("The project has no segment to learn.", "Add one and paint it.")
    learnt, notes = learnt_segments(workbench, lessons)
    if not learnt:
        raise TrainingError(
            "The slices that teach are right for none of today's segments.",
            "Say of a slice that it is right for them.",
        )
    segments = tuple((row.number, row.name) for row in learnt)
    if network(plan.network).binary and len(segments) > 1:
        raise TrainingError(
            Sentence(
                "'{network}' learns one segment and the project has {count}.",
                network=plan.network,
                count=len(segments),
            ),
            "Choose unet_fast or unet.",
        )
    if resumes is not None and segments != resumes.segments:
        raise TrainingError(
            Sentence("'{run}' learns other segments than teach now.", run=resumes.id),
            Sentence("Train anew, starting from '{run}'.", run=resumes.id),
        )
    if resumes is not None:
        start = None
    elif start is not None:
        start = start.among(workbench)
    elif plan.start_from:
        start = starting.of_run(workbench, plan.start_from)
    taught = [choice.case for choice in lessons.choices]
    unit = _one_unit(workbench, taught, resumes)
    if start is not None:
        starting.check(start, plan, unit)
    if plan.neighbours_mm and unit == "RGB":
        raise TrainingError(
            "Pictures in colour have their colours as channels, so no neighbours.",
            "Train without neighbours.",
        )
    wanted, not_predicted = predictable(map(project.case, predict), unit)
    check_room(
        workbench.folder.path,
        ((project.case(choice.case), len(choice.slices)) for choice in lessons.choices),
        wanted,
    )
    run = replace(
        begun(resumes) if resumes is not None else _new(project.next_run_id(), plan, start),
        train_slices=lessons.count("train"),
        validation_slices=lessons.count("validation"),
        validation=lessons.validation,
        segments=segments,
        split_seed=lessons.split.seed,
        shares=lessons.shares(case.id for case in project.cases),
        notes=(
            *(resumes.notes if resumes is not None else ()),
            *notes,
            *_said_of(start, plan, segments),
            *(() if fold is None else (_fold_note(fold),)),
            *not_predicted,
        ),
    )
    snapshots = tuple(_snapshots(workbench, lessons))
    if preview is not None and project.case(preview[0]).unit != unit:
        preview = None
    looked_at = [preview[0]] if preview is not None else []
    frozen = Frozen(
        run=run,
        job=TrainerJob(run.id, workbench.folder, tuple(wanted), before=resumes),
        snapshots=snapshots,
        cases=tuple(
            map(project.case, dict.fromkeys([*taught, *(case.id for case in wanted), *looked_at]))
        ),
        preview=preview,
        partners=tuple((row.number, row.partner) for row in learnt if row.partner > row.number),
        start=start,
        rival=rival_of(workbench, taught, run.id),
        is_chosen_by_hand=bool(project.in_use.by_hand),
        fold=fold,
        unpin=workbench.folder.pin_masks(shot.case for shot in snapshots if shot.held is None),
    )
    # Its predictions name these numbers for as long as they are kept.
    table = project.segments.spend(row.number for row in learnt)
    workbench.follow_project(replace(project, split=lessons.split, segments=table))
    workbench.follow_run(run)
    return frozen


def training_session(
    frozen: Frozen, *, command: Sequence[str] | None = None, standby: Standby | None = None
) -> TrainerSession:
    """The session that runs a frozen training; `command` and `standby` as for `TrainerSession`."""
    return TrainerSession(
        frozen.job,
        lambda tell: prepare(frozen, tell),
        command=command,
        standby=standby,
        let_go=frozen.let_go,
    )


def begun(run: Run) -> Run:
    """The record of a run that shall go on; from where, the trainer says."""
    return replace(run, outcome="running", ended=0.0, reason="", nothing_learnt="")


def _new(id: str, plan: Plan, start: Start | None) -> Run:
    return Run(id, plan, time.time(), begun_from=None if start is None else start.beginning)


def _said_of(
    start: Start | None, plan: Plan, segments: Sequence[tuple[int, str]]
) -> tuple[str, ...]:
    """What the record says of a start, where not all of it stays."""
    if start is None or not starting.differs(start, plan.size, segments):
        return ()
    return (starting.said(start, plan.size, segments),)


def _fold_note(fold: Fold) -> str:
    return Sentence("Fold {name} of the patients validates.", name=fold.name)


def _one_unit(workbench: Workbench, taught: Iterable[str], resumes: Run | None) -> Unit:
    """One network learns from one kind of values, and predicts the same."""
    units: set[Unit] = {workbench.project.case(id).unit for id in taught}
    if resumes is not None and resumes.intensities is not None:
        units.add(resumes.intensities.unit)
    if len(units) > 1:
        raise TrainingError(
            "Scans in HU, arrays without a unit and pictures in colour cannot teach one network.",
            "Keep them in two projects.",
        )
    return units.pop()


def _snapshots(workbench: Workbench, lessons: Curriculum) -> Iterator[Snapshot]:
    for choice in lessons.choices:
        case = workbench.project.case(choice.case)
        statuses = workbench.statuses(choice.case)
        complete = workbench.complete(choice.case)
        chosen = tuple(statuses[index] for index in choice.slices)
        said = tuple(complete[index] for index in choice.slices)
        shot = Snapshot(case, choice.pool, choice.slices, chosen, said, None)
        if workbench.is_loaded(choice.case):
            mask = workbench.annotation(choice.case)
            held = mask.hold(choice.slices, with_provenance=shot.in_part)
            shot = replace(shot, held=held)
        yield shot
