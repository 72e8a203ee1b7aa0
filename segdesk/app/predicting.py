"""Predictions alone: the bundle for a run that exists. Running it belongs to `running`."""

from __future__ import annotations

import shutil
from collections.abc import Sequence

from segdesk.app.running import MODEL, TrainerJob, TrainerSession, volume_ref
from segdesk.app.workbench import Workbench
from segdesk.core.project import Project
from segdesk.core.run import Run
from segdesk.errors import TrainingError, UsageError
from segdesk.jobs import bundle as bundles
from segdesk.jobs.bundle import Bundle


def best_run(project: Project, id: str | None = None) -> Run:
    """The run of that id, or the newest that kept weights.

    Raises
    ------
    UsageError
        Where there is none, or it kept no weights.
    """
    if id:
        run = project.run(id)
        if not run.has_weights:
            raise UsageError(f"The run '{id}' kept no weights.", "Choose another run.")
        return run
    for run in reversed(project.runs):
        if run.has_weights and run.outcome != "running":
            return run
    raise UsageError("No run of this project can predict yet.", "Train first.")


def prediction_session(
    workbench: Workbench,
    run: Run,
    cases: Sequence[str],
    *,
    command: Sequence[str] | None = None,
) -> TrainerSession:
    """A session that predicts cases with a run's model. On the Workbench's thread.

    `command` is as for `TrainerSession`.

    Raises
    ------
    TrainingError
        Where the model's file is gone, or a case's unit is not what the model learnt from.
    """
    project, folder = workbench.project, workbench.folder
    chosen = tuple(project.case(id) for id in cases)
    intensities = run.intensities
    if intensities is None or not (folder.run_folder(run.id) / MODEL).is_file():
        raise TrainingError(f"The model of '{run.id}' is not there any more.", "Train again.")
    for case in chosen:
        if case.unit != intensities.unit:
            raise TrainingError(
                f"'{case.id}' is in {case.unit} and '{run.id}' learnt from {intensities.unit}.",
                "Predict it with a run that was trained on its own kind.",
            )
    job = TrainerJob(run.id, folder, chosen, trains=False)

    def prepare() -> Bundle:
        shutil.rmtree(job.bundle_folder, ignore_errors=True)
        bundle = Bundle(
            run=run.id,
            run_folder=str(job.run_folder.resolve()),
            plan=run.plan,
            segments=run.segments,
            intensities=intensities,
            volumes=tuple(volume_ref(folder, case) for case in chosen),
            predict=tuple(case.id for case in chosen),
            train=False,
            pixel_mm=run.pixel_mm,
            input_shape=run.input_shape,
        )
        bundles.write(bundle, job.bundle_folder)
        return bundle

    return TrainerSession(job, prepare, command=command)
