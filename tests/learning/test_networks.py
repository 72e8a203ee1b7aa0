"""What the registry builds is what the catalogue says."""

from __future__ import annotations

import numpy as np
import pytest

from segdesk.core.networks import CATALOGUE, NetworkInfo
from segdesk.errors import UsageError
from segdesk.learning.networks import registry

pytestmark = pytest.mark.keras

rows = pytest.mark.parametrize("row", CATALOGUE, ids=lambda row: row.id)


@rows
def test_parameters_are_those_of_the_catalogue(row: NetworkInfo) -> None:
    network = registry.build(row.id, (256, 256, 1), 2, filters=row.filters)
    assert network.count_params() == row.parameters
    assert network.name == row.id


def test_the_tutorials_networks_have_the_tutorials_parameters() -> None:
    assert registry.build("encoder_decoder", (64, 64, 1), 2, filters=32).count_params() == 331_137
    assert registry.build("unet", (96, 128, 3), 23, filters=32).count_params() == 8_640_471


@rows
def test_the_output_covers_the_slice(row: NetworkInfo) -> None:
    for rows_columns in ((row.multiple, row.multiple), (2 * row.multiple, 3 * row.multiple)):
        network = registry.build(row.id, (*rows_columns, 1), 2, filters=2)
        outputs = 1 if row.binary else 2
        assert network.output_shape == (None, *rows_columns, outputs)
        assert not network.compiled


@rows
def test_the_same_seed_gives_the_same_weights(row: NetworkInfo) -> None:
    one, same, other = (
        registry.build(row.id, (32, 32, 1), 2, filters=2, seed=seed).get_weights()
        for seed in (3, 3, 4)
    )
    assert all(np.array_equal(a, b) for a, b in zip(one, same, strict=True))
    assert not all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


@rows
def test_no_two_layers_begin_with_the_same_weights(row: NetworkInfo) -> None:
    kernels = [
        weight.ravel()[:8].tolist()
        for weight in registry.build(row.id, (32, 32, 1), 2, filters=4).get_weights()
        if weight.ndim == 4
    ]
    starts = {tuple(np.sign(kernel)) for kernel in kernels}
    assert len(starts) > len(kernels) // 2


def test_an_unknown_network_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UsageError, match="unet_norm, unet, encoder_decoder"):
        registry.build("resnet", (64, 64, 1), 2, filters=2)
