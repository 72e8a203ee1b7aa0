"""Whether a training has learnt anything, by its figures, and what to do where it has not.

Nothing is learnt where the masks of the kept weights are no better than one class everywhere: a
Dice of 0 on slices that have foreground is the case of background everywhere. The validation
decides, or the training's own batches where no validation slice shows a segment. When a training
ends is decided in `fit`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from segdesk.core.networks import network
from segdesk.core.run import Epoch, Plan
from segdesk.learning.figures import Overlap
from segdesk.learning.validation import Validated

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
    plan: Plan, epochs: Sequence[Epoch], validated: Validated | None, trained: Overlap | None
) -> str:
    """Why nothing was learnt and the way out, in two sentences; empty where something was.

    Parameters
    ----------
    epochs : all of them
    validated, trained : of the epoch whose weights are kept
    """
    if not epochs or is_better_than_nothing(validated, trained):
        return ""
    by_validation = validated is not None and validated.dice is not None
    dice = validated.dice if validated is not None and by_validation else trained and trained.dice
    where = "the validation slices" if by_validation else "the slices that teach"
    if dice:
        what = f"its masks are no better than one class everywhere (Dice {dice:.3f} on {where})"
    else:
        what = f"its Dice on {where} is 0"
    after = "1 epoch" if len(epochs) == 1 else f"{len(epochs)} epochs"
    return f"Nothing was learnt in {after}: {what}{_loss_words(epochs)}. {_way_out(plan)}"


def _loss_words(epochs: Sequence[Epoch]) -> str:
    first, last = epochs[0].loss, epochs[-1].loss
    if not math.isfinite(last):
        return " and its loss is no number"
    if len(epochs) > 1 and last > first:
        return f" and its loss rose from {first:.3g} to {last:.3g}"
    return ""


def _way_out(plan: Plan) -> str:
    usual = network(plan.network).rate
    if plan.rate > usual:
        first = (
            f"Train at a lower learning rate (it was {plan.rate:g}, {plan.network} starts at "
            f"{usual:g}), make"
        )
    else:
        first = "Make" if plan.is_open_ended else "Train for longer, make"
    return f"{first} more slices right, and check that their labels lie where they belong."
