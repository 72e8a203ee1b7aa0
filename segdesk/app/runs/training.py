"""From a Plan to a bundle: what a training is given.

`freeze` belongs to the Workbench's thread, `prepare` to whichever thread waits for the child. What
is learnt from stands in `teaching`; running the trainer and taking its messages in `running`.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from segdesk.app.project.workbench import Workbench
from segdesk.app.runs.running import (
    TellNote,
    TrainerJob,
    TrainerSession,
    begin_bundle,
    trained_network,
    volume_refs,
)
from segdesk.app.runs.teaching import (
    Curriculum,
    curriculum,
    incomplete_classes,
    learnt_segments,
    refusal,
    targets,
)
from segdesk.core.annotation import Annotation
from segdesk.core.case import Case
from segdesk.core.networks import network
from segdesk.core.place import identity_of
from segdesk.core.run import Intensities, Plan, Run
from segdesk.core.status import Complete, SliceStatus
from segdesk.errors import ProjectError, ProjectGone, TrainingError, UsageError
from segdesk.jobs import bundle as bundles
from segdesk.jobs.bundle import IGNORE, Bundle, Lesson, Rival, VolumeRef
from segdesk.jobs.messages import Note
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
    """Slices of one case and pool as they were. Arrays None: read them from the last save.

    Provenance has only the slices whose status is partial, in their order: nobody asks for more.
    """

    case: Case
    pool: str
    slices: tuple[int, ...]
    statuses: tuple[SliceStatus, ...]
    complete: tuple[Complete, ...]
    labels: npt.NDArray[np.uint8] | None
    provenance: npt.NDArray[np.uint8] | None


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


def freeze(
    workbench: Workbench,
    plan: Plan,
    *,
    predict: Sequence[str] = (),
    preview: tuple[str, int] | None = None,
) -> Frozen:
    """Decide everything about a training and put its Run into the project.

    Costs a copy of the label slices that teach and are in memory; the rest is left to `prepare`.

    Raises
    ------
    TrainingError
        Where nothing teaches, the network cannot learn these segments, or scans in HU and arrays
        without a unit meet.
    UsageError
        Where the run to start from is unknown or has no weights.
    """
    workbench.settle()
    lessons = curriculum(workbench)
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
    start = _start(workbench, plan)
    taught = [choice.case for choice in lessons.choices]
    _check_units(workbench, taught, predict, start)
    run = Run(
        id=project.next_run_id(),
        plan=plan,
        started=time.time(),
        train_slices=lessons.count("train"),
        validation_slices=lessons.count("validation"),
        validation=lessons.validation,
        segments=segments,
        split_seed=lessons.split.seed,
        shares=lessons.shares(case.id for case in project.cases),
        notes=notes,
    )
    snapshots = tuple(_snapshots(workbench, lessons))
    looked_at = [preview[0]] if preview is not None else []
    frozen = Frozen(
        run=run,
        job=TrainerJob(run.id, workbench.folder, tuple(map(project.case, predict))),
        snapshots=snapshots,
        cases=tuple(map(project.case, dict.fromkeys([*taught, *predict, *looked_at]))),
        preview=preview,
        partners=tuple((row.number, row.partner) for row in learnt if row.partner > row.number),
        start=start,
        rival=_rival(workbench, taught),
        is_chosen_by_hand=bool(project.in_use.by_hand),
    )
    # Its predictions name these numbers for as long as they are kept.
    table = project.segments.spend(row.number for row in learnt)
    workbench.follow_project(replace(project, split=lessons.split, segments=table))
    workbench.follow_run(run)
    return frozen


def training_session(frozen: Frozen, *, command: Sequence[str] | None = None) -> TrainerSession:
    """The session that runs a frozen training; `command` as for `TrainerSession`."""
    return TrainerSession(frozen.job, lambda tell: prepare(frozen, tell), command=command)


def prepare(frozen: Frozen, tell: TellNote = lambda note: None) -> Bundle:
    """Write the bundle. Any thread; reads what was not in memory from the last save.

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
    # Here, because each volume's file is opened and checked for it.
    used: dict[str, set[int]] = {case.id: set() for case in frozen.cases}
    for shot in frozen.snapshots:
        used[shot.case.id].update(shot.slices)
    for case in frozen.job.predict:
        used[case.id].update(range(case.slices))
    volumes, damaged = volume_refs(frozen.job.folder, frozen.cases, used)
    run_folder = begin_bundle(frozen.job)
    numbers = [number for number, _ in frozen.run.segments]
    lessons: list[Lesson] = []
    unread: dict[str, ProjectError] = {}
    has_background = has_foreground = False
    for shot in frozen.snapshots:
        try:
            if shot.case.id in damaged:
                continue
            labels, provenance = _arrays(frozen.job.folder, shot)
        except ProjectGone:
            raise
        except ProjectError as error:
            unread[shot.case.id] = error
            continue
        wanted = targets(labels, provenance, shot.statuses, shot.complete, numbers)
        incomplete = incomplete_classes(shot.complete, numbers)
        if shot.pool == "train":
            has_background |= bool((wanted == 0).any())
            has_foreground |= bool(((wanted != 0) & (wanted != IGNORE)).any())
        name = f"targets-{shot.case.id}-{shot.pool}.npy"
        bundles.write_targets(frozen.job.paths_to_write().bundle, name, wanted)
        pool = "train" if shot.pool == "train" else "validation"
        digest = _digest(shot.slices, wanted, incomplete)
        lessons.append(Lesson(shot.case.id, pool, shot.slices, name, incomplete, digest))
    _go_on_without(frozen, damaged | unread, tell)
    if not has_background:
        raise TrainingError(
            "There is no background voxel to learn from.",
            "Erase some background by hand, or call a slice right.",
        )
    if not has_foreground:
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
        rival=_rival_of(frozen),
    )
    bundles.write(bundle, frozen.job.paths_to_write().bundle)
    return bundle


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


