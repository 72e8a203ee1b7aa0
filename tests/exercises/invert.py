"""Inverted: what is bright becomes dark."""

from __future__ import annotations

import numpy as np

from segdesk.app.screen.image_looks.look import ImageLook
from segdesk.sentence import Sentence

INVERT = ImageLook(
    "invert",
    Sentence("Inverted"),
    Sentence("What is bright becomes dark"),
    "Ctrl+U",
    np.arange(255, -1, -1, dtype=np.uint8),
)
