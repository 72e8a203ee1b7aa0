"""In words: what of the work is safe and what is not; for the message that stands, and dialogs."""

from __future__ import annotations

from dataclasses import dataclass

from segdesk.errors import ProjectGone, SegdeskError
from segdesk.sentence import Sentence
from segdesk.ui.look.translations import tr, translated


@dataclass(frozen=True, slots=True)
class Kept:
    """What is known of the journal and the last save.

    Parameters
    ----------
    waiting : changes that are in memory only
    refusal : why the disk did not take them
    lost : why what the journal has taken may not outlive a power cut; None where it does
    not_saved : why the last save failed; None where it did not, or another one has succeeded
    """

    waiting: int = 0
    refusal: Exception | None = None
    lost: Exception | None = None
    not_saved: Exception | None = None

    @property
    def is_all(self) -> bool:
        """Whether all is where it should be, so that there is nothing to say."""
        return not self.waiting and self.lost is None and self.not_saved is None


def kept_words(kept: Kept, gone: ProjectGone | None = None) -> tuple[str, str]:
    """What is not safe, in a sentence; why, what is safe, and what becomes of it. Both empty where
    all is where it should be.

    Parameters
    ----------
    gone : why nothing is written into the project's folder any more
    """
    if gone is not None:
        waits = _not_on_the_disk(kept)[0] if kept.waiting else _with_its_folder(kept)
        return translated(gone.sentence), f"{waits} {translated(gone.hint)}".strip()
    if kept.waiting:
        return _not_on_the_disk(kept)
    if kept.lost is not None:
        said = tr(
            "The disk refused to make the last changes lasting: they outlive a crash of segdesk, "
            "but not a power cut."
        )
        then = tr("segdesk saves the project anew by itself. Check the disk, or save again.")
        return said, f"{_reason(kept.lost)} {then}"
    if kept.not_saved is not None:
        said = tr("The project is not saved. Nothing is lost: the journal keeps every stroke.")
        if isinstance(kept.not_saved, ProjectGone):
            # It was gone, and is there again.
            return said, tr("Its folder is back at its place, and it is saved by itself.")
        return said, f"{_reason(kept.not_saved)} {tr('It is tried again by itself.')}"
    return "", ""


def _with_its_folder(kept: Kept) -> str:
    """What is safe though the folder is not where it was: its journal goes with it."""
    if kept.lost is not None:
        return ""
    return tr(
        "Where the folder still exists, every stroke is in its journal: closing loses none, and "
        "opening it at its new place brings all of them."
    )


def _not_on_the_disk(kept: Kept) -> tuple[str, str]:
    count = max(kept.waiting, 1)
    said = translated(
        Sentence.counted(
            "The last change is not on the disk yet: closing now, or a crash, would lose it.",
            "The last {n} changes are not on the disk yet: closing now, or a crash, would lose "
            "them.",
            count,
        )
    )
    then = translated(
        Sentence.counted(
            "It is written by itself as soon as the disk takes it.",
            "They are written by themselves as soon as the disk takes them.",
            count,
        )
    )
    before = tr("Everything before is safe.")
    if isinstance(kept.refusal, ProjectGone):
        return said, translated(kept.refusal.words)
    if kept.lost is not None:
        before = tr("What came before outlives a crash of segdesk, but not a power cut.")
    return said, f"{_reason(kept.refusal)} {before} {then}"


def _reason(error: Exception | None) -> str:
    if isinstance(error, SegdeskError):
        return translated(error.sentence)
    return tr("The disk refused to write the last changes.")
