"""From a gesture to an Edit: `propose` makes Patches, a `Gesture` collects them.

The rules of what may be painted (locks, HU range, provenance) stand here and only here. Tools
decide which voxels they mean (`app.labelling.tools`), `core.annotation` applies, the Workbench
journals.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from segdesk.app.project.workbench import Workbench
from segdesk.core.annotation import Annotation, Provenance
from segdesk.core.box import Box
from segdesk.core.completeness import status_move
from segdesk.core.cutting import changed_box, cut
from segdesk.core.edit import Edit, Patch, Planes, StatusMove
from segdesk.core.status import after_stroke
from segdesk.core.volume import Voxels
from segdesk.errors import UsageError
from segdesk.sentence import Sentence

Labels = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.bool_]
#: What a gesture starts from, as of now; None where it starts from the mask as it is.
Start = Callable[[], Edit | None]


@dataclass(frozen=True, slots=True)
class PaintRules:
    """What a stroke may touch.

    Parameters
    ----------
    locked : numbers of the segments that stay as they are
    stored_range : (low, high), inclusive, of the stored int16 that may be painted; None: all
    inverted : the range says what may not be painted
    over_hand : a tool or a prediction may replace what a hand has set
    """

    locked: frozenset[int] = frozenset()
    stored_range: tuple[int, int] | None = None
    inverted: bool = False
    over_hand: bool = True


def propose(
    annotation: Annotation,
    box: Box,
    mask: Mask,
    value: int,
    provenance: Provenance,
    rules: PaintRules,
    voxels: Voxels | None = None,
    *,
    live: bool = False,
) -> tuple[Patch, ...]:
    """What painting a mask would change, within the rules; nothing where that is nothing.

    Parameters
    ----------
    box : where `mask` lies, inside the scan
    mask : bool of the box's shape
    value : segment number, 0 for background
    voxels : of the scan; needed for a `stored_range`
    live : for a move of a gesture: one Patch, not packed; see `Patch.live`

    Raises
    ------
    UsageError
        Where a range is asked for of a picture in colour, which has no one value.
    """
    before = annotation.labels[box.window]
    touched = annotation.provenance[box.window]
    allowed = mask.copy()
    for number in rules.locked:
        allowed &= before != number
    if rules.stored_range is not None and voxels is not None:
        low, high = rules.stored_range
        here = voxels[box.window]
        if here.ndim > 3:
            raise UsageError("A picture in colour has no one value to keep to.")
        allowed &= ((here >= low) & (here <= high)) != rules.inverted
    if not rules.over_hand:
        allowed &= touched != Provenance.HAND
    allowed &= (before != value) | (touched != provenance)
    tight = changed_box(box, allowed)
    if tight is None:
        return ()
    inside = tight.within(box)
    before, touched, allowed = before[inside], touched[inside], allowed[inside]
    after = np.where(allowed, np.uint8(value), before)
    setter = np.where(allowed, np.uint8(provenance), touched)
    planes = Planes(before, after, touched, setter)
    return (Patch.live(tight, planes),) if live else cut(tight, planes)


def moves_of_drawing(
    annotation: Annotation,
    drawn: Edit,
    on_screen: Collection[int] | None,
    numbers: tuple[int, ...],
) -> tuple[StatusMove, ...]:
    """What becomes of the slices that were drawn on.

    Parameters
    ----------
    drawn : has the Patches alone
    on_screen : slices that somebody sees; None: all of them
    numbers : of all segments
    """
    moves = (
        status_move(
            annotation,
            index,
            after_stroke(
                annotation.status(index), on_screen=on_screen is None or index in on_screen
            ),
            cause="drawn",
            segments=numbers,
        )
        for index in drawn.slices
    )
    return tuple(move for move in moves if move is not None)


class Gesture:
    """One press, moves and release of a tool: many Edits live, one at the end.

    Made by a tool at the press; ends with `finish` or `cancel`, exactly once.

    Parameters
    ----------
    workbench : changed through `apply_live` and `commit`
    case : id
    name : what undo will call it
    on_screen : the slices that the reader sees; None: all of the gesture's
    start : asked before the first voxel is painted: an Edit that the gesture starts from. It
        becomes an Edit of its own, and goes where the gesture changes nothing or is cancelled
    """

    def __init__(
        self,
        workbench: Workbench,
        case: str,
        name: str,
        *,
        rules: PaintRules | None = None,
        on_screen: Collection[int] | None = None,
        start: Start | None = None,
    ) -> None:
        self._workbench = workbench
        self._start = start
        self._started: Edit | None = None
        self.case = case
        self._on_screen = on_screen
        self._name = name
        self._rules = rules or PaintRules(locked=workbench.segments.locked)
        #: Labels and provenance as they were, of the tiles that the gesture has touched.
        self._before: dict[Box, tuple[Labels, Labels]] = {}
        #: Of each of these tiles, what may have changed.
        self._touched: dict[Box, Box] = {}

    def begin(self) -> None:
        """Take what the gesture starts from now; `paint` does so by itself.

        Raises
        ------
        UsageError
            Where it may not be taken.
        """
        if self._start is None or self._started is not None or self._before:
            return
        # Another gesture that is still drawing may be what touches the slice.
        self._workbench.settle_for_hand(self.case)
        started = self._start()
        if started is not None:
            self._workbench.go_live(self)
            self._workbench.apply_live(replace(started, statuses=()))
            self._started = started

    def paint(
        self, box: Box, mask: Mask, value: int, *, provenance: Provenance = Provenance.HAND
    ) -> bool:
        """Paint a mask now, within the rules. Returns whether anything changed.

        Raises
        ------
        UsageError
            Where the segment to paint with is locked, or what the gesture starts from may not be
            taken.
        """
        if value in self._rules.locked:
            name = self._workbench.segments[value].name
            raise UsageError(
                Sentence("The segment '{name}' is locked.", name=name),
                "Unlock it in the segment list.",
            )
        self.begin()
        loaded = self._workbench.loaded(self.case)
        annotation = loaded.annotation
        voxels = loaded.volume.voxels
        patches = propose(annotation, box, mask, value, provenance, self._rules, voxels, live=True)
        if not patches:
            return False
        self._workbench.go_live(self)
        for part in (part for patch in patches for part in patch.box.tiles()):
            tile = part.whole_tile(annotation.grid.shape)
            self._touched[tile] = self._touched.get(tile, part).union(part)
            if tile not in self._before:
                labels, setter = annotation.labels[tile.window], annotation.provenance[tile.window]
                self._before[tile] = labels.copy(), setter.copy()
        self._workbench.apply_live(Edit(self._name, self.case, patches=patches))
        return True

    def finish(self) -> Edit | None:
        """Make one Edit of it and journal it; None where nothing changed.

        May come in the middle too, before anything else is journalled or saved: what has been
        drawn becomes an Edit, and what follows the next one.
        """
        applied = self._so_far()
        if applied is None:
            self._leave_start()
            self._forget()
            return None
        started = self._started
        self._forget()
        try:
            if started is not None:
                self._workbench.commit(started, applied=started)
        finally:
            edit = self._with_moves(applied)
            self._workbench.commit(edit, applied=applied)
        return edit

    def _with_moves(self, applied: Edit) -> Edit:
        """The whole Edit: what was painted, and what becomes of the slices."""
        annotation = self._workbench.annotation(self.case)
        numbers = self._workbench.segments.numbers
        moves = moves_of_drawing(annotation, applied, self._on_screen, numbers)
        return replace(applied, statuses=moves)

    def cancel(self) -> None:
        """Take everything back without a trace."""
        applied = self._so_far()
        if applied is not None:
            self._workbench.apply_live(applied.inverse())
        self._leave_start()
        self._forget()

    def _leave_start(self) -> None:
        """Nothing is painted on what the gesture started from: it goes without a trace."""
        if self._started is not None:
            self._workbench.apply_live(replace(self._started, statuses=()).inverse())

    def _so_far(self) -> Edit | None:
        annotation = self._workbench.annotation(self.case)
        patches: list[Patch] = []
        for tile, (labels, provenance) in self._before.items():
            box = self._touched[tile]
            inside = box.within(tile)
            now = annotation.labels[box.window], annotation.provenance[box.window]
            patches += cut(box, Planes(labels[inside], now[0], provenance[inside], now[1]))
        if not patches:
            return None
        return Edit(self._name, self.case, patches=tuple(patches), kind="stroke")

    def _forget(self) -> None:
        self._before.clear()
        self._touched.clear()
        self._started = None
        self._workbench.end_live(self)
