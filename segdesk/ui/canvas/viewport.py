"""Where a slice lies in the widget: the `Viewport`, from voxels to pixels and back. No Qt."""

from __future__ import annotations

from dataclasses import dataclass, replace

from segdesk.core.box import Area

#: Left free around a fitted slice, in pixels.
MARGIN = 8
#: Screen pixels for the smaller side of a voxel, at most; and of the slice's larger side, at least.
LARGEST_VOXEL = 96.0
SMALLEST_SLICE = 48.0
#: This much of the slice stays in the view however far it is dragged, in pixels.
KEPT_IN_VIEW = 32
#: Qt's fixed-point fractions of a voxel when it scales a picture.
QT_STEPS = 65536


@dataclass(frozen=True, slots=True)
class Viewport:
    """How a slice is placed in a widget. Frozen; zoom and pan give a new one.

    Voxel centres lie at whole (row, column), so voxel 0 begins at -0.5. Both directions share one
    scale in mm: voxels that are not square are drawn true to the patient.

    Parameters
    ----------
    shape : (rows, columns)
    pixel_mm : (row, column) size of a voxel; 1 and 1 where slices have no geometry
    size : (width, height) of the widget in pixels
    scale : pixels per mm
    x, y : where the drawn slice's upper left corner lies in the widget, in whole pixels
    mirrored : whether (rows, columns) are drawn from the last to the first
    """

    shape: tuple[int, int]
    pixel_mm: tuple[float, float]
    size: tuple[int, int]
    scale: float
    x: int
    y: int
    mirrored: tuple[bool, bool] = (False, False)

    @classmethod
    def fitted(
        cls,
        shape: tuple[int, int],
        pixel_mm: tuple[float, float],
        size: tuple[int, int],
        mirrored: tuple[bool, bool] = (False, False),
    ) -> Viewport:
        """The slice as large as it can be seen whole, in the middle."""
        height_mm, width_mm = shape[0] * pixel_mm[0], shape[1] * pixel_mm[1]
        free = max(size[0] - 2 * MARGIN, 1), max(size[1] - 2 * MARGIN, 1)
        scale = min(free[0] / width_mm, free[1] / height_mm)
        x = round((size[0] - width_mm * scale) / 2)
        y = round((size[1] - height_mm * scale) / 2)
        return cls(shape, pixel_mm, size, scale, x, y, mirrored)

    @property
    def voxel(self) -> tuple[float, float]:
        """(height, width) of a voxel in pixels."""
        return _stepped(self.scale * self.pixel_mm[0]), _stepped(self.scale * self.pixel_mm[1])

    @property
    def rectangle(self) -> tuple[float, float, float, float]:
        """x, y, width, height of the slice in the widget."""
        height, width = self.voxel
        return self.x, self.y, width * self.shape[1], height * self.shape[0]

    @property
    def row_axis(self) -> tuple[float, float]:
        """y of row 0's outer edge, and pixels from a row to the next: below 0 where mirrored."""
        height = self.voxel[0]
        return (self.y + height * self.shape[0], -height) if self.mirrored[0] else (self.y, height)

    @property
    def column_axis(self) -> tuple[float, float]:
        """x of column 0's outer edge, and pixels from a column to the next."""
        width = self.voxel[1]
        return (self.x + width * self.shape[1], -width) if self.mirrored[1] else (self.x, width)

    def to_pixel(self, row: float, column: float) -> tuple[float, float]:
        """(x, y) in the widget of a point in voxels."""
        (y, down), (x, right) = self.row_axis, self.column_axis
        return x + (column + 0.5) * right, y + (row + 0.5) * down

    def to_voxel(self, x: float, y: float) -> tuple[float, float]:
        """(row, column), not rounded, of a point in the widget."""
        (y0, down), (x0, right) = self.row_axis, self.column_axis
        return (y - y0) / down - 0.5, (x - x0) / right - 0.5

    def covered(self, area: Area) -> tuple[float, float, float, float]:
        """Left, top, right and bottom in the widget of an area of voxels."""
        x0, y0 = self.to_pixel(area.row0 - 0.5, area.column0 - 0.5)
        x1, y1 = self.to_pixel(area.row1 - 0.5, area.column1 - 0.5)
        return min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)

    def panned(self, right: float, down: float) -> Viewport:
        """Moved by some pixels, as far as a part of the slice stays in view."""
        _, _, width, height = self.rectangle
        x = min(max(self.x + right, KEPT_IN_VIEW - width), self.size[0] - KEPT_IN_VIEW)
        y = min(max(self.y + down, KEPT_IN_VIEW - height), self.size[1] - KEPT_IN_VIEW)
        return replace(self, x=round(x), y=round(y))

    def zoomed(self, factor: float, x: float, y: float) -> Viewport:
        """Enlarged about a point of the widget, which keeps its voxel."""
        most = LARGEST_VOXEL / min(self.pixel_mm)
        longest = max(self.shape[0] * self.pixel_mm[0], self.shape[1] * self.pixel_mm[1])
        scale = min(max(self.scale * factor, SMALLEST_SLICE / longest), most)
        ratio = scale / self.scale
        moved = replace(self, scale=scale)
        return moved.panned((self.x - x) * (ratio - 1), (self.y - y) * (ratio - 1))

    def centred(self, row: float, column: float) -> Viewport:
        """With a point in voxels in the middle of the widget."""
        x, y = self.to_pixel(row, column)
        return self.panned(round(self.size[0] / 2 - x), round(self.size[1] / 2 - y))

    def resized(self, size: tuple[int, int]) -> Viewport:
        """In a widget of another size, with the same point in its middle."""
        row, column = self.to_voxel(self.size[0] / 2, self.size[1] / 2)
        return replace(self, size=size).centred(row, column)


def _stepped(size: float) -> float:
    """A voxel's size in pixels, moved by less than 0.1 %, so that drawing a part gives the same.

    Qt walks through a picture in steps of 1/65536 voxel, cut off, from wherever the part begins
    that is painted. Only where a pixel is a whole number of such steps does a small part get the
    same voxels as the whole. The tiny excess keeps the cut from taking one step less.
    """
    return QT_STEPS / (max(round(QT_STEPS / size), 1) + 1e-6)
