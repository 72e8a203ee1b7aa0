"""The training's loop: steps make an epoch, an epoch is measured, and something ends it.

`learner` takes the steps, `feed` brings the batches, `validation` measures; how it goes on is
decided by `schedule`, what is kept by `keeper`. `trainer` calls `fit` and passes on how it ended.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from operator import add

import numpy as np

from segdesk.core.run import Epoch, Outcome, Plan
from segdesk.errors import Cancelled, TrainingError
from segdesk.jobs.halt import Halt
from segdesk.jobs.messages import EpochDone, FullSized, Note, Resumed, Step
from segdesk.learning import backend
from segdesk.learning.clock import Pace
from segdesk.learning.feed import Feed
from segdesk.learning.keeper import PATIENCE, Keeper
from segdesk.learning.learner import Learner, StepFigures
from segdesk.learning.order import slices_of_a_pass
from segdesk.learning.proposing import Proposer
from segdesk.learning.reporter import Reporter
from segdesk.learning.resuming import Origin, TakenUp
from segdesk.learning.run_folder import HeldRun
from segdesk.learning.samples import Samples
from segdesk.learning.schedule import Schedule
from segdesk.learning.stage import Stage
from segdesk.learning.verdict import why_nothing
from segdesk.sentence import Sentence

#: A stop waits for a step that takes less; the first one, which traces too, is rarely so quick.
QUICK_S = 1.0


@dataclass(frozen=True, slots=True)
class Ending:
    """How a training ended; `best` is the epoch whose weights are kept, 0 for none.

    `nothing_learnt` says why its figures show that it learnt nothing, `dice` is that of the kept
    weights on the validation slices, None where there is none. `stage` is what they learnt from.
    """

    outcome: Outcome
    reason: str
    best: int
    seconds: float
    nothing_learnt: str = ""
    dice: float | None = None
    stage: Stage | None = None


class Fit:
    """One training from its first step, or from where it was stopped, to its best weights. Owned by
    `trainer`, run once.

    The clock starts, and batches are made, from its making on.

    Parameters
    ----------
    learner : with its first weights, or those of the checkpoint
    open_feed : makes the feed of some samples for a batch size, without the batches before
    stage : what it learns from in full size, or in half of it
    plan : the settings
    run : its folder, held
    reporter : hears of everything
    proposer : asked after each step
    origin : what of a halt no step changes
    resumed : where it goes on, or None
    """

    def __init__(
        self,
        learner: Learner,
        open_feed: Callable[[Samples, int, int], Feed],
        stage: Callable[[bool], Stage],
        plan: Plan,
        *,
        run: HeldRun,
        reporter: Reporter,
        proposer: Proposer,
        origin: Origin,
        resumed: TakenUp | None = None,
    ) -> None:
        self._learner = learner
        self._open_feed = open_feed
        self._stages = stage
        self._plan = plan
        self._reporter = reporter
        self._proposer = proposer
        self._origin = origin
        self._pace = Pace()
        full = stage(False)
        slices = slices_of_a_pass(full.train.segments)
        self._schedule = Schedule(plan, slices, max(full.input_shape))
        self._keeper = Keeper(learner, self._schedule, run, reporter)
        self._rate = plan.rate
        self._has_recovered = False
        #: Whole epochs, and what was done of the next one.
        self._number = 0
        self._taken: list[StepFigures] = []
        #: Of the first epoch, and of the last.
        self._losses = 0.0, 0.0
        self._started, self._share = self._schedule.clock.seconds, 1.0
        self._is_half = self._schedule.is_half_sized(0.0)
        batch, drawn = plan.batch, 0
        if resumed is not None:
            batch, drawn = self._go_on(resumed)
        self._stage = stage(True) if self._is_half else full
        self._feed = open_feed(self._stage.train, batch, drawn)
        self._to_measure: Stage | None = None
        if resumed is not None and resumed.best is not None and not resumed.has_same_labels:
            self._to_measure = stage(resumed.halt.kept.is_half)

    def _go_on(self, resumed: TakenUp) -> tuple[int, int]:
        """Stand where it was stopped; gives the size of a batch, and how many were drawn."""
        halt = resumed.halt
        self._schedule.go_on(halt.scheduled)
        stage = self._stages(halt.kept.is_half) if resumed.best is not None else None
        # From here on a stop waits for the step in hand: there are weights to keep.
        self._reporter.leave_on_stop = False
        self._reporter.send(Resumed(halt.step, halt.epoch))
        self._keeper.go_on(halt, resumed.best, stage, resumed.checkpoints)
        self._rate, self._has_recovered = halt.rate, halt.has_recovered
        self._number, self._losses, self._share = halt.epoch, halt.losses, halt.share
        self._is_half = halt.is_half
        if not resumed.has_same_labels:
            # Half an epoch of other slices is no part of a figure, nor of a pass.
            self._started = self._schedule.clock.seconds
            return halt.batch, 0
        self._taken, self._started = list(resumed.taken), halt.started
        return halt.batch, halt.drawn

    def run(self) -> Ending:
        """Train until the plan, the patience or the user ends it; the best weights are back then.

        Raises
        ------
        TrainingError
            Where no step can be taken, or the weights cannot be written.
        """
        try:
            if self._to_measure is not None:
                validation = self._to_measure.validation
                self._keeper.measure_anew(lambda: validation.measure(self._reporter))
            while True:
                self._train_epoch(self._number + 1)
                reason = self._reason_to_end(self._number)
                if reason:
                    return self._end("finished", reason)
                if self._keeper.is_halt_due:
                    self._halt()
        except Cancelled:
            if self._schedule.steps_done:
                self._halt()
            return self._end("stopped", "")
        finally:
            self._feed.close()

    def _train_epoch(self, number: int) -> None:
        schedule, clock = self._schedule, self._schedule.clock
        taken, steps = self._taken, schedule.steps(self._feed.batch)
        while not schedule.is_epoch_over(len(taken), steps, clock.seconds - self._started):
            if taken and schedule.is_over_time():
                break
            self._wait_or_stop()
            done = number - 1 + min(1.0, len(taken) / steps)
            if self._is_half and not schedule.is_half_sized(done):
                self._is_half, self._stage = False, self._stages(False)
                self._reopen(self._feed.batch)
                self._reporter.send(FullSized(schedule.steps_done))
            self._share = schedule.share_of_rate(done)
            taken.append(self._step(self._share))
            self._proposer.after_step(schedule.steps_done, self._stage.predictor)
            if self._pace.is_due():
                self._report_step(number, len(taken), steps, taken[-1].loss)
        rest_started = time.perf_counter()
        loss = float(np.mean([one.loss for one in taken]))
        overlap = reduce(add, (one.overlap for one in taken))
        with self._learner.averaged():
            validated = self._stage.validation.measure(self._reporter)
            better = self._keeper.judge(number, self._stage, validated, overlap, loss)
            self._keeper.save(number)
            epoch = Epoch(
                number=number,
                seconds=clock.seconds,
                loss=loss,
                accuracy=float(np.mean([one.accuracy for one in taken])),
                rate=self._rate * self._share,
                dice=overlap.dice,
                val_loss=validated.loss if validated else None,
                val_accuracy=validated.accuracy if validated else None,
                val_dice=validated.dice if validated else None,
                steps=schedule.steps_done,
            )
            self._reporter.send(EpochDone(epoch))
        if better is None:
            self._recover()
        schedule.after_epoch(better=bool(better), rest_s=time.perf_counter() - rest_started)
        self._number, self._taken, self._started = number, [], clock.seconds
        self._losses = (loss if number == 1 else self._losses[0]), loss

    def _halt(self) -> None:
        """Put on disk all that the training can go on from, between two steps."""
        origin = self._origin
        self._keeper.halt(
            self._taken,
            lambda kept: Halt(
                run=origin.run,
                plan=self._plan,
                segments=origin.segments,
                labels=origin.labels,
                built_for=origin.built_for,
                channels=origin.channels,
                side=origin.scale.side,
                pixel_mm=origin.scale.pixel_mm,
                fold=origin.fold,
                epoch=self._number,
                losses=self._losses,
                taken=len(self._taken),
                started=self._started,
                rate=self._rate,
                share=self._share,
                has_recovered=self._has_recovered,
                is_half=self._is_half,
                batch=self._feed.batch,
                drawn=self._feed.drawn,
                scheduled=self._schedule.halt(),
                kept=kept,
            ),
        )

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
            seconds = time.perf_counter() - started
            self._schedule.after_step(seconds)
            if seconds < QUICK_S:
                # The process stays for the next job: a stop can wait for the step in hand.
                self._reporter.leave_on_stop = False
            return figures

    def _reopen(self, batch: int) -> None:
        """Another batch size, or from now on the slices in their full size."""
        self._feed.close()
        self._feed = self._open_feed(self._stage.train, batch, 0)

    def _halve_batch(self, error: BaseException) -> None:
        batch = self._feed.batch // 2
        if batch < 1:
            raise TrainingError(
                "The device's memory does not hold the network with a single slice.",
                "Choose a smaller size or fewer filters.",
            ) from error
        self._reopen(batch)
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
        self._learner.restore(self._keeper.best)
        self._learner.forget_steps()
        self._say(
            Sentence("The loss became infinite; going on from the best weights at half the rate.")
        )

    def _end(self, outcome: Outcome, reason: str) -> Ending:
        keeper = self._keeper
        if keeper.epoch == 0:
            reason = Sentence("Stopped before there was anything to keep.")
        elif outcome == "stopped":
            reason = Sentence("Stopped; the weights of epoch {epoch} are kept.", epoch=keeper.epoch)
        keeper.end()
        if outcome == "finished":
            keeper.drop_checkpoints()
        best = keeper.figures
        nothing = why_nothing(self._plan, self._number, self._losses, best, keeper.overlap)
        return Ending(
            outcome,
            reason=nothing if nothing and outcome == "finished" else reason,
            best=keeper.epoch,
            seconds=self._schedule.clock.seconds,
            nothing_learnt=nothing,
            dice=best.dice if best is not None else None,
            stage=keeper.stage,
        )

    def _reason_to_end(self, number: int) -> str:
        if self._plan.epochs is not None and number >= self._plan.epochs:
            return Sentence("All epochs are done.")
        if self._schedule.is_over_time():
            return Sentence("The time is up.")
        if self._plan.is_open_ended and self._keeper.has_waited():
            if self._keeper.figures:
                return Sentence("No better validation for {n} epochs.", n=PATIENCE)
            return Sentence("No better training loss for {n} epochs.", n=PATIENCE)
        if self._plan.epochs is None and self._keeper.learns_nothing():
            # `_end` says the rest.
            return Sentence("Nothing was learnt.")
        return ""

    def _wait_or_stop(self) -> None:
        before = time.perf_counter()
        self._reporter.wait_while_paused()
        self._schedule.clock.leave_out(time.perf_counter() - before)
        if self._reporter.should_stop():
            raise Cancelled

    def _report_step(self, number: int, step: int, steps: int, loss: float) -> None:
        done = number - 1 + min(1.0, step / steps)
        left = self._schedule.seconds_left(done)
        self._reporter.send(
            Step(number, step, max(step, steps), loss, self._schedule.clock.seconds, left)
        )

    def _say(self, sentence: str) -> None:
        self._reporter.send(Note(sentence))
