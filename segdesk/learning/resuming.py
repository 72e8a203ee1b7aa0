"""Going on with a training that was stopped or cut off: which checkpoint, and whether it fits.

The newest one that is whole is taken; of a damaged one the sentence says so, and the one before it
stands in. What is in a checkpoint is `checkpoint_folder`'s and `jobs.halt`'s.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from segdesk.core.split import Fold
from segdesk.errors import TrainingError
from segdesk.jobs import halt as halts
from segdesk.jobs.bundle import Bundle
from segdesk.jobs.halt import BadHalt, Halt
from segdesk.jobs.messages import Note
from segdesk.jobs.run_paths import RunPaths
from segdesk.learning import checkpoint_folder, checkpoints
from segdesk.learning.geometry import Scale
from segdesk.learning.learner import Learner, StepFigures, Weights
from segdesk.learning.reporter import Reporter
from segdesk.ops.resample import Shape
from segdesk.sentence import Sentence


@dataclass(frozen=True, slots=True)
class Origin:
    """What of a training's halts no step changes; see `Halt`."""

    run: str
    segments: tuple[tuple[int, str], ...]
    labels: tuple[tuple[str, str, str], ...]
    built_for: Shape
    channels: int
    scale: Scale
    fold: Fold | None

    @classmethod
    def of(cls, bundle: Bundle, built_for: Shape, channels: int, scale: Scale) -> Origin:
        """That of a bundle."""
        labels = tuple((row.case, row.pool, row.digest) for row in bundle.lessons)
        return cls(bundle.run, bundle.segments, labels, built_for, channels, scale, bundle.fold)


@dataclass(frozen=True, slots=True)
class TakenUp:
    """What a training goes on from, besides what its learner has been given.

    Parameters
    ----------
    halt : where it stood
    taken : figures of the steps of the epoch in hand
    best : the best weights; None where there were none, or they are gone
    has_same_labels : whether the bundle teaches and validates what it did then
    checkpoints : for the step of each that is there, its best epoch
    """

    halt: Halt
    taken: Sequence[StepFigures]
    best: Weights | None
    has_same_labels: bool
    checkpoints: Mapping[int, int]


def newest_halts(paths: RunPaths, bundle: Bundle, reporter: Reporter) -> list[Halt]:
    """The halts of a run that can be read and fit its bundle, the newest first.

    Raises
    ------
    TrainingError
        Where there is none.
    """
    found: list[Halt] = []
    problem = Sentence("There is no checkpoint of '{run}' to go on from.", run=bundle.run)
    for step in reversed(paths.kept_checkpoints()):
        try:
            halt = halts.read(paths.checkpoint(step).halt)
            _check(halt, bundle)
        except BadHalt as error:
            problem = said_of(step, error)
            reporter.send(Note(problem))
        else:
            found.append(halt)
    if not found:
        raise TrainingError(problem, _way_out(bundle.run))
    return found


def take_up(
    learner: Learner,
    found: Sequence[Halt],
    paths: RunPaths,
    origin: Origin,
    reporter: Reporter,
) -> TakenUp:
    """Give a learner what the newest whole checkpoint holds.

    Parameters
    ----------
    found : of `newest_halts`

    Raises
    ------
    TrainingError
        Where none is whole.
    """
    problem = Sentence("There is no checkpoint of '{run}' to go on from.", run=origin.run)
    for halt in found:
        try:
            taken = checkpoint_folder.take_up(learner, paths.checkpoint(halt.step), halt)
        except BadHalt as error:
            problem = said_of(halt.step, error)
            reporter.send(Note(problem))
            continue
        others = {one.step: one.kept.epoch for one in found if one.step <= halt.step}
        paths.drop_checkpoints(others)
        return TakenUp(
            halt,
            taken,
            _best(learner, halt, paths, reporter),
            set(halt.labels) == set(origin.labels),
            others,
        )
    raise TrainingError(problem, _way_out(origin.run))


def said_of(step: int, error: BadHalt) -> Sentence:
    """A sentence about a checkpoint that cannot be used."""
    return Sentence(
        "The checkpoint of step {step} cannot be used: it {said}.", step=step, said=error.args[0]
    )


def _way_out(run: str) -> Sentence:
    return Sentence("Its weights are kept: train anew, starting from '{run}'.", run=run)


def _check(halt: Halt, bundle: Bundle) -> None:
    if halt.run != bundle.run:
        raise BadHalt(Sentence("is of another run"))
    if halt.plan != bundle.plan:
        raise BadHalt(Sentence("is of another plan"))
    if halt.segments != bundle.segments:
        raise BadHalt(Sentence("is of other segments"))


def _best(learner: Learner, halt: Halt, paths: RunPaths, reporter: Reporter) -> Weights | None:
    """The best weights so far; where they are gone, the next epoch's are the best."""
    if not halt.kept.epoch:
        return None
    file = paths.weights(halt.kept.epoch)
    try:
        return checkpoints.read(file, learner.network, sha256=halt.kept.sha256)
    except TrainingError as error:
        reporter.send(
            Note(
                Sentence(
                    "{problem} The next epoch counts as the best so far.", problem=error.sentence
                )
            )
        )
        return None
