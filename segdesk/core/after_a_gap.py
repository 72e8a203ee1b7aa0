"""Edits that are done on a mask which may lack some that came before them: the `AfterGap`."""

from __future__ import annotations

from dataclasses import replace

from segdesk.core.annotation import Annotation
from segdesk.core.completeness import status_move
from segdesk.core.edit import Edit, StatusMove
from segdesk.core.status import Complete, SliceStatus
from segdesk.sentence import Sentence


class AfterGap:
    """Nobody has looked at the slices of such a mask: one that the Edits call right, or that was
    and is drawn on, becomes partial. All else of them is done.

    Parameters
    ----------
    mask : as it is; whoever asks does what `softened` gives on it, then tells `did`
    """

    def __init__(self, mask: Annotation) -> None:
        self._mask = mask
        #: By slice, what the Edits have made of it where the mask may say something else.
        self._said: dict[int, tuple[SliceStatus, Complete]] = {}
        self._next = dict(self._said)
        #: The slices that are not called right any more.
        self.slices: set[int] = set()

    def softened(self, edit: Edit) -> Edit:
        """An Edit as it can be done; the same where it does not fit what the Edits before it
        said. May be empty."""
        self._next = dict(self._said)
        moves = list[StatusMove | None]()
        for move in edit.statuses:
            at, had = move.slice, (move.before, move.complete_before)
            if not 0 <= at < len(self._mask.statuses):
                return edit
            if had not in (self._now(at), self._said.get(at)):
                return edit
            self._next.pop(at, None)
            if had == self._now(at) and not move.after.teaches_whole:
                moves.append(move)
                continue
            self._next[at] = (move.after, move.complete_after)
            after = SliceStatus.PARTIAL if move.after.teaches_whole else move.after
            moves.append(self._to(at, after))
        moved = {move.slice for move in edit.statuses}
        drawn = {index for patch in edit.patches for index in patch.box.slices} - moved
        for at in sorted(drawn & set(range(len(self._mask.statuses)))):
            if self._mask.status(at).teaches_whole:
                self._next[at] = self._now(at)
                moves.append(self._to(at, SliceStatus.PARTIAL))
        return replace(edit, statuses=tuple(move for move in moves if move is not None))

    def words(self, case: str) -> Sentence:
        """Which slices are not called right any more, numbered as they are shown."""
        return Sentence(
            "Slices of '{case}' were said to be right, which is not sure without what is missing; "
            "they are partial now: {numbers}.",
            case=case,
            numbers=", ".join(str(index + 1) for index in sorted(self.slices)),
        )

    def did(self) -> None:
        """What `softened` gave the last time was done."""
        self._said = self._next
        self.slices = {at for at, (status, _) in self._said.items() if status.teaches_whole}

    def _now(self, at: int) -> tuple[SliceStatus, Complete]:
        return self._mask.status(at), self._mask.complete_for(at)

    def _to(self, at: int, after: SliceStatus) -> StatusMove | None:
        return status_move(self._mask, at, after, cause="other", segments=())
