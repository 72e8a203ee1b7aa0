"""The U-Net as the U-Net tutorial builds it: padded convolutions, dropout at the bottom.

Reference: Ronneberger, Fischer, Brox, "U-Net", MICCAI 2015; 8,639,202 parameters with 32 filters,
one channel and two classes.
"""

# Keras types initialisers as strings and a layer's result as a list.
# pyright: reportArgumentType=false

from __future__ import annotations

from itertools import count

import keras
from keras import layers

#: Of the two lowest levels' features.
DROPOUT = 0.3
#: Filters of the contracting levels and the bottom, as multiples of the first level's.
LEVELS = (1, 2, 4, 8, 16)


def build(
    input_shape: tuple[int, int, int], classes: int, *, filters: int, seed: int
) -> keras.Model:
    """Build it; see `registry.Build`."""
    seeds = count(seed)

    def twice(x: keras.KerasTensor, size: int) -> keras.KerasTensor:
        for _ in range(2):
            x = _convolution(size, next(seeds))(x)
        return x

    x = inputs = keras.Input(input_shape)
    skips: list[keras.KerasTensor] = []
    for level, multiple in enumerate(LEVELS):
        x = twice(x, multiple * filters)
        if level >= len(LEVELS) - 2:
            x = layers.Dropout(DROPOUT, seed=next(seeds))(x)
        if level < len(LEVELS) - 1:
            skips.append(x)
            x = layers.MaxPooling2D()(x)
    for multiple, skip in zip(reversed(LEVELS[:-1]), reversed(skips), strict=True):
        glorot = keras.initializers.GlorotUniform(next(seeds))
        x = layers.Conv2DTranspose(
            multiple * filters, 3, strides=2, padding="same", kernel_initializer=glorot
        )(x)
        x = twice(layers.Concatenate()([x, skip]), multiple * filters)
    x = _convolution(filters, next(seeds))(x)
    glorot = keras.initializers.GlorotUniform(next(seeds))
    x = layers.Conv2D(classes, 1, kernel_initializer=glorot, name="head")(x)
    return keras.Model(inputs, x, name="unet")


def _convolution(size: int, seed: int) -> layers.Conv2D:
    return layers.Conv2D(
        size,
        3,
        padding="same",
        activation="relu",
        kernel_initializer=keras.initializers.HeNormal(seed),
    )
