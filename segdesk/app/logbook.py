"""The log file of the window: bugs and notes for those who mend the program.

It lies in the system's folder for logs (`SEGDESK_LOGS` names another), is cut off at 1 MB with
three older ones kept, and holds no patient data: errors name cases by their id.
"""

from __future__ import annotations

import logging
import os
from logging.handlers import RotatingFileHandler
from pathlib import Path

import platformdirs

from segdesk.core.printable import printable

NAME = "segdesk.log"
MOST_BYTES = 1_000_000
KEPT_FILES = 3


class _Lines(logging.Formatter):
    """What a name holds commands nothing where the log is read."""

    def format(self, record: logging.LogRecord) -> str:
        return printable(super().format(record), keep="\n\t")


def open_logbook(folder: Path | None = None) -> Path | None:
    """Let everything that segdesk logs go to a file, from now on.

    Parameters
    ----------
    folder : None for the system's own, or the one that SEGDESK_LOGS names

    Returns
    -------
    The file, or None where the disk refuses: the program works without a log.
    """
    named = os.environ.get("SEGDESK_LOGS")
    if folder is None:
        folder = Path(named) if named else Path(platformdirs.user_log_dir("segdesk", False))
    path = folder / NAME
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handler = RotatingFileHandler(
            path, maxBytes=MOST_BYTES, backupCount=KEPT_FILES, encoding="utf-8"
        )
    except OSError:
        return None
    handler.setFormatter(_Lines("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logger = logging.getLogger("segdesk")
    for old in [row for row in logger.handlers if isinstance(row, RotatingFileHandler)]:
        logger.removeHandler(old)
        old.close()
    logger.addHandler(handler)
    return path
