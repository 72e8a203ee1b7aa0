"""What every operation answers: the `Operation`, what it gets and what it proposes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from segdesk.app.labelling.options import Options, Size, Switch
from segdesk.app.labelling.slate import Solid
from segdesk.core.grid import Grid

#: Told how many parts are done, of how many; raises `Cancelled` where nobody wants it any more.
Progress = Callable[[int, int], object]


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """A case as it is; nobody changes it meanwhile.

    Parameters
    ----------
    grid : of the scan
    labels : uint8, (slices, rows, columns), read-only
    segment : number of the segment that the operation is about
    """

    grid: Grid
    labels: npt.NDArray[np.uint8]
    segment: int


@dataclass(frozen=True, slots=True, eq=False)
class Proposal:
    """Voxels that shall become a segment, as far as locks and hands allow.

    Parameters
    ----------
    value : its number, 0 erases
    """

    solid: Solid
    value: int


@dataclass(frozen=True, slots=True)
class Words:
    """What an operation is called and does. Each is a literal, for translators.

    Parameters
    ----------
    name, tip : in menus and on the command line
    done : what undo calls it
    """

    name: str
    tip: str
    done: str


class Operation:
    """One operation; stateless.

    Attributes
    ----------
    id : also of its row in the table of actions, and its name on the command line
    options : what can be set of it
    """

    id: str
    words: Words
    options: tuple[Size | Switch, ...] = ()

    def run(self, snapshot: Snapshot, options: Options, progress: Progress) -> Proposal | None:
        """What to change; None where that is nothing. Any thread.

        Raises
        ------
        Cancelled
            Where `progress` does.
        """
        raise NotImplementedError
