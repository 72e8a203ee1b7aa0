"""All looks of the image, in the order of the menu; the first one is in use at start.

A new one is its file and a line here. Where there is but one, nobody is offered a choice.
"""

from __future__ import annotations

from segdesk.app.screen.image_looks.as_windowed import AS_WINDOWED
from segdesk.app.screen.image_looks.look import ImageLook

# fmt: off
IMAGE_LOOKS: tuple[ImageLook, ...] = (
    AS_WINDOWED,
)
# fmt: on
