"""What the Workbench holds in memory: a case's arrays, and the gesture that is drawing on them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from segdesk.app.project.volumes import SegmentCounts
from segdesk.core.annotation import Annotation
from segdesk.core.edit import Edit
from segdesk.core.volume import Volume


class NotInMemory(RuntimeError):
    """A bug: arrays were asked for on the window's thread before anybody had them read."""

    def __init__(self, case: str) -> None:
        super().__init__(f"expected '{case}' in memory; the window has a case read before that")


class Live(Protocol):
    """A gesture that is drawing."""

    @property
    def case(self) -> str: ...

    def finish(self) -> Edit | None: ...


@dataclass(slots=True, eq=False)
class LoadedCase:
    """A case's arrays in memory. Made by `Workbench.read_case`, which any thread may call."""

    volume: Volume
    annotation: Annotation
    counts: SegmentCounts
