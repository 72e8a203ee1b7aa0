"""What the registry builds is what the catalogue says."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from segdesk.core.networks import CATALOGUE, NetworkInfo
from segdesk.errors import UsageError
from segdesk.learning.forward import Forward
from segdesk.learning.learner import Learner
from segdesk.learning.losses import loss_of
from segdesk.learning.networks import registry
from segdesk.learning.networks.instance_norm import InstanceNorm
from segdesk.learning.networks.unet_fast import STEM
from segdesk.learning.optimisers import optimiser_of

pytestmark = pytest.mark.keras

rows = pytest.mark.parametrize("row", CATALOGUE, ids=lambda row: row.id)


@rows
def test_parameters_are_those_of_the_catalogue(row: NetworkInfo) -> None:
    network = registry.build(row.id, (256, 256, 1), 2, filters=row.filters)
    assert network.count_params() == row.parameters
    assert network.name == row.id


def test_the_tutorials_networks_have_the_tutorials_parameters() -> None:
    assert registry.build("encoder_decoder", (64, 64, 1), 2, filters=32).count_params() == 331_137
    assert registry.build("unet_2015", (388, 388, 1), 2, filters=64).count_params() == 31_030_658
    assert registry.build("unet", (96, 128, 3), 23, filters=32).count_params() == 8_640_471


@rows
def test_the_output_covers_the_slice(row: NetworkInfo) -> None:
    least, more = row.multiple + row.rest, 2 * row.multiple + row.rest
    for rows_columns in ((least, least), (more, least)):
        network = registry.build(row.id, (*rows_columns, 1), 2, filters=2)
        outputs = 1 if row.binary else 2
        assert network.output_shape in (
            (None, *rows_columns, outputs),
            (None, None, None, outputs),
        )
        seen = [side + 2 * row.border for side in rows_columns]
        answered = network(np.zeros((1, *seen, 1), np.float32))
        assert tuple(answered.shape) == (1, *rows_columns, outputs)
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
    with pytest.raises(UsageError, match="unet_fast, unet_norm, unet, unet_2015, encoder"):
        registry.build("resnet", (64, 64, 1), 2, filters=2)


def test_the_norm_in_few_operations_is_keras_own() -> None:
    generator = np.random.default_rng(0)
    values = generator.normal(3.0, 20.0, (2, 6, 5, 4)).astype(np.float32)
    mine, theirs = InstanceNorm(), keras.layers.GroupNormalization(groups=-1)
    for layer in (mine, theirs):
        layer.build(values.shape)
    scale_and_shift = [generator.normal(size=4).astype(np.float32) for _ in range(2)]
    mine.set_weights(scale_and_shift)
    theirs.set_weights(scale_and_shift)
    np.testing.assert_allclose(np.asarray(mine(values)), np.asarray(theirs(values)), atol=2e-5)


def test_the_strided_stem_is_a_convolution_of_pixels_as_channels() -> None:
    """No pixel is left out, and none is seen by two weights of one kernel."""
    generator = np.random.default_rng(0)
    image = generator.normal(size=(1, 8, 12, 1)).astype(np.float32)
    kernel = generator.normal(size=(STEM, STEM, 1, 3)).astype(np.float32)
    strided = keras.ops.conv(image, kernel, strides=2, padding="same")
    squares = image.reshape(1, 4, 2, 6, 2).transpose(0, 1, 3, 2, 4).reshape(1, 4, 6, 4)
    folded = kernel[..., 0, :].reshape(3, 2, 3, 2, 3).transpose(0, 2, 1, 3, 4).reshape(3, 3, 4, 3)
    plain = keras.ops.conv(squares, folded, padding="same")
    np.testing.assert_allclose(np.asarray(strided), np.asarray(plain), atol=1e-4)


@pytest.mark.parametrize("id", ["unet_fast", "unet_norm"])
def test_a_step_and_an_answer_are_traced_once(id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many slices come, and with open sizes however large they are."""
    traced: list[object] = []
    loss = loss_of(id)

    def counted(*arguments: object) -> object:
        traced.append(arguments)
        return loss(*arguments)

    network = registry.build(id, (64, 64, 1), 2, filters=2)
    learner = Learner(network, loss=counted, optimiser=optimiser_of(id, 1e-3))
    call, answers = type(network).call, []
    monkeypatch.setattr(
        type(network), "call", lambda *given, **named: answers.append(1) or call(*given, **named)
    )
    forward = Forward(network)
    sizes = [(64, 64), (96, 32), (128, 160)] if network.input_shape[1] is None else [(64, 64)]
    for rows, columns in sizes:
        for count in (1, 3):
            images = np.ones((count, rows, columns, 1), np.float32)
            target = np.ones((count, rows, columns, 1), np.uint8)
            learner.step((images, target, np.zeros((count, 2), np.float32)), 1e-3)
            assert forward.outputs(images).shape == (count, rows, columns, 2)
    assert len(traced) == 1
    # The step's own, and the answer's.
    assert len(answers) == 2
