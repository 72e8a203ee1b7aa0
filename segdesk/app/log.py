"""The program's log: for bugs, never for patients.

A small rotating file in the system's folder for logs; `SEGDESK_SETTINGS` names another folder.
"""

from __future__ import annotations

import logging
import logging.handlers
import os
from pathlib import Path

import platformdirs

MOST_BYTES = 1_000_000


def log_file() -> Path:
    """Where the log lies."""
    named = os.environ.get("SEGDESK_SETTINGS")
    folder = Path(named) if named else Path(platformdirs.user_log_dir("segdesk", False))
    return folder / "segdesk.log"


def start_log() -> logging.Logger:
    """Let the logger "segdesk" write to the log; without a place to write it stays silent."""
    logger = logging.getLogger("segdesk")
    if logger.handlers:
        return logger
    logger.propagate = False
    try:
        log_file().parent.mkdir(parents=True, exist_ok=True)
        handler: logging.Handler = logging.handlers.RotatingFileHandler(
            log_file(), maxBytes=MOST_BYTES, backupCount=2, encoding="utf-8", delay=True
        )
    except OSError:
        handler = logging.NullHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    logger.addHandler(handler)
    return logger
