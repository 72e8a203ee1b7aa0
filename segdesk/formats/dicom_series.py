"""From headers to volumes: which planes make one, in which order, and on which Grid.

Never mixes series or kernels, sorts by the position along the normal and never by number or name,
and refuses with one sentence what would not be a straight stack. Decodes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from segdesk.core.grid import Grid
from segdesk.core.tolerances import COSINE_LENGTH, COSINES_ALIKE, PIXEL_MM_ALIKE
from segdesk.errors import InputError
from segdesk.formats.dicom_header import Header, Plane
from segdesk.formats.findings import Finding, Survey, name_files, refusal
from segdesk.formats.geometry import squared_grid

#: Steps may differ by this share of the step or by so many mm, whichever is more: positions are
#: rounded when they are written.
STEP_SHARE, STEP_MM = 0.01, 0.02


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


def survey_headers(headers: Sequence[Header]) -> Survey:
    """Volumes, refusals and notes of all the DICOM files that were found.

    Parameters
    ----------
    headers : in the order of the sources
    """
    volumes: list[tuple[tuple[str, int, str], Finding]] = []
    strays = [header for header in headers if header.problem and not header.planes]
    refused = [refusal("DICOM", (h.path,), h.problem, uid=h.series_uid) for h in strays]
    images = [header for header in headers if header.planes]
    localizers = [header for header in images if header.is_localizer]
    for series in _grouped([header for header in images if not header.is_localizer]):
        finding = _finding_of(series)
        if finding.problem:
            refused.append(finding)
        else:
            order = (str(series[0].path.parent), series[0].series_number, series[0].series_uid)
            volumes.append((order, finding))
    # A damaged file might have been a slice of a volume beside it, so that is said.
    notes = [f"{h.problem[:-1]}, and was left out." for h in strays if volumes and h.is_damaged]
    if localizers:
        paths = [header.path for header in localizers]
        if volumes:
            verb = "is a localizer and was" if len(paths) == 1 else "are localizers and were"
            notes.append(f"{name_files(paths)} {verb} left out.")
        elif not refused:
            refused.append(refusal("DICOM", paths, _only_localizers(paths)))
    volumes.sort(key=lambda pair: pair[0])
    return Survey(tuple(finding for _, finding in volumes), tuple(refused), tuple(notes))


def _only_localizers(paths: list[Path]) -> str:
    if len(paths) == 1:
        return f"{name_files(paths)} is a localizer; there is no volume beside it."
    return f"{name_files(paths)} are localizers; there is no volume beside them."


def _grouped(headers: Sequence[Header]) -> list[list[Header]]:
    """Headers by series and kernel; enhanced objects each alone, files without a UID by folder."""
    groups: dict[tuple[str, ...], list[Header]] = {}
    for header in headers:
        if header.is_enhanced:
            key = ("enhanced", str(header.path))
        elif header.series_uid:
            key = ("series", header.series_uid, header.kernel)
        else:
            key = ("folder", str(header.path.parent), header.kernel)
        groups.setdefault(key, []).append(header)
    return list(groups.values())


def _finding_of(series: Sequence[Header]) -> Finding:
    first = series[0]
    files = [header.path for header in series]
    cut = [header for header in series if header.problem]
    if cut:
        # The whole series: without its last slice it would pass for a smaller one.
        return refusal("DICOM", files, cut[0].problem, uid=first.series_uid)
    try:
        stack = stack_of(series)
    except InputError as error:
        return refusal("DICOM", files, error.sentence, hint=error.hint, uid=first.series_uid)
    shape = stack.grid.shape
    ordered = dict.fromkeys(plane.path for plane in stack.planes)
    return Finding(
        kind="DICOM",
        description=first.description or first.path.name,
        kernel=first.kernel,
        date=first.date,
        uid=first.series_uid,
        shape=shape,
        spacing_mm=stack.grid.spacing_mm,
        nbytes=2 * shape[0] * shape[1] * shape[2],
        files=tuple(ordered),
        notes=stack.notes,
    )


def stack_of(series: Sequence[Header]) -> Stack:
    """The planes of one series as a straight stack.

    Raises
    ------
    InputError
        Sizes or orientations are mixed, two slices lie at one place, the gantry was tilted, steps
        differ, or geometry is missing. One sentence, which names the files.
    """
    pairs = [(header, plane) for header in series for plane in header.planes]
    _check_alike(pairs)
    direction = _direction(pairs[0][1])
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
            f"There is one slice; its thickness of {step:g} mm stands for the step."
            if thickness
            else "There is one slice without a thickness; 1 mm stands for the step."
        )
    else:
        step = _step(pairs, positions, along, normal)
    header, plane = pairs[0]
    row_mm, column_mm = plane.pixel_mm or (1.0, 1.0)
    x, y, z = (float(value) for value in positions[0])
    shape, spacing = (len(pairs), header.rows, header.columns), (step, row_mm, column_mm)
    grid, squared = squared_grid(shape, spacing, (x, y, z), direction, plane.path.name)
    notes.extend(squared)
    if any(dict(header.tags).get("LossyImageCompression") == "01" for header, _ in pairs):
        notes.append("The images were compressed with loss before they came here.")
    return Stack(tuple(h for h, _ in pairs), tuple(p for _, p in pairs), grid, tuple(notes))


def _check_alike(pairs: Sequence[tuple[Header, Plane]]) -> None:
    for keyword, what in (
        ("position_mm", "where the slice lies"),
        ("orientation", "how the slice is turned"),
        ("pixel_mm", "the pixel spacing"),
    ):
        lacking = [plane.path for _, plane in pairs if getattr(plane, keyword) is None]
        if lacking:
            verb = "does" if len(lacking) == 1 else "do"
            raise InputError(f"{name_files(lacking)} {verb} not say {what}.")
    first, plane = pairs[0]
    for what, alike in (
        ("sizes", lambda h, p: (h.rows, h.columns) == (first.rows, first.columns)),
        ("orientations", lambda h, p: _near(p.orientation, plane.orientation, COSINES_ALIKE)),
        ("pixel spacings", lambda h, p: _near(p.pixel_mm, plane.pixel_mm, PIXEL_MM_ALIKE)),
    ):
        others = [p.path for h, p in pairs if not alike(h, p)]
        if others:
            raise InputError(
                f"The slices of one series have mixed {what}: "
                f"{name_files(others)} {_unlike(others)} {plane.path.name}."
            )
    flat = [p.path for h, p in pairs if p.rescale is not None and p.rescale[0] == 0]
    if flat:
        raise InputError(f"{name_files(flat)} would rescale every pixel to one value (slope 0).")


def _unlike(others: Sequence[Path]) -> str:
    return "is not like" if len(others) == 1 else "are not like"


def _near(one: Sequence[float] | None, other: Sequence[float] | None, tolerance: float) -> bool:
    return one is not None and other is not None and np.allclose(one, other, rtol=0, atol=tolerance)


def _direction(plane: Plane) -> npt.NDArray[np.float64]:
    """3x3 matrix; columns: unit vectors of the column, row and slice index, right-handed."""
    cosines = np.array(plane.orientation, dtype=np.float64)
    along_row, along_column = cosines[:3], cosines[3:]
    lengths = np.linalg.norm(along_row), np.linalg.norm(along_column)
    if not np.allclose(lengths, 1, rtol=0, atol=COSINE_LENGTH):
        raise InputError(f"The orientation in {plane.path.name} is no pair of unit vectors.")
    if min(plane.pixel_mm or (0.0,)) <= 0:
        raise InputError(f"The pixel spacing in {plane.path.name} is not above zero.")
    along_row, along_column = along_row / lengths[0], along_column / lengths[1]
    normal = np.cross(along_row, along_column)
    if not np.any(normal):
        raise InputError(f"The orientation in {plane.path.name} is one direction, twice.")
    return np.stack([along_row, along_column, normal / np.linalg.norm(normal)], axis=1)


def _step(
    pairs: Sequence[tuple[Header, Plane]],
    positions: npt.NDArray[np.float64],
    along: npt.NDArray[np.float64],
    normal: npt.NDArray[np.float64],
) -> float:
    """Step along the normal in mm, or why there is none."""
    steps = np.diff(along)
    usual = float(np.median(steps))
    tolerance = max(STEP_SHARE * usual, STEP_MM)
    together = np.flatnonzero(steps < min(STEP_MM, usual / 2) if usual > 0 else steps <= 0)
    if together.size:
        raise InputError(f"Two slices lie at one place: {_between(pairs, int(together[0]))}.")
    sideways = np.diff(positions, axis=0) - steps[:, None] * normal
    shifts = np.linalg.norm(sideways, axis=1)
    drift = float(np.linalg.norm(sideways.sum(axis=0)))
    pixel = min(pairs[0][1].pixel_mm or (STEP_MM,))
    if shifts.max() > tolerance or drift > max(pixel, tolerance):
        worst = int(np.argmax(shifts))
        files = list(dict.fromkeys(plane.path for _, plane in pairs))
        angle = np.degrees(np.arctan2(shifts[worst], steps[worst]))
        raise InputError(
            f"The gantry was tilted by {angle:.1f}° in {name_files(files)}, so the slices are "
            "shifted against each other.",
            "Resample the scan onto a straight grid first.",
        )
    wrong = np.flatnonzero(np.abs(steps - usual) > tolerance)
    if wrong.size:
        raise InputError(_uneven(pairs, steps, usual, wrong))
    # Positions carry six decimals at most: what lies below is the dust of the subtraction.
    return round(float((along[-1] - along[0]) / (len(along) - 1)), 9)


def _uneven(
    pairs: Sequence[tuple[Header, Plane]],
    steps: npt.NDArray[np.float64],
    usual: float,
    wrong: npt.NDArray[np.intp],
) -> str:
    where = int(wrong[np.argmax(steps[wrong])])
    ratio = steps[where] / usual
    between = _between(pairs, where)
    if len(wrong) < len(steps) and ratio > 1.5 and abs(ratio - round(ratio)) < 0.05:
        noun = "A slice is" if round(ratio) == 2 else "Slices are"
        return f"{noun} missing between {between}: {steps[where]:.4g} mm instead of {usual:.4g} mm."
    return (
        f"The steps between slices differ, from {steps.min():.4g} to {steps.max():.4g} mm: "
        f"{between} are {steps[where]:.4g} mm apart."
    )


def _between(pairs: Sequence[tuple[Header, Plane]], index: int) -> str:
    names = [
        f"{plane.path.name} frame {plane.frame + 1}" if plane.frames > 1 else plane.path.name
        for _, plane in pairs[index : index + 2]
    ]
    return " and ".join(names)
