"""Layers over a slice, grey or in colour: annotation, prediction, their difference, in RGB.

One slice at a time, and of it only the area that changed, so the cost of a brush follows the brush.
What is drawn where is decided here, pixel by pixel of the scan; scaling to the screen, text and
cursors belong to `ui.canvas`. On the start-up path: numpy only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from segdesk.core.box import Area

Style = Literal["fill", "outline", "difference"]
Rgb = tuple[int, int, int]
Pixels = npt.NDArray[np.uint32]
Labels = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.bool_]

#: A dash and a gap of the prediction's outline, in voxels along the outline.
DASH, GAP = 6, 4
#: How far the prediction's colours go towards white, so that they are seen on their own fill.
LIGHTER = 0.25
#: Where a prediction is not what is drawn it is hatched: one voxel in so many, along a diagonal,
#: and so much fainter than its outline.
HATCH, HATCH_STRENGTH = 6, 0.7
#: Outlines are stronger than the fill they belong to, by this factor, up to opaque.
LINE_STRENGTH = 2.0
#: And differences, which are thin more often than not.
DIFFERENCE_STRENGTH = 1.5
_OPAQUE = np.uint32(0xFF000000)
#: Codes in a plane of differences.
_SAME, _PREDICTED_ONLY, _DRAWN_ONLY = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Look:
    """How the layers are drawn.

    Parameters
    ----------
    style : fill and outline, outline only, or where annotation and prediction differ
    annotation, prediction : opacity 0 to 1; 0 hides the layer
    colours : (segment number, red, green, blue) of every segment that is drawn, 0 to 255
    false_positive, false_negative : red, green, blue of what only the prediction, and what only the
        annotation has; where both have segments but not the same, stripes of the two
    """

    style: Style
    annotation: float
    prediction: float
    colours: tuple[tuple[int, int, int, int], ...]
    false_positive: Rgb
    false_negative: Rgb


class Blender:
    """Lays the layers over slices. Made for one `Look`; keeps only tables made from it.

    Parameters
    ----------
    in_colour : the slices have three different parts; mixing takes three times as long then
    """

    def __init__(self, look: Look, *, in_colour: bool = False) -> None:
        self._look = look
        self._mixed = _mixed_colours if in_colour else _mixed
        self._drawn = np.zeros(256, np.bool_)
        colours = np.zeros((256, 3), np.float32)
        for number, red, green, blue in look.colours:
            self._drawn[number] = True
            colours[number] = red, green, blue
        self._lines = colours
        self._lighter = (colours + (255 - colours) * LIGHTER).astype(np.float32)
        self._line_opacity = min(look.annotation * LINE_STRENGTH, 1.0)
        differences = np.array([(0, 0, 0), look.false_positive, look.false_negative], np.float32)
        self._fill = mixing_table(colours, look.annotation, self._drawn)
        self._difference = mixing_table(
            differences,
            min(look.annotation * DIFFERENCE_STRENGTH, 1.0),
            np.arange(len(differences)) != _SAME,
        )

    def blend(
        self, image: Pixels, annotation: Labels, prediction: Labels | None, out: Pixels, area: Area
    ) -> Area:
        """Draw the neighbourhood of an area whose labels changed.

        Parameters
        ----------
        image : uint32, (rows, columns), 0xffRRGGBB; three equal parts unless in colour
        annotation, prediction : uint8, (rows, columns); no prediction: None
        out : uint32, (rows, columns); changed in place
        area : where labels have changed since `out` was drawn

        Returns
        -------
        What was drawn: the area and one voxel around it, whose outlines may have changed.
        """
        drawn = grown(area, 1, image.shape)
        around = grown(drawn, 1, image.shape)
        inner = (
            slice(drawn.row0 - around.row0, drawn.row1 - around.row0),
            slice(drawn.column0 - around.column0, drawn.column1 - around.column0),
        )
        rows, columns = drawn.window
        wide_rows, wide_columns = around.window
        base = image[rows, columns]
        ours = annotation[wide_rows, wide_columns]
        theirs = None if prediction is None else prediction[wide_rows, wide_columns]
        if theirs is not None and self._look.style == "difference":
            shown = self._drawn.astype(np.uint8)
            code = difference_code(ours * shown[ours], theirs * shown[theirs], around)[inner]
            picture = self._mixed(base, code, self._difference)
            self._outline(picture, ours, inner)
        else:
            picture = self._annotated(base, ours, inner)
            if theirs is not None and self._look.prediction > 0:
                hatched = hatch(ours, theirs, around)[inner]
                faint = self._look.prediction * HATCH_STRENGTH
                self._lay_over(picture, hatched, theirs[inner], self._lighter, faint)
                dashed = dashed_contour(theirs, around)[inner]
                self._lay_over(picture, dashed, theirs[inner], self._lighter, self._look.prediction)
        out[rows, columns] = picture
        return drawn

    def _annotated(self, base: Pixels, labels: Labels, inner: tuple[slice, slice]) -> Pixels:
        if self._look.annotation <= 0 or not labels.any():
            return base.copy()
        if self._look.style == "outline":
            picture = base.copy()
        else:
            picture = self._mixed(base, labels[inner], self._fill)
        self._outline(picture, labels, inner)
        return picture

    def _outline(self, picture: Pixels, labels: Labels, inner: tuple[slice, slice]) -> None:
        across, down = _edges(labels)
        edge = ((across | down) & (labels != 0))[inner]
        self._lay_over(picture, edge, labels[inner], self._lines, self._line_opacity)

    def _lay_over(
        self,
        picture: Pixels,
        where: Mask,
        labels: Labels,
        colours: npt.NDArray[np.float32],
        opacity: float,
    ) -> None:
        """Blend the labels' colours over a few pixels, in place."""
        # A flat search is many times faster than one by row and column.
        at = np.flatnonzero(where)
        number = labels.ravel()[at]
        shown = self._drawn[number]
        at, number = at[shown], number[shown]
        below = picture.ravel()[at]
        parts = np.stack([below >> 16 & 0xFF, below >> 8 & 0xFF, below & 0xFF], axis=1)
        mixed = parts + (colours[number] - parts) * np.float32(opacity)
        picture.reshape(-1)[at] = _packed(mixed)


