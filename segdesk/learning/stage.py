"""What a training learns from, is measured on and predicts with, for as long as its slices have one
size: the `Stage`."""

from __future__ import annotations

from dataclasses import dataclass

from segdesk.learning.predict import Predictor
from segdesk.learning.samples import Samples
from segdesk.learning.validation import Validation
from segdesk.ops.resample import Shape


@dataclass(frozen=True, slots=True, eq=False)
class Stage:
    """Made by `trainer`, one for the full size and one for the half; `fit` goes from one to the
    other. A network is best at the size that it learnt from.

    Parameters
    ----------
    train : the training pool
    validation : may be empty
    predictor : of the network that is trained
    input_shape : (rows, columns) of the largest slice as it is resampled, without padding
    pixel_mm : (row, column) of its pixels, or None without geometry
    """

    train: Samples
    validation: Validation
    predictor: Predictor
    input_shape: Shape
    pixel_mm: tuple[float, float] | None
