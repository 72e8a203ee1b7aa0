"""The training's rules: when an epoch ends, when the rate falls, what is kept, when it is over.

`learner` takes the steps, `feed` brings the batches, `validation` measures, `rates` and
`checkpoints` do what their names say; `trainer` calls `fit` and passes on how it ended.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from operator import add

import numpy as np

from segdesk.core.networks import network
from segdesk.core.run import Epoch, Outcome, Plan
from segdesk.errors import Cancelled, TrainingError
from segdesk.jobs.messages import Checkpoint, EpochDone, Note, Step
from segdesk.learning import backend, checkpoints
from segdesk.learning.clock import Clock, Pace
from segdesk.learning.feed import Feed
from segdesk.learning.figures import Overlap
from segdesk.learning.learner import Learner, StepFigures, Weights
from segdesk.learning.rates import Plateau, cosine, warmed
from segdesk.learning.reporter import Reporter
from segdesk.learning.run_folder import HeldRun
from segdesk.learning.validation import Validated, Validation
from segdesk.learning.verdict import is_better_than_nothing, why_nothing
from segdesk.sentence import Sentence

#: An epoch ends after its data, so many steps or so many seconds, whichever comes first.
MOST_STEPS, MOST_SECONDS = 250, 45.0
#: Where nobody asked for a number of epochs, few slices are gone through several times in each:
#: patience counted in epochs of two steps would count noise.
FEWEST_STEPS = 24
#: An open-ended run ends after so many epochs without a better figure.
PATIENCE = 10
#: Where nothing is learnt, it ends after so many of them, and never before this share of a budget.
PATIENCE_WITH_NOTHING, LEAST_SHARE = math.ceil(PATIENCE / 3), 1 / 3
#: The best weights wait in memory and go to disk at most so often, and at the end.
SECONDS_BETWEEN_SAVES = 10.0
#: What the first validation, and a save, are taken to cost while none was timed.
FIRST_REST_S, FIRST_SAVE_S = 1.5, 0.5


@dataclass(frozen=True, slots=True)
class Ending:
    """How a training ended; `best` is the epoch whose weights are kept, 0 for none.

    `nothing_learnt` says why its figures show that it learnt nothing, `dice` is that of the kept
    weights on the validation slices, None where there is none.
    """

    outcome: Outcome
    reason: str
    best: int
    seconds: float
    nothing_learnt: str = ""
    dice: float | None = None


class Fit:
    """One training from its first step to its best weights. Owned by `trainer`, run once.

    The clock starts, and batches are made, from its making on.

    Parameters
    ----------
    learner : with its first weights
    open_feed : makes the feed for a batch size
    slices : in the training pool
    validation : may be empty
    plan : epochs, minutes, batch and rate are taken from it
    run : its folder, held
    reporter : hears of everything
    preview : called with the epoch's number after each epoch
    """

    def __init__(
        self,
        learner: Learner,
        open_feed: Callable[[int], Feed],
        slices: int,
        validation: Validation,
        plan: Plan,
        *,
        run: HeldRun,
        reporter: Reporter,
        preview: Callable[[int], None],
    ) -> None:
        self._learner = learner
        self._open_feed = open_feed
        self._slices = slices
        self._validation = validation
        self._plan = plan
        self._run = run
        self._reporter = reporter
        self._preview = preview
        self._budget_s = math.inf if plan.max_minutes is None else plan.max_minutes * 60.0
        self._rate = plan.rate
        self._keeps_rate = network(plan.network).keeps_rate
        self._plateau = Plateau()
        self._pace = Pace()
        self._steps_done = 0
        self._step_s = 0.0
        self._rest_s = FIRST_REST_S
        self._save_s = FIRST_SAVE_S
        self._best_weights: Weights = learner.weights()
        self._best_figures: Validated | None = None
        self._best_overlap: Overlap | None = None
        self._epochs: list[Epoch] = []
        self._has_learnt = False
        self._best_loss = math.inf
        self._best_epoch = 0
        self._waited = 0
        self._has_recovered = False
        self._saved_epoch = 0
        self._saved_at = -math.inf
        self._feed = open_feed(plan.batch)
        self._clock = Clock()

    def run(self) -> Ending:
        """Train until the plan, the patience or the user ends it; the best weights are back then.

        Raises
        ------
        TrainingError
            Where no step can be taken, or the weights cannot be written.
        """
        number = 0
        try:
            while True:
                number += 1
                self._train_epoch(number)
                reason = self._reason_to_end(number)
                if reason:
                    return self._end("finished", reason)
        except Cancelled:
            return self._end("stopped", "")
        finally:
            self._feed.close()

    def _train_epoch(self, number: int) -> None:
        taken: list[StepFigures] = []
        started, steps = self._clock.seconds, self._steps()
        share = 1.0
        while len(taken) < steps and self._clock.seconds - started < MOST_SECONDS:
            if taken and self._is_over_time():
                break
            self._wait_or_stop()
            share = self._share_of_rate(number - 1 + len(taken) / steps)
            taken.append(self._step(share))
            if self._pace.is_due():
                self._report_step(number, len(taken), steps, taken[-1].loss)
        rest_started = time.perf_counter()
        validated = self._validation.measure(self._reporter)
        loss = float(np.mean([one.loss for one in taken]))
        overlap = reduce(add, (one.overlap for one in taken))
        self._judge(number, validated, overlap, loss)
        self._save(number)
        epoch = Epoch(
            number=number,
            seconds=self._clock.seconds,
            loss=loss,
            accuracy=float(np.mean([one.accuracy for one in taken])),
            rate=self._rate * share,
            dice=overlap.dice,
            val_loss=validated.loss if validated else None,
            val_accuracy=validated.accuracy if validated else None,
            val_dice=validated.dice if validated else None,
        )
        self._epochs.append(epoch)
        self._reporter.send(EpochDone(epoch))
        self._preview(number)
        self._rest_s = time.perf_counter() - rest_started

    def _step(self, share: float) -> StepFigures:
        while True:
            batch = self._feed.next()
            started = time.perf_counter()
            try:
                figures = self._learner.step(batch, self._rate * share)
            except backend.OUT_OF_MEMORY as error:
                self._halve_batch(error)
                continue
            if not math.isfinite(figures.loss):
                self._recover()
                continue
            # The first step traces and compiles; it says nothing about the next.
            self._step_s = time.perf_counter() - started if self._steps_done else 0.0
            self._steps_done += 1
            return figures

    def _halve_batch(self, error: BaseException) -> None:
        batch = self._feed.batch // 2
        if batch < 1:
            raise TrainingError(
                "The device's memory does not hold the network with a single slice.",
                "Choose a smaller size or fewer filters.",
            ) from error
        self._feed.close()
        self._feed = self._open_feed(batch)
        self._say(
            Sentence("The memory was too small; each step now takes {batch} slices.", batch=batch)
        )

    def _recover(self) -> None:
        if self._has_recovered:
            raise TrainingError(
                "The loss became infinite for a second time.", "Train again at a smaller rate."
            )
        self._has_recovered = True
        self._rate /= 2
        self._learner.restore(self._best_weights)
        self._learner.forget_steps()
        self._say(
            Sentence("The loss became infinite; going on from the best weights at half the rate.")
        )

    def _judge(
        self, number: int, validated: Validated | None, overlap: Overlap, loss: float
    ) -> None:
        """Decide whether this epoch is the best so far, and keep its weights if so."""
        weights = self._learner.weights()
        if not all(np.isfinite(weight).all() for weight in weights):
            self._recover()
            return
        if validated is None:
            # Without validation the last weights are kept; the training loss only ends the run.
            better, self._best_loss = loss < self._best_loss, min(loss, self._best_loss)
            keep = True
        else:
            better = keep = validated.is_better_than(self._best_figures)
        self._has_learnt |= is_better_than_nothing(validated, overlap)
        self._plateau.after_epoch(better=better)
        self._waited = 0 if better else self._waited + 1
        if keep:
            self._best_figures, self._best_weights = validated, weights
            self._best_epoch, self._best_overlap = number, overlap

    def _save(self, number: int) -> None:
        """Put the best weights on disk, unless that was done a moment ago."""
        if self._best_epoch != number or self._clock.seconds - self._saved_at < (
            SECONDS_BETWEEN_SAVES
        ):
            return
        try:
            self._write()
        except TrainingError as error:
            # The weights are in memory still; a full disk now is no reason to stop learning.
            self._saved_at = self._clock.seconds
            self._say(
                Sentence(
                    "{problem} The training goes on; later ones are tried again.",
                    problem=error.sentence,
                )
            )

    def _write(self) -> None:
        # From here on there are weights to keep, so a stop waits for the step in hand.
        self._reporter.leave_on_stop = False
        started = self._clock.seconds
        epoch = self._best_epoch
        learner, paths = self._learner, self._run.paths()
        digest = checkpoints.save(
            learner.network, learner.optimiser, paths, epoch=epoch, check=self._run.check
        )
        self._save_s = self._clock.seconds - started
        self._saved_epoch, self._saved_at = epoch, self._clock.seconds
        self._reporter.send(Checkpoint(epoch, paths.weights(epoch).name, digest))
        checkpoints.drop_others(paths, epoch=epoch)

    def _end(self, outcome: Outcome, reason: str) -> Ending:
        if self._best_epoch == 0:
            reason = Sentence("Stopped before there was anything to keep.")
        elif outcome == "stopped":
            reason = Sentence(
                "Stopped; the weights of epoch {epoch} are kept.", epoch=self._best_epoch
            )
        if self._best_epoch:
            self._learner.restore(self._best_weights)
            if self._saved_epoch != self._best_epoch:
                self._write()
        best = self._best_figures
        nothing = why_nothing(self._plan, self._epochs, best, self._best_overlap)
        return Ending(
            outcome,
            reason=nothing if nothing and outcome == "finished" else reason,
            best=self._best_epoch,
            seconds=self._clock.seconds,
            nothing_learnt=nothing,
            dice=best.dice if best is not None else None,
        )

    def _reason_to_end(self, number: int) -> str:
        if self._plan.epochs is not None and number >= self._plan.epochs:
            return Sentence("All epochs are done.")
        if self._is_over_time():
            return Sentence("The time is up.")
        if self._plan.is_open_ended and self._waited >= PATIENCE:
            if self._best_figures:
                return Sentence("No better validation for {n} epochs.", n=PATIENCE)
            return Sentence("No better training loss for {n} epochs.", n=PATIENCE)
        if self._learns_nothing():
            # `_end` says the rest.
            return Sentence("Nothing was learnt.")
        return ""

    def _learns_nothing(self) -> bool:
        """Whether going on is of no use. Where epochs were asked for, they are trained."""
        return (
            self._plan.epochs is None
            and not self._has_learnt
            and self._waited >= PATIENCE_WITH_NOTHING
            and (math.isinf(self._budget_s) or self._clock.seconds >= self._budget_s * LEAST_SHARE)
        )

    def _steps(self) -> int:
        """Steps of an epoch: once through the data, or more often where they are few."""
        once = math.ceil(self._slices / self._feed.batch)
        if self._plan.epochs is None and once < FEWEST_STEPS:
            once *= math.ceil(FEWEST_STEPS / once)
        return min(MOST_STEPS, once)

    def _is_over_time(self) -> bool:
        """Whether another step, the validation and the saving would pass the budget."""
        return self._clock.seconds + self._step_s + self._closing_s > self._budget_s

    @property
    def _closing_s(self) -> float:
        """What comes after the last step."""
        return self._rest_s + self._save_s

    def _share_of_rate(self, epochs_done: float) -> float:
        if self._keeps_rate:
            return 1.0
        if self._plan.is_open_ended:
            return warmed(self._steps_done) * self._plateau.share
        return warmed(self._steps_done) * cosine(self._progress(epochs_done))

    def _progress(self, epochs_done: float) -> float:
        """Share of the plan that is done, 0 to 1, by whichever limit is nearer."""
        by_time = self._clock.seconds / max(self._budget_s - self._closing_s, 1e-3)
        return max(by_time, epochs_done / (self._plan.epochs or math.inf))

    def _seconds_left(self, epochs_done: float) -> float | None:
        if self._plan.is_open_ended:
            return None
        left = self._budget_s - self._clock.seconds
        if self._plan.epochs is not None:
            left = min(left, self._clock.seconds * (self._plan.epochs / epochs_done - 1))
        return max(0.0, left)

    def _wait_or_stop(self) -> None:
        before = time.perf_counter()
        self._reporter.wait_while_paused()
        self._clock.leave_out(time.perf_counter() - before)
        if self._reporter.should_stop():
            raise Cancelled

    def _report_step(self, number: int, step: int, steps: int, loss: float) -> None:
        left = self._seconds_left(number - 1 + step / steps)
        self._reporter.send(Step(number, step, steps, loss, self._clock.seconds, left))

    def _say(self, sentence: str) -> None:
        self._reporter.send(Note(sentence))
