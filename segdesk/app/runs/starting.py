"""What a training begins with: a run of this project, of another one, or a model file (`Start`).

It is found and read here, and what of it stays is said; `bundling` puts its weights where the
trainer finds them. Nothing of it is run: a network is built by segdesk, and its weights are set.
"""

from __future__ import annotations

import io
import os
import shutil
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from segdesk.app.project.workbench import Workbench
from segdesk.app.runs.teaching import curriculum, learnt_segments
from segdesk.core.beginning import Beginning
from segdesk.core.model import NOWHERE, Model
from segdesk.core.networks import network
from segdesk.core.regular_file import is_folder, is_there, new_regular, open_regular
from segdesk.core.run import Plan, Run
from segdesk.core.volume import Unit
from segdesk.errors import TrainingError, UsageError
from segdesk.jobs import model_file
from segdesk.jobs.bundle import TrainedNetwork
from segdesk.jobs.weights_file import digest_of, fault_of
from segdesk.sentence import Sentence, listed
from segdesk.store.project_folder import ProjectFolder

SUFFIX = ".segdesk"
_FORMS = Sentence(
    "A run of this project, OTHER.segdesk:RUN for one of another project, or a file that "
    "'segdesk model' has made."
)


@dataclass(frozen=True, slots=True, eq=False)
class Start:
    """Made by `find`, on any thread.

    Parameters
    ----------
    model : with the numbers of this project's segments
    home : name of the other project or file that has it; empty: this project
    copy : puts the weights at a path; raises OSError, or TrainingError where they are gone
    """

    model: Model
    home: str
    copy: Callable[[Path], None]

    @property
    def name(self) -> str:
        """As a Plan has it, and a reader sees it."""
        return f"{self.home}:{self.model.run}" if self.home else self.model.run

    @property
    def beginning(self) -> Beginning:
        """For the record of the run that begins."""
        model = self.model
        return Beginning(self.home, model.run, model.epoch, model.step, model.sha256)

    def among(self, workbench: Workbench) -> Start:
        """With the segments that the project has now."""
        return replace(self, model=_here(self.model, workbench)) if self.home else self

    def trained(self, path: Path) -> TrainedNetwork:
        """What a trainer needs for beginning with it.

        Parameters
        ----------
        path : absolute; where `copy` has put the weights
        """
        model = self.model
        channels = 1
        if model.neighbours_mm or (model.intensities and model.intensities.unit == "RGB"):
            channels = 3
        return TrainedNetwork(
            network=model.network,
            filters=model.filters,
            built_for=model.built_for,
            segments=model.segments,
            weights=str(path),
            epoch=model.epoch,
            sha256=model.sha256,
            channels=channels,
            neighbours_mm=model.neighbours_mm,
        )


@dataclass(frozen=True, slots=True)
class Kept:
    """Which segments a training takes over from its start, by name."""

    kept: tuple[str, ...]
    new: tuple[str, ...]
    left_out: tuple[str, ...]


def find(workbench: Workbench, text: str) -> Start:
    """What somebody names to begin with. Any thread.

    Parameters
    ----------
    text : id of a run of this project; OTHER.segdesk:RUN, the path of that run's folder, or
        OTHER.segdesk alone for the run that is in use there; path of a model file

    Raises
    ------
    UsageError
        Where there is no such thing, or it has no weights.
    ProjectError
        Where the other project cannot be read.
    TrainingError
        Where the file is no model of segdesk, or the weights are not those that were kept.
    """
    if any(run.id == text for run in workbench.project.runs):
        return of_run(workbench, text)
    before, _, after = text.rpartition(":")
    if before.lower().endswith(SUFFIX):
        return _elsewhere(workbench, Path(before).expanduser(), after)
    path = Path(text).expanduser()
    with suppress(OSError):
        path = path.resolve()
    if path.parent.name == "runs" and path.parent.parent.suffix.lower() == SUFFIX:
        return _elsewhere(workbench, path.parent.parent, path.name)
    if is_folder(path):
        return _elsewhere(workbench, path, "")
    if is_there(path):
        return of_file(workbench, path)
    if any(mark in text for mark in (os.sep, "/", ".")):
        raise UsageError(Sentence("There is no '{path}' to begin with.", path=text), _FORMS)
    return of_run(workbench, text)


