"""The message that stands over the scan while something of the work is not on the disk.

One for all of it: its words change where it stands with each stroke, each try of the disk and each
save, and it goes by itself. What is known comes from `journal_sync`, the words from `kept_words`.
"""

from __future__ import annotations

from PySide6.QtCore import QObject

from segdesk.ui.banner import Banner
from segdesk.ui.journal_sync import JournalSync
from segdesk.ui.kept_words import kept_words

#: What the message is about, for the banner.
NOT_ON_THE_DISK = "not_on_the_disk"


class DiskMessage(QObject):
    """Owned by the window; lives on the GUI thread."""

    def __init__(self, journal: JournalSync, banner: Banner, parent: QObject) -> None:
        super().__init__(parent)
        self._journal = journal
        self._banner = banner
        journal.changed.connect(self._show)

    def _show(self) -> None:
        sentence, hint = kept_words(self._journal.kept)
        if sentence:
            self._banner.stand(NOT_ON_THE_DISK, sentence, hint)
        else:
            self._banner.stand_down(NOT_ON_THE_DISK)
