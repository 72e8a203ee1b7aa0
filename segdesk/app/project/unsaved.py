"""What a save has to write, and what one that is under way is writing: the `Unsaved`.

The Workbench owns one, on its thread. The save itself belongs to `saving`.
"""

from __future__ import annotations

from collections.abc import Iterable

from segdesk.core.edit import Edit


class Unsaved:
    """The cases, and whether the segments, that changed since the last save."""

    def __init__(self) -> None:
        self.cases: set[str] = set()
        #: Cases that a save is writing: until it has ended, the disk has their older state.
        self.being_saved: frozenset[str] = frozenset()
        self.segments = False
        #: Ids that no new case may have until a save: the journal still names them.
        self.retired: set[str] = set()
        self._retired_before_save: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.cases) or self.segments

    def note(self, edit: Edit) -> None:
        """An Edit goes into the journal."""
        if edit.case:
            self.cases.add(edit.case)
        if edit.segments:
            self.segments = True

    def names(self, case: str) -> bool:
        """Whether the journal names a case, or a save of it is under way."""
        return case in self.cases or case in self.being_saved

    def retire(self, case: str) -> None:
        """A case has left: the journal may name it until the next save, and another scan of that
        name would inherit its Edits."""
        self.cases.discard(case)
        self.retired.add(case)

    def take(self) -> tuple[str, ...]:
        """A save begins: the cases that it writes. The count starts anew."""
        taken = tuple(self.cases)
        self.being_saved |= frozenset(taken)
        self._retired_before_save = frozenset(self.retired)
        self.cases.clear()
        self.segments = False
        return taken

    def put_back(self, cases: Iterable[str]) -> None:
        """A save failed: its cases still have to be written."""
        cases = frozenset(cases)
        self.cases |= cases
        self.being_saved -= cases
        self.segments = True

    def saved(self) -> None:
        """A save has ended well."""
        self.being_saved = frozenset()
        self.retired -= self._retired_before_save
