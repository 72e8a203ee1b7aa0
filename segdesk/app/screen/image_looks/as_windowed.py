"""As the window makes it: the look at start."""

from __future__ import annotations

import numpy as np

from segdesk.app.screen.image_looks.look import ImageLook
from segdesk.sentence import Sentence

AS_WINDOWED = ImageLook(
    "as_windowed",
    Sentence("Image as it is"),
    Sentence("The window alone says what is bright and what is dark"),
    "",
    np.arange(256, dtype=np.uint8),
)
