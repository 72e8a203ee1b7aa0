"""Tools: what can be done to a segment without a hand, one row for each operation."""

from __future__ import annotations

from functools import partial

from segdesk.app.labelling.operations.catalogue import OPERATIONS
from segdesk.app.labelling.operations.operation import Operation
from segdesk.ui.commands.action import Action, Groups
from segdesk.ui.commands.desk import Desk
from segdesk.ui.look.translations import tr, translated


def operation_groups(desk: Desk) -> Groups:
    """The group of the menu Tools."""

    def has_segment() -> str:
        view = desk.session.view
        return "" if view is not None and view.hand.segment else tr("Background is active.")

    def row(operation: Operation) -> Action:
        name = translated(operation.words.name)
        return Action(
            operation.id,
            f"{name}…" if operation.options else name,
            translated(operation.words.tip),
            partial(desk.operating.ask, operation),
            "tools",
            needs="segment",
            why_not=has_segment,
            changes=True,
        )

    return (tuple(map(row, OPERATIONS)),)
