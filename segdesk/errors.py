"""The error tree, drawn once.

    SegdeskError                what a user can cause or mend; never a ValueError
    ├── UsageError              the call is wrong: unknown name, missing choice      (exit 2)
    │   └── ChoiceNeeded        several volumes were found and none was chosen       (exit 2)
    ├── InputError              a file, folder or array from the world is at fault   (exit 3)
    ├── ProjectError            the project on disk cannot be used as asked          (exit 3)
    │   ├── ProjectLocked       another process has it open for writing              (exit 3)
    │   ├── ProjectReadOnly     its folder or disk may not be written to             (exit 3)
    │   ├── ProjectTooOld       a version wrote it that this one cannot read         (exit 3)
    │   ├── ProjectGone         its folder is no longer the one that was opened      (exit 3)
    │   └── ChangeWaits         the disk took no change; it waits in memory          (exit 3)
    ├── TrainingError           a run could not start or did not end well            (exit 3)
    └── Cancelled               the user asked to stop; nothing is left behind       (exit 3)

Wrong arguments from segdesk's own code stay ValueError and TypeError: those are bugs (exit 1).
Each border room translates its library's exceptions into this tree with ``raise … from``.
"""

from __future__ import annotations

from typing import LiteralString

from segdesk.sentence import Sentence


class SegdeskError(Exception):
    """Something that the user can cause or mend.

    Parameters
    ----------
    sentence : Sentence
        One sentence for people: what happened, where (file, case, slice). Never patient data. A
        literal in the call becomes a Sentence here; an f-string could not be translated.
    hint : Sentence
        The next step, one sentence; may be empty.
    """

    def __init__(
        self, sentence: LiteralString | Sentence, hint: LiteralString | Sentence = ""
    ) -> None:
        super().__init__(sentence)
        self.sentence = Sentence.of(sentence)
        self.hint = Sentence.of(hint)

    def __str__(self) -> str:
        return f"{self.sentence} {self.hint}".strip()

    @property
    def words(self) -> Sentence:
        """All that it says."""
        return Sentence.joined((self.sentence, self.hint))

    def __reduce__(self) -> tuple[type[SegdeskError], tuple[object, ...]]:
        return type(self), (self.sentence, self.hint)


class UsageError(SegdeskError):
    """The call itself is wrong: an unknown name, a value out of range, a missing choice."""


class ChoiceNeeded(UsageError):
    """Several volumes were found and the caller has to say which.

    Parameters
    ----------
    choices : tuple of str
        One line for each volume, numbered from 1, in the order that ``--series N`` counts.
    """

    def __init__(
        self,
        sentence: LiteralString | Sentence,
        hint: LiteralString | Sentence = "",
        choices: tuple[str, ...] = (),
    ) -> None:
        super().__init__(sentence, hint)
        self.choices = choices

    def __reduce__(self) -> tuple[type[SegdeskError], tuple[object, ...]]:
        return type(self), (self.sentence, self.hint, self.choices)


class InputError(SegdeskError):
    """A file, folder or array from the world cannot be used; nothing of it was kept."""


class ProjectError(SegdeskError):
    """The project on disk cannot be used as asked."""


class ProjectLocked(ProjectError):
    """Another process has the project open for writing."""


class ProjectReadOnly(ProjectError):
    """The project's folder or disk may not be written to; it can be read."""


class ProjectTooOld(ProjectError):
    """An earlier version of segdesk wrote the project, and this one cannot read it."""


class ProjectGone(ProjectError):
    """The folder at the project's path is no longer the one that was opened: nothing is written."""


class ChangeWaits(ProjectError):
    """The disk has not taken a change: it is kept in memory, and written as soon as it can be."""


class TrainingError(SegdeskError):
    """A training or a prediction could not start, or did not end well."""


class Cancelled(SegdeskError):
    """The user asked to stop. Silent in the window; one sentence on the command line."""

    def __init__(
        self,
        sentence: LiteralString | Sentence = "Cancelled; nothing was changed.",
        hint: LiteralString | Sentence = "",
    ) -> None:
        super().__init__(sentence, hint)
