"""What the journals have touched since the last save: which slices a save has to write anew.

Owned by the ProjectFolder, on its thread; only `forget_case` may be called from another one. Kept
for each journal apart, because a save that failed still needs what all of them touched, and one
that succeeded only what came after it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from segdesk.core.edit import Edit


@dataclass(slots=True)
class CaseTouch:
    """What was touched of one case.

    Parameters
    ----------
    slices : whose labels or provenance changed
    dismissals : whether a prediction was dismissed, or came back
    statuses : whether a slice got another status, or became complete for other segments
    """

    slices: set[int] = field(default_factory=set[int])
    dismissals: bool = False
    statuses: bool = False


@dataclass(slots=True)
class _JournalTouch:
    cases: dict[str, CaseTouch] = field(default_factory=dict[str, CaseTouch])
    segments: set[int] = field(default_factory=set[int])


class Touched:
    """Slices and segments by journal."""

    def __init__(self) -> None:
        self._journals: dict[int, _JournalTouch] = {}

    def add(self, journal: int, edit: Edit) -> None:
        """Note what an Edit touches; `journal` is the number of the journal that it goes to."""
        touch = self._journals.setdefault(journal, _JournalTouch())
        for change in edit.segments:
            touch.segments |= {row.number for row in (change.before, change.after) if row}
        if not edit.case:
            return
        case = touch.cases.setdefault(edit.case, CaseTouch())
        case.slices |= {index for patch in edit.patches for index in patch.box.slices}
        case.dismissals |= bool(edit.dismissals)
        case.statuses |= bool(edit.statuses)

    def forget_case(self, case: str) -> None:
        """A case is gone: nothing of it has to be written. Any thread."""
        for journal in tuple(self._journals.values()):
            journal.cases.pop(case, None)

    def cases(self, generation: int) -> dict[str, CaseTouch]:
        """What was touched of each case in the journals from a generation upwards."""
        together: dict[str, CaseTouch] = {}
        for number, journal in self._journals.items():
            if number < generation:
                continue
            # At once: a case may leave meanwhile.
            for case, touch in tuple(journal.cases.items()):
                sum_ = together.setdefault(case, CaseTouch())
                sum_.slices |= touch.slices
                sum_.dismissals |= touch.dismissals
                sum_.statuses |= touch.statuses
        return together

    def segments(self) -> Mapping[int, frozenset[int]]:
        """Numbers of the segments that each journal touched: a copy, for any thread."""
        return {number: frozenset(journal.segments) for number, journal in self._journals.items()}

    def forget_before(self, generation: int) -> None:
        """Drop what a save has made lasting."""
        for number in [number for number in self._journals if number < generation]:
            del self._journals[number]
