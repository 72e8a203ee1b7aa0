"""One line of the table of benchmarks, and how it is made from timings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True, slots=True)
class Row:
    """What was measured.

    Parameters
    ----------
    name : of the row, such as "next_slice"
    unit : of the three figures, such as "ms"
    median, p99, worst : of the timings; of figures that should be large, p99 is the worst too
    what : it is, where the report has no words for the name
    """

    name: str
    unit: str
    median: float
    p99: float
    worst: float
    what: str = field(default="", kw_only=True)


def row_of(name: str, seconds: Sequence[float]) -> Row:
    """A row in milliseconds from timings in seconds."""
    ms = np.asarray(seconds) * 1000.0
    return Row(name, "ms", *(round(float(x), 3) for x in np.percentile(ms, (50, 99, 100))))
