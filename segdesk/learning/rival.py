"""The run in use measured again, on the slices that validate today.

Its own intensities, pixel size and segments hold, as when it predicts: it is judged by what it
would propose. A segment that it never learnt is found nowhere and so has a Dice of 0. Which of the
two runs is used then is the rule of `core.run_in_use`.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from segdesk.errors import TrainingError
from segdesk.jobs.bundle import Bundle, Rival
from segdesk.learning.figures import shown_dice
from segdesk.learning.geometry import Scale
from segdesk.learning.predict import Predictor
from segdesk.learning.reporter import Reporter
from segdesk.learning.samples import Samples
from segdesk.learning.standing import Standing
from segdesk.learning.start import trained
from segdesk.learning.validation import count_slice
from segdesk.ops.metrics import Tally

#: After a stop nobody waits longer than this for a comparison.
STOPPED_S = 3.0


@dataclass(frozen=True, slots=True)
class Measured:
    """Dice on the validation slices; None where there was no time, or for the `problem`."""

    dice: float | None
    problem: str = ""


def measure(
    rival: Rival,
    bundle: Bundle,
    samples: Samples,
    chosen: Iterable[int],
    reporter: Reporter,
    standing: Standing,
) -> Measured:
    """Predict the chosen slices with the rival's weights and count them.

    Parameters
    ----------
    samples : that validate
    chosen : which of them, the same as for the run that was trained
    standing : its network answers, if it has the form
    """
    patience = _Patience(reporter)
    # A target counts classes; a prediction has the segments' numbers.
    classes = np.zeros(256, np.uint8)
    for place, (number, _) in enumerate(bundle.segments, start=1):
        classes[number] = place
    counted = Tally()
    try:
        network = trained(rival.trained, rival.input_shape)
        forward = standing.forward(network, rival.trained.network)
        predictor = Predictor(
            forward.network,
            rival.trained.network,
            forward=forward,
            intensities=rival.intensities,
            scale=Scale(max(rival.input_shape), rival.pixel_mm),
            segments=rival.trained.segments,
            neighbours_mm=rival.trained.neighbours_mm,
        )
        for case, group in groupby(chosen, key=lambda index: samples[index].case):
            indices = list(group)
            planes = predictor.slices(
                bundle.volume(case), [samples[index].slice for index in indices]
            )
            for index, labels in zip(indices, planes, strict=True):
                counted += count_slice(samples, index, classes[labels])
                if patience.is_over():
                    return Measured(None)
    except TrainingError as error:
        return Measured(None, error.sentence)
    return Measured(shown_dice(counted))


class _Patience:
    """Runs out some time after a stop was asked for."""

    def __init__(self, reporter: Reporter) -> None:
        self._reporter = reporter
        self._since: float | None = None

    def is_over(self) -> bool:
        if self._since is None and self._reporter.should_stop():
            self._since = time.monotonic()
        return self._since is not None and time.monotonic() - self._since > STOPPED_S
