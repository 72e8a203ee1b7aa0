"""Figures that compare a prediction with the truth: Dice, IoU, precision and the rest.

Pure counting on masks, by slice or by case. Which slices count (those that teach), which voxels
are ignored and how figures are shown is decided by `app` and `learning`; distances between
surfaces are another file's job. The losses and live curves of a training have their own
versions in `learning`, on the network's tensors.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Mask = npt.NDArray[np.bool_]
LabelMap = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Counts:
    """How many voxels of a mask agree and differ. Counts of slices add up to those of a case."""

    true_positive: int = 0
    false_positive: int = 0
    false_negative: int = 0
    true_negative: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.true_positive + other.true_positive,
            self.false_positive + other.false_positive,
            self.false_negative + other.false_negative,
            self.true_negative + other.true_negative,
        )

    @property
    def in_truth(self) -> int:
        return self.true_positive + self.false_negative

    @property
    def in_prediction(self) -> int:
        return self.true_positive + self.false_positive

    @property
    def voxels(self) -> int:
        """All that were compared."""
        return self.in_truth + self.false_positive + self.true_negative


@dataclass(frozen=True, slots=True)
class Figures:
    """What a comparison says; every share lies in 0 to 1.

    Parameters
    ----------
    dice, iou, precision, recall, specificity, accuracy : see the functions of these names
    volume_difference_ml : prediction minus truth; None where slices have no geometry
    volume_difference_percent : of the truth's volume; None where the truth is empty and the
        prediction is not
    voxels : how many were compared; 0 where all were ignored, and then `summary` leaves them out
    """

    dice: float
    iou: float
    precision: float
    recall: float
    specificity: float
    accuracy: float
    volume_difference_ml: float | None
    volume_difference_percent: float | None
    voxels: int


@dataclass(frozen=True, slots=True)
class Summary:
    """Means over slices or cases, and the median of Dice."""

    number: int
    dice: float
    dice_median: float
    iou: float
    precision: float
    recall: float
    specificity: float
    accuracy: float
    volume_difference_ml: float | None
    volume_difference_percent: float | None


def count(truth: Mask, predicted: Mask, *, ignore: Mask | None = None) -> Counts:
    """Count where two masks agree and differ.

    Parameters
    ----------
    truth, predicted : bool, of one shape (a slice or a case)
    ignore : bool of that shape; voxels that are True are left out

    Raises
    ------
    ValueError
        Where a shape or a dtype differs.
    """
    for mask in (truth, predicted, *(() if ignore is None else (ignore,))):
        if mask.dtype != np.bool_ or mask.shape != truth.shape:
            raise ValueError(
                f"expected bool of shape {truth.shape}, received {mask.dtype} {mask.shape}"
            )
    if ignore is not None:
        truth, predicted = truth & ~ignore, predicted & ~ignore
    compared = truth.size - (0 if ignore is None else int(np.count_nonzero(ignore)))
    both = int(np.count_nonzero(truth & predicted))
    in_truth = int(np.count_nonzero(truth))
    in_prediction = int(np.count_nonzero(predicted))
    return Counts(
        both, in_prediction - both, in_truth - both, compared - in_truth - in_prediction + both
    )


def dice(counts: Counts) -> float:
    """2 TP / (2 TP + FP + FN). Both empty: 1; one empty: 0."""
    return _share(2 * counts.true_positive, counts.in_truth + counts.in_prediction, empty=1.0)


def iou(counts: Counts) -> float:
    """TP / (TP + FP + FN), the Jaccard index. Both empty: 1; one empty: 0."""
    return _share(counts.true_positive, counts.in_truth + counts.false_positive, empty=1.0)


def precision(counts: Counts) -> float:
    """Share of the prediction that is right, TP / (TP + FP). Both empty: 1; one empty: 0."""
    empty = 0.0 if counts.in_truth else 1.0
    return _share(counts.true_positive, counts.in_prediction, empty=empty)


def recall(counts: Counts) -> float:
    """Share of the truth that was found (sensitivity), TP / (TP + FN). Both empty: 1; one: 0."""
    empty = 0.0 if counts.in_prediction else 1.0
    return _share(counts.true_positive, counts.in_truth, empty=empty)


def specificity(counts: Counts) -> float:
    """Share of the background that was left alone, TN / (TN + FP). No background: 1."""
    background = counts.true_negative + counts.false_positive
    return _share(counts.true_negative, background, empty=1.0)


def accuracy(counts: Counts) -> float:
    """Share of all voxels that are right. Nothing compared: 1."""
    return _share(counts.true_positive + counts.true_negative, counts.voxels, empty=1.0)


def volume_difference_ml(counts: Counts, voxel_ml: float) -> float:
    """Volume of the prediction minus that of the truth, in mL."""
    return (counts.in_prediction - counts.in_truth) * voxel_ml


def volume_difference_percent(counts: Counts) -> float | None:
    """Volume difference in percent of the truth. Both empty: 0; only the truth empty: None."""
    difference = counts.in_prediction - counts.in_truth
    if counts.in_truth:
        return 100.0 * difference / counts.in_truth
    return None if difference else 0.0


def figures(counts: Counts, *, voxel_ml: float | None = None) -> Figures:
    """All figures of one pair of masks.

    Parameters
    ----------
    counts : of a slice, or the sum of a case's slices
    voxel_ml : volume of a voxel (`Grid.voxel_ml`); None for slices without geometry
    """
    return Figures(
        dice=dice(counts),
        iou=iou(counts),
        precision=precision(counts),
        recall=recall(counts),
        specificity=specificity(counts),
        accuracy=accuracy(counts),
        volume_difference_ml=None if voxel_ml is None else volume_difference_ml(counts, voxel_ml),
        volume_difference_percent=volume_difference_percent(counts),
        voxels=counts.voxels,
    )


def compare(
    truth: Mask, predicted: Mask, *, ignore: Mask | None = None, voxel_ml: float | None = None
) -> Figures:
    """All figures of a predicted mask against the true one, of a slice or a case.

    Parameters
    ----------
    truth, predicted, ignore : as for `count`
    voxel_ml : as for `figures`
    """
    return figures(count(truth, predicted, ignore=ignore), voxel_ml=voxel_ml)


def compare_segments(
    truth: LabelMap,
    predicted: LabelMap,
    numbers: Sequence[int],
    *,
    ignore: Mask | None = None,
    voxel_ml: float | None = None,
) -> Figures:
    """Figures of a predicted label map: means over the segments that are present in either.

    Accuracy is the exception: the share of voxels whose label is right, as the training's curve
    counts it. Where no segment is present in either map, the figures are those of two empty
    masks. A volume difference in percent is the mean over segments that have one.

    Parameters
    ----------
    truth, predicted : uint8, of one shape (a slice or a case)
    numbers : the segments that count; every other label is background
    ignore : bool of that shape; voxels that are True are left out
    voxel_ml : as for `figures`
    """
    every = [
        count(truth == number, predicted == number, ignore=ignore)
        for number in dict.fromkeys(numbers)
    ]
    if not every:
        raise ValueError("expected at least one segment, received numbers=()")
    present = [figures(c, voxel_ml=voxel_ml) for c in every if c.in_truth or c.in_prediction]
    rows = present or [figures(every[0], voxel_ml=voxel_ml)]
    voxels = every[0].voxels
    # Not from the counts: a voxel of the wrong segment is a miss of one and a false alarm of the
    # other, yet one wrong voxel.
    known = np.isin(np.arange(256), list(numbers))
    wrong = np.where(known[truth], truth, 0) != np.where(known[predicted], predicted, 0)
    if ignore is not None:
        wrong &= ~ignore
    return Figures(
        dice=_mean(row.dice for row in rows),
        iou=_mean(row.iou for row in rows),
        precision=_mean(row.precision for row in rows),
        recall=_mean(row.recall for row in rows),
        specificity=_mean(row.specificity for row in rows),
        accuracy=_share(voxels - int(np.count_nonzero(wrong)), voxels, empty=1.0),
        volume_difference_ml=_mean_known(row.volume_difference_ml for row in rows),
        volume_difference_percent=_mean_known(row.volume_difference_percent for row in rows),
        voxels=voxels,
    )


def summary(rows: Iterable[Figures]) -> Summary | None:
    """Means over slices or cases, and the median of Dice.

    Returns
    -------
    None where no row compared a voxel. Volume differences are means over the rows that have one.
    """
    measured = [row for row in rows if row.voxels]
    if not measured:
        return None
    return Summary(
        number=len(measured),
        dice=_mean(row.dice for row in measured),
        dice_median=statistics.median(row.dice for row in measured),
        iou=_mean(row.iou for row in measured),
        precision=_mean(row.precision for row in measured),
        recall=_mean(row.recall for row in measured),
        specificity=_mean(row.specificity for row in measured),
        accuracy=_mean(row.accuracy for row in measured),
        volume_difference_ml=_mean_known(row.volume_difference_ml for row in measured),
        volume_difference_percent=_mean_known(row.volume_difference_percent for row in measured),
    )


def _share(part: int, whole: int, *, empty: float) -> float:
    return part / whole if whole else empty


def _mean(values: Iterable[float]) -> float:
    return statistics.fmean(values)


def _mean_known(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return statistics.fmean(known) if known else None
