"""Nothing is confirmed, verified, taken or dismissed that has not been on the screen.

Each answers with the sentence that refuses it, "" where everything has been seen. What was hidden
is shown with the refusal, so that the same key does it the second time.
"""

from __future__ import annotations

import numpy as np

from segdesk.app.project.workbench import Workbench
from segdesk.app.screen.view_state import ViewState
from segdesk.core.prediction import Difference
from segdesk.ui.canvas.slice_view import SliceView
from segdesk.ui.look import counted_words, review_words
from segdesk.ui.look.translations import tr


def why_not_right(canvas: SliceView, found: Difference | None) -> str:
    """Why the slice on screen can't be called right as it is filled.

    Parameters
    ----------
    found : what of the prediction would be taken with it; None where nothing would
    """
    workbench, view = canvas.workbench, canvas.view
    if view.crosshair.case_id is None:
        return ""
    brings = found is not None and bool(found.gained or found.cleared or found.kept_out)
    if not brings and canvas.scene.shows_what_is_gone:
        # Until it is painted anew, the eye has something that the key would not take.
        brings = True
    reason = _hidden_drawing(canvas, workbench, view, view.crosshair.case_id)
    if brings or workbench.awaits_prediction(view.crosshair.case_id):
        reason = why_not_predicted(canvas) or reason
    if not reason and not canvas.scene.has_shown_slice:
        reason = tr(
            "This slice has only just come onto the screen, so nothing was said of it: look at "
            "it, then press again."
        )
    return reason


def why_not_predicted(canvas: SliceView) -> str:
    """Why the prediction on the slice can't be taken or dismissed."""
    if not canvas.scene.shows_prediction:
        canvas.view.display.show_prediction()
        canvas.peek(False)
        return tr(
            "The prediction was hidden and is shown now: Enter takes it, Backspace dismisses it"
        )
    if not canvas.scene.has_shown_prediction:
        # It is painted anew, or the second press would be refused too.
        canvas.peek(False)
        return tr(
            "The prediction has only just come onto the screen, so nothing was taken: look at it, "
            "then press again."
        )
    return ""


def why_not_empty(canvas: SliceView, found: Difference | None) -> str:
    """Why the slice on screen can't be verified as empty: what the prediction has is a question.

    Parameters
    ----------
    found : what Enter would take
    """
    if found is None or not (found.gained or found.kept_out):
        return ""
    counts = dict(found.gained)
    for number, count in found.kept_out:
        counts[number] = counts.get(number, 0) + count
    return tr(
        "Nothing is drawn here yet, and the prediction has {voxels}: Enter takes them, Backspace "
        "dismisses it.",
        voxels=review_words.of_segments(tuple(sorted(counts.items())), canvas.workbench.segments),
    )


def _hidden_drawing(canvas: SliceView, workbench: Workbench, view: ViewState, case: str) -> str:
    labels = workbench.annotation(case).labels[view.crosshair.slice]
    if not labels.any():
        return ""
    if canvas.show_layers():
        return tr(
            "The drawing was hidden and is shown now: look at it, then press again to say that "
            "it is right."
        )
    counts = np.bincount(labels.ravel(), minlength=256)
    hidden = [row for row in workbench.segments if not row.visible and counts[row.number]]
    if not hidden:
        return ""
    words = tr(" and ").join(
        tr(
            "'{name}' is hidden and has {voxels} here",
            name=row.name,
            voxels=counted_words.voxels(int(counts[row.number])),
        )
        for row in hidden
    )
    them = tr("it") if len(hidden) == 1 else tr("them")
    return tr("{words}. Show {them} in the segment list first.", words=words, them=them)
