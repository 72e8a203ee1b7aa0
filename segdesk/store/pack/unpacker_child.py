"""The child's side of a packed project: `serve` does what `unpacker` asks for, once."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from segdesk.jobs import errand_child
from segdesk.jobs.errand_lines import Rows
from segdesk.store.pack.contents import Tell
from segdesk.store.pack.unpack import look, unpack


def serve() -> None:
    """Look at a file or unpack it, as stdin says, and answer on stdout."""
    errand_child.serve(work)


def work(arguments: Sequence[str], tell: Tell) -> Rows:
    """The ids of the cases and of the runs that a file holds; raises as `unpack`."""
    match arguments:
        case ("look", file):
            project = look(Path(file), tell=tell)
        case ("unpack", file, folder, name):
            project = unpack(Path(file), Path(folder), name, tell=tell)
        case _:
            raise ValueError(f"expected look or unpack, received {arguments}")
    return tuple(case.id for case in project.cases), tuple(run.id for run in project.runs)
