"""The theme in use: tokens, palette and style sheet of the application, changed while it runs."""

from __future__ import annotations

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QApplication

from segdesk.app.settings import Theme
from segdesk.ui.look.preferences import Preferences
from segdesk.ui.look.style import palette, style_sheet
from segdesk.ui.look.theme import DARK, LIGHT, Tokens


class Looks(QObject):
    """Owned by the application; follows the settings and, where they say so, the system."""

    #: `tokens` are others now; widgets that paint themselves take them.
    changed = Signal()

    def __init__(self, application: QApplication, preferences: Preferences) -> None:
        super().__init__(application)
        self._application = application
        self._preferences = preferences
        self._tokens: Tokens | None = None
        application.setStyle("fusion")
        preferences.changed.connect(self.apply)
        application.styleHints().colorSchemeChanged.connect(self.apply)
        self.apply()

    @property
    def tokens(self) -> Tokens:
        return self._tokens or DARK

    def apply(self) -> None:
        """Use the theme that the settings name, where it is not in use."""
        tokens = self._wanted(self._preferences.now.theme)
        if tokens is self._tokens:
            return
        self._tokens = tokens
        self._application.setPalette(palette(tokens))
        self._application.setStyleSheet(style_sheet(tokens))
        self.changed.emit()

    def _wanted(self, theme: Theme) -> Tokens:
        if theme == "system":
            scheme = self._application.styleHints().colorScheme()
            return LIGHT if scheme == Qt.ColorScheme.Light else DARK
        return LIGHT if theme == "light" else DARK
