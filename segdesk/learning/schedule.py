"""How a training goes on: how long an epoch is, how large its slices, how fast it learns, when the
time is up. Decided from the Plan and the clock; where epochs were asked for, nothing that changes
the weights reads the clock.
"""

from __future__ import annotations

import math

from segdesk.core.networks import network
from segdesk.core.run import Plan
from segdesk.jobs.halt import Scheduled
from segdesk.learning.clock import Clock
from segdesk.learning.rates import Plateau, cosine, root, warmed

#: An epoch ends after its data, so many steps or so many seconds, whichever comes first.
MOST_STEPS, MOST_SECONDS = 250, 45.0
#: Where nobody asked for a number of epochs, few slices are gone through several times in each:
#: patience counted in epochs of two steps would count noise.
FEWEST_STEPS = 24
#: With the rate of the root, the first points of a curve come by time: after so many seconds, or
#: this share of what has passed; and what comes between epochs takes at most a fifth of the time.
FIRST_POINT_S, SHARE_OF_PASSED, TIMES_THE_REST = 5.0, 0.1, 4.0
#: Share of the plan in which slices have half their size; of an open-ended one, of so many seconds.
HALF_SIZED, OPEN_ENDED_S = 0.4, 60.0
#: Slices with fewer pixels along the longer side are never halved.
LEAST_SIDE = 96
#: What a validation with all that follows, and a save, are taken to cost while none was timed.
FIRST_REST_S, FIRST_SAVE_S = 1.5, 0.5


class Schedule:
    """Owned by `fit`, which tells it what was done. Its clock starts at its making.

    Parameters
    ----------
    plan : network, epochs and minutes are taken from it
    slices : in the training pool
    side : pixels along the longer side of what the network sees
    """

    def __init__(self, plan: Plan, slices: int, side: int) -> None:
        self.clock = Clock()
        self._plan = plan
        self._slices = slices
        self._kind = network(plan.network).schedule
        self._may_halve = self._kind == "root" and side >= LEAST_SIDE
        self._budget_s = math.inf if plan.max_minutes is None else plan.max_minutes * 60.0
        self._plateau = Plateau()
        self._steps_done = self._epochs_done = 0
        self._step_s = 0.0
        self._rest_s = FIRST_REST_S
        #: As `_rest_s`, but without the first, which traces too.
        self._usual_rest_s = 0.0
        self._save_s = FIRST_SAVE_S

    @property
    def budget_s(self) -> float:
        """Seconds that the plan allows; infinite without a limit."""
        return self._budget_s

    @property
    def is_by_time(self) -> bool:
        """Whether epochs follow the clock, so that patience has to be counted by it too."""
        return self._kind == "root" and self._plan.epochs is None

    @property
    def steps_done(self) -> int:
        """Steps that were taken."""
        return self._steps_done

    # Where it stands

    def halt(self) -> Scheduled:
        """All that what comes depends on, beside the plan."""
        return Scheduled(
            seconds=self.clock.seconds,
            steps_done=self._steps_done,
            epochs_done=self._epochs_done,
            step_s=self._step_s,
            rest_s=self._rest_s,
            usual_rest_s=self._usual_rest_s,
            save_s=self._save_s,
            plateau_share=self._plateau.share,
            plateau_waited=self._plateau.waited,
        )

    def go_on(self, halt: Scheduled) -> None:
        """Stand where an earlier schedule of this plan stood."""
        self.clock.go_on_from(halt.seconds)
        self._steps_done, self._epochs_done = halt.steps_done, halt.epochs_done
        self._step_s, self._save_s = halt.step_s, halt.save_s
        self._rest_s, self._usual_rest_s = halt.rest_s, halt.usual_rest_s
        self._plateau.share, self._plateau.waited = halt.plateau_share, halt.plateau_waited

    # What was done

    def after_step(self, seconds: float) -> None:
        """A step was taken."""
        # The first step traces and compiles; it says nothing about the next.
        self._step_s = seconds if self._steps_done else 0.0
        self._steps_done += 1

    def after_save(self, seconds: float) -> None:
        """Weights were written."""
        self._save_s = seconds

    def after_epoch(self, *, better: bool, rest_s: float) -> None:
        """An epoch is over; `rest_s` is what came after its last step."""
        self._plateau.after_epoch(better=better)
        self._usual_rest_s = rest_s if self._epochs_done else 0.0
        self._rest_s = rest_s
        self._epochs_done += 1

    # What comes

    def steps(self, batch: int) -> int:
        """Steps of an epoch: once through the data, or more often where they are few."""
        once = math.ceil(self._slices / batch)
        if self._plan.epochs is None and once < FEWEST_STEPS:
            once *= math.ceil(FEWEST_STEPS / once)
        return min(MOST_STEPS, once)

    def is_epoch_over(self, taken: int, steps: int, seconds: float) -> bool:
        """Whether an epoch ends after `taken` of its steps, in so many seconds."""
        if self._plan.epochs is not None:
            return taken >= steps
        if self._kind != "root":
            return taken >= steps or seconds >= MOST_SECONDS
        soonest = TIMES_THE_REST * self._usual_rest_s
        latest = max(FIRST_POINT_S, SHARE_OF_PASSED * self.clock.seconds, soonest)
        return (taken >= steps and seconds >= soonest) or seconds >= min(latest, MOST_SECONDS)

    def is_half_sized(self, epochs_done: float) -> bool:
        """Whether the next step's slices have half their size."""
        return self._may_halve and self._progress(epochs_done, OPEN_ENDED_S) < HALF_SIZED

    def share_of_rate(self, epochs_done: float) -> float:
        """Share of the plan's rate that the next step takes."""
        if self._kind == "kept":
            return 1.0
        if self._kind == "root":
            return root(self._steps_done)
        if self._plan.is_open_ended:
            return warmed(self._steps_done) * self._plateau.share
        return warmed(self._steps_done) * cosine(self._progress(epochs_done, math.inf))

    def is_over_time(self) -> bool:
        """Whether another step, the validation and the saving would pass the budget."""
        return self.clock.seconds + self._step_s + self._closing_s > self._budget_s

    def seconds_left(self, epochs_done: float) -> float | None:
        """Until the end; None where nobody knows it."""
        if self._plan.is_open_ended:
            return None
        left = self._budget_s - self.clock.seconds
        if self._plan.epochs is not None:
            left = min(left, self.clock.seconds * (self._plan.epochs / epochs_done - 1))
        return max(0.0, left)

    @property
    def _closing_s(self) -> float:
        """What comes after the last step."""
        return self._rest_s + self._save_s

    def _progress(self, epochs_done: float, open_ended_s: float) -> float:
        """Share of the plan that is done, 0 to 1, by whichever limit is nearer."""
        by_epochs = epochs_done / (self._plan.epochs or math.inf)
        if self._plan.epochs is not None and self._plan.max_minutes is None:
            return by_epochs
        budget_s = open_ended_s if self._plan.is_open_ended else self._budget_s
        return max(by_epochs, self.clock.seconds / max(budget_s - self._closing_s, 1e-3))