def _rival(workbench: Workbench, taught: Iterable[str]) -> Run | None:
    """The run that the rule has in use, where it learnt from the same kind of values."""
    project = workbench.project
    if not project.in_use.chosen:
        return None
    run = project.run(project.in_use.chosen)
    units = {project.case(id).unit for id in taught}
    return run if run.intensities is not None and {run.intensities.unit} == units else None


def _rival_of(frozen: Frozen) -> Rival | None:
    run = frozen.rival
    if run is None or run.intensities is None:
        return None
    return Rival(
        run=run.id,
        trained=trained_network(frozen.job.folder, run),
        intensities=run.intensities,
        pixel_mm=run.pixel_mm,
        input_shape=run.input_shape,
    )


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
    return start


def _digest(
    slices: Sequence[int], wanted: npt.NDArray[np.uint8], incomplete: tuple[tuple[int, ...], ...]
) -> str:
    digest = hashlib.sha256(np.array(slices, "<u4").tobytes())
    digest.update(np.ascontiguousarray(wanted).data)
    digest.update(repr(incomplete).encode("ascii"))
    return digest.hexdigest()[:16]


def _check_units(
    workbench: Workbench, taught: Iterable[str], predict: Sequence[str], start: Run | None
) -> None:
    """One network learns from one kind of values, and predicts the same."""
    units = {workbench.project.case(id).unit for id in taught}
    if start is not None and start.intensities is not None:
        units.add(start.intensities.unit)
    if len(units) > 1:
        raise TrainingError(
            "Scans in HU, arrays without a unit and pictures in colour cannot teach one network.",
            "Keep them in two projects.",
        )
    for id in predict:
        if workbench.project.case(id).unit not in units:
            raise TrainingError(
                Sentence(
                    "'{id}' has another unit than the scans that teach, so it cannot be predicted.",
                    id=id,
                ),
                "Have this case, or nothing, predicted afterwards; or remove that one.",
            )


def _snapshots(workbench: Workbench, lessons: Curriculum) -> Iterator[Snapshot]:
    for choice in lessons.choices:
        case = workbench.project.case(choice.case)
        statuses = workbench.statuses(choice.case)
        complete = workbench.complete(choice.case)
        chosen = tuple(statuses[index] for index in choice.slices)
        said = tuple(complete[index] for index in choice.slices)
        labels = provenance = None
        if workbench.is_loaded(choice.case):
            labels, provenance = _cut(workbench.annotation(choice.case), choice.slices, chosen)
        yield Snapshot(case, choice.pool, choice.slices, chosen, said, labels, provenance)


def _cut(
    annotation: Annotation, slices: Sequence[int], statuses: Sequence[SliceStatus]
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
    in_part = [at for at, status in zip(slices, statuses, strict=True) if not status.teaches_whole]
    return annotation.labels[list(slices)], annotation.provenance[in_part]


def _arrays(
    folder: ProjectFolder, shot: Snapshot
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
    if shot.labels is not None and shot.provenance is not None:
        return shot.labels, shot.provenance
    return _cut(folder.read_annotation(shot.case), shot.slices, shot.statuses)


def _intensities(
    frozen: Frozen, volumes: Mapping[str, VolumeRef], taught: Collection[str]
) -> Intensities:
    """HU and colours are clipped to a fixed range; arrays to percentiles of the slices that teach.

    Parameters
    ----------
    taught : ids of the cases that are not left out
    """
    if frozen.start is not None and frozen.start.intensities is not None:
        return frozen.start.intensities
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
