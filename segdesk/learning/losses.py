"""What is minimised, in `keras.ops`. A target of 255 means "nobody knows": it teaches nothing.

Background of a slice that is not complete for some class means "background or one of these": their
probabilities are added up before the logarithm, and the soft Dice of such a class leaves these
voxels out, because neither answer is wrong there. A voxel on which such a class is drawn is known
like any other.

A voxel weight on Keras' own Dice is no mask (it leaves the prediction there in the denominator),
so the sums here are masked themselves. Every loss is 0, never NaN, where nothing is known.

References: Milletari et al., "V-Net", 3DV 2016 (soft Dice); Isensee et al., "nnU-Net", Nature
Methods 2021 (Dice and cross-entropy added, Dice over the whole batch); Shi et al., "Marginal loss
and exclusion loss for partially supervised multi-organ segmentation", Medical Image Analysis 2021
(a label that merges several classes is compared with the sum of their probabilities).
"""

# Keras types what its operations return as None.
# pyright: reportOptionalOperand=false, reportOptionalSubscript=false, reportOperatorIssue=false

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
from keras import ops

from segdesk.core.networks import LossName
from segdesk.core.networks import network as catalogue_row
from segdesk.jobs.bundle import IGNORE

#: A tensor of the backend; `keras.ops` has no type of its own for it.
Tensor = Any
#: Of target, output and, float32, (n, classes): 1 where a slice is not complete for a class.
Loss = Callable[[Tensor, Tensor, Tensor], Tensor]
#: Voxels added above and below the fraction bar, so that a few of them are no cliff.
SMOOTH = 1.0
#: Keras' own, for which the unknown weighs nothing; it is 0 where all is unknown.
_BINARY = keras.losses.BinaryCrossentropy(reduction="mean_with_sample_weight")
#: Where a segment has under this share of a batch's voxels, a mean over all of them hardly knows
#: it: that over its own is added, with this weight where it is rarest. Measured on nodules of 8 mm.
RARE, RARE_WEIGHT = 0.002, 0.1
#: Added to the logarithm of what a voxel cannot be.
_NEVER = -1e9


def crossentropy(target: Tensor, logits: Tensor, incomplete: Tensor) -> Tensor:
    """Mean cross-entropy over the known voxels.

    Parameters
    ----------
    target : uint8, (n, rows, columns, 1), class indices or 255
    logits : float, (n, rows, columns, classes)
    incomplete : float32, (n, classes), 1 for each class that the slice is not complete for

    Returns
    -------
    float32 scalar
    """
    known, one_hot = _known_and_one_hot(target, logits.shape[-1])
    logs = ops.log_softmax(ops.cast(logits, "float32"), axis=-1)
    return _entropy(known, one_hot, logs, incomplete)


def dice_and_crossentropy(target: Tensor, logits: Tensor, incomplete: Tensor) -> Tensor:
    """Cross-entropy, 1 minus the soft Dice of the classes that the batch shows, and of the rare
    ones among them the cross-entropy of their own voxels.

    A Dice of what is nowhere would push the chances of a rare segment down in each of the many
    batches without it, until those few that show it pull no more; there only the cross-entropy
    speaks of it. Parameters as in `crossentropy`.
    """
    of_classes = _of_one_segment if logits.shape[-1] == 2 else of_segments
    return of_classes(target, logits, incomplete)


def binary_crossentropy(target: Tensor, probability: Tensor, incomplete: Tensor) -> Tensor:
    """Mean binary cross-entropy over the known voxels.

    Parameters
    ----------
    target : uint8, (n, rows, columns, 1), 0, 1 or 255
    probability : float in [0, 1], (n, rows, columns, 1)
    incomplete : float32, (n, 2); where the slice is not complete for the one segment, its
        background may be either, so it teaches nothing
    """
    background = ops.cast(ops.equal(target, 0), "float32")
    known = ops.cast(ops.not_equal(target, IGNORE), "float32")
    known = known * (1.0 - background * _of_slices(incomplete[:, 1:]))
    truth = ops.cast(ops.equal(target, 1), "float32")
    return _BINARY(truth, probability, sample_weight=known[..., 0])


def loss_of(network: str) -> Loss:
    """The loss that a network of the catalogue is trained with."""
    losses: dict[LossName, Loss] = {
        "dice_and_crossentropy": dice_and_crossentropy,
        "crossentropy": crossentropy,
        "binary_crossentropy": binary_crossentropy,
    }
    return losses[catalogue_row(network).loss]


