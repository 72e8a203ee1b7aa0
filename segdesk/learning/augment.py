"""How a slice is changed before it teaches: the draws; the arithmetic is in `ops.warp`.

Runs on the feed's threads. One seed and one place in the order give one result, whichever thread
gets there first.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from segdesk.ops.warp import KNOTS, Motion, blur, move

Image = npt.NDArray[np.float32]
Target = npt.NDArray[np.uint8]
Incomplete = npt.NDArray[np.float32]

#: Largest draws at strength 1; the default strength is half of it.
SHIFT = 0.2
ANGLE = np.deg2rad(30.0)
LOG_SCALE = 0.3
BEND = 0.04
LOG_GAMMA = 0.6
NOISE = 0.06
BLUR_PIXELS = 1.5
#: Share of the slices that are moved, bent, recoloured, made noisy and blurred.
MOVED, BENT, GAMMA, NOISY, BLURRED = 0.8, 0.2, 0.3, 0.15, 0.1


def swap_table(partners: tuple[tuple[int, int], ...]) -> Target | None:
    """Class of each class after a mirror, uint8, (256,), or None where nothing is swapped.

    Parameters
    ----------
    partners : pairs of classes that are each other's left and right
    """
    if not partners:
        return None
    table = np.arange(256, dtype=np.uint8)
    for first, second in partners:
        table[first], table[second] = second, first
    return table


def augmented(
    image: Image,
    target: Target,
    incomplete: Incomplete,
    generator: np.random.Generator,
    *,
    strength: float,
    swap: Target | None = None,
) -> tuple[Image, Target, Incomplete]:
    """A slice as it might also have looked.

    Parameters
    ----------
    image : float32 in [0, 1], (rows, columns), or in colour (rows, columns, 3)
    target : uint8, (rows, columns)
    incomplete : float32, (classes,), 1 for each class that the slice is not complete for
    strength : 0 (as it is) to 1
    swap : from `swap_table`

    Returns
    -------
    Image in [0, 1] and target, new arrays; what came in from outside is 255 in the target. What a
    mirrored slice is not complete for is swapped as its labels are
    """
    if strength == 0:
        return image, target, incomplete
    motion = _motion(generator, max(image.shape[:2]), strength)
    image, target = move(image, target, motion)
    if motion.mirror and swap is not None:
        target = swap[target]
        incomplete = incomplete[swap[: len(incomplete)]]
    return _recoloured(image, generator, strength), target, incomplete


def _motion(generator: np.random.Generator, side: int, strength: float) -> Motion:
    mirror = bool(generator.random() < 0.5)
    if generator.random() >= MOVED:
        return Motion(mirror=mirror)
    rows, columns, angle, scale = generator.uniform(-strength, strength, 4)
    bend = None
    if generator.random() < BENT:
        knots = generator.uniform(-1, 1, (2, KNOTS, KNOTS))
        bend = (knots * BEND * strength * side).astype(np.float32)
    return Motion(
        shift=(SHIFT * rows, SHIFT * columns),
        angle=ANGLE * angle,
        scale=float(np.exp(LOG_SCALE * scale)),
        mirror=mirror,
        bend=bend,
    )


def _recoloured(image: Image, generator: np.random.Generator, strength: float) -> Image:
    if generator.random() < GAMMA:
        gamma = np.exp(LOG_GAMMA * generator.uniform(-strength, strength))
        image = np.power(image, np.float32(gamma))
    if generator.random() < BLURRED:
        image = blur(image, BLUR_PIXELS * strength * generator.random())
    if generator.random() < NOISY:
        noise = generator.standard_normal(image.shape, np.float32)
        noise *= np.float32(NOISE * strength * generator.random())
        image = np.clip(image + noise, np.float32(0), np.float32(1))
    return image
