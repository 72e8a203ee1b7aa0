"""The program's entries: `segdesk` and `segdesk-window`.

No arguments, or a project alone, opens the window; a command runs it. Every error ends here:

    0  done
    1  a bug: the log has it
    2  bad use: an unknown option or name, a missing choice
    3  the world's fault, in one sentence
"""

from __future__ import annotations

import io
import logging
import sys
from pathlib import Path
from typing import Any, NoReturn

import typer
from typer.core import TyperGroup

from segdesk import __version__
from segdesk.app.logbook import open_logbook
from segdesk.app.project.packing import ENDING
from segdesk.app.signal_errors import unwrapped
from segdesk.cli import checking, entries, learn, operating, packing, scans
from segdesk.cli.projects import SUFFIX
from segdesk.cli.report import complain
from segdesk.errors import Cancelled, SegdeskError, UsageError
from segdesk.sentence import Sentence


class _Commands(TyperGroup):
    """The commands. Ctrl+C becomes a sentence before typer makes an exit code of its own of it."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt as error:
            raise Cancelled("Stopped; nothing half-done was left behind.") from error


app = typer.Typer(
    name="segdesk",
    cls=_Commands,
    help="Paint, train and correct CT masks. Without a command, or with a project alone: opens "
    "the window.",
    epilog="Exit codes: 0 done, 1 a bug, 2 bad use, 3 a file, disk or project is at fault. "
    "For research only: not a medical device.",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
scans.add_to(app)
learn.add_to(app)
checking.add_to(app)
packing.add_to(app)
operating.add_to(app)


def _say_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"segdesk {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: bool = typer.Option(
        False, "--version", help="Say the version and leave.", callback=_say_version, is_eager=True
    ),
) -> None:
    """Options before the command."""


@app.command("decoder", hidden=True)
def _decoder() -> None:
    """Be the process that decodes compressed DICOM pixels; started by segdesk itself."""
    entries.run_decoder()


@app.command("trainer", hidden=True)
def _trainer(
    bundle: Path | None = typer.Argument(None),
    root: Path | None = typer.Option(None, help="The project's folder, or a copy of it."),
) -> None:
    """Be the trainer process; started by segdesk itself."""
    entries.run_trainer(bundle, root)


@app.command("unpacker", hidden=True)
def _unpacker() -> None:
    """Be the process that reads a packed project; started by segdesk itself."""
    entries.run_unpacker()


@app.command("demo")
def _demo(
    folder: Path = typer.Option(Path("demo"), help="Where the demo project and pictures go."),
) -> None:
    """Show the window on a demo project; without a display, walk the whole journey."""
    raise typer.Exit(entries.demo(folder))


@app.command("window")
def _window(
    project: Path | None = typer.Argument(None, help="A project to open."),
) -> None:
    """Open the window."""
    raise typer.Exit(entries.open_window(project))


def run() -> NoReturn:
    """The command `segdesk`."""
    _settle_streams()
    sys.exit(main(sys.argv[1:]))


def run_window() -> NoReturn:
    """The entry for menus: the window, without a console on Windows."""
    sys.exit(main(["window", *sys.argv[1:]]))


def main(arguments: list[str]) -> int:
    """Run a command and turn whatever happens into an exit code.

    Parameters
    ----------
    arguments : without the program's name
    """
    arguments = _with_window(arguments)
    try:
        _check_filled(arguments)
        result = app(arguments, prog_name="segdesk", standalone_mode=False)
    except typer.TyperException as error:
        complain(UsageError(Sentence.of(_sentence(error)), "Try --help."))
        return 2
    except Exception as error:
        return _explain(unwrapped(error), arguments)
    return result if isinstance(result, int) else 0


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
        return ["window"]
    if len(arguments) == 1 and arguments[0].rstrip("/\\").endswith((SUFFIX, ENDING)):
        return ["window", *arguments]
    return arguments


def _sentence(error: typer.TyperException) -> str:
    text = error.format_message().rstrip(".")
    return f"{text[:1].upper()}{text[1:]}."


def _explain(error: BaseException, arguments: list[str]) -> int:
    """The one door of the command line where errors end: no traceback reaches a user."""
    if isinstance(error, SegdeskError):
        complain(error)
        return 2 if isinstance(error, UsageError) else 3
    log = open_logbook()
    logging.getLogger("segdesk").error("a bug ended 'segdesk %s'", arguments[0], exc_info=error)
    more = Sentence("Its log says more: {log}", log=str(log)) if log else ""
    complain(SegdeskError("segdesk has a bug here.", more))
    return 1
