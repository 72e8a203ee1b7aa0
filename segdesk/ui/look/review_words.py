"""What is said after Enter, Ctrl+Enter and an acceptance in bulk, in words and numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from segdesk.app.labelling.accepting import Accepted
from segdesk.core.prediction import Counts, Difference
from segdesk.core.segment import SegmentTable
from segdesk.ui.look.counted_words import slices, voxels
from segdesk.ui.look.translations import tr


def only_predicted(found: Difference | None, table: SegmentTable) -> str:
    """What the prediction has and the slice has not; "" where that is nothing."""
    if found is None:
        return ""
    parts: list[str] = []
    if found.gained:
        parts.append(
            tr(
                "the prediction has {voxels} more: Ctrl+Enter takes them",
                voxels=of_segments(found.gained, table),
            )
        )
    if found.kept_out:
        parts.append(
            tr(
                "locked or hidden segments keep {voxels} of the prediction out",
                voxels=of_segments(found.kept_out, table),
            )
        )
    return "; ".join(parts)


def is_right(found: Difference | None, table: SegmentTable) -> str:
    """After Enter on a slice that was not filled from the prediction."""
    more = only_predicted(found, table)
    return tr("Right as it is filled; {more}.", more=more) if more else ""


def taken(found: Difference, table: SegmentTable, never_learnt: Sequence[str] = ()) -> str:
    """After a slice took the prediction.

    Parameters
    ----------
    never_learnt : names of the segments that the prediction's run does not know: the slice is
        right for them too now, and nobody has proposed any
    """
    parts = [tr("{voxels} taken", voxels=of_segments(found.gained, table))] if found.gained else []
    if found.cleared:
        parts.append(tr("{voxels} cleared", voxels=voxels(found.cleared)))
    if found.by_hand:
        parts.append(tr("left as a hand has set them: {voxels}", voxels=voxels(found.by_hand)))
    if not found.gained and not found.cleared:
        parts.insert(0, tr("the prediction brings nothing new"))
    sentence = tr("Right; {what}.", what=", ".join(parts))
    if not never_learnt:
        return sentence
    return tr(
        "{sentence} The prediction knows nothing of {names}: look whether any is here.",
        sentence=sentence,
        names=", ".join(never_learnt),
    )


def in_bulk(accepted: Accepted, table: SegmentTable) -> str:
    """After an acceptance in bulk: slices, voxels and mL, and what was left out and why."""
    if accepted.edit is None:
        sentence = tr("Nothing was taken.")
    else:
        volume = "" if accepted.ml is None else tr(", {ml} mL", ml=f"{accepted.ml:,.1f}")
        cleared = (
            tr(", {voxels} cleared", voxels=voxels(accepted.cleared)) if accepted.cleared else ""
        )
        sentence = tr(
            "Taken on {slices}: {voxels}{volume}{cleared}.",
            slices=slices(accepted.slices),
            voxels=voxels(accepted.voxels),
            volume=volume,
            cleared=cleared,
        )
    reasons = ", ".join(_left_out(accepted, table))
    return (
        tr("{sentence} Left out: {reasons}.", sentence=sentence, reasons=reasons)
        if (reasons)
        else sentence
    )


def _left_out(accepted: Accepted, table: SegmentTable) -> Iterator[str]:
    for count, words in (
        (accepted.right, tr("called right")),
        (accepted.rejected, tr("rejected")),
        (accepted.dismissed, tr("with a dismissed prediction")),
        (accepted.empty, tr("with an empty prediction")),
        (accepted.agreed, tr("with nothing new")),
    ):
        if count:
            yield f"{slices(count)} {words}"
    if accepted.by_hand:
        yield tr("{voxels} set by hand", voxels=voxels(accepted.by_hand))
    if accepted.kept_out:
        yield tr("{voxels}, locked or hidden", voxels=of_segments(accepted.kept_out, table))


def of_segments(counts: Counts, table: SegmentTable) -> str:
    """Such as "1,204 voxels of Lung, 12 of Heart"."""
    rows = [
        (count, table[number].name if number in table else str(number)) for number, count in counts
    ]
    first, name = rows[0]
    words = [tr("{voxels} of {segment}", voxels=voxels(first), segment=name)]
    words += [tr("{n} of {segment}", n=f"{count:,}", segment=name) for count, name in rows[1:]]
    return ", ".join(words)
