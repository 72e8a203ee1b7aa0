"""From a network's id to its Keras model. `core.networks.CATALOGUE` says the rest about each."""

from __future__ import annotations

from typing import Protocol

import keras

from segdesk.core.networks import network
from segdesk.learning.networks import encoder_decoder, unet, unet_fast, unet_norm


class Build(Protocol):
    """What each network's file offers.

    Parameters
    ----------
    input_shape : (rows, columns, channels), rows and columns multiples of the catalogue's
    classes : background included, >= 2
    filters : of the first level, >= 1
    seed : of the first weights

    Returns
    -------
    A functional model, not compiled, from float32 in [0, 1] to logits, (rows, columns, classes), or
    for a binary network to one probability. Rows and columns may be left open.
    Its last layer is called "head".
    """

    def __call__(
        self, input_shape: tuple[int, int, int], classes: int, *, filters: int, seed: int
    ) -> keras.Model: ...


_BUILDS: dict[str, Build] = {
    "unet_fast": unet_fast.build,
    "unet_norm": unet_norm.build,
    "unet": unet.build,
    "encoder_decoder": encoder_decoder.build,
}


def build(
    id: str, input_shape: tuple[int, int, int], classes: int, *, filters: int, seed: int = 0
) -> keras.Model:
    """The network of an id, with fresh weights; see `Build`.

    Raises
    ------
    UsageError
        Where the catalogue has no such network.
    """
    return _BUILDS[network(id).id](input_shape, classes, filters=filters, seed=seed)
