"""The window and the child processes: the only lazy imports of the commands, one each."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from segdesk.cli import qt_libraries
from segdesk.errors import UsageError
from segdesk.jobs.child import open_channel
from segdesk.sentence import Sentence


def open_window(project: Path | None, sources: Sequence[Path] = ()) -> int:
    """Show the window and return its exit status when it is closed."""
    check_qt_libraries()
    # Qt is loaded only where a window is wanted.
    from segdesk.ui.application import run_window

    return run_window(project, sources)


def demo(folder: Path) -> int:
    """Show the window on a demo project, or walk the journey offscreen without a display."""
    check_qt_libraries()
    from segdesk.demo.start import run_demo

    return run_demo(folder)


def check_qt_libraries() -> None:
    """Ask for what Qt takes from a Linux system, while a sentence can still be said.

    Raises
    ------
    UsageError
        Where some of it is missing; names all of the packages.
    """
    if not sys.platform.startswith("linux"):
        return
    missing = {
        library: package
        for library, package in qt_libraries.wanted_libraries(os.environ).items()
        if not qt_libraries.is_loadable(library)
    }
    if missing:
        packages = " ".join(missing.values())
        raise UsageError(
            Sentence(
                "The window needs libraries that this system lacks ({libraries}): install "
                "{packages}, as Debian and Ubuntu call them.",
                libraries=", ".join(missing),
                packages=packages,
            ),
            Sentence("There: sudo apt-get install {packages}", packages=packages),
        )


def run_trainer(bundle_folder: Path | None, root: Path | None = None) -> None:
    """Be the trainer process: take over stdin and stdout, then load Keras and work.

    Parameters
    ----------
    bundle_folder : the one job; None to stay and take jobs from stdin
    root : the project's folder, or a copy of it, where the bundle does not lie in it
    """
    channel = open_channel()
    # Keras prints while it loads; the channel has moved that to the log by now.
    from segdesk.learning.service import serve
    from segdesk.learning.trainer import run_bundle

    if bundle_folder is None:
        serve(channel)
    else:
        run_bundle(bundle_folder, channel, root=root)


def run_decoder() -> None:
    """Be the process that decodes compressed DICOM pixels, until stdin ends."""
    from segdesk.formats.decoder_child import serve

    serve()


def run_unpacker() -> None:
    """Be the process that reads a packed project, once."""
    from segdesk.store.pack.unpacker_child import serve

    serve()