def of_run(workbench: Workbench, id: str) -> Start:
    """A run of this project.

    Raises
    ------
    UsageError
        Where there is none of that id, or it kept no weights.
    """
    run = workbench.project.run(id)
    weights = workbench.folder.runs.named(id).weights(run.best)
    return Start(_model(run), "", lambda target: _copy(weights, target))


def of_file(workbench: Workbench, path: Path) -> Start:
    """A model file; see `find`."""
    model = _here(model_file.read(path), workbench)
    return Start(model, path.name, lambda target: model_file.copy_weights(path, target))


def kept_of(model: Model, wanted: Sequence[tuple[int, str]]) -> Kept:
    """What of a model stays in a training of these segments, what is new, what is left out."""
    numbers = {number for number, _ in wanted}
    return Kept(
        kept=tuple(name for number, name in wanted if model.class_of(number)),
        new=tuple(name for number, name in wanted if not model.class_of(number)),
        left_out=tuple(
            name for number, name in model.segments if number == NOWHERE or number not in numbers
        ),
    )


def wanted_now(workbench: Workbench, *, validates: bool = True) -> tuple[tuple[int, str], ...]:
    """(number, name) of the segments that a training would learn now; all where it is refused."""
    with suppress(TrainingError):
        learnt, _ = learnt_segments(workbench, curriculum(workbench, validates=validates))
        return tuple((row.number, row.name) for row in learnt)
    return tuple((row.number, row.name) for row in workbench.segments)


def said(start: Start, size: int, wanted: Sequence[tuple[int, str]]) -> Sentence:
    """What is kept of a start and what is new, and how its slices were seen. Before Train.

    Parameters
    ----------
    size : of the Plan
    wanted : (number, name) of the segments that are to be learnt
    """
    return Sentence.joined(
        (
            Sentence("Begins with {start}.", start=start.name),
            segments_said(start.model, wanted),
            _values_said(start.model),
            _size_said(start.model, size),
        )
    )


def differs(start: Start, size: int, wanted: Sequence[tuple[int, str]]) -> bool:
    """Whether not all of it stays, so that the record of the run has to say so."""
    rows = kept_of(start.model, wanted)
    return bool(rows.new or rows.left_out or size)


def check(start: Start, plan: Plan, unit: Unit) -> None:
    """Refuse what the weights of a start cannot be used for.

    Parameters
    ----------
    unit : of the values that teach

    Raises
    ------
    UsageError, TrainingError
        In one sentence.
    """
    model = start.model
    network(model.network)
    if (model.network, model.filters) != (plan.network, plan.filters):
        raise UsageError(
            Sentence(
                "'{start}' learnt with {network} and {filters} filters.",
                start=start.name,
                network=model.network,
                filters=model.filters,
            ),
            "Fine-tuning keeps network and filters; change them to train from scratch.",
        )
    if model.neighbours_mm != plan.neighbours_mm:
        raise UsageError(
            Sentence(
                "'{start}' learnt with neighbours at {own} mm, not {wanted}.",
                start=start.name,
                own=f"{model.neighbours_mm:g}",
                wanted=f"{plan.neighbours_mm:g}",
            ),
            "Fine-tuning keeps the distance of the neighbours; 0 is none.",
        )
    if model.intensities is not None and model.intensities.unit != unit:
        raise TrainingError(
            Sentence(
                "'{start}' learnt from {own}, and what teaches here is {now}.",
                start=start.name,
                own=_UNITS[model.intensities.unit],
                now=_UNITS[unit],
            ),
            "Choose another start, or train from scratch.",
        )


_UNITS: dict[Unit, Sentence] = {
    "HU": Sentence("scans in HU"),
    "raw": Sentence("arrays without a unit"),
    "RGB": Sentence("pictures in colour"),
}


