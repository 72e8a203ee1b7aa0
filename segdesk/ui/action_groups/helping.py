"""Help: keys, every action by name, what the program is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segdesk.ui.action import Action
from segdesk.ui.translations import tr

if TYPE_CHECKING:
    from segdesk.ui.actions import Groups
    from segdesk.ui.main_window import MainWindow


def help_groups(window: MainWindow) -> Groups:
    """The groups of the menu Help."""
    menu = tr("Help")
    return (
        (
            Action(
                "shortcut_sheet",
                tr("Keys and actions…"),
                tr("A searchable list of everything that can be done"),
                window.show_shortcuts,
                menu,
                "F1, ?",
            ),
            Action(
                "command_palette",
                tr("Do by name…"),
                tr("Type a few letters of an action and press Enter"),
                window.show_palette,
                menu,
                "Ctrl+Shift+P",
            ),
        ),
        (
            Action(
                "about",
                tr("About segdesk"),
                tr("Version and purpose"),
                window.show_about,
                menu,
            ),
        ),
    )
