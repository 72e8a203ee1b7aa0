"""What has been said about a slice, and how gestures change it.

The table of `SliceStatus` and its rules stand only here; `app.labelling.editing` asks them.
"""

from __future__ import annotations

from enum import IntEnum

from segdesk.sentence import Sentence

#: Numbers of the segments that a slice is complete for; `core.completeness` says what follows.
Complete = frozenset[int]
NONE: Complete = frozenset()


class SliceStatus(IntEnum):
    """One number per slice, as stored."""

    UNLABELLED = 0
    PREDICTED = 1
    PARTIAL = 2
    CORRECTED = 3
    VERIFIED = 4
    REJECTED = 5

    @property
    def word(self) -> str:
        """The status in words, as shown."""
        return _WORDS[self]

    @property
    def teaches_whole(self) -> bool:
        """Whether a person said that all of the slice is right."""
        return self in (SliceStatus.CORRECTED, SliceStatus.VERIFIED)

    @property
    def teaches(self) -> bool:
        """Whether anything on the slice is learnt from."""
        return self.teaches_whole or self is SliceStatus.PARTIAL


_WORDS = {
    SliceStatus.UNLABELLED: Sentence("unlabelled"),
    SliceStatus.PREDICTED: Sentence("predicted"),
    SliceStatus.PARTIAL: Sentence("partial"),
    SliceStatus.CORRECTED: Sentence("corrected"),
    SliceStatus.VERIFIED: Sentence("verified"),
    SliceStatus.REJECTED: Sentence("rejected"),
}


def check_complete(complete: Complete) -> None:
    """Raise ValueError where these are no segment numbers."""
    if any(not 1 <= number <= 255 for number in complete):
        raise ValueError(f"expected segment numbers 1 to 255, received {sorted(complete)}")


def after_stroke(status: SliceStatus, *, on_screen: bool = True) -> SliceStatus:
    """Status of a slice after a hand has drawn on it.

    On screen, a stroke makes an unlabelled or predicted slice partial, leaves a corrected one
    corrected and makes a verified one corrected. Off screen (a ball, a 3-D tool, another plane)
    a corrected or verified slice becomes partial. A rejected slice stays rejected.
    """
    if status in (SliceStatus.UNLABELLED, SliceStatus.PREDICTED):
        return SliceStatus.PARTIAL if on_screen else SliceStatus.PREDICTED
    if status.teaches_whole:
        return SliceStatus.CORRECTED if on_screen else SliceStatus.PARTIAL
    return status


def needs_a_look(status: SliceStatus, *, has_prediction: bool, is_complete: bool = True) -> bool:
    """Whether N stops here: predicted, partial, unlabelled with a prediction, or not yet right
    for every segment (`core.completeness`)."""
    if status in (SliceStatus.PREDICTED, SliceStatus.PARTIAL):
        return True
    if status.teaches_whole:
        return not is_complete
    return status is SliceStatus.UNLABELLED and has_prediction