def _model(run: Run) -> Model:
    if not run.has_weights:
        raise UsageError(
            Sentence("The run '{start}' kept no weights.", start=run.id),
            "Choose another, or none.",
        )
    return Model.of(run)


def _elsewhere(workbench: Workbench, path: Path, id: str) -> Start:
    """A run of another project, which is only read; of this one where the path leads here."""
    if workbench.folder.is_at(path):
        return of_run(workbench, id or workbench.project.in_use.run)
    with ProjectFolder.open(path, writable=False) as folder:
        project = folder.load().project
        if not (id or project.in_use.run):
            raise UsageError(
                Sentence("'{path}' has no run in use.", path=path.name),
                "Choose the folder of one of its runs, in 'runs'.",
            )
        run = project.run(id or project.in_use.run)
        if run.outcome == "running":
            raise UsageError(
                Sentence("'{run}' is being trained.", run=run.id), "Wait, or choose another run."
            )
        model = _model(run)
        weights = folder.runs.named(run.id).weights(run.best)
    if fault := fault_of(weights, run.weights_sha256):
        raise TrainingError(
            Sentence(
                "The weights of '{start}' cannot be used: the file {fault}.",
                start=f"{path.name}:{run.id}",
                fault=fault,
            ),
            "Choose another run.",
        )
    return Start(_here(model, workbench), path.name, lambda target: _copy(weights, target))


def _here(model: Model, workbench: Workbench) -> Model:
    """Another project's model with the numbers of this one's segments."""
    return model.among([(row.number, row.name) for row in workbench.segments])


def _copy(weights: Path, target: Path) -> None:
    try:
        with open_regular(weights) as source, io.BufferedRandom(new_regular(target)) as made:
            shutil.copyfileobj(source, made)
    except FileNotFoundError as error:
        raise TrainingError("The run has no weights.", "Choose another to begin with.") from error


def check_copied(path: Path, start: Start) -> None:
    """Refuse weights that are not those that the record of their run has.

    Raises
    ------
    TrainingError
        Where they are not.
    """
    if digest_of(path) != start.model.sha256:
        raise TrainingError(
            Sentence("The weights of '{start}' have changed since.", start=start.name),
            "Choose it again, or another start.",
        )


def segments_said(model: Model, wanted: Sequence[tuple[int, str]]) -> Sentence:
    """As `said`, of the segments alone."""
    rows = kept_of(model, wanted)
    if not rows.kept:
        return Sentence(
            "It knows none of these segments, so its last layer is new: {new}.",
            new=_named(rows.new),
        )
    if not rows.new and not rows.left_out:
        return Sentence("It knows all segments.")
    parts = [Sentence("Kept: {names}.", names=_named(rows.kept))]
    if rows.new:
        parts.append(Sentence("New: {names}.", names=_named(rows.new)))
    if rows.left_out:
        parts.append(Sentence("Left out: {names}.", names=_named(rows.left_out)))
    return Sentence.joined(parts)


def _named(names: Sequence[str]) -> str:
    return listed(names) if names else ""


def _values_said(model: Model) -> Sentence | str:
    seen = model.intensities
    if seen is None or seen.unit == "RGB":
        return ""
    values = Sentence("HU") if seen.unit == "HU" else Sentence("values")
    return Sentence(
        "As there, {values} count from {low} to {high}.",
        values=values,
        low=f"{seen.low:g}",
        high=f"{seen.high:g}",
    )


def _size_said(model: Model, size: int) -> Sentence:
    own = f"{max(model.input_shape)}"
    if model.pixel_mm is not None:
        own = Sentence("{mm} mm a pixel", mm=f"{max(model.pixel_mm):.2f}")
    else:
        own = Sentence("{side} pixels a slice", side=own)
    if size:
        return Sentence("It learnt at {own}; now slices have {size} pixels.", own=own, size=size)
    return Sentence("Slices are seen at its size, {own}.", own=own)
