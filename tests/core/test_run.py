"""A Plan holds only settings that can be trained; a Run grows by epochs."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segdesk.core.networks import CATALOGUE, DEFAULT, network
from segdesk.core.run import Epoch, Plan, Run, plan_for
from segdesk.errors import UsageError

LIMITS: dict[str, tuple[float, float]] = {
    "filters": (1, 256),
    "batch": (1, 256),
    "augmentation": (0, 1),
    "rate": (1e-7, 1.0),
    "seed": (0, 2**31 - 1),
    "epochs": (1, 100_000),
    "max_minutes": (0.01, 43_200),
}


@pytest.mark.parametrize("name", LIMITS)
def test_a_setting_may_stand_at_its_limits_and_not_beyond(name: str) -> None:
    low, high = LIMITS[name]
    for value in (low, high):
        assert getattr(_plan(**{name: value}), name) == value
    for value in (low - 1e-3, high + 1, math.nan, math.inf, -math.inf):
        with pytest.raises(UsageError, match=name.replace("_", "-")):
            _plan(**{name: value})


@pytest.mark.parametrize(("size", "is_allowed"), [(0, 1), (15, 0), (16, 1), (1024, 1), (1025, 0)])
def test_a_size_is_zero_for_the_slices_own_or_within_limits(size: int, is_allowed: int) -> None:
    if is_allowed:
        assert plan_for(size=size).size == size
    else:
        with pytest.raises(UsageError, match="size"):
            plan_for(size=size)


@pytest.mark.parametrize("row", CATALOGUE, ids=lambda row: row.id)
def test_what_is_not_asked_for_comes_from_the_catalogue(row: Any) -> None:
    plan = plan_for(row.id)
    assert (plan.filters, plan.batch, plan.rate) == (row.filters, row.batch, row.rate)
    assert (plan.augmentation, plan.epochs) == (row.augmentation, row.epochs)


@given(st.integers(1, 99) | st.none(), st.floats(0.1, 99) | st.none())
def test_the_networks_own_epochs_hold_only_without_a_budget(
    epochs: int | None, minutes: float | None
) -> None:
    plan = plan_for("encoder_decoder", epochs=epochs, max_minutes=minutes)
    expected = 10 if epochs is None and minutes is None else epochs
    assert (plan.epochs, plan.max_minutes) == (expected, minutes)
    assert not plan.is_open_ended


def test_an_augmentation_of_zero_is_not_taken_for_unsaid() -> None:
    assert plan_for(augmentation=0.0).augmentation == 0.0


def test_the_default_trains_until_it_is_good() -> None:
    assert plan_for().network == DEFAULT
    assert plan_for().is_open_ended


def test_an_unknown_network_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(UsageError, match="no network 'vnet'") as caught:
        plan_for("vnet")
    assert all(row.id in caught.value.hint for row in CATALOGUE)


def test_the_catalogue_names_each_network_once() -> None:
    ids = [row.id for row in CATALOGUE]
    assert len(ids) == len(set(ids))
    assert all(network(id).id == id for id in ids)


def test_a_run_grows_by_its_epochs_and_knows_its_best() -> None:
    run = Run("run-001", plan_for(), started=1.0)
    first, second = Epoch(1, 5.0, 0.9, 0.5, 1e-3), Epoch(2, 9.0, 0.7, 0.6, 1e-3)
    grown = run.with_epoch(first).with_epoch(second)
    assert run.epochs == ()
    assert grown.epochs == (first, second)
    assert grown.seconds == 9.0
    assert not grown.has_weights
    assert grown.best_epoch is None
    assert replace(grown, best=2).best_epoch == second
    assert replace(grown, best=2).has_weights


def _plan(**changes: Any) -> Plan:
    return replace(plan_for(epochs=5), **changes)
