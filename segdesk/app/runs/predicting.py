"""Predictions alone: the bundle for a run that exists. Running it belongs to `running`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from segdesk.app.project.workbench import Workbench
from segdesk.app.runs.room import check_room
from segdesk.app.runs.run_in_use import check_weights, run_in_use
from segdesk.app.runs.running import (
    TellNote,
    TrainerJob,
    TrainerSession,
    begin_bundle,
    trained_network,
    volume_refs,
    write_bundle,
)
from segdesk.core.case import Case
from segdesk.core.place import identity_of
from segdesk.core.project import Project
from segdesk.core.run import Run
from segdesk.errors import TrainingError
from segdesk.jobs.bundle import Bundle
from segdesk.jobs.messages import Note
from segdesk.jobs.standby import Standby
from segdesk.sentence import Sentence


def run_to_predict(project: Project, id: str = "") -> Run:
    """The run of that id, or the one in use.

    Raises
    ------
    UsageError
        Where there is none, or it kept no weights.
    """
    return check_weights(project.run(id)) if id else run_in_use(project)


def left_to_predict(workbench: Workbench, job: TrainerJob) -> tuple[Run, list[str]] | None:
    """Once a training is over: the run in use, and the cases that were to be predicted and that it
    has not predicted. None where nothing is left, or no run has learnt yet.
    """
    project = workbench.project
    if not job.trains or not project.in_use.run:
        return None
    run = run_in_use(project)
    left = [case.id for case in job.predict if run.id not in project.case(case.id).predictions]
    return (run, left) if left else None


#: What values of a unit are called.
VALUES: dict[str, str] = {
    "HU": Sentence("HU"),
    "raw": Sentence("numbers without a unit"),
    "RGB": Sentence("colours"),
}


def predictable(cases: Iterable[Case], unit: str) -> tuple[list[Case], list[Sentence]]:
    """The cases whose values are of the unit that a network learns from, and why the others are
    left out, a sentence each."""
    fit, left_out = list[Case](), list[Sentence]()
    for case in cases:
        if case.unit == unit:
            fit.append(case)
        else:
            left_out.append(
                Sentence(
                    "'{id}' is not predicted: it holds {unit} and the network learns from {own}.",
                    id=case.id,
                    unit=VALUES[case.unit],
                    own=VALUES[unit],
                )
            )
    return fit, left_out


def prediction_session(
    workbench: Workbench,
    run: Run,
    cases: Sequence[str],
    *,
    command: Sequence[str] | None = None,
    standby: Standby | None = None,
    keep_pieces: bool = False,
) -> TrainerSession:
    """A session that predicts cases with a run's model. On the Workbench's thread.

    `command` and `standby` are as for `TrainerSession`. Cases whose values are of another unit than
    the model learnt from are left out with a note, where others are not.

    Parameters
    ----------
    keep_pieces : no piece is left out of a prediction, however small

    Raises
    ------
    TrainingError
        Where the model's file is gone, no case has the unit that it learnt from, or the disk has no
        room.
    """
    project, folder = workbench.project, workbench.folder
    intensities = run.intensities
    if intensities is None or not folder.runs.paths(run.id).weights(run.best).is_file():
        raise TrainingError(
            Sentence("The model of '{run}' is not there any more.", run=run.id), "Train again."
        )
    chosen, left_out = predictable(map(project.case, cases), intensities.unit)
    if left_out and not chosen:
        raise TrainingError(left_out[0], "Predict it with a run that was trained on its own kind.")
    check_room(folder.path, (), chosen)
    job = TrainerJob(run.id, folder, tuple(chosen), trains=False)

    def prepare(tell: TellNote) -> Bundle:
        for sentence in left_out:
            tell(Note(sentence))
        slices = {case.id: range(case.slices) for case in chosen}
        volumes, damaged = volume_refs(folder, chosen, slices, neighbours_mm=run.plan.neighbours_mm)
        if not volumes:
            raise next(iter(damaged.values()))
        for id, error in damaged.items():
            tell(
                Note(Sentence("{problem} '{id}' is not predicted.", problem=error.sentence, id=id))
            )
        own = trained_network(folder, run)
        if keep_pieces:
            rows = tuple(replace(row, least_piece=0.0) for row in own.refinements)
            own = replace(own, refinements=rows)
        run_folder = begin_bundle(job)
        bundle = Bundle(
            run=run.id,
            run_folder=str(run_folder.resolve()),
            identity=identity_of(run_folder),
            plan=run.plan,
            segments=run.segments,
            intensities=intensities,
            volumes=tuple(volumes.values()),
            predict=tuple(volumes),
            train=False,
            pixel_mm=run.pixel_mm,
            input_shape=run.input_shape,
            own=own,
        )
        write_bundle(job, bundle)
        return bundle

    return TrainerSession(job, prepare, command=command, standby=standby)
