"""What a training learns from, is measured on and predicts with, for as long as its slices have one
size: the `Stage`. `Stages` makes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from segdesk.core.networks import network as catalogue_row
from segdesk.jobs.bundle import Bundle
from segdesk.learning.forward import Forward
from segdesk.learning.geometry import Scale, framed
from segdesk.learning.learner import Learner
from segdesk.learning.predict import Predictor
from segdesk.learning.samples import Samples
from segdesk.learning.validation import Validation
from segdesk.ops.resample import Shape


@dataclass(frozen=True, slots=True, eq=False)
class Stage:
    """Made by `Stages`, one for the full size and one for the half; `fit` goes from one to the
    other. A network is best at the size that it learnt from.

    Parameters
    ----------
    train : the training pool
    validation : may be empty
    predictor : of the network that is trained
    input_shape : (rows, columns) of the largest slice as it is resampled, without padding
    pixel_mm : (row, column) of its pixels, or None without geometry
    is_half : whether it is the one of half the size
    """

    train: Samples
    validation: Validation
    predictor: Predictor
    input_shape: Shape
    pixel_mm: tuple[float, float] | None
    is_half: bool


class Stages:
    """The full size and the half one of a training's slices, each made when it is asked for.

    Parameters
    ----------
    train, validation : in full size
    learner : whose network is measured and predicts
    bundle : says which cases are used
    scale : of the full size
    """

    def __init__(
        self,
        train: Samples,
        validation: Samples,
        learner: Learner,
        bundle: Bundle,
        scale: Scale,
    ) -> None:
        self._train, self._validation = train, validation
        self._learner, self._bundle = learner, bundle
        self._scale = scale

    def of(self, halved: bool) -> Stage:
        """What is learnt from in half of the size, or in all of it."""
        scale = self._scale.halved() if halved else self._scale
        bundle, pools = self._bundle, (self._train, self._validation)
        used = sorted({lesson.case for lesson in bundle.lessons})
        shapes = [scale.resampled(bundle.volume(case)) for case in used]
        if halved:
            shape = framed(shapes, catalogue_row(bundle.plan.network))
            pools = tuple(samples.at(scale, shape) for samples in pools)
        train, validation = pools
        forward = self._learner.forward
        return Stage(
            train,
            Validation(validation, forward, self._learner.loss),
            predictor_of(bundle, scale, forward),
            largest(shapes),
            scale.pixel_mm,
            halved,
        )


def predictor_of(bundle: Bundle, scale: Scale, forward: Forward) -> Predictor:
    """What predicts with a bundle's network at a scale."""
    return Predictor(
        forward.network,
        bundle.plan.network,
        intensities=bundle.intensities,
        scale=scale,
        segments=bundle.segments,
        neighbours_mm=bundle.plan.neighbours_mm,
        forward=forward,
    )


def largest(shapes: Sequence[Shape]) -> Shape:
    """The smallest (rows, columns) that all of them fit into."""
    return max(rows for rows, _ in shapes), max(columns for _, columns in shapes)
