"""What one view shows: the `Pane`."""

from __future__ import annotations

from dataclasses import dataclass

from segdesk.core.plane import Plane


@dataclass(frozen=True, slots=True)
class Pane:
    """A case and a plane of it. Frozen, compares by value."""

    case: str
    plane: Plane
