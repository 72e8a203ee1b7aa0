"""From a network's id to its Keras model. `core.networks.CATALOGUE` says the rest about each."""

from __future__ import annotations

from typing import Protocol

import keras

from segdesk.core.networks import network
from segdesk.learning.networks import encoder_decoder, unet, unet_2015, unet_fast, unet_norm


class Build(Protocol):
    """What each network's file offers.

    Parameters
    ----------
    input_shape : (rows, columns, channels) of a slice, rows and columns as the catalogue's row has
        them, without its border; channels 1, or 3 in colour or with neighbours
    classes : background included, >= 2
    filters : of the first level, >= 1
    seed : of the first weights

    Returns
    -------
    A functional model, not compiled, from float32 in [0, 1], larger by the row's border on each
    side, to logits, (rows, columns, classes), or for a binary network to one probability. Rows and
    columns may be left open. What it needs in another form, such as the mean of ImageNet taken off
    or grey in three channels, its first layers do.
    Its last layer is called "head".
    """

    def __call__(
        self, input_shape: tuple[int, int, int], classes: int, *, filters: int, seed: int
    ) -> keras.Model: ...


_BUILDS: dict[str, Build] = {
    "unet_fast": unet_fast.build,
    "unet_norm": unet_norm.build,
    "unet": unet.build,
    "unet_2015": unet_2015.build,
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
