"""The message that stands over the scan while something of the work is not on the disk.

One for all of it: its words change where it stands with each stroke, each try of the disk and each
save, and it goes by itself. What is known comes from `journal_sync`, the words from `kept_words`.
"""

from __future__ import annotations

from PySide6.QtCore import QObject

from segdesk.ui.flows.elsewhere import SaveElsewhere
from segdesk.ui.flows.journal_sync import JournalSync
from segdesk.ui.look.kept_words import kept_words
from segdesk.ui.widgets.banner import Banner

#: What the message is about, for the banner.
NOT_ON_THE_DISK = "not_on_the_disk"


class DiskMessage(QObject):
    """Owned by the window; lives on the GUI thread."""

    def __init__(
        self, journal: JournalSync, banner: Banner, elsewhere: SaveElsewhere, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._journal = journal
        self._banner = banner
        self._elsewhere = elsewhere
        journal.changed.connect(self.look)
        journal.ended.connect(self.look)

    def look(self) -> None:
        """Say what is true now."""
        sentence, hint = kept_words(self._journal.kept, self._elsewhere.why_gone())
        if sentence:
            self._banner.stand(NOT_ON_THE_DISK, sentence, hint, self._elsewhere.offer())
        else:
            self._banner.stand_down(NOT_ON_THE_DISK)
