"""What the program is, and what it is not."""

from __future__ import annotations

import platform

from PySide6 import __version__ as pyside_version
from PySide6.QtWidgets import QWidget

from segdesk import __version__
from segdesk.ui.dialogs.message import show_message
from segdesk.ui.look.translations import tr


def show_about(parent: QWidget) -> None:
    """Version, purpose, licence."""
    show_message(
        parent,
        "about_dialog",
        tr("About segdesk"),
        tr(
            "segdesk {version}: paint, train and correct CT masks.\n\n"
            "For research only. segdesk is not a medical device: its masks and figures must not "
            "be used for diagnosis or treatment.",
            version=__version__,
        ),
        hint=tr(
            "MIT licence. Python {python}, PySide6 {pyside}.",
            python=platform.python_version(),
            pyside=pyside_version,
        ),
    )
