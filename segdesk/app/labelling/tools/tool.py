"""What every tool answers: the `Tool`, and what a press of it may start.

A tool is one file beside this one and a line in `toolbox`; toolbar, menu, keys, words and the row
of options are made from what it says here. It sees a `Sheet` or a `Slate`, never the Workbench,
and no Qt.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
import numpy.typing as npt

from segdesk.app.labelling.options import Options, Size, Switch
from segdesk.app.labelling.slate import Sheet, Slate, Solid
from segdesk.core.edit import Edit
from segdesk.ops.paint import Region

#: (row, column) in voxels; centres at whole numbers.
Point = tuple[float, float]
#: What a press that changes no mask does with the view while it is held.
Look = Literal["window", "zoom"]
#: What has to be there before the tool can be taken: a case on screen, or a segment to draw with.
Need = Literal["case", "segment"]
#: What the pointer looks like where the tool has no outline to show.
Cursor = Literal["arrow", "cross"]


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


@dataclass(frozen=True, slots=True)
class Words:
    """What a tool is called and says. Collected for translators, so each is a literal.

    Parameters
    ----------
    name, tip : in menus and on buttons
    hover : what the mouse would do now. Keys are the window's to name: `{segment}` is
        what it draws with; in the tip too `{opposite}` the key that turns the left button round,
        `{drop}` the one that cancels
    hover_erasing : the same while background is in the hand
    done, done_erasing : what undo calls its gesture; empty where it changes no mask
    """

    name: str
    tip: str
    hover: str
    hover_erasing: str
    done: str = ""
    done_erasing: str = ""


@dataclass(frozen=True, slots=True)
class Press:
    """A button that went down.

    Parameters
    ----------
    value : the segment number that voxels get, 0 erases
    is_right : the right button
    """

    point: Point
    value: int
    options: Options
    is_right: bool = False


class Tool:
    """One tool; stateless. What it does not say is as here.

    Attributes
    ----------
    id : also of its row in the table of actions, and the name of its icon
    key : in Qt's portable text
    paints : its gestures change masks
    erases : its left button erases, and the opposite draws
    options : what can be set of it, in the order of the row
    holds_ghost : its presses change nothing yet: together they make a ghost
    previews : its options alone make one
    """

    id: str
    key: str
    words: Words
    needs: Need = "segment"
    cursor: Cursor = "cross"
    paints: bool = True
    erases: bool = False
    options: tuple[Size | Switch, ...] = ()
    holds_ghost: bool = False
    previews: bool = False

    @property
    def size(self) -> Size | None:
        """The option that the wheel steps with Shift; None: that of the brush."""
        return next((option for option in self.options if isinstance(option, Size)), None)

    def outline(self, sheet: Sheet, point: Point, options: Options) -> Region | None:
        """What a click at a point would change, to be outlined; None: the cursor alone."""
        return None

    def press(self, slate: Slate, press: Press) -> Stroke | Look | None:
        """Begin a gesture.

        Returns
        -------
        What goes on with the pointer, or None where the press was all of it.

        Raises
        ------
        UsageError
            Where the tool cannot work there.
        """
        raise NotImplementedError

    def ghost(self, sheet: Sheet, presses: Sequence[Press], options: Options) -> Solid | None:
        """What presses and options would change together; None where that is nothing yet.

        Asked anew for each press, each that is taken back, and each change of an option.
        """
        raise NotImplementedError
