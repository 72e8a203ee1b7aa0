"""The program's entries: `segdesk` and `segdesk-window`.

No arguments, or a project alone, opens the window; a command runs it. Every error ends here:

    0  done
    1  a bug: the log has it
    2  bad use: an unknown option or name, a missing choice
    3  the world's fault, in one sentence
"""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import NoReturn

import click
import typer

from segdesk.app.doors import unwrapped
from segdesk.app.logbook import open_logbook
from segdesk.cli import entries, learn, scans
from segdesk.cli.report import complain
from segdesk.errors import Cancelled, SegdeskError, UsageError

SUFFIX = ".segdesk"

app = typer.Typer(
    name="segdesk",
    help="Paint, train and correct CT masks. Without a command: opens the window.",
    epilog="For research only: not a medical device.",
    no_args_is_help=False,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
scans.add_to(app)
learn.add_to(app)


@app.command("trainer", hidden=True)
def _trainer(bundle: Path) -> None:
    """Be the trainer process; started by segdesk itself."""
    entries.run_trainer(bundle)


@app.command("demo")
def _demo(
    folder: Path = typer.Option(Path("demo"), help="Where the demo project and pictures go."),
) -> None:
    """Show the window on a demo project, or walk the whole journey where there is no display."""
    raise typer.Exit(entries.demo(folder))


@app.command("window")
def _window(
    project: Path | None = typer.Argument(None, help="A project to open."),
) -> None:
    """Open the window."""
    raise typer.Exit(entries.open_window(project))


def run(arguments: list[str] | None = None) -> NoReturn:
    """The command `segdesk`."""
    arguments = sys.argv[1:] if arguments is None else arguments
    sys.exit(_status(_with_window(arguments)))


def run_window() -> NoReturn:
    """The entry for menus: the window, without a console on Windows."""
    sys.exit(_status(["window", *sys.argv[1:]]))


def _with_window(arguments: list[str]) -> list[str]:
    """A project alone, or nothing, means the window."""
    if not arguments:
        return ["window"]
    if len(arguments) == 1 and arguments[0].rstrip("/\\").endswith(SUFFIX):
        return ["window", *arguments]
    return arguments


def _status(arguments: list[str]) -> int:
    """Run a command and turn whatever happens into an exit code."""
    try:
        result = app(arguments, prog_name="segdesk", standalone_mode=False)
    except click.exceptions.Exit as leaving:
        return leaving.exit_code
    except (click.Abort, KeyboardInterrupt):
        complain(Cancelled("Stopped."))
        return 3
    except click.ClickException as error:
        error.show()
        return 2
    except Exception as error:
        return _explain(unwrapped(error), arguments)
    return result if isinstance(result, int) else 0


def _explain(error: BaseException, arguments: list[str]) -> int:
    """The one door of the command line where errors end: no traceback reaches a user."""
    if isinstance(error, SegdeskError):
        complain(error)
        return 2 if isinstance(error, UsageError) else 3
    log = open_logbook()
    logging.getLogger("segdesk").error("a bug ended 'segdesk %s'", arguments[0], exc_info=error)
    complain(SegdeskError("segdesk has a bug here.", f"Its log says more: {log}" if log else ""))
    return 1
