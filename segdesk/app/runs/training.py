"""From a Plan to a bundle: what a training is given.

`freeze` belongs to the Workbench's thread, `prepare` to whichever thread waits for the child. What
is learnt from stands in `teaching`; running the trainer and taking its messages in `running`.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from segdesk.app.project.workbench import Workbench
from segdesk.app.runs.predicting import predictable
from segdesk.app.runs.rival import rival_in, rival_of
from segdesk.app.runs.room import check_room
from segdesk.app.runs.running import (
    TellNote,
    TrainerJob,
    TrainerSession,
    begin_bundle,
    trained_network,
    volume_refs,
    write_bundle,
)
from segdesk.app.runs.teaching import (
    Curriculum,
    curriculum,
    incomplete_classes,
    learnt_segments,
    refusal,
    target,
)
from segdesk.core.case import Case
from segdesk.core.held_slices import HeldSlices, Plane
from segdesk.core.networks import network
from segdesk.core.place import identity_of
from segdesk.core.run import Intensities, Plan, Run
from segdesk.core.split import Fold
from segdesk.core.status import Complete, SliceStatus
from segdesk.errors import ProjectError, ProjectGone, TrainingError, UsageError
from segdesk.jobs import bundle as bundles
from segdesk.jobs.bundle import IGNORE, Bundle, Lesson, VolumeRef
from segdesk.jobs.messages import Note
from segdesk.jobs.standby import Standby
from segdesk.jobs.targets_file import Packed, TargetsWriter
from segdesk.sentence import Sentence
from segdesk.store.project_folder import ProjectFolder

#: HU that the network sees: below is air and padding, above is bone and metal.
HU_RANGE = (-1024.0, 600.0)
#: Of red, green and blue.
RGB_RANGE = (0.0, 255.0)
#: Percentiles of the training pool for arrays without HU.
PERCENTILES = (0.5, 99.5)


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """Slices of one case and pool as they were. `held` None: they are read from the last save."""

    case: Case
    pool: str
    slices: tuple[int, ...]
    statuses: tuple[SliceStatus, ...]
    complete: tuple[Complete, ...]
    held: HeldSlices | None

    @property
    def in_part(self) -> Iterator[int]:
        """The slices that teach only where a hand touched."""
        for index, status in zip(self.slices, self.statuses, strict=True):
            if not status.teaches_whole:
                yield index


@dataclass(frozen=True, slots=True, eq=False)
class Frozen:
    """A job that is decided but not written: safe to hand to another thread."""

    run: Run
    job: TrainerJob
    snapshots: tuple[Snapshot, ...]
    cases: tuple[Case, ...]
    preview: tuple[str, int] | None
    partners: tuple[tuple[int, int], ...]
    start: Run | None
    rival: Run | None
    #: Where a person chose the run in use, it stays, and what is to be predicted is left to it.
    is_chosen_by_hand: bool
    fold: Fold | None
    #: The saved masks that are read may go from the disk again.
    unpin: Callable[[], object]

    def let_go(self) -> None:
        """The labels are not needed any more. Any thread."""
        self.unpin()
        for shot in self.snapshots:
            if shot.held is not None:
                shot.held.let_go()


def freeze(
    workbench: Workbench,
    plan: Plan,
    *,
    predict: Sequence[str] = (),
    preview: tuple[str, int] | None = None,
    fold: Fold | None = None,
    resumes: Run | None = None,
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

    Raises
    ------
    TrainingError
        Where nothing teaches, the run that goes on learns other segments, the network cannot
        learn these, scans in HU and arrays without a unit teach together, or the disk has no room.
    UsageError
        Where the run to start from is unknown or has no weights.
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
    start = _start(workbench, plan) if resumes is None else None
    taught = [choice.case for choice in lessons.choices]
    unit = _one_unit(workbench, taught, start)
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
        begun(resumes) if resumes is not None else Run(project.next_run_id(), plan, time.time()),
        train_slices=lessons.count("train"),
        validation_slices=lessons.count("validation"),
        validation=lessons.validation,
        segments=segments,
        split_seed=lessons.split.seed,
        shares=lessons.shares(case.id for case in project.cases),
        notes=(
            *(resumes.notes if resumes is not None else ()),
            *notes,
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


def prepare(frozen: Frozen, tell: TellNote = lambda note: None) -> Bundle:
    """Write the bundle, once, and let the labels go. Any thread.

    A case whose scan or mask cannot be read is left out with a note, and the rest goes on.

    Parameters
    ----------
    tell : told which cases are left out

    Raises
    ------
    ProjectError
        Where what is left out leaves too little.
    TrainingError
        Where there is no background voxel to learn from, or the disk refuses.
    """
    try:
        return _prepared(frozen, tell)
    finally:
        frozen.let_go()


def _prepared(frozen: Frozen, tell: TellNote) -> Bundle:
    # Here, because each volume's file is opened and checked for it.
    used: dict[str, set[int]] = {case.id: set() for case in frozen.cases}
    for shot in frozen.snapshots:
        used[shot.case.id].update(shot.slices)
    for case in frozen.job.predict:
        used[case.id].update(range(case.slices))
    volumes, damaged = volume_refs(
        frozen.job.folder, frozen.cases, used, neighbours_mm=frozen.run.plan.neighbours_mm
    )
    run_folder = begin_bundle(frozen.job)
    lessons, unread = _lessons(frozen, damaged)
    _go_on_without(frozen, damaged | unread, tell)
    taught = _classes_taught(lessons)
    if 0 not in taught:
        raise TrainingError(
            "There is no background voxel to learn from.",
            "Erase some background by hand, or call a slice right.",
        )
    if taught <= {0, IGNORE}:
        raise TrainingError(
            "No voxel of any segment teaches yet.", "Paint one and say that it is right once it is."
        )
    start = frozen.start
    predicted = tuple(case.id for case in frozen.job.predict if case.id in volumes)
    bundle = Bundle(
        run=frozen.run.id,
        run_folder=str(run_folder.resolve()),
        identity=identity_of(run_folder),
        plan=frozen.run.plan,
        segments=frozen.run.segments,
        intensities=_intensities(frozen, volumes, {lesson.case for lesson in lessons}),
        volumes=tuple(volumes.values()),
        lessons=tuple(lessons),
        predict=() if frozen.is_chosen_by_hand else predicted,
        partners=frozen.partners,
        pixel_mm=start.pixel_mm if start else None,
        start=trained_network(frozen.job.folder, start) if start else None,
        preview=frozen.preview if frozen.preview and frozen.preview[0] in volumes else None,
        rival=rival_in(frozen.job.folder, frozen.rival),
        resumes=frozen.job.before is not None,
        split_seed=frozen.run.split_seed,
        fold=frozen.fold,
    )
    write_bundle(frozen.job, bundle)
    return bundle


def _lessons(
    frozen: Frozen, damaged: Collection[str]
) -> tuple[list[Lesson], dict[str, ProjectError]]:
    """Write the targets of the cases that are not damaged, and say which cannot be read."""
    lessons: list[Lesson] = []
    unread: dict[str, ProjectError] = {}
    try:
        with bundles.targets_writer(frozen.job.paths_to_write().bundle) as writer:
            for shot in frozen.snapshots:
                if shot.case.id in damaged:
                    continue
                try:
                    take = _taking(frozen.job.folder, shot)
                except ProjectGone:
                    raise
                except ProjectError as error:
                    unread[shot.case.id] = error
                    continue
                lessons.append(_lesson(shot, take, frozen.run.segments, writer))
    except OSError as error:
        raise bundles.refused(error) from error
    return lessons, unread


def _lesson(
    shot: Snapshot,
    take: Callable[[int], Plane],
    segments: Sequence[tuple[int, str]],
    writer: TargetsWriter,
) -> Lesson:
    """Write the targets of a case, slice by slice, so that no more of them is in memory."""
    numbers = [number for number, _ in segments]
    incomplete = incomplete_classes(shot.complete, numbers)
    digest = hashlib.sha256(np.array(shot.slices, "<u4").tobytes())
    rows: list[Packed] = []
    for index, complete in zip(shot.slices, shot.complete, strict=True):
        wanted = target(*take(index), complete, numbers)
        rows.append(writer.add(wanted, digest.update))
    digest.update(repr(incomplete).encode("ascii"))
    pool = "train" if shot.pool == "train" else "validation"
    seen = digest.hexdigest()[:16]
    return Lesson(shot.case.id, pool, shot.slices, tuple(rows), incomplete, seen)


def _classes_taught(lessons: Iterable[Lesson]) -> set[int]:
    """What the training pool shows anywhere."""
    return {
        number
        for lesson in lessons
        if lesson.pool == "train"
        for row in lesson.targets
        for number, _ in row.counts
    }


def _go_on_without(frozen: Frozen, damaged: Mapping[str, ProjectError], tell: TellNote) -> None:
    """Name the cases that cannot be read; refuse where they are needed."""
    taught = {shot.case.id for shot in frozen.snapshots}
    rest = [s for s in frozen.snapshots if s.pool == "train" and s.case.id not in damaged]
    complete = set[int]().union(*(numbers for shot in rest for numbers in shot.complete))
    for number, name in frozen.run.segments:
        for id in taught & damaged.keys() if number not in complete else ():
            raise ProjectError(
                Sentence(
                    "{problem} Without '{id}' nothing teaches '{name}'.",
                    problem=damaged[id].sentence,
                    id=id,
                    name=name,
                ),
                damaged[id].hint,
            )
    for id, error in damaged.items():
        if id in taught:
            tell(
                Note(
                    Sentence(
                        "{problem} '{id}' is left out of this training.",
                        problem=error.sentence,
                        id=id,
                    ),
                    id,
                )
            )
        else:
            tell(
                Note(Sentence("{problem} '{id}' is not predicted.", problem=error.sentence, id=id))
            )


def begun(run: Run) -> Run:
    """The record of a run that shall go on; from where, the trainer says."""
    return replace(run, outcome="running", ended=0.0, reason="", nothing_learnt="")


def _fold_note(fold: Fold) -> str:
    return Sentence("Fold {name} of the patients validates.", name=fold.name)


def _start(workbench: Workbench, plan: Plan) -> Run | None:
    if not plan.start_from:
        return None
    start = workbench.project.run(plan.start_from)
    if not start.has_weights:
        raise UsageError(
            Sentence("The run '{start}' kept no weights.", start=start.id),
            "Choose another, or none.",
        )
    if start.plan.network != plan.network or start.plan.filters != plan.filters:
        raise UsageError(
            Sentence(
                "The run '{start}' learnt with {network} and {filters} filters.",
                start=start.id,
                network=start.plan.network,
                filters=start.plan.filters,
            ),
            "Fine-tuning keeps network and filters; change them to train from scratch.",
        )
    if start.plan.neighbours_mm != plan.neighbours_mm:
        raise UsageError(
            Sentence(
                "The run '{start}' learnt with neighbours at {own} mm, not {wanted}.",
                start=start.id,
                own=f"{start.plan.neighbours_mm:g}",
                wanted=f"{plan.neighbours_mm:g}",
            ),
            "Fine-tuning keeps the distance of the neighbours; 0 is none.",
        )
    return start


def _one_unit(workbench: Workbench, taught: Iterable[str], start: Run | None) -> str:
    """One network learns from one kind of values, and predicts the same."""
    units = {workbench.project.case(id).unit for id in taught}
    if start is not None and start.intensities is not None:
        units.add(start.intensities.unit)
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


def _taking(folder: ProjectFolder, shot: Snapshot) -> Callable[[int], Plane]:
    """What gives labels and, where it is wanted, provenance of a slice, once."""
    if shot.held is not None:
        return shot.held.take
    return folder.read_annotation(shot.case).hold(shot.slices, with_provenance=shot.in_part).take


def _intensities(
    frozen: Frozen, volumes: Mapping[str, VolumeRef], taught: Collection[str]
) -> Intensities:
    """HU and colours are clipped to a fixed range; arrays to percentiles of the slices that teach.

    Parameters
    ----------
    taught : ids of the cases that are not left out
    """
    earlier = frozen.start or frozen.job.before
    if earlier is not None and earlier.intensities is not None:
        return earlier.intensities
    teaching = [
        shot for shot in frozen.snapshots if shot.pool == "train" and shot.case.id in taught
    ]
    units = {shot.case.unit for shot in teaching}
    if units == {"HU"}:
        return Intensities(*HU_RANGE, "HU")
    if units == {"RGB"}:
        return Intensities(*RGB_RANGE, "RGB")
    samples: list[npt.NDArray[np.floating]] = []
    for shot in teaching:
        ref = volumes[shot.case.id]
        voxels = ref.open()
        for index in shot.slices:
            # Every fourth pixel each way is plenty for a percentile and keeps memory bounded.
            samples.append(voxels[index, ::4, ::4].ravel() * ref.slope + ref.intercept)
    low, high = np.percentile(np.concatenate(samples), PERCENTILES)
    return Intensities(float(low), float(max(high, low + 1e-6)), "raw")
