"""Compressed frames to pixels by a process of its own: the `Decoder`.

`decoder_child` is the other side; why it is another process stands there. A stream that ends the
process or keeps it busy for too long is a damaged stream, like any other.
"""

from __future__ import annotations

import subprocess
import sys
import threading
import weakref
from contextlib import suppress
from typing import IO, Any, cast

import numpy.typing as npt

from segdesk.formats.frames import Frame, read_answer, write_frame
from segdesk.jobs.command import own_command

#: A frame of 512² takes 10 ms; the first waits until the process has loaded its libraries.
PATIENCE_S = 60.0
_FLAGS = subprocess.CREATE_NO_WINDOW if sys.platform == "win32" else 0


class Decoder:
    """Decodes frames one after the other. Owned by one thread; its process ends with it."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._ending: weakref.finalize[..., Decoder] | None = None

    def decode(self, frame: Frame) -> npt.NDArray[Any]:
        """Stored pixels, (rows, columns).

        Raises
        ------
        ValueError
            Where the frame is damaged.
        OSError
            Where the process cannot be started.
        """
        process = self._process or self._start()
        impatience = threading.Timer(PATIENCE_S, process.kill)
        impatience.daemon = True
        impatience.start()
        try:
            write_frame(cast("IO[bytes]", process.stdin), frame)
            pixels = read_answer(cast("IO[bytes]", process.stdout))
        except (OSError, EOFError) as error:
            self._end()
            raise ValueError("the stream ended its decoder") from error
        finally:
            impatience.cancel()
            impatience.join()
        if pixels is None:
            raise ValueError("the stream is damaged")
        return pixels

    def _start(self) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            own_command("decoder"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            creationflags=_FLAGS,
        )
        self._process = process
        self._ending = weakref.finalize(self, _bury, process)
        return process

    def _end(self) -> None:
        self._process = None
        if self._ending is not None:
            self._ending()


def _bury(process: subprocess.Popen[bytes]) -> None:
    """End the process and wait until it is gone; it has nothing that could be lost."""
    process.kill()
    with suppress(OSError):  # what it has not read is not flushed any more
        cast("IO[bytes]", process.stdin).close()
    cast("IO[bytes]", process.stdout).close()
    process.wait()
