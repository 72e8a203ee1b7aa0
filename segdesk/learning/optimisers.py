"""Which optimiser a network of the catalogue learns with."""

from __future__ import annotations

import keras

from segdesk.core.networks import network
from segdesk.learning.flat_adam import FlatAdam


def optimiser_of(id: str, rate: float) -> keras.Optimizer:
    """Keras' Adam as in the tutorials, or averaged weights where the rate needs no end."""
    if network(id).schedule == "root":
        return FlatAdam(rate)
    return keras.optimizers.Adam(rate)
