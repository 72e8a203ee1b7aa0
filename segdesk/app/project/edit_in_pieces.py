"""A large Edit on its way into a mask: as a worker has made it, and while it goes in in pieces."""

from __future__ import annotations

from typing import NamedTuple

from segdesk.app.project.loaded import LoadedCase
from segdesk.core.box import Box
from segdesk.core.edit import Edit
from segdesk.core.pieces import pieces
from segdesk.errors import UsageError
from segdesk.sentence import Sentence


class MadeEdit(NamedTuple):
    """An Edit with reader and time, and its record for the journal. From `DoesEdits.packed`.

    Parameters
    ----------
    record : empty where the Edit is
    """

    edit: Edit
    record: bytes


class MovedOn(UsageError):
    """A case was changed while a worker made something of it.

    Parameters
    ----------
    case : id
    """

    def __init__(self, case: str) -> None:
        self.case = case
        super().__init__(
            Sentence("'{case}' was changed meanwhile, so nothing was done.", case=case),
            Sentence("Try again."),
        )

    def __reduce__(self) -> tuple[type[MovedOn], tuple[object, ...]]:
        return type(self), (self.case,)


class EditInPieces:
    """Owned by the Workbench, on its thread; nothing else changes the mask meanwhile.

    Parameters
    ----------
    edit : that fits the mask
    loaded : the case
    """

    def __init__(self, edit: Edit, loaded: LoadedCase) -> None:
        self.edit = edit
        self._loaded = loaded
        self._pieces = list(pieces(edit))
        self._done = 0

    @property
    def progress(self) -> tuple[int, int]:
        """How many pieces are in, and of how many."""
        return self._done, len(self._pieces)

    def take_piece(self) -> bool:
        """Write the voxels of the next piece. Returns whether there are more."""
        if self._done < len(self._pieces):
            self._loaded.annotation.put(self._pieces[self._done])
            self._done += 1
        return self._done < len(self._pieces)

    def end(self) -> tuple[Box, ...]:
        """All voxels are in: the rest of the Edit follows. Returns what has changed."""
        boxes = self._loaded.annotation.end(self.edit)
        self._loaded.counts.apply(self.edit)
        return boxes
