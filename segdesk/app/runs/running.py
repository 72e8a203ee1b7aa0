"""Running the trainer process, and bringing what it says into the project.

One `TrainerSession` for each training or prediction, for the window and the command line alike:
`work` blocks on whichever thread waits for the child; `take` and `finish` belong to the
Workbench's thread; `stop` may be called from any. What the child is given is decided in `training`
and `predicting`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from segdesk.app.project.workbench import Workbench
from segdesk.app.runs.record import LET_GO, Worked, after, what_is_left, why_not_resumed
from segdesk.app.runs.run_in_use import judge
from segdesk.core.case import Case
from segdesk.core.neighbours import steps, with_those_beside
from segdesk.core.prediction import Prediction, Proposal
from segdesk.core.regular_file import open_regular
from segdesk.core.run import Intensities, Run
from segdesk.core.small_pieces import Counts
from segdesk.errors import (
    Cancelled,
    InputError,
    ProjectError,
    ProjectGone,
    SegdeskError,
    TrainingError,
)
from segdesk.jobs import bundle as bundles
from segdesk.jobs import kept_bundle, kept_messages, messages
from segdesk.jobs.bundle import Bundle, TrainedNetwork, VolumeRef
from segdesk.jobs.free_memory import give_back
from segdesk.jobs.messages import Message, Note, Predicted
from segdesk.jobs.run_paths import RunPaths
from segdesk.jobs.standby import Standby
from segdesk.jobs.trainer_client import TrainerClient
from segdesk.sentence import Sentence
from segdesk.store.project_folder import ProjectFolder

#: Told a sentence about what a job goes on without.
TellNote = Callable[[Note], object]


@dataclass(frozen=True, slots=True, eq=False)
class TrainerJob:
    """What a child works on.

    Parameters
    ----------
    run_id : the run that is trained, or whose model predicts
    folder : of the project; only run files and predictions are written
    predict : cases to predict
    trains : False where the run exists and only predicts
    before : the record of a run that is to go on, as it was; None of one that begins
    looks : nothing but one slice is looked at
    """

    run_id: str
    folder: ProjectFolder
    predict: tuple[Case, ...]
    trains: bool = True
    before: Run | None = None
    looks: bool = False

    @property
    def log(self) -> Path:
        """What the child prints. Of a look nobody reads it, and that of the training stays."""
        return self.paths.bundle / "look.log" if self.looks else self.paths.log

    @property
    def paths(self) -> RunPaths:
        """Where the run's files lie; `TrainerSession.work` makes the folder."""
        return self.folder.runs.named(self.run_id)

    def paths_to_write(self) -> RunPaths:
        """As `paths`, where the project's folder is the one that was opened; asked for each file.

        Raises
        ------
        ProjectError
            Where it is not.
        """
        self.folder.runs.check()
        return self.paths

    def case(self, id: str) -> Case:
        """The case to predict of that id."""
        for case in self.predict:
            if case.id == id:
                return case
        raise TrainingError(
            Sentence("The trainer predicted '{id}', which nobody asked for.", id=id)
        )


