"""The window and the trainer: the only lazy imports of the command line, one in each function."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from segdesk.jobs.child import open_channel


def open_window(project: Path | None, sources: Sequence[Path] = ()) -> int:
    """Show the window and return its exit status when it is closed."""
    # Qt is loaded only where a window is wanted.
    from segdesk.ui.application import run_window

    return run_window(project, sources)


def demo(folder: Path) -> int:
    """Show the window on a demo project, or walk the journey offscreen without a display."""
    from segdesk.ui.demo import run_demo

    return run_demo(folder)


def run_trainer(bundle_folder: Path) -> None:
    """Be the trainer process: take over stdin and stdout, then load Keras and work."""
    channel = open_channel()
    # Keras prints while it loads; the channel has moved that to the log by now.
    from segdesk.learning.trainer import run_bundle

    run_bundle(bundle_folder, channel)
