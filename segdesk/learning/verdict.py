"""Whether a training has learnt anything, by its figures, and what to do where it has not.

Nothing is learnt where the masks of the kept weights are no better than one class everywhere: a
Dice of 0 on slices that have foreground is the case of background everywhere. The validation
decides, or the training's own batches where no validation slice shows a segment. When a training
ends is decided in `fit`.
"""

from __future__ import annotations

import math

from segdesk.core.networks import network
from segdesk.core.run import Plan
from segdesk.learning.figures import Overlap
from segdesk.learning.validation import Validated
from segdesk.sentence import Sentence

#: A Dice that is better by less than this comes from stray voxels ...
MARGIN = 0.005
#: ... or by less than this share of what is left to 1, where foreground leaves hardly any room.
MARGIN_SHARE = 0.1


def is_better_than_nothing(validated: Validated | None, trained: Overlap | None) -> bool:
    """Whether the figures of an epoch show that something was learnt.

    Parameters
    ----------
    validated : of its weights, or None without a validation slice
    trained : of its batches; None before there was one
    """
    if validated is not None and validated.dice is not None:
        return _is_above(validated.dice, validated.constant_dice)
    if trained is None or trained.dice is None:
        return False
    return _is_above(trained.dice, trained.constant_dice)


def _is_above(dice: float, constant: float) -> bool:
    """Whether a Dice is clearly better than that of one class everywhere."""
    return dice > constant + min(MARGIN, MARGIN_SHARE * (1.0 - constant))


def why_nothing(
    plan: Plan,
    epochs: int,
    losses: tuple[float, float],
    validated: Validated | None,
    trained: Overlap | None,
) -> str:
    """Why nothing was learnt and the way out, in two sentences; empty where something was.

    Parameters
    ----------
    epochs : how many there were
    losses : of the first and of the last
    validated, trained : of the epoch whose weights are kept
    """
    if not epochs or is_better_than_nothing(validated, trained):
        return ""
    by_validation = validated is not None and validated.dice is not None
    dice = validated.dice if validated is not None and by_validation else trained and trained.dice
    where = (
        Sentence("the validation slices") if by_validation else Sentence("the slices that teach")
    )
    if dice:
        what = Sentence(
            "its masks are no better than one class everywhere (Dice {dice} on {where})",
            dice=f"{dice:.3f}",
            where=where,
        )
    else:
        what = Sentence("its Dice on {where} is 0", where=where)
    return Sentence(
        "Nothing was learnt in {epochs}: {why}. {way_out}",
        epochs=Sentence.counted("1 epoch", "{n} epochs", epochs),
        why=_with_loss(what, losses),
        way_out=_way_out(plan),
    )


def _with_loss(what: Sentence, losses: tuple[float, float]) -> Sentence:
    first, last = losses
    if not math.isfinite(last):
        return Sentence("{what} and its loss is no number", what=what)
    if last > first:
        return Sentence(
            "{what} and its loss rose from {first} to {last}",
            what=what,
            first=f"{first:.3g}",
            last=f"{last:.3g}",
        )
    return what


def _way_out(plan: Plan) -> Sentence:
    usual = network(plan.network).rate
    if plan.rate > usual:
        return Sentence(
            "Train at a lower learning rate (it was {rate}, {network} starts at {usual}), make "
            "more slices right, and check that their labels lie where they belong.",
            rate=f"{plan.rate:g}",
            network=plan.network,
            usual=f"{usual:g}",
        )
    if plan.is_open_ended:
        return Sentence(
            "Make more slices right, and check that their labels lie where they belong."
        )
    return Sentence(
        "Train for longer, make more slices right, and check that their labels lie where they "
        "belong."
    )
