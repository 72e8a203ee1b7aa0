"""In whatever order strokes, undos, saves and kills come: masks and both stacks are right."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.app.project.history_machine import HistoryMachine

_CALM = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def test_the_history_is_what_the_model_says_through_saves_kills_and_removals() -> None:
    run_state_machine_as_test(
        HistoryMachine, settings=settings(_CALM, max_examples=8, stateful_step_count=20)
    )


@pytest.mark.long
def test_the_history_is_what_the_model_says_for_long() -> None:
    run_state_machine_as_test(
        HistoryMachine, settings=settings(_CALM, max_examples=400, stateful_step_count=50)
    )
