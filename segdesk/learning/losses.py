"""What is minimised, in `keras.ops`. A target of 255 means "nobody knows": it teaches nothing.

A voxel weight on Keras' own Dice is no mask (it leaves the prediction there in the denominator),
so the sums here are masked themselves. Every loss is 0, never NaN, where nothing is known.

References: Milletari et al., "V-Net", 3DV 2016 (soft Dice); Isensee et al., "nnU-Net", Nature
Methods 2021 (Dice and cross-entropy added, Dice over the whole batch).
"""

# Keras types what its operations return as None.
# pyright: reportOptionalOperand=false, reportOptionalSubscript=false, reportOperatorIssue=false

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from keras import ops

from segdesk.jobs.bundle import IGNORE

#: A tensor of the backend; `keras.ops` has no type of its own for it.
Tensor = Any
Loss = Callable[[Tensor, Tensor], Tensor]
#: Voxels added above and below the fraction bar: a class that is nowhere has a Dice of 1.
SMOOTH = 1.0
_SMALLEST = 1e-7


def crossentropy(target: Tensor, logits: Tensor) -> Tensor:
    """Mean cross-entropy over the known voxels.

    Parameters
    ----------
    target : uint8, (n, rows, columns, 1), class indices or 255
    logits : float, (n, rows, columns, classes)

    Returns
    -------
    float32 scalar
    """
    known, one_hot = _known_and_one_hot(target, logits.shape[-1])
    logs = ops.log_softmax(ops.cast(logits, "float32"), axis=-1)
    return -ops.sum(one_hot * logs) / ops.maximum(ops.sum(known), 1.0)


def dice_and_crossentropy(target: Tensor, logits: Tensor) -> Tensor:
    """Cross-entropy plus 1 minus the soft Dice, averaged over the classes but background.

    Parameters as in `crossentropy`.
    """
    known, one_hot = _known_and_one_hot(target, logits.shape[-1])
    logs = ops.log_softmax(ops.cast(logits, "float32"), axis=-1)
    entropy = -ops.sum(one_hot * logs) / ops.maximum(ops.sum(known), 1.0)
    probabilities = ops.exp(logs[..., 1:]) * known
    truth = one_hot[..., 1:]
    shared = ops.sum(probabilities * truth, axis=(0, 1, 2))
    either = ops.sum(probabilities, axis=(0, 1, 2)) + ops.sum(truth, axis=(0, 1, 2))
    dice = (2.0 * shared + SMOOTH) / (either + SMOOTH)
    return entropy + 1.0 - ops.mean(dice)


def binary_crossentropy(target: Tensor, probability: Tensor) -> Tensor:
    """Mean binary cross-entropy over the known voxels.

    Parameters
    ----------
    target : uint8, (n, rows, columns, 1), 0, 1 or 255
    probability : float in [0, 1], (n, rows, columns, 1)
    """
    known = ops.cast(ops.not_equal(target, IGNORE), "float32")
    truth = ops.cast(ops.equal(target, 1), "float32")
    chance = ops.clip(ops.cast(probability, "float32"), _SMALLEST, 1.0 - _SMALLEST)
    logs = truth * ops.log(chance) + (1.0 - truth) * ops.log(1.0 - chance)
    return -ops.sum(known * logs) / ops.maximum(ops.sum(known), 1.0)


def loss_of(network: str) -> Loss:
    """The loss that a network of the catalogue is trained with."""
    return {
        "encoder_decoder": binary_crossentropy,
        "unet": crossentropy,
        "unet_norm": dice_and_crossentropy,
    }[network]


def _known_and_one_hot(target: Tensor, classes: int) -> tuple[Tensor, Tensor]:
    """(n, rows, columns, 1 and classes), float32; unknown voxels are 0 in both."""
    one_hot = ops.equal(ops.cast(target, "int32"), ops.arange(classes, dtype="int32"))
    return ops.cast(ops.not_equal(target, IGNORE), "float32"), ops.cast(one_hot, "float32")
