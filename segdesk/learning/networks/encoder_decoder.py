"""The lung-CT tutorial's encoder-decoder: no skips, one segment, a sigmoid at the end.

It is here to be compared with. References: the Keras tutorial on the Kaggle set "Finding and
Measuring Lungs in CT Data"; 331,137 parameters with 32 filters and one channel.
"""

# Keras types initialisers as strings and a layer's result as a list.
# pyright: reportArgumentType=false

from __future__ import annotations

from itertools import count

import keras
from keras import layers


def build(
    input_shape: tuple[int, int, int], classes: int, *, filters: int, seed: int
) -> keras.Model:
    """Build it; see `registry.Build`. `classes` has to be 2, the output is one probability."""
    if classes != 2:
        raise ValueError(f"expected two classes, received classes={classes}")
    seeds = count(seed)

    def convolution(size: int, activation: str, name: str | None = None) -> layers.Conv2D:
        glorot = keras.initializers.GlorotUniform(next(seeds))
        return layers.Conv2D(
            size, 3, padding="same", activation=activation, kernel_initializer=glorot, name=name
        )

    x = inputs = keras.Input(input_shape)
    for size in (filters, 2 * filters, 4 * filters):
        x = layers.MaxPooling2D()(convolution(size, "relu")(x))
    # On the channel axis, as Keras applies it to a map: a 1x1 convolution.
    glorot = keras.initializers.GlorotUniform(next(seeds))
    x = layers.Dense(4 * filters, activation="relu", kernel_initializer=glorot)(x)
    for size in (4 * filters, 2 * filters):
        x = convolution(size, "sigmoid")(layers.UpSampling2D()(x))
    x = convolution(1, "sigmoid", "head")(layers.UpSampling2D()(x))
    return keras.Model(inputs, x, name="encoder_decoder")