class TrainerSession:
    """One child from its bundle to its end.

    Parameters
    ----------
    job : what it works on
    prepare : writes the bundle, and tells what is left out; called by `work`, on its thread
    command : of a child for this job alone; None for segdesk's own
    standby : lends a child instead
    let_go : called by `work` at its end, whether or not `prepare` was: nothing is kept for it then
    """

    def __init__(
        self,
        job: TrainerJob,
        prepare: Callable[[TellNote], Bundle],
        *,
        command: Sequence[str] | None = None,
        standby: Standby | None = None,
        let_go: Callable[[], object] = lambda: None,
    ) -> None:
        self.job = job
        self._let_go = let_go
        self._prepare = prepare
        #: Whether it was said that the disk does not take what the child says.
        self._is_refused = False
        #: Ids of the cases of which a prediction is on the disk, in order.
        self.predicted: list[str] = []
        #: Of each of them, voxels of each segment that the rule of pieces left out.
        self.left_out: dict[str, Counts] = {}
        #: SHA-256 of the weights that the child predicts with.
        self._weights_sha256 = ""
        self.client = TrainerClient(job.paths.bundle, job.log, command=command, standby=standby)

    def work(self, on_message: Callable[[Message], None]) -> Worked:
        """Prepare, start the child, hand on its messages, wait for its end. Never raises what a
        user can mend: that comes back as `Worked.error`."""
        gone: Sequence[str] = ()
        try:
            worked = self._worked(on_message)
        finally:
            self._let_go()
            # At the path of a project that is gone nothing is ours to remove.
            with suppress(OSError, SegdeskError):
                gone = self._put_away(self.job.paths_to_write())
            give_back()
        return replace(worked, let_go=tuple(gone))

    def _worked(self, on_message: Callable[[Message], None]) -> Worked:
        intensities: Intensities | None = None
        seen: tuple[tuple[str, str], ...] = ()
        try:
            # The run is in the index before there is a child.
            self.job.folder.write_index()
            self.job.folder.runs.paths(self.job.run_id)
            if self.job.trains:
                _clear(self.job.paths_to_write().clear_messages, self.job.run_id)
            bundle = self._prepare(lambda note: self._take(note, on_message))
            intensities = bundle.intensities
            seen = labels_seen(bundle)
            self._weights_sha256 = "" if bundle.own is None else bundle.own.sha256
            # The log is made at its path.
            self.job.folder.runs.check()
            ended = self.client.run(lambda message: self._take(message, on_message))
            return Worked(ended, intensities, labels_seen=seen)
        except SegdeskError as error:
            return Worked(None, intensities, error, seen)

    def _put_away(self, paths: RunPaths) -> Sequence[str]:
        """The bundle of a training that can go on is kept for that; else nobody needs it.

        Returns
        -------
        The runs whose own made room for it.
        """
        if not self.job.trains:
            paths.clear_bundle()
        elif paths.kept_checkpoints():
            kept_bundle.keep(paths)
            return kept_bundle.let_go_of_old_ones(paths.folder.parent)
        else:
            paths.clear_bundle()
            paths.clear_kept_bundle()
        return ()

    def _take(self, message: Message, on_message: Callable[[Message], None]) -> None:
        """Turn predictions into project files and keep the curve, then hand the message on.

        What the disk does not take costs a note, and neither the training nor another prediction.
        """
        if isinstance(message, messages.Checkpoint):
            self._weights_sha256 = message.sha256
        try:
            if isinstance(message, messages.Predicted):
                self._keep_prediction(message)
            elif self.job.trains and isinstance(message, kept_messages.KEPT):
                self._keep_message(message)
        except (ProjectError, InputError) as refusal:
            if isinstance(message, messages.Predicted):
                message = Note(str(refusal))
            elif not self._is_refused:
                self._is_refused = True
                on_message(Note(str(refusal)))
        on_message(message)

    def _keep_prediction(self, message: Predicted) -> None:
        # The case before this one has joined the index in memory meanwhile; where the disk
        # refuses, that waits there for the next write.
        with suppress(ProjectError):
            self.job.folder.write_index()
        # Another folder's bundle is not read either.
        self.job.folder.runs.check()
        files = [Path(message.labels_file), Path(message.probability_file)]
        left_out = Path(message.left_out_file) if message.left_out_file else None
        try:
            self.left_out[message.case] = self.job.folder.runs.write_prediction_files(
                self.job.run_id,
                self.job.case(message.case),
                *files,
                weights_sha256=self._weights_sha256,
                left_out_npy=left_out,
            )
        finally:
            # Of hundreds of cases they would fill the disk before the bundle goes.
            self._remove(files if left_out is None else [*files, left_out])
        self.predicted.append(message.case)

    def _remove(self, files: Iterable[Path]) -> None:
        """Files of the bundle that nobody needs any more; no others, whatever the child says."""
        with suppress(OSError, ProjectError):
            bundle = self.job.paths_to_write().bundle
            for file in files:
                if file.is_relative_to(bundle) and ".." not in file.parts:
                    file.unlink()

    def _keep_message(self, message: Message) -> None:
        paths = self.job.paths_to_write()
        try:
            kept_messages.keep(paths.messages, message)
        except OSError as error:
            raise ProjectError(
                Sentence(
                    "The run's curve is not kept beside it: {reason}.",
                    reason=error.strerror or Sentence("the disk refused"),
                ),
                "It is in memory, and kept with the run at its end. Free some disk space.",
            ) from error


