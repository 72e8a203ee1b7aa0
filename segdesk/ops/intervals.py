"""How sure a mean is: the bootstrapped interval."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

#: Lowest and highest value that the mean may well have.
Interval = tuple[float, float]
CONFIDENCE, RESAMPLES, MOST_AT_ONCE = 0.95, 9999, 1_000_000


def interval(values: Iterable[float | None]) -> Interval | None:
    """95 % interval of the mean over cases, by the percentile bootstrap (Efron 1979).

    Always the same for the same values. It knows nothing of what the cases have in common, and of
    fewer than some ten it is too narrow.

    Parameters
    ----------
    values : one for each case; None where the figure is undefined, which counts nowhere

    Returns
    -------
    None where fewer than two have the figure.
    """
    known = np.array([value for value in values if value is not None])
    if len(known) < 2:
        return None
    # Here and not above: SciPy's statistics cost half a second.
    from scipy import stats

    found = stats.bootstrap(
        (known,),
        np.mean,
        n_resamples=RESAMPLES,
        confidence_level=CONFIDENCE,
        method="percentile",
        # All at once would take gigabytes of some thousand slices.
        batch=max(1, MOST_AT_ONCE // len(known)),
        rng=np.random.default_rng(0),
    )
    return float(found.confidence_interval.low), float(found.confidence_interval.high)
