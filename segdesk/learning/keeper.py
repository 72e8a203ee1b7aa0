"""What a training keeps: the best weights, on disk every few seconds, and for how long it waits."""

from __future__ import annotations

import math

import numpy as np

from segdesk.errors import TrainingError
from segdesk.jobs.messages import Checkpoint, Note
from segdesk.learning import checkpoints
from segdesk.learning.figures import Overlap
from segdesk.learning.learner import Learner, Weights
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
#: The best weights wait in memory and go to disk at most so often, and at the end.
SECONDS_BETWEEN_SAVES = 10.0


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
        self.overlap: Overlap | None = None
        self._has_learnt = False
        self._least_loss = math.inf
        self._waited = 0
        self._better_at = 0.0
        self._saved_epoch = 0
        self._saved_at = -math.inf

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
            better = keep = validated.is_better_than(self.figures)
        self._has_learnt |= is_better_than_nothing(validated, overlap)
        self._waited = 0 if better else self._waited + 1
        if better:
            self._better_at = self._schedule.clock.seconds
        if keep:
            self.figures, self.best = validated, weights
            self.epoch, self.stage, self.overlap = number, stage, overlap
        return better

    def save(self, number: int) -> None:
        """Put the best weights on disk, unless that was done a moment ago.

        The network has those of epoch `number` now.
        """
        now = self._schedule.clock.seconds
        if self.epoch != number or now - self._saved_at < SECONDS_BETWEEN_SAVES:
            return
        try:
            self._write()
        except TrainingError as error:
            # The weights are in memory still; a full disk now is no reason to stop learning.
            self._saved_at = self._schedule.clock.seconds
            self._reporter.send(
                Note(
                    Sentence(
                        "{problem} The training goes on; later ones are tried again.",
                        problem=error.sentence,
                    )
                )
            )

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
        learner, paths = self._learner, self._run.paths()
        digest = checkpoints.save(
            learner.network, learner.optimiser, paths, epoch=self.epoch, check=self._run.check
        )
        self._schedule.after_save(clock.seconds - started)
        self._saved_epoch, self._saved_at = self.epoch, clock.seconds
        name = paths.weights(self.epoch).name
        if self.stage is None:
            self._reporter.send(Checkpoint(self.epoch, name, digest))
        else:
            shape, pixel_mm = self.stage.input_shape, self.stage.pixel_mm
            self._reporter.send(Checkpoint(self.epoch, name, digest, shape, pixel_mm))
        checkpoints.drop_others(paths, epoch=self.epoch)
