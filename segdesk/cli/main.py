"""The program's entries: `segdesk` and `segdesk-window`.

No arguments, or a project alone, opens the window; a command runs it. Every error ends here:

    0  done
    1  a bug: the log has it
    2  bad use: an unknown option or name, a missing choice
    3  the world's fault, in one sentence

The window loads no command, and nothing that only commands need, before its first slice is there.
"""

from __future__ import annotations

import io
import logging
import sys
from pathlib import Path
from typing import NoReturn

from segdesk.app.logbook import open_logbook
from segdesk.app.project import endings
from segdesk.app.signal_errors import unwrapped
from segdesk.cli import entries
from segdesk.cli.stopping import ctrl_c_is_a_sentence
from segdesk.errors import SegdeskError, UsageError
from segdesk.sentence import Sentence

#: The command that a window is opened by.
WINDOW = "window"


def run() -> NoReturn:
    """The command `segdesk`."""
    _settle_streams()
    sys.exit(main(sys.argv[1:]))


def run_window() -> NoReturn:
    """The entry for menus: the window, without a console on Windows."""
    sys.exit(main([WINDOW, *sys.argv[1:]]))


def main(arguments: list[str]) -> int:
    """Run a command and turn whatever happens into an exit code.

    Parameters
    ----------
    arguments : without the program's name
    """
    arguments = _with_window(arguments)
    try:
        _check_filled(arguments)
        return _run(arguments)
    except Exception as error:
        return _explain(unwrapped(error), arguments)


def _run(arguments: list[str]) -> int:
    if _is_window_alone(arguments):
        with ctrl_c_is_a_sentence():
            return entries.open_window(Path(arguments[1]) if arguments[1:] else None)
    # Their libraries would cost the window's first slice a third of its time.
    from segdesk.cli import commands

    return commands.run(arguments)


def _is_window_alone(arguments: list[str]) -> bool:
    """Whether it is the window with at most a project: no option has to be understood."""
    return (
        arguments[0] == WINDOW
        and len(arguments) <= 2
        and not any(argument.startswith("-") for argument in arguments)
    )


def _check_filled(arguments: list[str]) -> None:
    """Raise UsageError where an argument is empty, as a shell's variable that was never set is.

    It would stand for no labels at all, the run in use or this folder, without a word.
    """
    for at, text in enumerate(arguments):
        name = text.removesuffix("=")
        if text == "":
            name = arguments[at - 1] if at and arguments[at - 1].startswith("--") else "An argument"
        elif not (text.startswith("--") and text.endswith("=")):
            continue
        raise UsageError(Sentence("{name} is empty.", name=name), "Fill it in, or leave it out.")


def _settle_streams() -> None:
    """Names that a stream cannot write are escaped; libraries keep their warnings to themselves."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    logging.captureWarnings(True)
    # Else Python prints what nobody listens to.
    logging.getLogger().addHandler(logging.NullHandler())


def _with_window(arguments: list[str]) -> list[str]:
    """A project alone, packed or not, or nothing, means the window."""
    if not arguments:
        return [WINDOW]
    named = (endings.FOLDER, endings.PACKED)
    if len(arguments) == 1 and arguments[0].rstrip("/\\").endswith(named):
        return [WINDOW, *arguments]
    return arguments


def _explain(error: BaseException, arguments: list[str]) -> int:
    """The one door of the command line where errors end: no traceback reaches a user."""
    from segdesk.cli.report import complain

    if isinstance(error, SegdeskError):
        complain(error)
        return 2 if isinstance(error, UsageError) else 3
    log = open_logbook()
    logging.getLogger("segdesk").error("a bug ended 'segdesk %s'", arguments[0], exc_info=error)
    more = Sentence("Its log says more: {log}", log=str(log)) if log else ""
    complain(SegdeskError("segdesk has a bug here.", more))
    return 1
