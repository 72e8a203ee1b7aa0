"""Colours and sizes of the window: one palette, one style sheet, dark and light.

The tokens' names and the dark colours come from the project's design; the light ones keep their
contrast. Nothing else in `ui` names a colour.
"""

from __future__ import annotations

from dataclasses import dataclass

from segdesk.core.status import SliceStatus


@dataclass(frozen=True, slots=True)
class Tokens:
    """Colours as "#rrggbb"."""

    is_dark: bool
    background: str
    panel: str
    raised: str
    line: str
    #: Inside and edge of what can be typed into, ticked or pressed.
    field: str
    edge: str
    text: str
    dim: str
    image_text: str
    accent: str
    good: str
    warn: str
    bad: str
    unlabelled: str
    predicted: str
    partial: str
    corrected: str
    verified: str
    rejected: str
    false_positive: str = "#e5636c"
    false_negative: str = "#4ea1ff"

    def status(self, status: SliceStatus) -> str:
        """Colour of a slice's status."""
        colours = (
            self.unlabelled,
            self.predicted,
            self.partial,
            self.corrected,
            self.verified,
            self.rejected,
        )
        return colours[status]


DARK = Tokens(
    is_dark=True,
    background="#14161a",
    panel="#1c1f24",
    raised="#262a31",
    line="#31363f",
    field="#14161a",
    edge="#636b79",
    text="#d9dde4",
    dim="#8c94a2",
    image_text="#e8e3c0",
    accent="#4ea1ff",
    good="#3fb68b",
    warn="#e0a93b",
    bad="#e5636c",
    unlabelled="#3a3f48",
    predicted="#7a6fd0",
    partial="#e0a93b",
    corrected="#3fb68b",
    verified="#4ea1ff",
    rejected="#6b2f35",
)
LIGHT = Tokens(
    is_dark=False,
    background="#e9ebef",
    panel="#f6f7f9",
    raised="#ffffff",
    line="#cdd2da",
    field="#ffffff",
    edge="#858d9b",
    text="#1c1f24",
    dim="#5a6270",
    image_text="#e8e3c0",
    accent="#1468c7",
    good="#1f8a63",
    warn="#a8750c",
    bad="#c23b46",
    unlabelled="#c3c8d1",
    predicted="#7a6fd0",
    partial="#d99a1f",
    corrected="#2fa67a",
    verified="#2f86e6",
    rejected="#a2525a",
)

#: Sizes in pixels; what follows the text is in `sizes`.
GRID = 4
RADIUS = 5
