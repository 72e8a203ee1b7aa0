"""Messages that float over a corner of the scan: notes, offers, and what failed in the background.

They take no room from the picture, no key and no running stroke, so that nothing under the hand
moves when one comes up. Notes leave by themselves, and so do offers that nobody waits for; other
offers and warnings stay until they are read;
what stands is true for as long as it is there, lowest of all, and goes when it is true no more.
Decisions that cannot wait are dialogs; what is true for a moment belongs to the status line.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import QElapsedTimer, QEvent, QObject, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from segdesk.ui.look.as_written import caption
from segdesk.ui.look.icons import icon
from segdesk.ui.look.sizes import scaled
from segdesk.ui.look.theme import GRID, RADIUS, Tokens
from segdesk.ui.look.translations import tr
from segdesk.ui.widgets.labels import label

Kind = Literal["note", "offer", "warning", "standing"]
#: Width of the messages, and their distance from the right, where the strip of slices stands, and
#: from below, in pixels.
WIDTH, RIGHT, BELOW = 96 * GRID, 10 * GRID, 3 * GRID
#: A note leaves after this long, in milliseconds, unless the pointer rests on it.
LEAVES_AFTER_MS = 20_000
#: An offer that may leave gives more time to decide.
OFFER_LEAVES_AFTER_MS = 60_000
#: A press this soon after a message came up was meant for what lay there before, in milliseconds.
ARMED_AFTER_MS = 600


@dataclass(frozen=True, slots=True)
class Offer:
    """Something that can be done about a message.

    Parameters
    ----------
    id : objectName of its button
    sentence : what happened
    text : of the button
    chosen : done by the button; the message leaves then
    dropped : done where the message is closed instead
    stays : until it is answered; else it leaves by itself, as if it had been closed
    """

    id: str
    sentence: str
    text: str
    chosen: Callable[[], object]
    dropped: Callable[[], object] = lambda: None
    stays: bool = True


class _Message(QFrame):
    """One message: its sentence, a hint, a button, and a cross."""

    left = Signal(object)
    #: A press that came too soon after it came up, and was not taken.
    surprised = Signal()

    def __init__(
        self, kind: Kind, sentence: str, hint: str, offer: Offer | None, tokens: Tokens
    ) -> None:
        super().__init__()
        self.setObjectName("message")
        self.setAccessibleName(f"{sentence} {hint}".strip())
        self.sentence, self.hint, self.offer, self.kind = sentence, hint, offer, kind
        self._age = QElapsedTimer()
        self._age.start()
        self._leave = QTimer(self)
        self._leave.setSingleShot(True)
        self._leave.setInterval(LEAVES_AFTER_MS if offer is None else OFFER_LEAVES_AFTER_MS)
        self._leave.timeout.connect(self._time_is_up)
        if kind == "note" or (kind == "offer" and offer is not None and not offer.stays):
            self._leave.start()
        words = QVBoxLayout()
        words.setSpacing(GRID // 2)
        self._sentence = _plain(sentence, "message_sentence")
        words.addWidget(self._sentence)
        self._advice = _plain(hint, "message_advice", role="dim") if hint else None
        if self._advice is not None:
            words.addWidget(self._advice)
        if offer is not None:
            words.addWidget(self._offer_button(offer), 0, Qt.AlignmentFlag.AlignLeft)
        self._cross = QToolButton()
        self._cross.setObjectName("close_banner")
        self._cross.setAccessibleName(tr("Close the message"))
        self._cross.setToolTip(tr("Close"))
        self._cross.setProperty("role", "icon")
        self._cross.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._cross.clicked.connect(lambda: self._done(self._close))
        if kind == "standing":
            self._cross.hide()
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(3 * GRID, 2 * GRID, GRID, 2 * GRID)
        self._row.addLayout(words, 1)
        self._row.addWidget(self._cross, 0, Qt.AlignmentFlag.AlignTop)
        self.set_tokens(tokens)

    def change(self, sentence: str, hint: str) -> None:
        """Other words about the same thing."""
        self.sentence, self.hint = sentence, hint
        self.setAccessibleName(f"{sentence} {hint}")
        self._sentence.setText(sentence)
        if self._advice is not None:
            self._advice.setText(hint)
        # At once: whoever asks how high it is gets the height of these words.
        self._row.activate()

    def _offer_button(self, offer: Offer) -> QPushButton:
        button = QPushButton(caption(offer.text))
        button.setObjectName(offer.id)
        button.setAccessibleName(offer.text)
        button.setProperty("role", "link")
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.clicked.connect(lambda: self._done(offer.chosen))
        return button

    def _done(self, then: Callable[[], object]) -> None:
        if not self._is_armed():
            return
        if self.kind != "standing":
            self.left.emit(self)
        then()

    def _close(self) -> None:
        if self.offer is not None:
            self.offer.dropped()

    def _time_is_up(self) -> None:
        if self.underMouse():
            self._leave.start()
        else:
            self.left.emit(self)
            self._close()

    def _is_armed(self) -> bool:
        """Whether a press can have been meant for it; else it is said that nothing was done."""
        armed = self._age.elapsed() >= ARMED_AFTER_MS
        if not armed:
            self.surprised.emit()
        return armed

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Nothing lies under a message that a press could mean."""
        self._is_armed()
        event.accept()

    def set_tokens(self, tokens: Tokens) -> None:
        self._cross.setIcon(icon("close", tokens))
        edge = tokens.warn if self.kind in ("warning", "standing") else tokens.accent
        self.setStyleSheet(
            f"QFrame#message {{ background: {tokens.raised}; border: 1px solid {tokens.line}; "
            f"border-left: 3px solid {edge}; border-radius: {RADIUS}px; }}"
        )


