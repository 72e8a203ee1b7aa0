"""Starting the window: the one function that the command line calls.

Kept light: from the start of the process to the first slice counts every import. Nothing here
knows a project; the window does.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QLocale, Qt
from PySide6.QtWidgets import QApplication

from segdesk.app.settings import SettingsFile
from segdesk.core.run import Plan
from segdesk.errors import UsageError
from segdesk.jobs.standby import Standby
from segdesk.ui.faults import Faults
from segdesk.ui.flows.looking import Looking
from segdesk.ui.flows.trainer_ready import TrainerReady
from segdesk.ui.look.looks import Looks
from segdesk.ui.look.preferences import Preferences
from segdesk.ui.look.translations import install_for
from segdesk.ui.signal_watch import SignalWatch
from segdesk.ui.window.main_window import MainWindow
from segdesk.ui.window.shown_project import NAME


@dataclass(frozen=True, slots=True, eq=False)
class Opened:
    """A window and what it needs to live; kept for as long as the window is there."""

    window: MainWindow
    faults: Faults
    looks: Looks


def run_window(
    project: Path | None = None,
    sources: Sequence[Path] = (),
    *,
    settings_folder: Path | None = None,
) -> int:
    """Show the window until it is closed.

    Parameters
    ----------
    project : opened at once where given
    sources : files and folders to import at once
    settings_folder : None for the system's own

    Returns
    -------
    Exit status of the event loop.

    Raises
    ------
    UsageError
        Where there is no display to show a window on.
    """
    _check_display()
    # Every move counts for a stroke; X11 would merge those between two turns of the loop.
    QApplication.setAttribute(Qt.ApplicationAttribute.AA_CompressHighFrequencyEvents, False)
    existing = QApplication.instance()
    application = existing if isinstance(existing, QApplication) else QApplication(sys.argv[:1])
    install_for(application, QLocale.system())
    opened = open_window(application, settings_folder=settings_folder, trainer_stays=True)
    watch = SignalWatch(opened.window.close_unasked, opened.window)
    opened.window.gone.connect(application.quit)
    opened.window.show()
    # What the program is made of stays: a collection that looks through it holds the window for
    # longer than a picture takes. What a project brings comes later and is looked through.
    gc.freeze()
    begin(opened.window, project, sources)
    try:
        return application.exec()
    finally:
        watch.stop()
        opened.faults.uninstall()


def _check_display() -> None:
    """Qt would end the whole process without a sentence."""
    named = ("QT_QPA_PLATFORM", "DISPLAY", "WAYLAND_DISPLAY")
    if sys.platform.startswith("linux") and not any(os.environ.get(name) for name in named):
        raise UsageError(
            "There is no display to show a window on.",
            "Use the commands (segdesk --help), or set QT_QPA_PLATFORM.",
        )


def open_window(
    application: QApplication,
    *,
    settings_folder: Path | None = None,
    trainer_command: Sequence[str] | None = None,
    trainer_stays: bool = False,
) -> Opened:
    """Make the window, not yet shown, with the settings' theme and the door for errors.

    Parameters
    ----------
    trainer_command : starts a trainer for one job; None for segdesk's own
    trainer_stays : one is kept ready while a project is open, unless the settings say otherwise
    """
    application.setApplicationName(NAME)
    application.setApplicationDisplayName(NAME)
    preferences = Preferences(SettingsFile(settings_folder), application)
    looks = Looks(application, preferences)
    faults = Faults(application)
    faults.install()
    window = MainWindow(preferences, looks, faults, trainer_command=trainer_command)
    if trainer_stays:
        standby = Standby()
        ready = TrainerReady(
            standby, window.session, window.training, preferences, _plan_of(window), window
        )
        Looking(standby, window.session, window.training, ready, window)
        window.gone.connect(ready.close)
    return Opened(window, faults, looks)


def _plan_of(window: MainWindow) -> Callable[[], Plan | None]:
    def plan() -> Plan | None:
        panel = window.training_panel
        return None if panel is None or panel.form.problem() else panel.form.plan()

    return plan


def begin(window: MainWindow, project: Path | None, sources: Sequence[Path]) -> None:
    """Open and import what the command line named."""

    def bring_in() -> None:
        if sources:
            window.imports.start(sources)

    if project is None:
        bring_in()
    elif not window.packing.offers(project):
        window.opening.open(project, then=bring_in)
