"""What a tool would change and has not yet: a ghost, which Enter takes as one Edit and Esc drops.

It holds gestures of many presses, and previews that follow from options alone. The hand holds at
most one; the canvas draws its box as a layer of its own. Nothing of a mask changes before it is
taken, so a ghost needs no undo: taking back its last press is one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from segdesk.app.labelling.options import Options
from segdesk.app.labelling.slate import Sheet, Slate, Solid, refuse_closed
from segdesk.app.labelling.tools.tool import Press, Tool
from segdesk.app.project.workbench import Workbench
from segdesk.core.edit import Edit
from segdesk.core.plane import Plane


@dataclass(frozen=True, slots=True)
class Ghost:
    """Made by `made`, for the plane of a case on which it was begun.

    Parameters
    ----------
    value : the segment number that voxels would get, 0 erases
    presses : so far; none where it follows from options alone
    solid : the voxels that would change, or None where there are none yet
    """

    tool: Tool
    case: str
    plane: Plane
    value: int
    options: Options
    presses: tuple[Press, ...]
    solid: Solid | None

    @property
    def name(self) -> str:
        """What undo will call it."""
        words = self.tool.words
        return words.done if self.value else words.done_erasing


def made(
    workbench: Workbench,
    tool: Tool,
    case: str,
    plane: Plane,
    *,
    value: int,
    options: Options,
    presses: tuple[Press, ...] = (),
) -> Ghost:
    """The ghost of these presses and options."""
    solid = tool.ghost(Sheet(workbench, case, plane), presses, options)
    return Ghost(tool, case, plane, value, options, presses, solid)


def with_press(workbench: Workbench, ghost: Ghost, press: Press) -> Ghost:
    """One press more."""
    return _again(workbench, replace(ghost, presses=(*ghost.presses, press)))


def with_options(workbench: Workbench, ghost: Ghost, options: Options) -> Ghost:
    """The same presses with other options."""
    return _again(workbench, replace(ghost, options=options))


def without_last_press(workbench: Workbench, ghost: Ghost) -> Ghost | None:
    """As it was before the last press; None where it had no more than that."""
    if len(ghost.presses) < 2:
        return None
    return _again(workbench, replace(ghost, presses=ghost.presses[:-1]))


def take(workbench: Workbench, ghost: Ghost) -> Edit | None:
    """Make one Edit of it, within the rules of now; None where nothing changed.

    Raises
    ------
    UsageError
        Where the segment that it draws with is gone, locked or hidden.
    """
    refuse_closed(workbench.segments, ghost.value)
    if ghost.solid is None:
        return None
    slate = Slate(workbench, ghost.case, ghost.plane, ghost.name)
    slate.paint_solid(ghost.solid, ghost.value)
    return slate.finish()


def _again(workbench: Workbench, ghost: Ghost) -> Ghost:
    sheet = Sheet(workbench, ghost.case, ghost.plane)
    return replace(ghost, solid=ghost.tool.ghost(sheet, ghost.presses, ghost.options))
