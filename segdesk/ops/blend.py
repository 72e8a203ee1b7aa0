"""A list of layers over the image of one slice, blended into RGB.

Of the slice only the area that changed, so the cost of a brush follows the brush. What each layer
draws, and in which order, stands in `layers`; scaling to the screen, text and cursors belong to
`ui.canvas`. On the start-up path: numpy only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from segdesk.core.box import Area

Rgb = tuple[int, int, int]
Pixels = npt.NDArray[np.uint32]
Labels = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.bool_]

_OPAQUE = np.uint32(0xFF000000)


@dataclass(slots=True)
class Piece:
    """A part of the slice while layers are laid over it, one after the other.

    Parameters
    ----------
    pixels : uint32, (rows, columns) of `drawn`, 0xffRRGGBB: what is there so far
    drawn : what is drawn of the slice
    around : one voxel more on each side, which outlines look at
    in_colour : the image has three different parts; mixing takes three times as long then
    is_image : `pixels` is still the image itself, not to be changed in place
    """

    pixels: Pixels
    drawn: Area
    around: Area
    in_colour: bool = False
    is_image: bool = True

    @property
    def inner(self) -> tuple[slice, slice]:
        """Where `drawn` lies in an array of the shape of `around`."""
        return self.drawn.within(self.around)

    def mix(self, code: Labels, table: Pixels) -> None:
        """Give every pixel another colour, by a `mixing_table`.

        Parameters
        ----------
        code : uint8, of the shape of `drawn`
        """
        is_grey = self.is_image and not self.in_colour
        self.pixels = (_mixed if is_grey else _mixed_colours)(self.pixels, code, table)
        self.is_image = False

    def lay_over(
        self,
        where: Mask,
        code: Labels,
        colours: npt.NDArray[np.float32],
        opacity: float,
        *,
        drawn: Mask | None = None,
    ) -> None:
        """Blend colours over a few pixels.

        Parameters
        ----------
        where : bool, of the shape of `drawn`
        code : uint8, the same shape: rows of `colours`
        colours : float32, (codes, 3)
        opacity : 0 to 1
        drawn : bool, (codes,): those that are drawn at all; None: every one
        """
        # A flat search is many times faster than one by row and column.
        at = np.flatnonzero(where)
        self.lay_at(at, code.ravel()[at], colours, opacity, drawn=drawn)

    def lay_at(
        self,
        at: npt.NDArray[np.intp],
        number: Labels,
        colours: npt.NDArray[np.float32],
        opacity: float,
        *,
        drawn: Mask | None = None,
    ) -> None:
        """As `lay_over`, of pixels that are known by their place.

        Parameters
        ----------
        at : (n,), in the flat `drawn`
        number : uint8, (n,): rows of `colours`
        """
        if drawn is not None:
            shown = drawn[number]
            at, number = at[shown], number[shown]
        if not at.size:
            return
        if self.is_image:
            self.pixels, self.is_image = self.pixels.copy(), False
        below = self.pixels.ravel()[at]
        parts = np.stack([below >> 16 & 0xFF, below >> 8 & 0xFF, below & 0xFF], axis=1)
        mixed = parts + (colours[number] - parts) * np.float32(opacity)
        self.pixels.reshape(-1)[at] = _packed(mixed)


class Layer(Protocol):
    """One thing that is laid over what is there."""

    def lay(self, piece: Piece) -> None: ...


def compose(
    image: Pixels, layers: Sequence[Layer], out: Pixels, area: Area, *, in_colour: bool = False
) -> Area:
    """Draw the neighbourhood of an area in which something changed: the image, then every layer.

    Parameters
    ----------
    image : uint32, (rows, columns), 0xffRRGGBB; three equal parts unless in colour
    layers : from the lowest to the uppermost
    out : uint32, (rows, columns); changed in place
    area : where anything has changed since `out` was drawn

    Returns
    -------
    What was drawn: the area and one voxel around it, whose outlines may have changed.
    """
    drawn = grown(area, 1, image.shape)
    piece = Piece(image[drawn.window], drawn, grown(drawn, 1, image.shape), in_colour)
    for layer in layers:
        layer.lay(piece)
    out[drawn.window] = piece.pixels
    return drawn


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


def grown(area: Area, by: int, shape: tuple[int, ...]) -> Area:
    """An area with some voxels more on each side, inside the slice."""
    return Area(
        max(area.row0 - by, 0),
        min(area.row1 + by, shape[0]),
        max(area.column0 - by, 0),
        min(area.column1 + by, shape[1]),
    )


def _mixed(base: Pixels, code: Labels, table: Pixels) -> Pixels:
    return table.take(_place_in_table(code, base), mode="clip")


def _place_in_table(code: Labels, part: Pixels) -> npt.NDArray[np.uint16]:
    """code * 256 + the lowest byte. In two bytes: of four, making it cost more than looking up."""
    index = np.left_shift(code, 8, dtype=np.uint16)
    index |= part.astype(np.uint8)
    return index


def _mixed_colours(base: Pixels, code: Labels, table: Pixels) -> Pixels:
    """As `_mixed`, of three parts: each is looked up as if it were grey, and its own part taken."""
    picture = np.full(base.shape, _OPAQUE)
    for shift in (np.uint32(16), np.uint32(8), np.uint32(0)):
        picture |= _mixed(base >> shift, code, table) & (np.uint32(0xFF) << shift)
    return picture


def _packed(parts: npt.NDArray[np.floating]) -> Pixels:
    """(n, 3) of red, green, blue to (n,) 0xffRRGGBB."""
    whole = (parts + 0.5).astype(np.uint32)
    return _OPAQUE | whole[:, 0] << np.uint32(16) | whole[:, 1] << np.uint32(8) | whole[:, 2]