def begin_bundle(job: TrainerJob) -> Path:
    """The run's folder; what an earlier job, or a stranger, left of a bundle in it is gone.

    Each file of the bundle is written to `job.paths_to_write()`.

    Raises
    ------
    TrainingError
        Where it cannot be removed.
    """
    paths = job.paths_to_write()
    _clear(paths.clear_bundle, job.run_id)
    return paths.folder


def write_bundle(job: TrainerJob, bundle: Bundle) -> None:
    """Write the manifest beside what is there of the bundle; raises as `bundles.write`."""
    folder = job.paths_to_write().bundle
    bundles.write(bundle, folder, job.folder.path.resolve())


def _clear(remove: Callable[[], None], run_id: str) -> None:
    try:
        remove()
    except OSError as error:
        raise TrainingError(
            Sentence(
                "What an earlier training left cannot be removed: {reason}.",
                reason=error.strerror or Sentence("the disk refused"),
            ),
            Sentence("Remove the folder of '{run}' in the project's 'runs'.", run=run_id),
        ) from error


def labels_seen(bundle: Bundle) -> tuple[tuple[str, str], ...]:
    """(case, digest) of what a bundle teaches and validates on, as a Run keeps it."""
    return tuple((lesson.case, lesson.digest) for lesson in bundle.lessons)


def take(
    workbench: Workbench,
    job: TrainerJob,
    message: Message,
    read: Prediction | Proposal | None = None,
) -> None:
    """Bring a message into the project. On the Workbench's thread.

    Parameters
    ----------
    read : what a `Predicted` or a `Proposed` speaks of, where a worker has read it already
    """
    if isinstance(message, messages.Predicted):
        prediction = read if isinstance(read, Prediction) else None
        workbench.add_prediction(job.run_id, message.case, prediction)
    elif isinstance(message, messages.Proposed):
        if isinstance(read, Proposal):
            workbench.propose(read)
    elif job.trains:
        before = workbench.project.run(job.run_id)
        run = after(before, message)
        if run is not before:
            workbench.follow_run(run, keep=False)
        if isinstance(message, messages.Judged):
            # Now, so that what it predicts next is shown as soon as it is there.
            judge(workbench, run, message)


