"""A command: the status line greets."""

from __future__ import annotations

from segdesk.ui.commands.action import Action, Groups
from segdesk.ui.commands.desk import Desk
from segdesk.ui.look.translations import tr


def greet_groups(desk: Desk) -> Groups:
    """A group of the menu Help."""
    return (
        (
            Action(
                "greet",
                tr("Greet"),
                tr("Say good morning"),
                lambda: desk.say(tr("Good morning.")),
                "help",
                ("Ctrl+Alt+G",),
            ),
        ),
    )
