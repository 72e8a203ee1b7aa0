"""Icons: line drawings in resources/icons, recoloured by the tokens."""

from __future__ import annotations

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from segdesk.core.resources import resource
from segdesk.ui.look.theme import Tokens

#: Drawn at this size and twice it; Qt scales between.
SIZE = 18


def icon(name: str, tokens: Tokens) -> QIcon:
    """An icon by the name of its file, in the text colour, dim where disabled.

    Raises
    ------
    FileNotFoundError
        Where there is no such icon: a bug.
    """
    made = QIcon()
    on_accent = "#0c0e12" if tokens.is_dark else "#ffffff"
    for mode, state, colour in (
        (QIcon.Mode.Normal, QIcon.State.Off, tokens.text),
        (QIcon.Mode.Normal, QIcon.State.On, on_accent),
        (QIcon.Mode.Disabled, QIcon.State.Off, tokens.dim),
    ):
        for scale in (1, 2):
            made.addPixmap(pixmap(name, colour, scale=scale), mode, state)
    return made


def pixmap(name: str, colour: str, *, size: int = SIZE, scale: int = 1) -> QPixmap:
    """An icon as a pixmap in one colour, `size` logical pixels square."""
    drawing = resource("icons", f"{name}.svg").read_text(encoding="utf-8")
    renderer = QSvgRenderer(QByteArray(drawing.replace("currentColor", colour).encode()))
    made = QPixmap(size * scale, size * scale)
    made.setDevicePixelRatio(scale)
    made.fill(Qt.GlobalColor.transparent)
    painter = QPainter(made)
    renderer.render(painter, QRectF(0, 0, size, size))
    painter.end()
    return made
