"""When an epoch ends, how large its slices are, how fast it learns: by a clock that a test sets."""

from __future__ import annotations

import pytest

from segdesk.core.run import plan_for
from segdesk.learning.clock import Clock
from segdesk.learning.rates import FLAT_STEPS, root
from segdesk.learning.schedule import (
    FEWEST_STEPS,
    HALF_SIZED,
    LEAST_SIDE,
    MOST_SECONDS,
    OPEN_ENDED_S,
    Schedule,
)

pytestmark = pytest.mark.keras


@pytest.fixture
def passed(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Seconds on every clock; a test sets the last."""
    seconds = [0.0]
    monkeypatch.setattr(Clock, "seconds", property(lambda _: seconds[-1]))
    return seconds


def schedule(
    network: str = "unet_fast", *, side: int = 256, slices: int = 6, **plan: object
) -> Schedule:
    return Schedule(plan_for(network, **plan), slices, side)  # pyright: ignore[reportArgumentType]


def test_half_of_the_size_for_the_first_part_of_the_minutes(passed: list[float]) -> None:
    one = schedule(max_minutes=1.0)
    one.after_epoch(better=True, rest_s=0.0)
    one.after_save(0.0)
    passed.append(60 * HALF_SIZED - 0.5)
    assert one.is_half_sized(3.0)
    passed.append(60 * HALF_SIZED + 0.5)
    assert not one.is_half_sized(3.0)


def test_of_epochs_it_is_their_share_and_no_clock_is_read(passed: list[float]) -> None:
    one = schedule(epochs=10)
    passed.append(1e6)
    assert [one.is_half_sized(done) for done in (0.0, 3.99, 4.0, 9.0)] == [True, True, False, False]
    assert not one.is_epoch_over(taken=1, steps=2, seconds=1e6)
    assert one.is_epoch_over(taken=2, steps=2, seconds=0.0)


def test_without_an_end_it_is_that_of_a_minute(passed: list[float]) -> None:
    one = schedule()
    one.after_epoch(better=True, rest_s=0.0)
    one.after_save(0.0)
    passed.append(OPEN_ENDED_S * HALF_SIZED - 0.5)
    assert one.is_half_sized(100.0)
    passed.append(OPEN_ENDED_S * HALF_SIZED + 0.5)
    assert not one.is_half_sized(100.0)


@pytest.mark.parametrize(
    ("network", "side"), [("unet_norm", 256), ("unet", 256), ("unet_fast", LEAST_SIDE - 1)]
)
def test_other_networks_and_small_slices_keep_their_size(
    passed: list[float], network: str, side: int
) -> None:
    assert not schedule(network, side=side, max_minutes=1.0).is_half_sized(0.0)


def test_the_curve_has_a_point_within_seconds_however_many_slices_teach(
    passed: list[float],
) -> None:
    one = schedule(slices=5000)
    steps = one.steps(3)
    assert not one.is_epoch_over(taken=3, steps=steps, seconds=4.0)
    assert one.is_epoch_over(taken=3, steps=steps, seconds=5.5)
    passed.append(200.0)
    assert not one.is_epoch_over(taken=3, steps=steps, seconds=15.0)
    assert one.is_epoch_over(taken=3, steps=steps, seconds=20.5)
    passed.append(5000.0)
    assert one.is_epoch_over(taken=3, steps=steps, seconds=MOST_SECONDS)


def test_what_comes_between_epochs_takes_at_most_a_fifth_of_the_time(passed: list[float]) -> None:
    one = schedule()
    steps = one.steps(3)
    assert steps >= FEWEST_STEPS
    one.after_epoch(better=True, rest_s=30.0)  # It traces, too.
    assert one.is_epoch_over(taken=steps, steps=steps, seconds=1.0)
    one.after_epoch(better=True, rest_s=2.0)
    assert not one.is_epoch_over(taken=steps, steps=steps, seconds=7.5)
    assert one.is_epoch_over(taken=steps, steps=steps, seconds=8.5)


def test_the_rate_falls_with_the_root_of_the_step_and_needs_no_end() -> None:
    shares = [root(step) for step in range(2000)]
    assert shares[0] == pytest.approx(0.1)
    assert shares[9] == shares[FLAT_STEPS - 1] == 1.0
    assert shares[4 * FLAT_STEPS - 1] == pytest.approx(0.5)
    assert shares[9:] == sorted(shares[9:], reverse=True)
    one = schedule(max_minutes=1.0)
    for _ in range(400):
        one.after_step(0.1)
    assert one.share_of_rate(0.5) == root(400)
