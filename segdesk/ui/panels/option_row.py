"""The row of options of the tool in the hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtWidgets import QToolBar

from segdesk.app.labelling.options import Size, Switch
from segdesk.app.screen.hand import Hand
from segdesk.ui.widgets.option_fields import field_of


class OptionRow:
    """Owned by the tool bar, into which it puts the fields of all tools, once for each option.

    Parameters
    ----------
    options : of all tools
    hand : gives what is held now, or None
    """

    def __init__(
        self, bar: QToolBar, options: Sequence[Size | Switch], hand: Callable[[], Hand | None]
    ) -> None:
        self._hand = hand
        self._fields = {option.id: field_of(option, hand) for option in options}
        self._places = {
            id: [bar.addWidget(widget) for widget in field.widgets]
            for id, field in self._fields.items()
        }

    def refresh(self) -> None:
        """Show the options of the tool in the hand, and no others."""
        hand = self._hand()
        wanted = () if hand is None else tuple(option.id for option in hand.held.options)
        for id, field in self._fields.items():
            for place in self._places[id]:
                place.setVisible(id in wanted)
            if hand is not None and id in wanted:
                field.show_of(hand)
