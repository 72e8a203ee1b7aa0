"""Help: keys, every action by name, what the program is."""

from __future__ import annotations

from segdesk.ui.commands.action import Action, Groups
from segdesk.ui.commands.desk import Desk
from segdesk.ui.look.translations import tr


def help_groups(desk: Desk) -> Groups:
    """The groups of the menu Help."""
    menu = "help"
    return (
        (
            Action(
                "shortcut_sheet",
                tr("Keys and actions…"),
                tr("A searchable list of everything that can be done"),
                desk.frame.show_shortcuts,
                menu,
                ("F1", "?"),
            ),
            Action(
                "command_palette",
                tr("Do by name…"),
                tr("Type a few letters of an action and press Enter"),
                desk.frame.show_palette,
                menu,
                ("Ctrl+Shift+P",),
            ),
        ),
        (
            Action(
                "about",
                tr("About segdesk"),
                tr("Version and purpose"),
                desk.frame.show_about,
                menu,
            ),
        ),
    )
