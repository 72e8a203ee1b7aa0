"""A run's model as one file, for beginning a training with it somewhere else."""

from __future__ import annotations

from pathlib import Path

from segdesk.app.project.workbench import Workbench
from segdesk.core.model import Model
from segdesk.core.run import Run
from segdesk.errors import UsageError
from segdesk.jobs import model_file
from segdesk.sentence import Sentence


def export(workbench: Workbench, run: Run, path: Path) -> None:
    """Write the model of a run to a file, which gets its name once all of it is on the disk.

    Raises
    ------
    UsageError
        Where the run kept no weights or is being trained.
    TrainingError
        Where its weights are not those that it kept, or the disk refuses.
    """
    if run.outcome == "running" or not run.has_weights:
        raise UsageError(
            Sentence("'{run}' has no weights to hand on.", run=run.id),
            "Choose a run that has ended and kept some.",
        )
    weights = workbench.folder.runs.named(run.id).weights(run.best)
    model_file.write(path, Model.of(run), weights)
