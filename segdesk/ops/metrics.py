"""Figures that compare a prediction with the truth: Dice, IoU, precision and the rest.

Pure counting on masks, by slice or by case. Figures of a case come from counts that are added up
over its slices (`tally`), never from a mean over slices, in which each empty slice would count as a
success. A share of nothing is undefined, None, and a mean leaves it out: both masks empty say
nothing about Dice, one empty is 0.

Which slices count (those that teach), which voxels are ignored and how figures are shown is
decided by `app` and `learning`; distances between surfaces are another file's job. The losses and
live curves of a training have their own versions in `learning`, on the network's tensors.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterable
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
class Tally:
    """What was counted over any number of slices, for each segment. Tallies add up.

    Parameters
    ----------
    segments : (number, Counts), by number; a segment that was never asked for is not there
    right, compared : voxels whose label is right, and all that were compared: a voxel of the wrong
        segment is a miss of one and a false alarm of the other, yet one wrong voxel
    """

    segments: tuple[tuple[int, Counts], ...] = ()
    right: int = 0
    compared: int = 0

    def __add__(self, other: Tally) -> Tally:
        counts = dict(self.segments)
        for number, more in other.segments:
            counts[number] = counts.get(number, Counts()) + more
        return Tally(
            tuple(sorted(counts.items(), key=lambda row: row[0])),
            self.right + other.right,
            self.compared + other.compared,
        )


@dataclass(frozen=True, slots=True)
class Figures:
    """What a comparison says; every share lies in 0 to 1 and is None where it is undefined.

    Parameters
    ----------
    dice, iou, precision, recall, specificity, accuracy : see the functions of these names
    volume_difference_ml : prediction minus truth; None where slices have no geometry
    volume_difference_percent : of the truth's volume; None where the truth is empty
    voxels : how many were compared; 0 where all were ignored, and then `summary` leaves them out
    """

    dice: float | None
    iou: float | None
    precision: float | None
    recall: float | None
    specificity: float | None
    accuracy: float | None
    volume_difference_ml: float | None
    volume_difference_percent: float | None
    voxels: int

    @property
    def is_empty(self) -> bool:
        """Neither truth nor prediction has anything: the pair says nothing about Dice."""
        return self.dice is None


@dataclass(frozen=True, slots=True)
class Summary:
    """Means over slices or cases, and the median of Dice; each over the rows that have the figure.

    `number` counts the rows, `empty` those of them in which neither mask had anything.
    """

    number: int
    empty: int
    dice: float | None
    dice_median: float | None
    iou: float | None
    precision: float | None
    recall: float | None
    specificity: float | None
    accuracy: float | None
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


def dice(counts: Counts) -> float | None:
    """2 TP / (2 TP + FP + FN). Both empty: undefined; one empty: 0."""
    return _share(2 * counts.true_positive, counts.in_truth + counts.in_prediction)


def iou(counts: Counts) -> float | None:
    """TP / (TP + FP + FN), the Jaccard index. Both empty: undefined; one empty: 0."""
    return _share(counts.true_positive, counts.in_truth + counts.false_positive)


def precision(counts: Counts) -> float | None:
    """Share of the prediction that is right, TP / (TP + FP). Both empty: undefined; one: 0."""
    return _share(counts.true_positive, counts.in_prediction, other=counts.in_truth)


def recall(counts: Counts) -> float | None:
    """Share of the truth that was found (sensitivity), TP / (TP + FN). Both empty: undefined;
    one empty: 0."""
    return _share(counts.true_positive, counts.in_truth, other=counts.in_prediction)


def specificity(counts: Counts) -> float | None:
    """Share of the background that was left alone, TN / (TN + FP). No background: undefined."""
    return _share(counts.true_negative, counts.true_negative + counts.false_positive)


def accuracy(counts: Counts) -> float | None:
    """Share of all voxels that are right. Nothing compared: undefined."""
    return _share(counts.true_positive + counts.true_negative, counts.voxels)


def volume_difference_ml(counts: Counts, voxel_ml: float) -> float:
    """Volume of the prediction minus that of the truth, in mL."""
    return (counts.in_prediction - counts.in_truth) * voxel_ml


def volume_difference_percent(counts: Counts) -> float | None:
    """Volume difference in percent of the truth. Truth empty: undefined."""
    if not counts.in_truth:
        return None
    return 100.0 * (counts.in_prediction - counts.in_truth) / counts.in_truth


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


def tally(
    truth: LabelMap,
    predicted: LabelMap,
    numbers: Iterable[int],
    *,
    ignore: Mask | None = None,
) -> Tally:
    """Count two label maps, segment by segment.

    Parameters
    ----------
    truth, predicted : uint8, of one shape (a slice or a case)
    numbers : the segments that count; every other label is background
    ignore : bool of that shape; voxels that are True are left out

    Raises
    ------
    ValueError
        Where a shape differs, or no segment was asked for.
    """
    wanted = sorted(set(numbers))
    if not wanted:
        raise ValueError("expected at least one segment, received numbers=()")
    counts = tuple(
        (number, count(truth == number, predicted == number, ignore=ignore)) for number in wanted
    )
    known = np.isin(np.arange(256), wanted)
    wrong = np.where(known[truth], truth, 0) != np.where(known[predicted], predicted, 0)
    if ignore is not None:
        wrong &= ~ignore
    compared = counts[0][1].voxels
    return Tally(counts, compared - int(np.count_nonzero(wrong)), compared)


def segment_figures(
    counted: Tally, *, voxel_ml: float | None = None
) -> tuple[tuple[int, Figures], ...]:
    """(number, figures) of each segment of a tally; `voxel_ml` as for `figures`."""
    return tuple(
        (number, figures(counts, voxel_ml=voxel_ml)) for number, counts in counted.segments
    )


def overall(counted: Tally, *, voxel_ml: float | None = None) -> Figures:
    """Means over a tally's segments; a segment in neither truth nor prediction is left out.

    Accuracy is the exception: the share of voxels whose label is right, as the training's curve
    counts it.
    """
    rows = [row for _, row in segment_figures(counted, voxel_ml=voxel_ml) if not row.is_empty]
    return Figures(
        dice=_mean(row.dice for row in rows),
        iou=_mean(row.iou for row in rows),
        precision=_mean(row.precision for row in rows),
        recall=_mean(row.recall for row in rows),
        specificity=_mean(row.specificity for row in rows),
        accuracy=_share(counted.right, counted.compared),
        volume_difference_ml=_mean(row.volume_difference_ml for row in rows),
        volume_difference_percent=_mean(row.volume_difference_percent for row in rows),
        voxels=counted.compared,
    )


def compare_segments(
    truth: LabelMap,
    predicted: LabelMap,
    numbers: Iterable[int],
    *,
    ignore: Mask | None = None,
    voxel_ml: float | None = None,
) -> Figures:
    """`overall` of one pair of label maps, of a slice or a case; parameters as for `tally`."""
    return overall(tally(truth, predicted, numbers, ignore=ignore), voxel_ml=voxel_ml)


def summary(rows: Iterable[Figures]) -> Summary | None:
    """Means over slices or cases, and the median of Dice.

    Returns
    -------
    None where no row compared a voxel.
    """
    measured = [row for row in rows if row.voxels]
    if not measured:
        return None
    scores = [row.dice for row in measured if row.dice is not None]
    return Summary(
        number=len(measured),
        empty=sum(row.is_empty for row in measured),
        dice=_mean(scores),
        dice_median=statistics.median(scores) if scores else None,
        iou=_mean(row.iou for row in measured),
        precision=_mean(row.precision for row in measured),
        recall=_mean(row.recall for row in measured),
        specificity=_mean(row.specificity for row in measured),
        accuracy=_mean(row.accuracy for row in measured),
        volume_difference_ml=_mean(row.volume_difference_ml for row in measured),
        volume_difference_percent=_mean(row.volume_difference_percent for row in measured),
    )


def _share(part: int, whole: int, *, other: int = 0) -> float | None:
    """None where there is nothing to have a share of; 0 where only the `other` mask has."""
    if whole:
        return part / whole
    return 0.0 if other else None


def _mean(values: Iterable[float | None]) -> float | None:
    """Of those that are defined."""
    known = [value for value in values if value is not None]
    return statistics.fmean(known) if known else None