def mixing_table(colours: npt.NDArray[np.float32], opacity: float, mixed_in: Mask) -> Pixels:
    """Table from (code * 256 + grey) to 0xffRRGGBB.

    Parameters
    ----------
    colours : float32, (codes, 3)
    opacity : 0 to 1, of the colour over the grey
    mixed_in : bool, (codes,); the other codes let the grey through
    """
    grey = np.arange(256, dtype=np.float32)[None, :, None]
    mixed = grey + (colours[:, None, :] - grey) * np.float32(opacity)
    mixed[~mixed_in] = grey[0]
    return _packed(mixed.reshape(-1, 3))


def difference_code(annotation: Labels, prediction: Labels, area: Area) -> Labels:
    """0 where both agree, 1 where only the prediction has a segment, 2 where only the annotation.

    Where both have one and not the same, stripes of 1 and 2, two voxels wide, anchored to the
    slice so that a part of it is striped like the whole.
    """
    code = np.full(annotation.shape, _SAME, np.uint8)
    differs = annotation != prediction
    code[differs & (annotation == 0)] = _PREDICTED_ONLY
    code[differs & (prediction == 0)] = _DRAWN_ONLY
    both = differs & (annotation != 0) & (prediction != 0)
    if both.any():
        row, column = np.nonzero(both)
        stripe = ((row + column + area.row0 + area.column0) // 2) % 2
        code[row, column] = np.where(stripe == 0, _PREDICTED_ONLY, _DRAWN_ONLY)
    return code


def hatch(annotation: Labels, prediction: Labels, area: Area) -> Mask:
    """Diagonals through what the prediction has and the annotation has not, or has otherwise.

    Parameters
    ----------
    annotation, prediction : uint8 of the area's shape
    area : where they lie in the slice, to which the diagonals are anchored
    """
    row = np.arange(area.row0, area.row1)[:, None]
    column = np.arange(area.column0, area.column1)[None, :]
    return (prediction != annotation) & (prediction != 0) & ((row + column) % HATCH == 0)


def dashed_contour(labels: Labels, area: Area) -> Mask:
    """The inner boundary of every segment, in dashes.

    A boundary that runs across is cut by column and one that runs down by row, so the dashes are
    even in every direction; a pattern by row + column would swallow whole diagonals.

    Parameters
    ----------
    labels : uint8 of the area's shape; beyond it counts as the same label
    area : where they lie in the slice, to which the dashes are anchored
    """
    across, down = _edges(labels)
    inside = labels != 0
    row = np.arange(area.row0, area.row1)[:, None] % (DASH + GAP) < DASH
    column = np.arange(area.column0, area.column1)[None, :] % (DASH + GAP) < DASH
    return inside & ((across & column) | (down & ~across & row))


def grown(area: Area, by: int, shape: tuple[int, ...]) -> Area:
    """An area with some voxels more on each side, inside the slice."""
    return Area(
        max(area.row0 - by, 0),
        min(area.row1 + by, shape[0]),
        max(area.column0 - by, 0),
        min(area.column1 + by, shape[1]),
    )


def _edges(labels: Labels) -> tuple[Mask, Mask]:
    """Voxels with another label above or below (an edge that runs across), and beside."""
    across = np.zeros(labels.shape, np.bool_)
    changes = labels[1:] != labels[:-1]
    across[1:] |= changes
    across[:-1] |= changes
    down = np.zeros(labels.shape, np.bool_)
    changes = labels[:, 1:] != labels[:, :-1]
    down[:, 1:] |= changes
    down[:, :-1] |= changes
    return across, down


def _mixed(base: Pixels, code: Labels, table: Pixels) -> Pixels:
    index = code.astype(np.uint32)
    index <<= 8
    index |= base & 0xFF
    return table.take(index, mode="clip")


def _mixed_colours(base: Pixels, code: Labels, table: Pixels) -> Pixels:
    """As `_mixed`, of three parts: each is looked up as if it were grey, and its own part taken."""
    code = code.astype(np.uint32) << np.uint32(8)
    picture = np.full(base.shape, _OPAQUE)
    for shift in (np.uint32(16), np.uint32(8), np.uint32(0)):
        index = code | (base >> shift & np.uint32(0xFF))
        picture |= table.take(index, mode="clip") & (np.uint32(0xFF) << shift)
    return picture


def _packed(parts: npt.NDArray[np.floating]) -> Pixels:
    """(n, 3) of red, green, blue to (n,) 0xffRRGGBB."""
    whole = (parts + 0.5).astype(np.uint32)
    return _OPAQUE | whole[:, 0] << np.uint32(16) | whole[:, 1] << np.uint32(8) | whole[:, 2]
