"""What is drawn over the image, layer by layer: annotation, prediction, difference, ghost.

How layers mix stands in `blend`; which of them a reader wants is the canvas's to say. On the
start-up path: numpy only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from segdesk.core.box import Area
from segdesk.ops.blend import Labels, Layer, Mask, Piece, Rgb, mixing_table
from segdesk.ops.paint import Region

Style = Literal["fill", "outline", "difference"]

#: A dash and a gap of the prediction's outline, in voxels along the outline.
DASH, GAP = 6, 4
#: How far the prediction's colours go towards white, so that they are seen on their own fill.
LIGHTER = 0.25
#: Where a prediction is not what is drawn it is hatched: one voxel in so many, along a diagonal,
#: and so much fainter than its outline.
HATCH, HATCH_STRENGTH = 6, 0.7
#: What a prediction leaves out is hatched the other way, closer and fainter, inside a dotted line.
SMALL_HATCH, SMALL_STRENGTH, SMALL_LINE = 4, 0.45, 0.8
#: Outlines are stronger than the fill they belong to, by this factor, up to opaque.
LINE_STRENGTH = 2.0
#: And differences, which are thin more often than not.
DIFFERENCE_STRENGTH = 1.5
#: Opacity of a ghost's inside and of the line around it.
GHOST_FILL, GHOST_LINE = 0.5, 0.9
WHITE: Rgb = (255, 255, 255)
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


class Inks:
    """Tables for one `Look`, from which the layers are drawn; kept while it is in use."""

    def __init__(self, look: Look) -> None:
        self.look = look
        self.drawn = np.zeros(256, np.bool_)
        #: Of each segment, and white for background that a ghost would bring.
        self.lines = np.full((256, 3), WHITE, np.float32)
        for number, red, green, blue in look.colours:
            self.drawn[number] = True
            self.lines[number] = red, green, blue
        self.lighter = (self.lines + (255 - self.lines) * LIGHTER).astype(np.float32)
        self.line_opacity = min(look.annotation * LINE_STRENGTH, 1.0)
        differences = np.array([(0, 0, 0), look.false_positive, look.false_negative], np.float32)
        self.fill = mixing_table(self.lines, look.annotation, self.drawn)
        self.difference = mixing_table(
            differences,
            min(look.annotation * DIFFERENCE_STRENGTH, 1.0),
            np.arange(len(differences)) != _SAME,
        )


@dataclass(frozen=True, slots=True)
class AnnotationLayer:
    """What is drawn: filled and outlined, or outlined alone.

    Parameters
    ----------
    labels : uint8, (rows, columns) of the slice
    """

    inks: Inks
    labels: Labels

    def lay(self, piece: Piece) -> None:
        labels = self.labels[piece.around.window]
        if self.inks.look.annotation <= 0 or not labels.any():
            return
        if self.inks.look.style != "outline":
            piece.mix(labels[piece.inner], self.inks.fill)
        _outline(piece, labels, self.inks)


@dataclass(frozen=True, slots=True)
class PredictionLayer:
    """What a run predicted: a dashed outline, hatched where the annotation has something else.

    Parameters
    ----------
    labels, annotation : uint8, (rows, columns) of the slice
    """

    inks: Inks
    labels: Labels
    annotation: Labels

    def lay(self, piece: Piece) -> None:
        inks, opacity, around = self.inks, self.inks.look.prediction, piece.around
        if opacity <= 0:
            return
        theirs = self.labels[around.window]
        shown, inner = theirs[piece.inner], piece.inner
        hatched = hatch(self.annotation[around.window], theirs, around)[inner]
        strength = opacity * HATCH_STRENGTH
        piece.lay_over(hatched, shown, inks.lighter, strength, drawn=inks.drawn)
        dashed = dashed_contour(theirs, around)[inner]
        piece.lay_over(dashed, shown, inks.lighter, opacity, drawn=inks.drawn)


@dataclass(frozen=True, slots=True)
class LeftOutLayer:
    """What a prediction leaves out because it is small: a calm hatch inside a dotted line.

    The diagonals run the other way than those of a prediction, and its line is dashed: they are
    told apart in every style.

    Parameters
    ----------
    labels : uint8, (rows, columns) of the slice: segment numbers of what is left out
    """

    inks: Inks
    labels: Labels

    def lay(self, piece: Piece) -> None:
        inks, opacity, around = self.inks, self.inks.look.prediction, piece.around
        theirs = self.labels[around.window]
        if opacity <= 0 or not (inside := theirs != 0).any():
            return
        # They are few: what is looked at of each costs less than the whole slice once.
        row, column = np.divmod(np.flatnonzero(inside), theirs.shape[1])
        value, is_edge = theirs[row, column], np.zeros(len(row), np.bool_)
        last_row, last_column = theirs.shape[0] - 1, theirs.shape[1] - 1
        for down, right in ((-1, 0), (1, 0), (0, -1), (0, 1)):
            beside = np.clip(row + down, 0, last_row), np.clip(column + right, 0, last_column)
            is_edge |= theirs[beside] != value
        # Anchored to the slice, so that a part of it is hatched like the whole.
        row, column, drawn = row + around.row0, column + around.column0, piece.drawn
        hatched = ~is_edge & ((row - column) % SMALL_HATCH == 0)
        dotted = is_edge & ((row + column) % 2 == 0)
        row, column = row - drawn.row0, column - drawn.column0
        is_drawn = (row >= 0) & (row < drawn.shape[0])
        is_drawn &= (column >= 0) & (column < drawn.shape[1])
        for chosen, strength in ((hatched, SMALL_STRENGTH), (dotted, SMALL_LINE)):
            chosen = np.flatnonzero(chosen & is_drawn)
            at = row[chosen] * drawn.shape[1] + column[chosen]
            piece.lay_at(at, value[chosen], inks.lighter, opacity * strength, drawn=inks.drawn)


@dataclass(frozen=True, slots=True)
class DifferenceLayer:
    """Where annotation and prediction differ, in two colours, with the annotation's outline.

    Parameters
    ----------
    annotation, prediction : uint8, (rows, columns) of the slice
    """

    inks: Inks
    annotation: Labels
    prediction: Labels

    def lay(self, piece: Piece) -> None:
        around = piece.around
        ours, theirs = self.annotation[around.window], self.prediction[around.window]
        shown = self.inks.drawn.astype(np.uint8)
        code = difference_code(ours * shown[ours], theirs * shown[theirs], around)
        piece.mix(code[piece.inner], self.inks.difference)
        _outline(piece, ours, self.inks)


@dataclass(frozen=True, slots=True)
class GhostLayer:
    """What a tool would change and has not: filled, with a white line around it.

    Parameters
    ----------
    region : of the slice; the ghost owns it
    value : the segment number that its voxels would get, 0 erases
    """

    inks: Inks
    region: Region
    value: int

    def lay(self, piece: Piece) -> None:
        around, area = piece.around, self.region.area
        meets = around.meet(area)
        if meets is None:
            return
        mask = np.zeros(around.shape, np.bool_)
        mask[meets.within(around)] = self.region.mask[meets.within(area)]
        across, down = _edges(mask.view(np.uint8))
        inner = piece.inner
        code = np.full(piece.drawn.shape, self.value, np.uint8)
        piece.lay_over(mask[inner], code, self.inks.lighter, GHOST_FILL)
        code[:] = 0
        piece.lay_over((mask & (across | down))[inner], code, self.inks.lighter, GHOST_LINE)


def overlays(
    inks: Inks,
    annotation: Labels,
    prediction: Labels | None,
    ghost: tuple[Region, int] | None = None,
    left_out: Labels | None = None,
) -> tuple[Layer, ...]:
    """All layers of a slice, from the lowest to the uppermost.

    Parameters
    ----------
    annotation, prediction : uint8, (rows, columns); no prediction: None
    ghost : where it lies on the slice, and its segment number
    left_out : of the prediction, uint8, (rows, columns); None where nothing is
    """
    above: tuple[Layer, ...] = () if left_out is None else (LeftOutLayer(inks, left_out),)
    above += () if ghost is None else (GhostLayer(inks, *ghost),)
    if prediction is None:
        return (AnnotationLayer(inks, annotation), *above)
    if inks.look.style == "difference":
        return (DifferenceLayer(inks, annotation, prediction), *above)
    return (
        AnnotationLayer(inks, annotation),
        PredictionLayer(inks, prediction, annotation),
        *above,
    )


def _outline(piece: Piece, labels: Labels, inks: Inks) -> None:
    """The line around every segment of an annotation, of the shape of what is around the piece."""
    across, down = _edges(labels)
    edge = ((across | down) & (labels != 0))[piece.inner]
    shown = labels[piece.inner]
    piece.lay_over(edge, shown, inks.lines, inks.line_opacity, drawn=inks.drawn)


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
    found = prediction != annotation
    found &= prediction != 0
    found &= _diagonals(area)
    return found


def _diagonals(area: Area) -> Mask:
    """Where row + column of the slice is a multiple of `HATCH`: bool of the area's shape.

    One line of the pattern seen row by row, each a place further on: to divide every place of a
    slice cost as much as all else that is drawn of it. Read-only.
    """
    rows, columns = area.shape
    first = area.row0 + area.column0
    line = np.arange(first, first + rows + columns) % HATCH == 0
    return np.lib.stride_tricks.as_strided(
        line, (rows, columns), (line.strides[0],) * 2, writeable=False
    )


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
