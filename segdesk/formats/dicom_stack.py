"""From planes that belong together to a straight stack: their order, their steps and the Grid.

Sorts by the position along the normal and never by number or name, and refuses with one sentence
what would not be straight or even. Which planes belong together is decided in `dicom_series`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from segdesk.core.grid import Grid
from segdesk.core.tolerances import (
    COSINE_LENGTH,
    COSINES_ALIKE,
    PIXEL_MM_ALIKE,
    ROUNDED_STEP_SHARE,
    SAID_VOXELS,
    STEP_MM,
    STEP_SHARE,
)
from segdesk.errors import InputError
from segdesk.formats.dicom_header import Header, Plane
from segdesk.formats.findings import name_files
from segdesk.formats.geometry import squared_grid, told_apart
from segdesk.sentence import Sentence

Pair = tuple[Header, Plane]
Numbers = npt.NDArray[np.float64]


class UnevenSteps(InputError):
    """The planes do not follow each other in even steps: some may be missing.

    Parameters
    ----------
    what : is wrong, without a full stop
    """

    def __init__(self, what: Sentence) -> None:
        super().__init__(
            Sentence("{what}.", what=what),
            "Put all files of the series into the same folder, or ask for the series anew.",
        )
        self.what = what

    def __reduce__(self) -> tuple[type[UnevenSteps], tuple[object, ...]]:
        return type(self), (self.what,)


@dataclass(frozen=True, slots=True)
class Stack:
    """The planes of one volume in the order of its slices.

    Parameters
    ----------
    headers : one for each plane (an enhanced object's stands several times)
    planes : sorted along the normal
    grid : where they lie
    notes : sentences that name no file
    """

    headers: tuple[Header, ...]
    planes: tuple[Plane, ...]
    grid: Grid
    notes: tuple[str, ...] = ()


def stack_of(pairs: Sequence[Pair]) -> Stack:
    """Planes as a straight stack.

    Raises
    ------
    InputError
        Sizes or orientations are mixed, two slices lie at one place, the gantry was tilted, or
        geometry is missing. One sentence, which names the files. `UnevenSteps` where steps differ.
    """
    _check_alike(pairs)
    direction = direction_of(pairs[0][1])
    normal = direction[:, 2]
    positions = np.array([plane.position_mm for _, plane in pairs], dtype=np.float64)
    along = positions @ normal
    order = np.argsort(along, kind="stable")
    pairs = [pairs[i] for i in order]
    positions, along = positions[order], along[order]
    notes: list[str] = []
    if len(pairs) == 1:
        thickness = pairs[0][1].thickness_mm
        step = thickness or 1.0
        notes.append(
            Sentence(
                "There is one slice; its thickness of {step} mm stands for the step.",
                step=f"{step:g}",
            )
            if thickness
            else Sentence("There is one slice without a thickness; 1 mm stands for the step.")
        )
    else:
        step = _step(pairs, positions, along, normal)
        notes.extend(_drift_note(pairs, positions, normal))
    header, plane = pairs[0]
    row_mm, column_mm = plane.pixel_mm or (1.0, 1.0)
    x, y, z = (float(value) for value in positions[0])
    shape, spacing = (len(pairs), header.rows, header.columns), (step, row_mm, column_mm)
    grid, squared = squared_grid(shape, spacing, (x, y, z), direction, plane.path.name)
    notes.extend(squared)
    if any(dict(header.tags).get("LossyImageCompression") == "01" for header, _ in pairs):
        notes.append(Sentence("The images were compressed with loss before they came here."))
    return Stack(tuple(h for h, _ in pairs), tuple(p for _, p in pairs), grid, tuple(notes))


def direction_of(plane: Plane) -> Numbers:
    """3x3 matrix; columns: unit vectors of the column, row and slice index, right-handed.

    Raises
    ------
    InputError
        Where the file's two directions are no directions. They may be off square.
    """
    cosines = np.array(plane.orientation, dtype=np.float64)
    along_row, along_column = cosines[:3], cosines[3:]
    lengths = np.linalg.norm(along_row), np.linalg.norm(along_column)
    if not np.allclose(lengths, 1, rtol=0, atol=COSINE_LENGTH):
        raise InputError(
            Sentence("The orientation in {path} is no pair of unit vectors.", path=plane.path.name)
        )
    if min(plane.pixel_mm or (0.0,)) <= 0:
        raise InputError(
            Sentence("The pixel spacing in {path} is not above zero.", path=plane.path.name)
        )
    along_row, along_column = along_row / lengths[0], along_column / lengths[1]
    normal = np.cross(along_row, along_column)
    if not np.any(normal):
        raise InputError(
            Sentence("The orientation in {path} is one direction, twice.", path=plane.path.name)
        )
    return np.stack([along_row, along_column, normal / np.linalg.norm(normal)], axis=1)


def turned_alike(one: Plane, other: Plane) -> bool:
    """Whether two planes have one orientation; rounding aside."""
    return _near(one.orientation, other.orientation, COSINES_ALIKE)


def _check_alike(pairs: Sequence[Pair]) -> None:
    for keyword, what in (
        ("position_mm", Sentence("where the slice lies")),
        ("orientation", Sentence("how the slice is turned")),
        ("pixel_mm", Sentence("the pixel spacing")),
    ):
        lacking = [plane.path for _, plane in pairs if getattr(plane, keyword) is None]
        if lacking:
            raise InputError(
                Sentence.counted(
                    "{files} does not say {what}.",
                    "{files} do not say {what}.",
                    len(lacking),
                    files=name_files(lacking),
                    what=what,
                )
            )
    first, plane = pairs[0]
    for what, alike in (
        ("sizes", lambda h, p: (h.rows, h.columns) == (first.rows, first.columns)),
        ("orientations", lambda h, p: turned_alike(p, plane)),
        (
            Sentence("pixel spacings"),
            lambda h, p: _near(p.pixel_mm, plane.pixel_mm, PIXEL_MM_ALIKE),
        ),
    ):
        others = [p.path for h, p in pairs if not alike(h, p)]
        if others:
            raise InputError(
                Sentence(
                    "The slices of one series have mixed {what}: {files} {unlike} {path}.",
                    what=what,
                    files=name_files(others),
                    unlike=_unlike(others),
                    path=plane.path.name,
                )
            )
    flat = [p.path for h, p in pairs if p.rescale is not None and p.rescale[0] == 0]
    if flat:
        raise InputError(
            Sentence(
                "{files} would rescale every pixel to one value (slope 0).",
                files=name_files(flat),
            )
        )


def _unlike(others: Sequence[Path]) -> str:
    return Sentence("is not like") if len(others) == 1 else Sentence("are not like")


def _near(one: Sequence[float] | None, other: Sequence[float] | None, tolerance: float) -> bool:
    return one is not None and other is not None and np.allclose(one, other, rtol=0, atol=tolerance)


def _step(pairs: Sequence[Pair], positions: Numbers, along: Numbers, normal: Numbers) -> float:
    """Step along the normal in mm, or why there is none."""
    steps = np.diff(along)
    usual = float(np.median(steps))
    together = np.flatnonzero(steps < min(STEP_MM, usual / 2) if usual > 0 else steps <= 0)
    if together.size:
        raise InputError(
            Sentence(
                "Two slices lie at one place: {between}.", between=_between(pairs, int(together[0]))
            ),
            "Take one of the two out of the folder.",
        )
    rounded = max(STEP_MM, _rounding(pairs, normal, usual))
    _check_straight(pairs, positions, steps, normal, max(STEP_SHARE * usual, 3 * rounded))
    if _off_the_ladder(along) > max(STEP_SHARE * usual, rounded) * (1 + 1e-9) + 1e-9:
        raise UnevenSteps(_uneven(pairs, steps, usual, 3 * max(STEP_SHARE * usual, rounded)))
    # Positions carry six decimals at most: what lies below is the dust of the subtraction.
    return round(float((along[-1] - along[0]) / (len(along) - 1)), 9)


def _rounding(pairs: Sequence[Pair], normal: Numbers, usual: float) -> float:
    """How far along the normal a position may be off because of its last decimal, in mm.

    The most decimals that any plane has count, as writers drop zeros at the end.
    """
    units = np.min([plane.position_unit_mm for _, plane in pairs], axis=0)
    return min(float(np.abs(normal) @ units) / 2, ROUNDED_STEP_SHARE * usual)


def _off_the_ladder(along: Numbers) -> float:
    """By how much positions must be off, in mm, if they are those of an even ladder.

    Half of the least height of a band between two parallel lines that holds them all: convex in
    the band's slope, which lies between the smallest and the largest step.
    """
    rungs = np.arange(len(along))
    low, high = float(np.diff(along).min()), float(np.diff(along).max())
    for _ in range(80):
        third = (high - low) / 3
        if np.ptp(along - (low + third) * rungs) <= np.ptp(along - (high - third) * rungs):
            high -= third
        else:
            low += third
    return float(np.ptp(along - (low + high) / 2 * rungs)) / 2


def _check_straight(
    pairs: Sequence[Pair], positions: Numbers, steps: Numbers, normal: Numbers, tolerance: float
) -> None:
    """Refuse slices that are shifted sideways, each or over the whole stack."""
    sideways = np.diff(positions, axis=0) - steps[:, None] * normal
    shifts = np.linalg.norm(sideways, axis=1)
    drift = float(np.linalg.norm(sideways.sum(axis=0)))
    pixel = min(pairs[0][1].pixel_mm or (STEP_MM,))
    if shifts.max() <= tolerance and drift <= max(pixel, tolerance):
        return
    worst = int(np.argmax(shifts))
    files = list(dict.fromkeys(plane.path for _, plane in pairs))
    angle = np.degrees(np.arctan2(shifts[worst], steps[worst]))
    degrees = f"{angle:.1f}" if angle >= 0.1 else f"{angle:.1g}"
    raise InputError(
        Sentence(
            "The gantry was tilted by {degrees}° in {files}, so the slices are "
            "shifted against each other.",
            degrees=degrees,
            files=name_files(files),
        ),
        "Resample the scan onto a straight grid first.",
    )


def _drift_note(pairs: Sequence[Pair], positions: Numbers, normal: Numbers) -> list[str]:
    """A sentence where slices that pass for straight are shifted sideways over the whole stack."""
    whole = positions[-1] - positions[0]
    drift = float(np.linalg.norm(whole - (whole @ normal) * normal))
    units = np.min([plane.position_unit_mm for _, plane in pairs], axis=0)
    voxels = drift / min(pairs[0][1].pixel_mm or (1.0,))
    if voxels <= SAID_VOXELS or drift <= np.linalg.norm(units):
        return []
    return [
        Sentence(
            "From the first to the last the slices are shifted sideways by {voxels} "
            "voxels; they were taken as straight.",
            voxels=f"{voxels:.2g}",
        )
    ]


def _uneven(pairs: Sequence[Pair], steps: Numbers, usual: float, tolerance: float) -> Sentence:
    """What is wrong with the steps: missing slices only where single steps are whole multiples."""
    wrong = np.flatnonzero(np.abs(steps - usual) > tolerance)
    where = int(np.argmax(np.abs(steps - usual)))
    between, step = _between(pairs, where), float(steps[where])
    others = np.delete(steps, wrong)
    ratio = step / float(others.mean()) if others.size else 1.0
    # The others may be as much too short by rounding as this one is too long, times that many.
    allowed = min(0.3, tolerance * round(ratio) / usual)
    whole = ratio > 1.5 and abs(ratio - round(ratio)) < max(0.05, allowed)
    alone = wrong.size > 0 and (wrong.size == 1 or bool(np.diff(wrong).min() > 1))
    if alone and whole and 3 * wrong.size <= steps.size:
        noun = Sentence("A slice is") if round(ratio) == 2 else Sentence("Slices are")
        return Sentence(
            "{noun} missing between {between}: {step} mm instead of {usual} mm",
            noun=noun,
            between=between,
            step=f"{step:.4g}",
            usual=f"{usual:.4g}",
        )
    changes = np.flatnonzero(np.abs(np.diff(steps)) > tolerance)
    at = int(changes[0]) + 1 if changes.size else 0
    first, second = (float(np.median(half)) for half in (steps[: at or 1], steps[at:]))
    if changes.size == 1 and abs(second - first) > tolerance:
        before, after = told_apart([first], [second], digits=4)
        return Sentence(
            "The steps between slices are irregular: {before} mm as far as {names}, "
            "{after} mm from there on",
            before=before,
            names=_names(pairs[at : at + 1]),
            after=after,
        )
    least, most = told_apart([steps.min()], [steps.max()], digits=4)
    apart = least if step == steps.min() else most
    return Sentence(
        "The steps between slices differ, from {least} to {most} mm: {between} are "
        "{apart} mm apart",
        least=least,
        most=most,
        between=between,
        apart=apart,
    )


def _between(pairs: Sequence[Pair], index: int) -> str:
    return _names(pairs[index : index + 2])


def _names(pairs: Sequence[Pair]) -> str:
    return " and ".join(plane.name for _, plane in pairs)
