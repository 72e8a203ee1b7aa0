"""How the program starts a process of its own kind: `own_command`."""

from __future__ import annotations

import sys


def own_command(name: str) -> tuple[str, ...]:
    """What starts a hidden command of segdesk as a process: a frozen program starts itself."""
    if getattr(sys, "frozen", False):
        return sys.executable, name
    # -P: a file of the user's in the current folder must not stand in for a library.
    return sys.executable, "-P", "-m", "segdesk.cli", name
