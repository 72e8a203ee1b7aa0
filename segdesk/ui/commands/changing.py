"""Which actions change the open project: they say why not where it is only read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from segdesk.ui.commands.action import Groups

#: Ids of the actions that change the open project.
CHANGES = frozenset(
    (
        *("import_folder", "import_files", "import_labels", "rename_case", "remove_case", "save"),
        *("undo", "redo", "brush", "eraser", "lasso", "fill"),
        *("slice_is_right", "slice_is_right_next", "take_prediction", "dismiss_prediction"),
        *("verify_slice", "reject_slice", "accept_predictions", "accept_but_closed"),
        *("pool_split", "pool_train", "pool_validation", "pool_test"),
        *("train", "predict_case", "predict_all"),
    )
)


def guarded(groups: Groups, reason: Callable[[], str]) -> Groups:
    """The table of actions, in which those that change the project ask for `reason` first."""
    return tuple(
        tuple(
            replace(action, why_not=_first(reason, action.why_not))
            if action.id in CHANGES
            else action
            for action in group
        )
        for group in groups
    )


def _first(reason: Callable[[], str], why_not: Callable[[], str]) -> Callable[[], str]:
    return lambda: reason() or why_not()
