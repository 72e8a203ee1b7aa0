"""What a training keeps: the best weights and what it can go on from, on disk every few seconds;
and for how long it waits for something better."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import astuple

import numpy as np

from segdesk.errors import TrainingError
from segdesk.jobs.halt import Halt, Kept
from segdesk.jobs.messages import Checkpoint, Note
from segdesk.jobs.run_paths import RunPaths
from segdesk.learning import checkpoint_folder, checkpoints
from segdesk.learning.figures import Overlap
from segdesk.learning.learner import Learner, StepFigures, Weights
from segdesk.learning.reporter import Reporter
from segdesk.learning.run_folder import HeldRun
from segdesk.learning.schedule import Schedule
from segdesk.learning.stage import Stage
from segdesk.learning.validation import Validated
from segdesk.learning.verdict import is_better_than_nothing
from segdesk.sentence import Sentence

#: An open-ended run ends after so many epochs without a better figure.
PATIENCE = 10
#: Where nothing is learnt, it ends after so many of them, and never before this share of a budget.
PATIENCE_WITH_NOTHING, LEAST_SHARE = math.ceil(PATIENCE / 3), 1 / 3
#: Epochs that follow the clock can be as short as a second: nor before so many of these.
PATIENCE_S, PATIENCE_WITH_NOTHING_S = 60.0, 20.0
#: The best weights wait in memory and go to disk at most so often, and at the end; so do
#: checkpoints, which take at most a share of the time.
SECONDS_BETWEEN_SAVES, MOST_SHARE = 10.0, 1 / 20


class Keeper:
    """Owned by `fit`.

    Parameters
    ----------
    learner : its weights are kept
    schedule : its clock, and hears what a save costs
    run : its folder, held
    reporter : hears of checkpoints
    """

    def __init__(
        self, learner: Learner, schedule: Schedule, run: HeldRun, reporter: Reporter
    ) -> None:
        self._learner = learner
        self._schedule = schedule
        self._run = run
        self._reporter = reporter
        self.best: Weights = learner.weights()
        #: Number of the epoch whose weights are kept; 0 for none.
        self.epoch = 0
        #: What they learnt from, once there are any.
        self.stage: Stage | None = None
        #: Figures of the kept weights, and of their epoch's batches.
        self.figures: Validated | None = None
        #: The best figures that any epoch had.
        self._top: Validated | None = None
        self.overlap: Overlap | None = None
        self._has_learnt = False
        self._least_loss = math.inf
        self._waited = 0
        self._better_at = 0.0
        self._saved_epoch, self._saved_sha256 = 0, ""
        self._saved_at = -math.inf
        #: When and after which step the last checkpoint was written, and until when none is.
        self._halted_step, self._no_halt_until = -1, -math.inf
        #: The epochs of whose weights checkpoints speak, by their steps.
        self._halted: dict[int, int] = {}
        #: Whether it was said that the disk takes no checkpoint.
        self._is_refused = False

    def judge(
        self,
        number: int,
        stage: Stage,
        validated: Validated | None,
        overlap: Overlap,
        loss: float,
    ) -> bool | None:
        """Whether this epoch is better than those before; None where its weights are no numbers.

        Its weights are those that the network has now.
        """
        weights = self._learner.weights()
        if not all(np.isfinite(weight).all() for weight in weights):
            return None
        if validated is None:
            # Without validation the last weights are kept; the training loss only ends the run.
            better, self._least_loss = loss < self._least_loss, min(loss, self._least_loss)
            keep = True
        else:
            better = validated.is_better_than(self._top)
            self._top = validated if better else self._top
            keep = better or (
                # One slice that stays out flatters the epoch that suits it by chance; an average
                # over more steps was never worse on the slices that nobody had labelled.
                self._learner.is_averaged
                and stage.validation.are_few
                and validated.is_no_worse_than(self._top)
            )
        self._has_learnt |= is_better_than_nothing(validated, overlap)
        self._waited = 0 if better else self._waited + 1
        if better:
            self._better_at = self._schedule.clock.seconds
        if keep:
            self.figures, self.best = validated, weights
            self.epoch, self.stage, self.overlap = number, stage, overlap
        return better

    def save(self, number: int) -> None:
        """Put the best weights on disk where they are those of epoch `number`, unless that was done
        a moment ago."""
        now = self._schedule.clock.seconds
        if self.epoch != number or now - self._saved_at < SECONDS_BETWEEN_SAVES:
            return
        try:
            self._write()
        except TrainingError as error:
            # The weights are in memory still; a full disk now is no reason to stop learning.
            self._saved_at = self._schedule.clock.seconds
            self._say_that_it_goes_on(error)

    @property
    def is_halt_due(self) -> bool:
        """Whether a checkpoint shall be written."""
        return self._schedule.clock.seconds >= self._no_halt_until

    def halt(self, taken: Sequence[StepFigures], of: Callable[[Kept], Halt]) -> None:
        """Write all that the training goes on from; a disk that refuses costs a note.

        The last checkpoint stays, and the one that was written after the best epoch. Older ones
        go once the new one lasts.

        Parameters
        ----------
        taken : figures of the steps of the epoch in hand
        of : the halt, with what is known here
        """
        clock, steps = self._schedule.clock, self._schedule.steps_done
        started = clock.seconds
        if steps == self._halted_step:
            return
        try:
            if self.epoch != self._saved_epoch:
                self._write()
            halt, paths = of(self._kept()), self._run.paths()
            checkpoint_folder.write(paths, halt, self._learner, taken, check=self._run.check)
        except TrainingError as error:
            self._no_halt_until = clock.seconds + SECONDS_BETWEEN_SAVES
            if not self._is_refused:
                self._is_refused = True
                self._say_that_it_goes_on(error)
            return
        self._is_refused = False
        self._halted_step = steps
        self._halted[steps] = self.epoch
        cost = clock.seconds - started
        self._no_halt_until = clock.seconds + max(SECONDS_BETWEEN_SAVES, cost / MOST_SHARE)
        of_best = min(step for step, best in self._halted.items() if best == self.epoch)
        self._halted = {step: self._halted[step] for step in (of_best, steps)}
        paths.drop_checkpoints(self._halted)
        self._drop_weights(paths)

    def go_on(
        self,
        halt: Halt,
        best: Weights | None,
        stage: Stage | None,
        checkpoints: Mapping[int, int],
    ) -> None:
        """Stand where an earlier keeper of this run stood.

        Parameters
        ----------
        best : the best weights; None where they are gone, or there were none
        stage : what they learnt from
        checkpoints : for the step of each that is there, its best epoch
        """
        kept = halt.kept
        self._has_learnt, self._waited, self._better_at = (
            kept.has_learnt,
            kept.waited,
            kept.better_at,
        )
        self._least_loss = math.inf if kept.least_loss is None else kept.least_loss
        self._halted_step = halt.step
        self._halted = dict(checkpoints)
        self._no_halt_until = self._schedule.clock.seconds + SECONDS_BETWEEN_SAVES
        if best is None or stage is None:
            return
        self.best, self.epoch, self.stage = best, kept.epoch, stage
        self.figures = None if kept.figures is None else Validated(*kept.figures)
        self._top = None if kept.top is None else Validated(*kept.top)
        self.overlap = None if kept.overlap is None else Overlap(*kept.overlap)
        self._saved_epoch, self._saved_sha256 = kept.epoch, kept.sha256
        self._saved_at = self._schedule.clock.seconds
        # Of the run that was cut off a later one may have been said.
        self._say_what_is_kept(self._run.paths())

    def measure_anew(self, measure: Callable[[], Validated | None]) -> None:
        """The slices that validate are others than those that the best weights were measured on."""
        self.figures = self._learner.measured_with(self.best, measure) if self.epoch else None
        self._top = self.figures

    def drop_checkpoints(self) -> None:
        """Nothing will go on from them."""
        paths = self._run.paths()
        paths.drop_checkpoints()
        self._halted = {}
        self._drop_weights(paths)

    def end(self) -> None:
        """Give the network its best weights back, and have them on disk.

        Raises
        ------
        TrainingError
            Where the disk refuses.
        """
        if self.epoch:
            self._learner.restore(self.best)
            if self._saved_epoch != self.epoch:
                self._write()

    def has_waited(self) -> bool:
        """Whether an open-ended run has gone on for long enough without a better figure."""
        return self._waited >= PATIENCE and self._waits_since(PATIENCE_S)

    def learns_nothing(self) -> bool:
        """Whether going on is of no use. Where epochs were asked for, they are trained."""
        budget_s, passed = self._schedule.budget_s, self._schedule.clock.seconds
        return (
            not self._has_learnt
            and self._waited >= PATIENCE_WITH_NOTHING
            and self._waits_since(PATIENCE_WITH_NOTHING_S)
            and (math.isinf(budget_s) or passed >= budget_s * LEAST_SHARE)
        )

    def _waits_since(self, seconds: float) -> bool:
        waited = self._schedule.clock.seconds - self._better_at
        return not self._schedule.is_by_time or waited >= seconds

    def _write(self) -> None:
        # From here on there are weights to keep, so a stop waits for the step in hand.
        self._reporter.leave_on_stop = False
        clock = self._schedule.clock
        started = clock.seconds
        paths = self._run.paths()
        self._saved_sha256 = checkpoints.save(
            self.best, paths, epoch=self.epoch, check=self._run.check
        )
        self._schedule.after_save(clock.seconds - started)
        self._saved_epoch, self._saved_at = self.epoch, clock.seconds
        self._say_what_is_kept(paths)
        self._drop_weights(paths)

    def _say_what_is_kept(self, paths: RunPaths) -> None:
        name, sha256 = paths.weights(self._saved_epoch).name, self._saved_sha256
        if self.stage is None:
            self._reporter.send(Checkpoint(self._saved_epoch, name, sha256))
        else:
            shape, pixel_mm = self.stage.input_shape, self.stage.pixel_mm
            self._reporter.send(Checkpoint(self._saved_epoch, name, sha256, shape, pixel_mm))

    def _drop_weights(self, paths: RunPaths) -> None:
        """Those that neither the run nor a checkpoint speaks of."""
        checkpoints.drop_others(paths, epochs={self._saved_epoch, *self._halted.values()})

    def _kept(self) -> Kept:
        figures, top, overlap = self.figures, self._top, self.overlap
        return Kept(
            epoch=self.epoch,
            sha256=self._saved_sha256 if self.epoch else "",
            is_half=self.stage is not None and self.stage.is_half,
            figures=None if figures is None else astuple(figures),
            top=None if top is None else astuple(top),
            overlap=None
            if overlap is None
            else (overlap.shared, overlap.found, overlap.real, overlap.known),
            has_learnt=self._has_learnt,
            least_loss=self._least_loss if math.isfinite(self._least_loss) else None,
            waited=self._waited,
            better_at=self._better_at,
        )

    def _say_that_it_goes_on(self, error: TrainingError) -> None:
        self._reporter.send(
            Note(
                Sentence(
                    "{problem} The training goes on; later ones are tried again.",
                    problem=error.sentence,
                )
            )
        )
