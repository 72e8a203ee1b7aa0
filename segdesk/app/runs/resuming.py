"""Going on with a run that was stopped or cut off: whether it can, and with which labels.

The input that it had is kept beside its checkpoints, and it goes on with that, as if it had never
been stopped; what was corrected since teaches a new run. Where that input is gone, it goes on with
the labels of now, which is said. From which checkpoint is decided in `learning.resuming`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from segdesk.app.project.workbench import Workbench
from segdesk.app.runs import training
from segdesk.app.runs.predicting import predictable
from segdesk.app.runs.rival import rival_in, rival_of
from segdesk.app.runs.room import check_room
from segdesk.app.runs.running import (
    TellNote,
    TrainerJob,
    TrainerSession,
    volume_refs,
    write_bundle,
)
from segdesk.core.place import identity_of
from segdesk.core.project import Project
from segdesk.core.regular_file import is_folder
from segdesk.core.run import Run
from segdesk.core.split import Fold
from segdesk.errors import ProjectError, TrainingError
from segdesk.jobs import halt as halts
from segdesk.jobs import kept_bundle
from segdesk.jobs.bundle import Bundle, VolumeRef
from segdesk.jobs.halt import BadHalt
from segdesk.jobs.messages import Note
from segdesk.jobs.run_paths import RunPaths
from segdesk.jobs.standby import Standby
from segdesk.sentence import Sentence

WITH_ITS_OWN = Sentence(
    "It goes on with the labels that it began with; what was corrected since teaches a new "
    "training."
)
WITH_THOSE_OF_NOW = Sentence(
    "What it began with is not there any more: it goes on with the labels of now."
)


def why_not(workbench: Workbench, run: Run) -> TrainingError | None:
    """Why a run cannot go on; None where it can. Looks into the run's folder once."""
    if run.outcome == "running":
        return TrainingError(
            Sentence("'{run}' is being trained.", run=run.id), "Wait, or stop it first."
        )
    if run.outcome == "finished":
        return TrainingError(
            Sentence("'{run}' has finished: {reason}", run=run.id, reason=run.reason),
            Sentence("Train anew, starting from '{run}'.", run=run.id),
        )
    if not _paths(workbench, run).kept_checkpoints():
        return TrainingError(
            Sentence("There is no checkpoint of '{run}' to go on from.", run=run.id),
            Sentence("Train anew, starting from '{run}'.", run=run.id)
            if run.has_weights
            else Sentence("Train again."),
        )
    return None


def newest_to_resume(workbench: Workbench) -> Run | None:
    """The last run of the project, where it can go on."""
    runs = workbench.project.runs
    return runs[-1] if runs and why_not(workbench, runs[-1]) is None else None


@dataclass(frozen=True, slots=True, eq=False)
class Resumption:
    """A run that is about to go on.

    Parameters
    ----------
    run : its record now
    session : runs it
    said : with which labels
    """

    run: Run
    session: TrainerSession
    said: str


def resume(
    workbench: Workbench,
    run_id: str,
    *,
    predict: Sequence[str] = (),
    preview: tuple[str, int] | None = None,
    fold: Fold | None = None,
    command: Sequence[str] | None = None,
    standby: Standby | None = None,
) -> Resumption:
    """Decide everything about going on with a run. On the Workbench's thread.

    Parameters
    ----------
    predict, preview : as for `training.freeze`
    fold : counts where labels of now teach; None: that which the run began with
    command, standby : as for `TrainerSession`

    Raises
    ------
    TrainingError
        Where it cannot go on, see `why_not`; or where the labels of now cannot teach it.
    UsageError
        Where there is no such run.
    """
    workbench.settle()
    run = workbench.project.run(run_id)
    problem = why_not(workbench, run)
    if problem is not None:
        raise problem
    if _has_its_own(workbench, run):
        session = _with_its_own(workbench, run, predict, preview, command, standby)
        return Resumption(workbench.project.run(run_id), session, WITH_ITS_OWN)
    frozen = training.freeze(
        workbench,
        run.plan,
        predict=predict,
        preview=preview,
        fold=fold or _fold_of(_paths(workbench, run)),
        resumes=run,
    )
    workbench.follow_run(replace(frozen.run, notes=(*frozen.run.notes, WITH_THOSE_OF_NOW)))
    session = training.training_session(frozen, command=command, standby=standby)
    return Resumption(workbench.project.run(run_id), session, WITH_THOSE_OF_NOW)


