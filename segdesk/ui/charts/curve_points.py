"""A curve as the screen can show it: the `Series` keeps a few hundred points of however many.

Values come one by one and are never asked for again, so a message costs the same at epoch 10 and at
epoch 10,000. Consecutive values share a bucket; of each its lowest and its highest are kept, so
that no spike is lost. When the buckets are full they are joined in pairs. What range of values a
plot shows is decided here too, because it depends on nothing but the values. No Qt.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

#: Buckets at most; a plot is some 300 pixels wide, and a bucket draws two points.
MOST_BUCKETS = 160
#: Where the middle of the values would take less than this share of the height, so many of its
#: spans are shown beyond it; what lies further out is marked at the edge. A loss that falls from
#: its beginning is no such case.
MIDDLE = (0.1, 0.9)
LEAST_SHARE = 0.1
SPANS = 3.0
#: Of so few values none can be told to be the odd one.
FEWEST = 5
#: A constant is drawn in the middle of its value plus and minus this share of it.
AROUND = 0.1

#: A range is shown a little wider than it is, up to the next of so many steps: it seldom changes.
STEPS = 20

Numbers = npt.NDArray[np.float64]


@dataclass(slots=True)
class _Bucket:
    """The lowest and the highest of some values in a row, each with its place."""

    low_at: float
    low: float
    high_at: float
    high: float

    def take(self, other: _Bucket) -> None:
        """Join the bucket behind this one."""
        if other.low < self.low:
            self.low_at, self.low = other.low_at, other.low
        if other.high > self.high:
            self.high_at, self.high = other.high_at, other.high


@dataclass(frozen=True, slots=True)
class Outside:
    """The value that lies farthest outside of what a plot shows."""

    value: float
    is_above: bool


class Series:
    """One curve. Owned by the chart that draws it."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Forget everything."""
        self._buckets: list[_Bucket] = []
        #: Values that a full bucket stands for, and those in the last one.
        self._size = 1
        self._in_last = 0
        #: Places and values of the buckets that are full, of which no value is asked for again.
        self._table: Numbers = np.zeros((2 * MOST_BUCKETS, 2))
        self._in_table = 0
        self._points: tuple[Numbers, Numbers] | None = None

    def append(self, at: float, value: float) -> None:
        """One more value; what is no number leaves a gap that nobody sees.

        Parameters
        ----------
        at : place on the x axis, beyond all before
        value : infinity is drawn at the edge of the plot
        """
        if math.isnan(value):
            return
        self._points = None
        bucket = _Bucket(at, value, at, value)
        if self._buckets and self._in_last < self._size:
            self._buckets[-1].take(bucket)
            self._in_last += 1
            return
        if len(self._buckets) == MOST_BUCKETS:
            self._join_pairs()
        elif self._buckets:
            self._in_table = self._put(self._buckets[-1])
        self._buckets.append(bucket)
        self._in_last = 1

    def _join_pairs(self) -> None:
        for first, second in zip(self._buckets[::2], self._buckets[1::2], strict=True):
            first.take(second)
        self._buckets = self._buckets[::2]
        self._size *= 2
        self._in_table = 0
        for bucket in self._buckets:
            self._in_table = self._put(bucket)

    def _put(self, bucket: _Bucket) -> int:
        """Write a bucket's points behind those in the table; gives where they end."""
        low, high = (bucket.low_at, bucket.low), (bucket.high_at, bucket.high)
        pairs = [low] if low == high else sorted((low, high))
        end = self._in_table + len(pairs)
        self._table[self._in_table : end] = pairs
        return end

    @property
    def is_reduced(self) -> bool:
        """Whether points stand for more values than one."""
        return self._size > 1

    def points(self) -> tuple[Numbers, Numbers]:
        """Places and values, float64, at most two for each bucket, in the order of the places."""
        if self._points is None:
            end = self._put(self._buckets[-1]) if self._buckets else 0
            at, value = self._table[:end].T.copy()
            self._points = at, value
        return self._points


def value_range(values: Numbers) -> tuple[float, float]:
    """The range that a plot of these values shows: all of them, but for a few that are far out.

    Parameters
    ----------
    values : float64, any number; those that are not finite do not count

    Returns
    -------
    low, high : low < high
    """
    finite = np.sort(values[np.isfinite(values)])
    if not finite.size:
        return 0.0, 1.0
    low, high = float(finite[0]), float(finite[-1])
    if finite.size >= FEWEST:
        last = finite.size - 1
        inner_low = float(finite[math.ceil(MIDDLE[0] * last)])
        inner_high = float(finite[math.floor(MIDDLE[1] * last)])
        span = inner_high - inner_low
        if span < LEAST_SHARE * (high - low):
            reach = SPANS * span or AROUND * abs(inner_low)
            low, high = max(low, inner_low - reach), min(high, inner_high + reach)
    if high - low <= 1e-9 * max(abs(low), abs(high)):
        around = AROUND * abs(low) or AROUND
        return low - around, high + around
    return low, high


def round_out(low: float, high: float) -> tuple[float, float]:
    """A range that holds this one, at most a tenth wider, and stays while values move a little."""
    span = high - low
    step = 10.0 ** math.floor(math.log10(span)) / STEPS if math.isfinite(span) else math.inf
    if not 0 < step < math.inf:
        return low, high
    return math.floor(low / step) * step, math.ceil(high / step) * step


def round_up(last: float) -> float:
    """The end of the x axis: this epoch, or a later one that is at most a twentieth further."""
    step = max(1, int(last) // STEPS)
    return float(math.ceil(last / step) * step)
