"""Which whole numbers a label map's values stand for: `as_numbers`.

Labels keep their numbers. What differs from a whole number by no more than the file itself can
tell is that number; a mask with soft edges is cut at half, black and white are nothing and
segment 1, and both are said; any other fraction is refused. Where the voxels lie is `labels`'.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from segdesk.errors import InputError
from segdesk.formats.rescale import Rescale
from segdesk.formats.stored import Stored
from segdesk.sentence import Sentence

Labels = npt.NDArray[np.uint8]

#: A mask that was resampled as a picture has this for foreground.
WHITE = 255
#: A soft mask goes from 0 to one of these: shares, or grey levels.
SOFT_TOPS = (1.0, float(WHITE))
#: What sums and products of floating numbers leave of a whole number, at most.
NOISE = 1e-3
#: Of the voxels between nothing and all of a soft mask, at most this share may lie inside an area
#: of their own level; those of a segment mostly do. Resized lung masks have under 0.02.
MOST_INSIDE = 0.2
#: At least this share must lie beside a higher level, as an edge does; those of a thin segment of
#: its own do not. Resized lung masks have over 0.998.
LEAST_BESIDE = 0.9
#: More levels than this are not counted.
MANY_LEVELS = 256
#: As many levels are named in a sentence.
MOST_NAMED = 8
#: Of whole numbers in many levels less has to: in white noise 0.89 lie beside a higher one, and of
#: thin segments in many numbers about half do.
BESIDE_IN_GREY = 0.8
#: In fewer voxels than this a picture cannot be told from segments.
LEAST_GREY = 1000
#: Fractions with at least so many levels are no segments but shares, if they go from 0 to 1.
LEVELS_OF_SHARES = 32


def as_numbers(array: npt.NDArray[Any], stored: Stored) -> tuple[Labels, tuple[str, ...]]:
    """Labels as uint8, and sentences on what had to be done to make them so.

    - whole numbers from 0 to 255, within what the file can tell: as they are;
    - nothing but 0 and 255: segment 1, which is said;
    - black, white (255) and levels between that only lie on edges: cut at half, which is said;
    - shares from 0 to 1, of edges or of many levels: the same;
    - whole numbers in many levels that run into each other, as of a picture or of probabilities in
      per cent: refused.

    Parameters
    ----------
    array : bool, whole or floating, (slices, rows, columns), as stored in the file
    stored : its name and its rescale

    Raises
    ------
    InputError
        Where numbers are not finite, out of range, or fractions or grey levels that no segment can
        be told by.
    """
    if array.dtype.kind not in "biuf":
        raise InputError(
            Sentence(
                "{stored} holds {dtype} and not plain numbers.",
                stored=stored.name,
                dtype=array.dtype.name,
            )
        )
    tolerance = _tolerance(array.dtype, stored.values)
    numbers = np.empty(array.shape, np.uint8)
    is_whole, low, high = True, np.inf, -np.inf
    for index, plane in enumerate(array):
        values = _valued(plane, stored.values)
        smallest, largest = float(values.min()), float(values.max())
        if not (np.isfinite(smallest) and np.isfinite(largest)):
            raise InputError(
                Sentence(
                    "{stored} holds values that are not finite (NaN or infinity).",
                    stored=stored.name,
                ),
                "Replace them by 0, or by the number of their segment, and save it again.",
            )
        low, high = min(low, smallest), max(high, largest)
        if low < -tolerance or high > WHITE + tolerance:
            continue  # to the end, for the sentence
        if values.dtype.kind == "f":
            whole = np.rint(values)
            is_whole = is_whole and bool(np.abs(values - whole).max() <= tolerance)
            values = whole
        numbers[index] = values
    if low < -tolerance or high > WHITE + tolerance:
        raise InputError(
            Sentence(
                "{stored} holds numbers from {low} to {high}; labels are whole numbers "
                "from 0 to 255.",
                stored=stored.name,
                low=f"{low:g}",
                high=f"{high:g}",
            ),
            "Give its segments numbers from 1 to 255 and save it again.",
        )
    if is_whole:
        return _whole_numbers(numbers, stored.name)
    return _shares(array, stored, high)


def _tolerance(dtype: np.dtype[Any], values: Rescale) -> float:
    """How far from a whole number a value may be that stands for it.

    Half a step of the file's own scaling: a number that was rounded to the nearest step is no
    further from it. Steps of 1 and more can't tell one whole number from the next by that.
    """
    if dtype.kind in "biu" and abs(values.slope) < 1:
        # A step is kept as float32, which turns a half of it a little too.
        return max(NOISE, abs(values.slope) / 2 * (1 + 1e-4))
    return NOISE


def _valued(plane: npt.NDArray[Any], values: Rescale) -> npt.NDArray[Any]:
    if plane.dtype.kind == "b":
        plane = plane.astype(np.uint8)
    if values.is_identity:
        return plane
    return plane * np.float64(values.slope) + values.intercept


def _whole_numbers(numbers: Labels, name: str) -> tuple[Labels, tuple[str, ...]]:
    counts = np.zeros(WHITE + 1, np.int64)
    # Slice by slice: bincount makes eight bytes of every voxel, and no other thread runs meanwhile.
    for plane in numbers:
        counts += np.bincount(plane.reshape(-1), minlength=WHITE + 1)
    if counts[WHITE] and not counts[1:WHITE].any():
        return (numbers == WHITE).astype(np.uint8), (
            Sentence("The labels are black and white: 255 became segment 1."),
        )
    middle = counts[64:192].any()
    between = counts[1:WHITE].sum()
    if counts[0] and middle and between < counts[WHITE] and _has_soft_edges(numbers, WHITE):
        return _cut(numbers, WHITE, np.flatnonzero(counts).size)
    levels = np.flatnonzero(counts)
    top = int(levels[-1])
    is_many = levels.size >= LEVELS_OF_SHARES and counts[1:top].sum() >= LEAST_GREY
    if is_many and _has_soft_edges(numbers, top, BESIDE_IN_GREY):
        raise InputError(
            Sentence(
                "{name} holds {size} grey levels from {levels} to {top} that run into "
                "each other, by which no segment can be told.",
                name=name,
                size=levels.size,
                levels=levels[0],
                top=top,
            ),
            "Save a whole number for each segment; cut probabilities at half first.",
        )
    return numbers, ()


def _shares(array: npt.NDArray[Any], stored: Stored, high: float) -> tuple[Labels, tuple[str, ...]]:
    """A mask with soft edges, cut at half.

    Raises
    ------
    InputError
        Where the fractions are something else; the sentence names them.
    """
    values = np.stack([_valued(plane, stored.values) for plane in array])
    levels = _levels(values)
    top = next((top for top in SOFT_TOPS if top / 2 < high <= top * (1 + NOISE)), None)
    many = len(levels) >= LEVELS_OF_SHARES
    if top is not None and ((many and top == 1) or _has_soft_edges(values, top)):
        return _cut(values, top, len(levels))
    raise InputError(
        Sentence(
            "{stored} holds fractions ({named}), by which no segment can be told.",
            stored=stored.name,
            named=_named(levels),
        ),
        "Save it with a whole number for each segment; to resample labels, take the nearest voxel.",
    )


def _cut(values: npt.NDArray[Any], top: float, levels: int) -> tuple[Labels, tuple[str, ...]]:
    many = str(levels)
    if levels > MANY_LEVELS:
        many = Sentence("over {count}", count=MANY_LEVELS)
    note = Sentence(
        "The labels have soft edges ({many} levels from 0 to {top}); they were cut "
        "at half: segment 1 is what lies above {half}.",
        many=many,
        top=f"{top:g}",
        half=f"{top / 2:g}",
    )
    return (values > top / 2).astype(np.uint8), (note,)


def _levels(values: npt.NDArray[Any]) -> list[float]:
    """The levels in order; of more than `MANY_LEVELS` only as many as were met by then."""
    seen: set[float] = set()
    for plane in values:
        seen.update(np.unique(plane).tolist())
        if len(seen) > MANY_LEVELS:
            break
    return sorted(seen)


def _named(levels: list[float]) -> str:
    shown = ", ".join(f"{level:.6g}" for level in levels[:MOST_NAMED])
    more = len(levels) - MOST_NAMED
    if len(levels) > MANY_LEVELS:
        return Sentence("over {count} levels such as {shown}", count=MANY_LEVELS, shown=shown)
    if more <= 0:
        return shown
    return Sentence("{names} and {count} more", names=shown, count=more)


def _has_soft_edges(
    values: npt.NDArray[Any], top: float, least_beside: float = LEAST_BESIDE
) -> bool:
    """Whether the levels between 0 and top are but the edges of one segment.

    They hardly ever have their own level on all four sides, and mostly a higher one beside them.
    """
    between = inside = beside = 0
    for plane in values:
        around = np.pad(plane, 1, mode="edge")
        soft = (plane > 0) & (plane < top)
        rows, columns = plane.shape
        same = soft.copy()
        higher = np.zeros_like(soft)
        for down in range(3):
            for right in range(3):
                neighbour = around[down : down + rows, right : right + columns]
                higher |= neighbour > plane
                if (down == 1) != (right == 1):
                    same &= neighbour == plane
        between += int(np.count_nonzero(soft))
        inside += int(np.count_nonzero(same))
        beside += int(np.count_nonzero(soft & higher))
    return between > 0 and inside <= MOST_INSIDE * between and beside >= least_beside * between
