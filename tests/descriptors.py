"""Which files below a folder this process holds open, for tests of what is let go of."""

from __future__ import annotations

import gc
import sys
from pathlib import Path

import pytest

OF_THIS_PROCESS = Path("/proc/self/fd")


def open_below(folder: Path) -> list[str]:
    """The paths that open descriptors lead to, deleted ones among them; skips where no system says
    so."""
    if sys.platform != "linux":
        pytest.skip("only Linux lists what a process has open")
    gc.collect()
    found: list[str] = []
    for descriptor in OF_THIS_PROCESS.iterdir():
        try:
            found.append(str(descriptor.readlink()))
        except FileNotFoundError:
            continue  # that of the listing itself
    return sorted(path for path in found if path.startswith(f"{folder.resolve()}/"))
