"""All operations, in the order of the menu. A new one is its file and a line here."""

from __future__ import annotations

from segdesk.app.labelling.operations.fill_holes import FillHoles
from segdesk.app.labelling.operations.operation import Operation

# fmt: off
OPERATIONS: tuple[Operation, ...] = (
    FillHoles(),
)
# fmt: on
