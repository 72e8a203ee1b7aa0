"""Where each sentence goes: for a moment into the status line, over a corner, or into a dialog."""

from __future__ import annotations

from PySide6.QtCore import QObject

from segdesk.app.signal_errors import unwrapped
from segdesk.errors import Cancelled, SegdeskError, UsageError
from segdesk.ui.faults import Faults
from segdesk.ui.flows.session import Session
from segdesk.ui.look.translations import translated
from segdesk.ui.widgets.banner import Banner
from segdesk.ui.window.status_line import StatusLine


class Messages(QObject):
    """Owned by the window; lives on the GUI thread.

    Parameters
    ----------
    session : says whether a scan is on screen, in front of which no dialog may come
    status, banner, faults : the three places
    """

    def __init__(
        self,
        parent: QObject,
        session: Session,
        status: StatusLine,
        banner: Banner,
        faults: Faults,
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._status = status
        self._banner = banner
        self._faults = faults
        banner.said.connect(self.say)
        faults.said.connect(self.say)

    def say(self, sentence: str) -> None:
        """Put a sentence into the status line for a moment."""
        self._status.say(sentence)

    def show_failure(self, error: Exception) -> None:
        """What a task failed with: no dialog may come between a hand and the scan it works on."""
        cause = unwrapped(error)
        if (
            isinstance(cause, SegdeskError)
            and not isinstance(cause, Cancelled | UsageError)
            and self._session.case_id is not None
        ):
            self._banner.warn(translated(cause.sentence), translated(cause.hint))
        else:
            self._faults.show_error(error)
