"""What every tool answers: the `Tool` protocol, and the `Stroke` that a press starts."""

from __future__ import annotations

from typing import Literal, Protocol

import numpy as np
import numpy.typing as npt

from segdesk.core.edit import Edit

ToolId = Literal["navigate", "brush", "eraser", "lasso", "fill"]
#: (row, column) in voxels; centres at whole numbers.
Point = tuple[float, float]


class Stroke(Protocol):
    """A gesture that goes on. Ends with `release` or `cancel`, exactly once."""

    def move(self, point: Point) -> None: ...

    def release(self) -> Edit | None:
        """Finish; the Edit, or None where nothing changed."""
        ...

    def cancel(self) -> None:
        """Take it back without a trace."""
        ...

    def trace(self) -> npt.NDArray[np.float64] | None:
        """Open outline to draw while it goes on, float64, (n, 2) as (row, column), or None."""
        ...
