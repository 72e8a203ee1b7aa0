"""The U-Net as it was published: no convolution is padded, so it answers for the middle of what it
sees.

The border that it needs is mirrored (`geometry.Frame`), as in the paper, whose 572 pixels answer
for 388. Rows and columns are left open, so one traced step serves every size. Of the dropout "at
the end of the contracting path" the paper gives no rate; half is what the authors' code has.

Reference: Ronneberger, Fischer, Brox, "U-Net", MICCAI 2015; 31,030,658 parameters with 64 filters,
one channel and two classes.
"""

# Keras types initialisers as strings and a layer's result as a list.
# pyright: reportArgumentType=false

from __future__ import annotations

from itertools import count

import keras
from keras import layers

#: Of the two lowest levels' features.
DROPOUT = 0.5
#: Filters of the contracting levels and the bottom, as multiples of the first level's.
LEVELS = (1, 2, 4, 8, 16)


def build(
    input_shape: tuple[int, int, int], classes: int, *, filters: int, seed: int
) -> keras.Model:
    """Build it; see `registry.Build`. Rows and columns are not looked at."""
    seeds = count(seed)

    def convolved(x: keras.KerasTensor, size: int, *, side: int = 3) -> keras.KerasTensor:
        he = keras.initializers.HeNormal(next(seeds))
        return layers.Conv2D(size, side, activation="relu", kernel_initializer=he)(x)

    x = inputs = keras.Input((None, None, input_shape[2]))
    skips: list[keras.KerasTensor] = []
    for level, multiple in enumerate(LEVELS):
        x = convolved(convolved(x, multiple * filters), multiple * filters)
        if level >= len(LEVELS) - 2:
            x = layers.Dropout(DROPOUT, seed=next(seeds))(x)
        if level < len(LEVELS) - 1:
            skips.append(x)
            x = layers.MaxPooling2D()(x)
    # Pixels that a skip has more on each side than what comes from below: two convolutions take
    # two, and twice as large all of it is twice as much.
    more = 0
    for multiple, skip in zip(reversed(LEVELS[:-1]), reversed(skips), strict=True):
        more = 2 * (more + 2)
        he = keras.initializers.HeNormal(next(seeds))
        x = layers.Conv2DTranspose(multiple * filters, 2, strides=2, kernel_initializer=he)(x)
        x = layers.Concatenate()([layers.Cropping2D(more)(skip), x])
        x = convolved(convolved(x, multiple * filters), multiple * filters)
        more += 2
    glorot = keras.initializers.GlorotUniform(next(seeds))
    x = layers.Conv2D(classes, 1, kernel_initializer=glorot, name="head")(x)
    return keras.Model(inputs, x, name="unet_2015")
