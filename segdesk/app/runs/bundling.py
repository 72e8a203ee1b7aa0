"""The bundle of a frozen training: its targets, slice by slice, its volumes and intensities.

`prepare` belongs to whichever thread waits for the child. What cannot be read is left out with a
note, and the rest goes on.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from itertools import groupby
from operator import itemgetter

import numpy as np
import numpy.typing as npt

from segdesk.app.runs.frozen_training import Frozen, Snapshot
from segdesk.app.runs.rival import rival_in
from segdesk.app.runs.running import (
    TellNote,
    TrainerJob,
    begin_bundle,
    volume_refs,
    write_bundle,
)
from segdesk.app.runs.starting import Start, check_copied
from segdesk.app.runs.teaching import (
    incomplete_classes,
    target,
)
from segdesk.core.held_slices import Plane
from segdesk.core.place import identity_of
from segdesk.core.run import Intensities
from segdesk.errors import ProjectError, ProjectGone, TrainingError
from segdesk.jobs import bundle as bundles
from segdesk.jobs.bundle import IGNORE, Bundle, Lesson, TrainedNetwork, VolumeRef
from segdesk.jobs.messages import Note
from segdesk.jobs.targets_file import Packed, TargetsWriter
from segdesk.sentence import Sentence
from segdesk.store.project_folder import ProjectFolder

#: HU that the network sees: below is air and padding, above is bone and metal.
HU_RANGE = (-1024.0, 600.0)
#: Of red, green and blue.
RGB_RANGE = (0.0, 255.0)
#: Percentiles of the training pool for arrays without HU.
PERCENTILES = (0.5, 99.5)
#: Slices that are read for them: all of two hundred scans would be read for minutes and fill the
#: program's memory. Of a chest CT every eighth slice gives those of all within .6 % of the range.
MOST_SAMPLED = 500


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
        pixel_mm=start.model.pixel_mm if start else None,
        input_shape=start.model.input_shape if start else (0, 0),
        start=_to_begin_with(frozen.job, start) if start else None,
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


def _to_begin_with(job: TrainerJob, start: Start) -> TrainedNetwork:
    """A start whose weights are where the trainer finds them: in this project, or copied into the
    bundle."""
    if not start.home:
        weights = job.folder.runs.named(start.model.run).weights(start.model.epoch)
        return start.trained(weights.resolve())
    target = job.paths_to_write().bundle / bundles.START
    try:
        start.copy(target)
        check_copied(target, start)
    except OSError as error:
        raise bundles.refused(error) from error
    return start.trained(target.resolve())


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
    earlier = frozen.job.before if frozen.start is None else frozen.start.model
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
    low, high = np.percentile(_values(teaching, volumes), PERCENTILES)
    return Intensities(float(low), float(max(high, low + 1e-6)), "raw")


def _values(
    teaching: Sequence[Snapshot], volumes: Mapping[str, VolumeRef]
) -> npt.NDArray[np.floating]:
    """Values of the slices that teach, (n,); where they are many, of some, evenly spread."""
    slices = [(shot.case.id, index) for shot in teaching for index in shot.slices]
    if len(slices) > MOST_SAMPLED:
        places = np.linspace(0, len(slices) - 1, MOST_SAMPLED).round().astype(int)
        slices = [slices[place] for place in places]
    samples: list[npt.NDArray[np.floating]] = []
    for case, group in groupby(slices, key=itemgetter(0)):
        ref = volumes[case]
        voxels = ref.open()
        for _, index in group:
            # Every fourth pixel each way is plenty for a percentile and keeps memory bounded.
            samples.append(voxels[index, ::4, ::4].ravel() * ref.slope + ref.intercept)
    return np.concatenate(samples)
