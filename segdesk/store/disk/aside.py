"""Files that cannot be used and may hold something: a name beside their own, for people."""

from __future__ import annotations

from pathlib import Path

from segdesk.core.lasting import replace_file


def set_aside(path: Path) -> None:
    """Give a file that cannot be used a name beside it; raises OSError."""
    replace_file(path, aside_name(path))


def aside_name(path: Path) -> Path:
    """NAME.damaged, or with a number where that is taken."""
    name, number = path.with_name(f"{path.name}.damaged"), 2
    while name.exists():
        name, number = path.with_name(f"{path.name}.damaged-{number}"), number + 1
    return name
