"""What is let go of where something fails half-way."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress

from segdesk.errors import ProjectError


@contextmanager
def otherwise(let_go: Callable[[], object]) -> Generator[None, None, None]:
    """Let go of something where the block raises; what it raised is what is said."""
    try:
        yield
    except BaseException:
        with suppress(ProjectError):
            let_go()
        raise
