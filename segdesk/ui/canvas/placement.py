"""Where the slice lies in its view: fitted until a hand moves it, then as the hand left it."""

from __future__ import annotations

from dataclasses import replace

from segdesk.core.case import Case
from segdesk.core.plane import Plane
from segdesk.ui.canvas.viewport import Viewport


class Placement:
    """Owned by the slice view, which says of which size it is.

    Parameters
    ----------
    size : (width, height) of the view in pixels
    """

    def __init__(self, size: tuple[int, int]) -> None:
        self._viewport = Viewport.fitted((1, 1), (1.0, 1.0), size)
        self._is_fitted = True

    @property
    def viewport(self) -> Viewport:
        return self._viewport

    def fit(self, case: Case, plane: Plane, size: tuple[int, int]) -> None:
        """Show all of a plane, as large as the view lets it; it stays so when that is resized."""
        self._is_fitted = True
        shape, pixel_mm = plane.shape(case.grid), plane.pixel_mm(case.grid)
        self._viewport = Viewport.fitted(shape, pixel_mm, size, plane.mirrored)

    def move(self, viewport: Viewport) -> bool:
        """Zoomed or panned by hand: kept until `fit`. Returns whether it is another place."""
        if viewport == self._viewport:
            return False
        self._is_fitted = False
        self._viewport = viewport
        return True

    def resize(
        self, size: tuple[int, int], case: Case | None, plane: Plane | None, *, is_dragged: bool
    ) -> bool:
        """The view has another size.

        Parameters
        ----------
        case, plane : what is shown; None where it is nothing yet
        is_dragged : something goes on under the hand, which stays over what it is over

        Returns
        -------
        Whether the slice lies elsewhere now.
        """
        if is_dragged:
            self._viewport = replace(self._viewport, size=size)
        elif case is None or plane is None:
            return False
        elif self._is_fitted:
            self.fit(case, plane, size)
        else:
            self._viewport = self._viewport.resized(size)
        return True
