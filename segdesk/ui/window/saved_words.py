"""What the status line says about the project on disk; no more than is true."""

from __future__ import annotations

import time
from dataclasses import dataclass

from segdesk.ui.flows.session import Session
from segdesk.ui.look.read_only import why_read_only
from segdesk.ui.look.translations import tr


@dataclass(frozen=True, slots=True)
class SavedWords:
    """A few words, a whole sentence for the tooltip, and the style sheet's role."""

    text: str
    sentence: str = ""
    role: str = "dim"


def saved_words(session: Session) -> SavedWords:
    """The state of today; empty without a project."""
    workbench = session.workbench
    if workbench is None:
        return SavedWords("")
    if why_not := why_read_only(workbench):
        return SavedWords(tr("read only: nothing is saved"), why_not)
    if workbench.folder.why_gone() is not None:
        return SavedWords(tr("not saved: see the message"), session.journal.what_is_kept(), "bad")
    if session.is_saving:
        return SavedWords(tr("Saving…"))
    journal = session.journal
    if journal.waiting:
        words = tr("the last changes ({n}) are not on the disk", n=journal.waiting)
        return SavedWords(words, journal.what_is_kept(), "bad")
    if journal.trouble:
        words = tr("not saved, and the disk refused the journal: save again")
        return SavedWords(words, f"{journal.trouble} {journal.what_is_kept()}", "bad")
    if workbench.has_unsaved:
        return SavedWords(tr("recovery copy up to date"), journal.what_is_kept())
    if workbench.last_saved is not None:
        past = time.monotonic() - workbench.last_saved
        return SavedWords(tr("saved {time}", time=clock(time.time() - past)))
    return SavedWords(tr("saved"))


def clock(at: float) -> str:
    """When it was, with the day where that is not today.

    Parameters
    ----------
    at : seconds since the epoch
    """
    then, today = time.localtime(at), time.localtime(time.time())
    return time.strftime("%H:%M" if then[:3] == today[:3] else "%Y-%m-%d %H:%M", then)
