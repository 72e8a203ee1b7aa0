"""What every look of the image says: the `ImageLook`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True, eq=False)
class ImageLook:
    """Frozen; compares as itself.

    Parameters
    ----------
    id : of its row in the table of actions is `look_` and this
    name, tip : words, literals for translators
    key : in Qt's portable text, or empty
    levels : uint8, (256,): what each level becomes that the window has made, of each colour alike
    """

    id: str
    name: str
    tip: str
    key: str
    levels: npt.NDArray[np.uint8]