def of_segments(target: Tensor, logits: Tensor, incomplete: Tensor) -> Tensor:
    """`dice_and_crossentropy` of any number of classes."""
    known, one_hot = _known_and_one_hot(target, logits.shape[-1])
    logs = ops.log_softmax(ops.cast(logits, "float32"), axis=-1)
    entropy = _entropy(known, one_hot, logs, incomplete)
    open_ = one_hot[..., :1] * _of_slices(incomplete[:, 1:])
    probabilities = ops.exp(logs[..., 1:]) * known * (1.0 - open_)
    truth = one_hot[..., 1:]
    shared = ops.sum(probabilities * truth, axis=(0, 1, 2))
    either = ops.sum(probabilities, axis=(0, 1, 2)) + ops.sum(truth, axis=(0, 1, 2))
    dice = (2.0 * shared + SMOOTH) / (either + SMOOTH)
    counts, own = (ops.sum(part, axis=(0, 1, 2)) for part in (truth, -truth * logs[..., 1:]))
    return entropy + _of_shown(1.0 - dice, own, counts, ops.sum(known))


def _of_one_segment(target: Tensor, logits: Tensor, incomplete: Tensor) -> Tensor:
    """`dice_and_crossentropy` of two classes: their softmax is the sigmoid of a difference.

    The same number in half of the operations on full-size arrays: a step of `unet_fast` takes .91
    of the time at 128x160 and .85 at 256x320.
    """
    truth = ops.cast(ops.equal(target[..., 0], 1), "float32")
    known = ops.cast(ops.not_equal(target[..., 0], IGNORE), "float32")
    # Background that may be either says nothing, and counts as said.
    said = known * (1.0 - (1.0 - truth) * incomplete[:, 1][:, None, None])
    logit = ops.cast(logits[..., 1] - logits[..., 0], "float32")
    entropy = ops.sum(said * (ops.softplus(logit) - truth * logit))
    chances = ops.sigmoid(logit) * said
    shared, either = ops.sum(chances * truth), ops.sum(chances) + ops.sum(truth)
    dice = (2.0 * shared + SMOOTH) / (either + SMOOTH)
    count, own = ops.sum(truth), ops.sum(truth * ops.softplus(-logit))
    return entropy / ops.maximum(ops.sum(known), 1.0) + _of_shown(
        1.0 - dice, own, count, ops.sum(known)
    )


def _of_shown(missed: Tensor, own: Tensor, counts: Tensor, known: Tensor) -> Tensor:
    """Mean over the segments that a batch shows of what is missed of them.

    Parameters
    ----------
    missed : 1 minus the soft Dice of each segment
    own : cross-entropy of each, summed over the voxels that show it
    counts : these voxels; known : all that are known
    """
    shown = ops.minimum(counts, 1.0)
    rare = ops.relu(1.0 - counts / (RARE * ops.maximum(known, 1.0)))
    each = shown * (missed + RARE_WEIGHT * rare * own / ops.maximum(counts, 1.0))
    return ops.sum(each) / ops.maximum(ops.sum(shown), 1.0)


def _entropy(known: Tensor, one_hot: Tensor, logs: Tensor, incomplete: Tensor) -> Tensor:
    """Mean over the known voxels of minus the log of all that a voxel may be."""
    classes = logs.shape[-1]
    may_be = ops.maximum(incomplete, ops.one_hot(0, classes, dtype="float32"))
    background = ops.logsumexp(logs + _of_slices((1.0 - may_be) * _NEVER), axis=-1)
    said = ops.sum(one_hot[..., 1:] * logs[..., 1:]) + ops.sum(one_hot[..., 0] * background)
    return -said / ops.maximum(ops.sum(known), 1.0)


def _of_slices(rows: Tensor) -> Tensor:
    """(n, k) as (n, 1, 1, k), for every voxel of a slice."""
    return rows[:, None, None, :]


def _known_and_one_hot(target: Tensor, classes: int) -> tuple[Tensor, Tensor]:
    """(n, rows, columns, 1 and classes), float32; unknown voxels are 0 in both."""
    one_hot = ops.equal(ops.cast(target, "int32"), ops.arange(classes, dtype="int32"))
    return ops.cast(ops.not_equal(target, IGNORE), "float32"), ops.cast(one_hot, "float32")