def _has_its_own(workbench: Workbench, run: Run) -> bool:
    """Whether what it learnt from is there still, as far as can be seen without reading it."""
    there = {case.id for case in workbench.project.cases}
    is_complete = bool(run.labels_seen) and all(case in there for case, _ in run.labels_seen)
    return is_complete and is_folder(_paths(workbench, run).kept_bundle)


def _fold_of(paths: RunPaths) -> Fold | None:
    """The fold of the patients that validated, by the newest checkpoint that says so."""
    for step in reversed(paths.kept_checkpoints()):
        with suppress(BadHalt):
            fold = halts.read(paths.checkpoint(step).halt).fold
            return None if fold is None else Fold(*fold)
    return None


def _paths(workbench: Workbench, run: Run) -> RunPaths:
    return workbench.folder.runs.named(run.id)


def _with_its_own(
    workbench: Workbench,
    run: Run,
    predict: Sequence[str],
    preview: tuple[str, int] | None,
    command: Sequence[str] | None,
    standby: Standby | None,
) -> TrainerSession:
    project, folder = workbench.project, workbench.folder
    taught = [case for case, _ in run.labels_seen]
    unit = project.case(taught[0]).unit
    wanted, left_out = predictable(map(project.case, predict), unit)
    check_room(folder.path, (), wanted)
    if preview is not None and project.case(preview[0]).unit != unit:
        preview = None
    rival = rival_of(workbench, taught, run.id)
    is_chosen_by_hand = bool(project.in_use.by_hand)
    job = TrainerJob(run.id, folder, tuple(wanted), before=run)
    workbench.follow_run(training.begun(run))

    def prepare(tell: TellNote) -> Bundle:
        for sentence in left_out:
            tell(Note(sentence))
        paths = job.paths_to_write()
        bundle = _taken(paths, run)
        volumes, damaged = _volumes(project, job, bundle, preview)
        for id, error in damaged.items():
            tell(
                Note(Sentence("{problem} '{id}' is not predicted.", problem=error.sentence, id=id))
            )
        bundle = replace(
            bundle,
            run_folder=str(paths.folder.resolve()),
            identity=identity_of(paths.folder),
            volumes=tuple(volumes.values()),
            predict=()
            if is_chosen_by_hand
            else tuple(case.id for case in wanted if case.id in volumes),
            preview=preview if preview is not None and preview[0] in volumes else None,
            rival=rival_in(folder, rival),
            start=None,
            resumes=True,
        )
        write_bundle(job, bundle)
        return bundle

    return TrainerSession(job, prepare, command=command, standby=standby)


def _taken(paths: RunPaths, run: Run) -> Bundle:
    """What a run began with, back at its place; gone where it cannot be used."""
    try:
        bundle = kept_bundle.take(paths)
        if (bundle.run, bundle.plan, bundle.segments) != (run.id, run.plan, run.segments):
            raise TrainingError("It is that of another run.")
    except (OSError, TrainingError) as error:
        with suppress(OSError):
            paths.clear_bundle()
        raise TrainingError(
            Sentence("What '{run}' learnt from is damaged.", run=run.id),
            "Go on with it once more: then it takes the labels of now.",
        ) from error
    return bundle


def _volumes(
    project: Project, job: TrainerJob, bundle: Bundle, preview: tuple[str, int] | None
) -> tuple[Mapping[str, VolumeRef], Mapping[str, ProjectError]]:
    """Where the scans lie now, and which of those that are to be predicted cannot be read.

    Raises
    ------
    ProjectError
        Where one that teaches or validates cannot.
    """
    used: dict[str, set[int]] = {} if preview is None else {preview[0]: set()}
    taught = {lesson.case for lesson in bundle.lessons}
    for lesson in bundle.lessons:
        used.setdefault(lesson.case, set()).update(lesson.slices)
    for case in job.predict:
        used.setdefault(case.id, set()).update(range(case.slices))
    volumes, damaged = volume_refs(
        job.folder, map(project.case, used), used, neighbours_mm=bundle.plan.neighbours_mm
    )
    for id in taught & damaged.keys():
        raise damaged[id]
    return volumes, damaged
