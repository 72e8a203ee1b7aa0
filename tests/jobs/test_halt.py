"""Where a training stands: what was written is read again, and what cannot be is refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from segdesk.core.run import plan_for
from segdesk.jobs import halt as halts
from segdesk.jobs.halt import BadHalt, Halt, Kept, Scheduled

HALT = Halt(
    run="run-001",
    plan=plan_for(epochs=9),
    segments=((1, "lung"),),
    labels=(("case-001", "train", "0123456789abcdef"),),
    built_for=(32, 64),
    channels=1,
    side=64,
    pixel_mm=(0.7, 0.5),
    fold=(2, 5),
    epoch=2,
    losses=(0.9, 0.4),
    taken=3,
    started=2.0,
    rate=4e-3,
    share=0.5,
    has_recovered=False,
    is_half=True,
    batch=3,
    drawn=23,
    scheduled=Scheduled(3.5, 23, 2, 0.1, 0.2, 0.2, 0.1, 1.0, 0),
    kept=Kept(2, "", True, (0.5, 0.9, None, 0.3), None, ((1.0,),) * 4, True, None, 0, 1.5),
)


def test_what_was_written_is_read_again(tmp_path: Path) -> None:
    halts.write(tmp_path / "halt.json", HALT)
    assert halts.read(tmp_path / "halt.json") == HALT


@pytest.mark.parametrize(
    "fields",
    [
        {"batch": 0},
        {"batch": 4},
        {"channels": 0},
        {"channels": 2},
        {"built_for": (-32, 32)},
        {"built_for": (32, 1 << 20)},
        {"side": 0},
        {"side": 1 << 20},
        {"pixel_mm": (0.7, 0.0)},
        {"pixel_mm": (0.7, float("nan"))},
        {"fold": (6, 5)},
        {"taken": 24},
        {"taken": -1},
        {"epoch": -1},
        {"drawn": 1 << 50},
        {"taken": 1 << 45, "scheduled": replace(HALT.scheduled, steps_done=1 << 45)},
    ],
    ids=str,
)
def test_numbers_that_no_training_has_are_refused_though_their_sum_is_right(
    tmp_path: Path, fields: dict[str, Any]
) -> None:
    """They would ask for more memory than there is, divide by nothing or never end."""
    halts.write(tmp_path / "halt.json", replace(HALT, **fields))
    with pytest.raises(BadHalt, match="damaged"):
        halts.read(tmp_path / "halt.json")