def read_proposal(run_id: str, message: messages.Proposed) -> Proposal | None:
    """The proposal of a message; None where its file has gone since, or is none. Any thread."""
    try:
        with open_regular(Path(message.file)) as file:
            labels = np.load(file, allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
    if labels.ndim != 2 or labels.dtype != np.uint8:
        return None
    labels.setflags(write=False)
    return Proposal(run_id, message.case, message.step, message.slice, labels)


def finish(workbench: Workbench, job: TrainerJob, worked: Worked) -> Run:
    """The child is gone: close the record and keep it on disk. On the Workbench's thread.

    Returns
    -------
    The run; for a prediction the run as it was.

    Raises
    ------
    ProjectError
        Where the disk refuses; the record is closed in memory.
    """
    run = close_record(workbench, job, worked)
    workbench.folder.write_index()
    return run


def close_record(workbench: Workbench, job: TrainerJob, worked: Worked) -> Run:
    """As `finish`, but it is `folder.write_index` that puts it on disk, on any thread."""
    for older in workbench.project.runs:
        if older.id in worked.let_go:
            workbench.follow_run(replace(older, notes=(*older.notes, LET_GO)))
    run = workbench.project.run(job.run_id)
    if not job.trains:
        return run
    if (why := why_not_resumed(run, job.before, worked)) is not None and job.before is not None:
        # Nothing was done, so nothing of it is lost.
        run = replace(job.before, notes=(*job.before.notes, why.sentence))
        workbench.follow_run(run)
        return run
    if worked.ended is None:
        reason = worked.error.words if worked.error else Sentence("It could not start.")
        outcome = "stopped" if isinstance(worked.error, Cancelled) else "crashed"
        run = replace(run, outcome=outcome, reason=reason)
    else:
        said = (worked.ended.reason, what_is_left(run, worked.ended), worked.ended.hint)
        run = replace(run, outcome=worked.ended.outcome, reason=Sentence.joined(said))
    if run.outcome == "crashed" or run.nothing_learnt:
        workbench.drop_proposals()
    run = replace(
        run,
        ended=time.time(),
        intensities=worked.intensities,
        labels_seen=worked.labels_seen,
    )
    workbench.follow_run(run)
    return run


def trained_network(folder: ProjectFolder, run: Run) -> TrainedNetwork:
    """What a trainer needs for using the weights of a run."""
    return TrainedNetwork(
        network=run.plan.network,
        filters=run.plan.filters,
        built_for=run.built_for,
        segments=run.segments,
        weights=str(folder.runs.paths(run.id).weights(run.best).resolve()),
        epoch=run.best,
        sha256=run.weights_sha256,
        channels=1 if run.intensities is None else run.plan.channels(run.intensities.unit),
        refinements=run.refinements,
        neighbours_mm=run.plan.neighbours_mm,
        step=step_of(run),
    )


def step_of(run: Run) -> int:
    """After which a run's weights were those that it keeps; 0 where nobody knows."""
    return run.best_epoch.steps if run.best_epoch is not None else 0


def volume_refs(
    folder: ProjectFolder,
    cases: Iterable[Case],
    used: Mapping[str, Iterable[int]],
    *,
    neighbours_mm: float = 0.0,
) -> tuple[dict[str, VolumeRef], dict[str, ProjectError]]:
    """Where the trainer finds the voxels of cases, and why some of them cannot be used.

    Parameters
    ----------
    used : by case, the slices that the trainer will use
    neighbours_mm : and those beside them, as the Plan has it

    Raises
    ------
    ProjectGone
        Where the project itself is not there.
    """
    found: dict[str, VolumeRef] = {}
    damaged: dict[str, ProjectError] = {}
    for case in cases:
        try:
            away = steps(neighbours_mm, case.grid.spacing_mm[0] if case.grid.stacked else None)
            checked = with_those_beside(used[case.id], case.grid.shape[0], away)
            found[case.id] = volume_ref(folder, case, checked=checked)
        except ProjectGone:
            raise
        except ProjectError as error:
            damaged[case.id] = error
    return found, damaged


def volume_ref(folder: ProjectFolder, case: Case, *, checked: Iterable[int] = ()) -> VolumeRef:
    """Where the trainer finds a case's voxels; `checked` are the slices that it will use.

    Raises
    ------
    ProjectError
        Where one of them is not as it was imported.
    """
    file, offset = folder.scans.location(case, checked=checked)
    slice_mm, row_mm, column_mm = case.grid.spacing_mm
    return VolumeRef(
        case=case.id,
        file=str(file.resolve()),
        offset=offset,
        shape=case.grid.shape,
        slope=case.slope,
        intercept=case.intercept,
        unit=case.unit,
        pixel_mm=(row_mm, column_mm) if case.grid.stacked else None,
        slice_mm=slice_mm if case.grid.stacked else None,
    )
