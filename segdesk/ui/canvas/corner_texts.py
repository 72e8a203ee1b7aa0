"""What is written over a slice, as text and figures. No drawing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from segdesk.app.labelling.restoring import Piece
from segdesk.app.project.workbench import Workbench
from segdesk.app.screen.display import Display
from segdesk.app.screen.pane import Pane
from segdesk.core.case import Case
from segdesk.core.grid import Grid
from segdesk.core.plane import Orientation, Plane
from segdesk.core.status import SliceStatus
from segdesk.ui.canvas import sentences
from segdesk.ui.canvas.voxel_under import Under
from segdesk.ui.look.as_written import item
from segdesk.ui.look.preset_words import figure, preset_word, window_words

#: The scale bar is the longest of these, in mm, that is no longer than the given pixels.
BARS_MM = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200)
LONGEST_BAR = 140.0
#: The body axis that a plane lies across.
ACROSS: dict[Orientation, int] = {"sagittal": 0, "coronal": 1, "axial": 2}


@dataclass(frozen=True, slots=True)
class Facts:
    """Of one plane.

    Parameters
    ----------
    title : such as "Axial   18 / 30   z 216.0 mm"
    window : such as "W 1500   L −600   lung"
    status : of the slice; said : it in words; None and empty of a plane across the slices
    letters : at the top, right, bottom and left edge of the slice as drawn; empty without geometry
    """

    title: str
    window: str
    status: SliceStatus | None
    said: str
    letters: tuple[str, str, str, str]


def facts(workbench: Workbench, display: Display, pane: Pane, case: Case) -> Facts:
    """What is known of the plane that a pane shows of a case."""
    plane = Plane.across(case.grid, pane.axis, pane.index)
    preset = f"   {preset_word(display.preset, case)}" if display.preset else ""
    is_slice = plane.axis == 0
    return Facts(
        title=_title(case.grid, plane),
        window=window_words(display.window) + preset,
        status=workbench.statuses(case.id)[plane.index] if is_slice else None,
        said=sentences.said_of_slice(workbench, case.id, plane.index) if is_slice else "",
        letters=plane.edge_letters(case.grid),
    )


@dataclass(frozen=True, slots=True)
class Reading:
    """Of the voxel under the pointer.

    Parameters
    ----------
    value : such as "HU −612"
    name : of its segment, or empty
    millimetres : x, y, z of its centre in LPS mm; empty without geometry
    voxel : i, j, k: column, row and slice, counted from 0 as in the files
    """

    value: str
    name: str
    millimetres: tuple[str, ...]
    voxel: tuple[str, str, str]


def reading(
    workbench: Workbench, case: Case, under: Under, left_out: Piece | None = None
) -> Reading:
    """The voxel under the pointer: its value, segment and place.

    Parameters
    ----------
    left_out : the piece of the prediction there, where it is left out
    """
    volume = workbench.volume(case.id)
    stored = volume.voxels[under.slice, under.row, under.column]
    value = " ".join(figure(volume.value(float(part))) for part in np.atleast_1d(stored))
    known = under.segment in workbench.segments
    unit = sentences.value() if case.unit == "raw" else case.unit
    name = item(workbench.segments[under.segment].name) if known else ""
    if left_out is not None:
        name = f"{item(left_out.name)} {sentences.left_out_words()}"
    place: tuple[float, ...] = ()
    if case.grid.stacked:
        place = case.grid.to_physical((under.slice, under.row, under.column))
    return Reading(
        value=f"{unit} {value}",
        name=name,
        millimetres=tuple(f"{mm:.1f}".replace("-", "−") for mm in place),
        voxel=(str(under.column), str(under.row), str(under.slice)),
    )


def scale_bar(grid: Grid, pixels_per_mm: float, width: int) -> tuple[float, float] | None:
    """Length of the scale bar in mm and in pixels; None without geometry, or where none fits.

    Parameters
    ----------
    width : of the view in pixels; the bar takes a quarter of it at most
    """
    if not grid.stacked:
        return None
    longest = min(LONGEST_BAR, width / 4)
    fitting = [mm for mm in BARS_MM if mm * pixels_per_mm <= longest]
    return (fitting[-1], fitting[-1] * pixels_per_mm) if fitting else None


def _title(grid: Grid, plane: Plane) -> str:
    count = f"{plane.index + 1} / {plane.count(grid)}"
    orientation = plane.orientation(grid)
    name, axis = sentences.plane_name(orientation), ACROSS[orientation]
    if not grid.stacked:
        return f"{sentences.a_slice() if plane.axis == 0 else name}   {count}"
    place = grid.to_physical(plane.voxel(0, 0))[axis]
    return f"{name}   {count}   {'xyz'[axis]} {place:.1f} mm".replace("-", "−")
