"""All tools, in the order of the toolbar. A new one is its file, its icon and a line here."""

from __future__ import annotations

from collections.abc import Sequence

from segdesk.app.labelling.options import Size, Switch
from segdesk.app.labelling.tools.brush import Brush
from segdesk.app.labelling.tools.eraser import Eraser
from segdesk.app.labelling.tools.fill import Fill
from segdesk.app.labelling.tools.lasso import Lasso
from segdesk.app.labelling.tools.navigate import Navigate
from segdesk.app.labelling.tools.tool import Tool

TOOLS: tuple[Tool, ...] = (
    Navigate(),
    Brush(),
    Eraser(),
    Lasso(),
    Fill(),
)


def options_of(tools: Sequence[Tool]) -> tuple[Size | Switch, ...]:
    """The options of all of them, each once."""
    found = {option.id: option for tool in tools for option in tool.options}
    return tuple(found.values())
