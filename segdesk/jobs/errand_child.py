"""The child's end of an errand: `serve` does the work that `errand.run` asks for, once.

What the work or its libraries print goes to stderr. The process does not outlive its parent.
"""

from __future__ import annotations

import os
import threading
import traceback
from collections.abc import Callable, Sequence

from segdesk.errors import SegdeskError
from segdesk.jobs.child import ORPHANED, die_with_parent, take_streams
from segdesk.jobs.errand_lines import (
    Answer,
    Fault,
    Progress,
    Rows,
    bug_of,
    decode_arguments,
    encode,
    fault_of,
)

#: Told how far it is: a sentence, done, total.
Tell = Callable[[str, int, int], None]
#: Gets the arguments and gives the answer; raises SegdeskError.
Work = Callable[[Sequence[str], Tell], Rows]


def serve(work: Work) -> None:
    """Read the arguments from stdin, do the work, and answer on stdout."""
    die_with_parent()
    asked, said = take_streams()
    with os.fdopen(asked, "rb") as arguments, os.fdopen(said, "wb") as answers:
        line = arguments.readline()
        threading.Thread(target=_leave_at_the_end, args=(asked,), daemon=True).start()

        def say(message: Progress | Answer | Fault) -> None:
            answers.write(encode(message))
            answers.flush()

        def tell(sentence: str, done: int, total: int) -> None:
            say(Progress(sentence, done, total))

        say(_done(work, decode_arguments(line), tell))
        # Who asked ends this process; till then its stdin stays open.
        threading.Event().wait()


def _done(work: Work, arguments: Sequence[str], tell: Tell) -> Answer | Fault:
    try:
        return Answer(work(arguments, tell))
    except SegdeskError as error:
        return fault_of(error)
    except Exception:  # noqa: BLE001 - the other end raises it
        return bug_of(traceback.format_exc())


def _leave_at_the_end(asked: int) -> None:
    """Nothing more comes on stdin: its end means that the parent is gone."""
    try:
        while os.read(asked, 4096):
            pass
    except OSError:  # Windows says so where the other end broke off
        pass
    os._exit(ORPHANED)
