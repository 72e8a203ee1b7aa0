"""The run that a training is measured against at its end: the one in use."""

from __future__ import annotations

from collections.abc import Iterable

from segdesk.app.project.workbench import Workbench
from segdesk.app.runs.running import trained_network
from segdesk.core.run import Run
from segdesk.jobs.bundle import Rival
from segdesk.store.project_folder import ProjectFolder


def rival_of(workbench: Workbench, taught: Iterable[str], run_id: str) -> Run | None:
    """The run that the rule has in use, where it is another one than is trained and learnt from the
    same kind of values."""
    project = workbench.project
    if project.in_use.chosen in ("", run_id):
        return None
    run = project.run(project.in_use.chosen)
    units = {project.case(id).unit for id in taught}
    return run if run.intensities is not None and {run.intensities.unit} == units else None


def rival_in(folder: ProjectFolder, run: Run | None) -> Rival | None:
    """A rival as a bundle has it."""
    if run is None or run.intensities is None:
        return None
    return Rival(
        run=run.id,
        trained=trained_network(folder, run),
        intensities=run.intensities,
        pixel_mm=run.pixel_mm,
        input_shape=run.input_shape,
    )
