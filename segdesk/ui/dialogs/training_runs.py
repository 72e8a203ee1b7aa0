"""A project shall be let go while a network learns: stop and keep the best weights, or stay."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QWidget

from segdesk.core.run import Run
from segdesk.ui.dialogs.dialog import Dialog
from segdesk.ui.dialogs.message import Choice, show_message
from segdesk.ui.look.translations import tr


def ask_to_stop(
    parent: QWidget,
    run: Run,
    *,
    predicts: bool,
    stop: Callable[[], object],
    stay: Callable[[], object],
) -> Dialog:
    """Ask; exactly one of `stop` and `stay` is called, `stay` also where the dialog is dismissed.

    Parameters
    ----------
    run : that is under way
    predicts : it predicts and does not learn
    """
    if predicts:
        text = tr("{run} is predicting. What it has finished is kept.", run=run.id)
        stop_words = tr("Stop it")
    elif run.has_weights:
        text = tr(
            "{run} is learning, in epoch {epoch}. If it stops now, the best weights so far "
            "(epoch {best}) are kept.",
            run=run.id,
            epoch=len(run.epochs) + 1,
            best=run.best,
        )
        stop_words = tr("Stop and keep the best weights")
    else:
        text = tr(
            "{run} is learning, in epoch {epoch}, and has no weights to keep yet. If it stops "
            "now, nothing of it is left but its record.",
            run=run.id,
            epoch=len(run.epochs) + 1,
        )
        stop_words = tr("Stop it all the same")
    dialog = show_message(
        parent,
        "training_runs_dialog",
        tr("A training is running") if not predicts else tr("A prediction is running"),
        text,
        choices=(
            Choice("stop_training_first", stop_words, stop),
            Choice("stay_open", tr("Stay"), stay, "primary"),
        ),
    )
    dialog.rejected.connect(stay)
    return dialog
