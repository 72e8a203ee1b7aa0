"""Which run predicts: the `RunInUse`, and the rule by which one follows another.

The run in use is the one that is better on today's validation slices: at a training's end its child
measures both on them. `learning` measures, `app.runs.run_in_use` keeps what comes of it, `Project`
holds it. A run that learnt nothing, or crashed, is never chosen by the rule.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from segdesk.sentence import Sentence

#: Decimals of a Dice, and where two are nearly the same.
PLACES, MOST_PLACES = 3, 6


@dataclass(frozen=True, slots=True)
class RunInUse:
    """The run whose predictions are shown and which predicts next.

    Parameters
    ----------
    chosen : id of the run that the rule chose; empty where none has learnt yet
    reason : why, in a sentence
    figures : (run, Dice) on the validation slices on which they were last compared
    slices : how many these were
    by_hand : id of the run that a person wants instead; empty where the rule decides
    """

    chosen: str = ""
    reason: str = ""
    figures: tuple[tuple[str, float], ...] = ()
    slices: int = 0
    by_hand: str = ""

    @property
    def run(self) -> str:
        """Id of the run in use; empty where there is none."""
        return self.by_hand or self.chosen

    def among(self, kept: Collection[str]) -> RunInUse:
        """Which run is in use where only these are there, or can predict."""
        now = self
        if now.by_hand and now.by_hand not in kept:
            now = replace(now, by_hand="")
        if now.chosen and now.chosen not in kept:
            return RunInUse(by_hand=now.by_hand)
        return now


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a training's child found out at its end, each Dice on the same validation slices.

    Parameters
    ----------
    run : that was trained
    dice : of its best weights; None where no validation slice shows a segment
    slices : that validate
    other : the run that was in use; empty where there was none
    other_dice : None where it was not measured
    problem : why it cannot be measured here at all, in a sentence; empty where there was no time
    """

    run: str
    dice: float | None
    slices: int
    other: str = ""
    other_dice: float | None = None
    problem: str = ""

    @property
    def is_won(self) -> bool:
        """Whether the run that was trained is the one to use; ties go to it."""
        if not self.other or self.dice is None:
            return True
        if self.other_dice is None:
            # It may be better: it is given up only where it cannot predict here any more.
            return bool(self.problem)
        return self.dice >= self.other_dice


def after_training(before: RunInUse, found: Comparison) -> RunInUse:
    """What is in use once a run that has learnt was compared with the one in use."""
    figures = tuple(
        (run, dice)
        for run, dice in ((found.run, found.dice), (found.other, found.other_dice))
        if run and dice is not None
    )
    chosen = found.run if found.is_won else found.other
    return replace(
        before, chosen=chosen, reason=_reason(found), figures=figures, slices=found.slices
    )


def _reason(found: Comparison) -> str:
    if found.dice is None:
        if found.slices:
            return Sentence(
                "No validation slice shows a segment, so the newest run that learnt is used."
            )
        return Sentence("No slice validates yet, so the newest run that learnt is used.")
    mine = _measured(found.dice, found.slices)
    if not found.other:
        return Sentence("It is the first that learnt: {dice}.", dice=mine)
    if found.problem:
        return Sentence(
            "{dice}; {other} could not be measured: {problem}",
            dice=mine,
            other=found.other,
            problem=found.problem,
        )
    if found.other_dice is None:
        return Sentence("{run} was stopped before the two could be compared.", run=found.run)
    places = _places(found.dice, found.other_dice)
    if found.dice == found.other_dice:
        return Sentence(
            "{dice}, as {other}; of two that are equal the newer is used.",
            dice=mine,
            other=found.other,
        )
    if found.is_won:
        return Sentence(
            "{dice}; {other} has {less}.",
            dice=_measured(found.dice, found.slices, places),
            other=found.other,
            less=f"{found.other_dice:.{places}f}",
        )
    return Sentence(
        "{dice}; {other} has {less}.",
        dice=_measured(found.other_dice, found.slices, places),
        other=found.run,
        less=f"{found.dice:.{places}f}",
    )


def _places(dice: float, other: float) -> int:
    """Decimals in which two figures can be told apart: no "0.976; the other has 0.976"."""
    for places in range(PLACES, MOST_PLACES):
        if f"{dice:.{places}f}" != f"{other:.{places}f}":
            return places
    return MOST_PLACES


def _measured(dice: float, slices: int, places: int = PLACES) -> Sentence:
    return Sentence.counted(
        "Dice {dice} on {n} validation slice",
        "Dice {dice} on {n} validation slices",
        slices,
        dice=f"{dice:.{places}f}",
    )
