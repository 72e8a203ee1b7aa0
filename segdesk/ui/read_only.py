"""A project that is only read: what cannot be done then, and the words for it.

Looking, exporting and measuring go on; whatever would change the project says why not. The last
door is the Workbench's own, which refuses every Edit of such a project.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from segdesk.app.workbench import Workbench
from segdesk.ui.translations import tr

if TYPE_CHECKING:
    from segdesk.ui.actions import Groups

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


def why_read_only(workbench: Workbench | None) -> str:
    """Why nothing can be changed; empty where it can, or where nothing is open."""
    if workbench is None or workbench.folder.writable:
        return ""
    return tr("This project is read only here: nothing can be changed in it.")


def read_only_words(*, beside_another: bool) -> tuple[str, str]:
    """What is said when such a project comes up, and why it is so.

    Parameters
    ----------
    beside_another : the reader chose it because another program has the project open for writing
    """
    why = tr("Its folder or disk may not be written to.")
    if beside_another:
        why = tr("Another program has it open for writing; what is saved there later is not seen.")
    return (
        tr("Read only: nothing is saved."),
        f"{why} {tr('Looking, measuring, exporting and packing go on.')}",
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