class _Resizes(QObject):
    """Calls something whenever what it watches has another size."""

    def __init__(self, then: Callable[[], None], parent: QObject) -> None:
        super().__init__(parent)
        self._then = then

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self._then()
        return False


class Banner(QScrollArea):
    """Hidden until it has something to say; the newest message stands lowest, above what stands.

    Parameters
    ----------
    host : over whose lower right corner it floats
    """

    #: For the status line: a press met a message that had just come up.
    said = Signal(str)

    def __init__(self, host: QWidget, tokens: Tokens) -> None:
        super().__init__(host)
        self.setObjectName("banner")
        self.setAccessibleName(tr("Messages"))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWidgetResizable(True)
        self.setStyleSheet("QScrollArea#banner, QWidget#messages { background: transparent; }")
        self._host = host
        self._tokens = tokens
        self._messages: list[_Message] = []
        #: By what they are about: those that stand, below all others.
        self._standing: dict[str, _Message] = {}
        inside = QWidget()
        inside.setObjectName("messages")
        self._rows = QVBoxLayout(inside)
        self._rows.setContentsMargins(0, 0, 0, 0)
        self._rows.setSpacing(GRID)
        self.setWidget(inside)
        # Where there are more than fit, the lowest is in sight.
        bar = self.verticalScrollBar()
        bar.rangeChanged.connect(lambda _, lowest: bar.setValue(lowest))
        self._watch = _Resizes(self._place, self)
        host.installEventFilter(self._watch)
        self.hide()

    @property
    def text(self) -> str:
        """Every sentence that stands there, a line each."""
        return "\n".join(message.sentence for message in self._messages)

    def say(self, sentence: str) -> None:
        """A note, once; it leaves by itself."""
        self._say("note", sentence)

    def offer(self, offer: Offer) -> None:
        """A note about which something can be done."""
        self._add("offer", offer.sentence, offer=offer)

    def warn(self, sentence: str, hint: str = "", offer: Offer | None = None) -> None:
        """What went wrong, and the next step; stays until it is closed."""
        if offer is None:
            self._say("warning", sentence, hint)
        else:
            self._add("warning", sentence, hint, offer)

    def stand(self, id: str, sentence: str, hint: str, offer: Offer | None = None) -> None:
        """Say what is true until `stand_down`; said again, its words change where they stand.

        Parameters
        ----------
        id : what it is about
        offer : what can be done about it; its button stays as it is while the message stands
        """
        message = self._standing.get(id)
        if message is None:
            self._standing[id] = self._add("standing", sentence, hint, offer)
        elif (message.sentence, message.hint) != (sentence, hint):
            message.change(sentence, hint)
            self._place()

    def stand_down(self, id: str) -> None:
        """What was said under this id is true no more."""
        message = self._standing.pop(id, None)
        if message is not None:
            self._remove(message)

    def clear(self) -> None:
        """Everything was read, or is no longer about anything; what stands is still true."""
        for message in tuple(self._messages):
            if message.kind != "standing":
                self._remove(message)

    def drop_notes(self, beginning: str) -> None:
        """Notes that begin so go: what they are about is said better by another message."""
        self._drop("note", beginning)

    def drop_warnings(self, beginning: str) -> None:
        """Warnings that begin so are true no more."""
        self._drop("warning", beginning)

    def _drop(self, kind: Kind, beginning: str) -> None:
        for message in tuple(self._messages):
            if message.kind == kind and message.sentence.startswith(beginning):
                self._remove(message)

    def has_offer(self, id: str) -> bool:
        """Whether an offer of that id waits for an answer."""
        return any(row.offer is not None and row.offer.id == id for row in self._messages)

    def take_back(self, id: str) -> None:
        """The offer of that id can no longer be taken."""
        for message in tuple(self._messages):
            is_its = message.offer is not None and message.offer.id == id
            if is_its and message.kind != "standing":
                self._remove(message)

    def set_tokens(self, tokens: Tokens) -> None:
        self._tokens = tokens
        for message in self._messages:
            message.set_tokens(tokens)

    def _say(self, kind: Kind, sentence: str, hint: str = "") -> None:
        """Once, for as long as it is to be read."""
        if all(message.sentence != sentence for message in self._messages):
            self._add(kind, sentence, hint)

    def _add(
        self, kind: Kind, sentence: str, hint: str = "", offer: Offer | None = None
    ) -> _Message:
        message = _Message(kind, sentence, hint, offer, self._tokens)
        message.left.connect(self._remove)
        message.surprised.connect(self._surprised)
        below = 0 if kind == "standing" else len(self._standing)
        self._messages.insert(len(self._messages) - below, message)
        self._rows.insertWidget(self._rows.count() - below, message)
        # A row that is not shown yet counts for nothing in the height.
        message.show()
        self._place()
        return message

    def _remove(self, message: _Message) -> None:
        if message not in self._messages:
            # Its time was up while it was going.
            return
        self._messages.remove(message)
        self._rows.removeWidget(message)
        message.hide()
        message.deleteLater()
        self._place()

    def _surprised(self) -> None:
        self.said.emit(tr("A message had just come up under the pointer, so nothing was done."))

    def _place(self) -> None:
        """In the host's corner, as large as it needs to be and at most half as high as the host."""
        if not self._messages:
            self.hide()
            return
        width = min(scaled(WIDTH), self._host.width() - 2 * RIGHT)
        height = min(self._rows.totalHeightForWidth(width), self._host.height() // 2)
        self.setGeometry(
            self._host.width() - width - RIGHT,
            self._host.height() - height - BELOW,
            width,
            height,
        )
        self.show()
        self.raise_()

    def sizeHint(self) -> QSize:
        return self.size()


def _plain(text: str, id: str, *, role: str = "") -> QLabel:
    """Words of a message, on as many lines as they need."""
    made = label(text, role)
    made.setObjectName(id)
    made.setWordWrap(True)
    return made
