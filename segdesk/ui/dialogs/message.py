"""One sentence, a hint and a few buttons: errors, bugs, and decisions between two ways."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QPlainTextEdit, QPushButton, QWidget

from segdesk.errors import SegdeskError
from segdesk.ui.dialogs.dialog import Dialog, sentence
from segdesk.ui.look.sizes import scaled
from segdesk.ui.look.theme import GRID
from segdesk.ui.look.translations import tr, translated

#: Width of a message, in pixels: a line that an eye follows without losing it.
WIDTH = 440


@dataclass(frozen=True, slots=True)
class Choice:
    """A button of a message: its id, what it says, what it does, and its role."""

    id: str
    text: str
    chosen: Callable[[], object]
    role: str = ""


def show_message(
    parent: QWidget | None,
    id: str,
    title: str,
    text: str,
    *,
    hint: str = "",
    details: str = "",
    choices: tuple[Choice, ...] = (),
) -> Dialog:
    """Show a message; every choice closes it. Without choices there is one button, Close.

    The choice with a role has the focus, so that a Space does no more than a Return.
    """
    dialog = Dialog(id, title, parent)
    dialog.setMinimumWidth(scaled(WIDTH))
    said = sentence(text)
    said.setObjectName("message_text")
    dialog.rows.addWidget(said)
    if hint:
        advice = sentence(hint, role="dim")
        advice.setObjectName("message_hint")
        dialog.rows.addWidget(advice)
    if details:
        box = QPlainTextEdit(details)
        box.setObjectName("message_details")
        box.setAccessibleName(tr("Details"))
        box.setReadOnly(True)
        box.setMinimumSize(WIDTH + 40 * GRID, 50 * GRID)
        dialog.rows.addWidget(box)
    preferred: QPushButton | None = None
    for choice in choices:
        pressed = _closing(dialog, choice.chosen)
        button = dialog.add_button(choice.id, choice.text, pressed, role=choice.role)
        preferred = button if choice.role else preferred
    if not choices:
        dialog.add_button("close_message", tr("Close"), dialog.accept, role="primary")
    dialog.end_rows()
    if preferred is not None:
        preferred.setFocus()
    dialog.open()
    return dialog


def show_error(parent: QWidget | None, error: SegdeskError) -> Dialog:
    """What a user can mend: the sentence, and the next step."""
    return show_message(
        parent,
        "error_dialog",
        tr("This did not work"),
        translated(error.sentence),
        hint=translated(error.hint),
    )


def show_bug(
    parent: QWidget | None, traceback_text: str, log_file: str, what_is_kept: str = ""
) -> Dialog:
    """A bug: said plainly, with what those who mend it need.

    Parameters
    ----------
    what_is_kept : what is true now of the work so far; empty where no project is open
    """
    log_words = tr("The log is in {file}.", file=log_file) if log_file else ""
    hint = " ".join(filter(None, (what_is_kept, log_words)))

    def copy() -> None:
        QGuiApplication.clipboard().setText(traceback_text)

    return show_message(
        parent,
        "bug_dialog",
        tr("A bug in segdesk"),
        tr("segdesk has a bug, and something was not done. The window goes on."),
        hint=hint,
        details=traceback_text,
        choices=(
            Choice("copy_bug", tr("Copy and close"), copy),
            Choice("close_bug", tr("Close"), lambda: None, "primary"),
        ),
    )


def _closing(dialog: Dialog, chosen: Callable[[], object]) -> Callable[[], None]:
    def pressed() -> None:
        dialog.accept()
        chosen()

    return pressed
