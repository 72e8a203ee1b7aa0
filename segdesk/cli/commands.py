"""The commands by their names, as typer's app: `run` does the one that is asked for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer
from typer.core import TyperGroup

from segdesk import __version__
from segdesk.cli import checking, entries, learn, models, operating, packing, scans
from segdesk.cli.stopping import ctrl_c_is_a_sentence
from segdesk.errors import UsageError
from segdesk.sentence import Sentence


class _Commands(TyperGroup):
    """The commands. Ctrl+C becomes a sentence before typer makes an exit code of its own of it."""

    def invoke(self, ctx: Any) -> Any:
        with ctrl_c_is_a_sentence():
            return super().invoke(ctx)


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
models.add_to(app)
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


def run(arguments: list[str]) -> int:
    """Run a command and return its exit code.

    Parameters
    ----------
    arguments : the command's name and what follows it

    Raises
    ------
    UsageError
        Where typer does not understand them.
    """
    try:
        result = app(arguments, prog_name="segdesk", standalone_mode=False)
    except typer.TyperException as error:
        raise UsageError(Sentence.of(_sentence(error)), "Try --help.") from error
    return result if isinstance(result, int) else 0


def _sentence(error: typer.TyperException) -> str:
    text = error.format_message().rstrip(".")
    return f"{text[:1].upper()}{text[1:]}."
