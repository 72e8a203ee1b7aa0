"""The run's log: what the trainer process prints, without TensorFlow's banner, and small.

`trainer_client` feeds it. The messages of the protocol never come here.
"""

from __future__ import annotations

import os
import re
import threading
from contextlib import suppress
from pathlib import Path

from segdesk.core.durable_files import put_all
from segdesk.core.regular_file import new_regular
from segdesk.errors import TrainingError
from segdesk.sentence import Sentence

LIMIT = 2 * 1024 * 1024
HEAD, TAIL = LIMIT // 8, LIMIT // 4
_GAP = b"... lines are left out here, because the log grew too long ...\n"
#: Longest hint that is handed on, in characters.
HINT = 300
#: What TensorFlow says at each start, TF_CPP_MIN_LOG_LEVEL=3 or not, about nothing that is wrong.
#: oneDNN stays on because a U-Net's step takes twice as long without it.
_BANNER = re.compile(
    rb"oneDNN custom operations are on"
    rb"|All log messages before absl::InitializeLog\(\)"
    rb"|Could not find cuda drivers"
    rb"|[Ff]ailed call to cuInit"
    rb"|Unable to register cu\w+ factory"
    rb"|computation placer already registered"
    rb"|This TensorFlow binary is optimized"
    rb"|To enable the following instructions:"
)
_QUOTED_PATH = re.compile(r"""(['"])[^'"]*[/\\][^'"]*\1""")
_BARE_PATH = re.compile(r"(?<![\w.…])(?:[A-Za-z]:)?[/\\]\S.*")


class Log:
    """The file, its head and its tail. Owned by one client; any thread may write.

    A line that the disk refuses is dropped without a word: a full disk must not block the child,
    and the trainer says itself what it cannot write.

    Parameters
    ----------
    path : made anew; its folder is made
    limit, head, tail : bytes. When the file outgrows `limit`, its first `head` and last `tail`
        bytes are kept, whole lines each, with a gap between them

    Raises
    ------
    TrainingError
        Where the file cannot be made.
    """

    def __init__(
        self, path: Path, *, limit: int = LIMIT, head: int = HEAD, tail: int = TAIL
    ) -> None:
        if head + 2 * tail > limit:  # a tail may not reach back over the last gap
            raise ValueError(f"expected head + 2 * tail <= limit, received {head}, {tail}, {limit}")
        self._limit, self._head, self._tail = limit, head, tail
        self._last = b""
        self._writing = threading.Lock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = new_regular(path)
        except OSError as error:
            raise TrainingError(
                Sentence(
                    "The run's log could not be written: {reason}.",
                    reason=error.strerror or Sentence("the system refused"),
                ),
                "See that the project's disk has room and may be written to.",
            ) from error

    def __enter__(self) -> Log:
        return self

    def __exit__(self, *_: object) -> None:
        with self._writing:
            self._file.close()

    @property
    def hint(self) -> str:
        """The last line that says something, without paths: those may hold a patient's name."""
        # Of a progress bar, only its last state.
        text = self._last.decode(errors="replace").strip().rpartition("\r")[2]
        text = _QUOTED_PATH.sub("'…'", text)
        return _BARE_PATH.sub("…", text)[:HINT]

    def write(self, line: bytes) -> None:
        """Append a line, unless it belongs to the banner or the log is closed."""
        if _BANNER.search(line):
            return
        with self._writing:
            # Indented lines are source lines and frames of a traceback; the error itself is not.
            if line.strip() and not line[:1].isspace():
                self._last = line
            if not self._file.closed:
                with suppress(OSError):
                    self._append(line if line.endswith(b"\n") else line + b"\n")

    def _append(self, line: bytes) -> None:
        put_all(self._file, line)
        if self._file.tell() > self._limit:
            self._shorten()

    def _shorten(self) -> None:
        size = self._file.tell()
        self._file.seek(0)
        head = self._file.read(self._head) or b""
        head = head[: head.rfind(b"\n") + 1]
        self._file.seek(size - self._tail)
        tail = self._file.read(self._tail) or b""
        tail = tail[tail.find(b"\n") + 1 :]
        self._head = len(head)  # next time too the gap lies here
        self._file.seek(len(head))
        put_all(self._file, _GAP + tail)
        self._file.truncate()
        self._file.seek(0, os.SEEK_END)
