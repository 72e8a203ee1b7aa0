"""Where things lie inside a project folder, and that nothing leads out of it."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from segdesk.core.regular_file import NotRegular, check_no_link, is_link
from segdesk.errors import ProjectError
from segdesk.jobs.run_paths import RunPaths
from segdesk.sentence import Sentence
from segdesk.store.disk.disk_errors import reading
from segdesk.store.disk.names import checked_id

PROJECT_FILE = "project.h5"
#: The index before the last time that it was written.
PREVIOUS_FILE = "project-previous.h5"
VOLUME_FILE = "volume.h5"
#: What was done on a case that cannot be read.
WAITING_FILE = "waiting.journal"


def annotation_name(generation: int) -> str:
    """Name of a mask's file inside the case's folder."""
    return f"annotation-{generation}.h5"


def journal_name(number: int) -> str:
    """Name of a journal's file inside the project's folder."""
    return f"journal-{number}"


def history_name(number: int) -> str:
    """Name of the file that holds what can be undone of the journals up to a number."""
    return f"history-{number}"


@dataclass(frozen=True, slots=True)
class Layout:
    """The paths of one project. Every id is checked before it becomes a name.

    Each raises UsageError for an id that is no safe name, and ProjectError for a link: nothing in
    a project may be one, wherever it leads.
    """

    root: Path

    def case(self, id: str) -> Path:
        """cases/ID"""
        return self.inside(self.root / "cases" / checked_id(id))

    def volume(self, case: str) -> Path:
        """cases/ID/volume.h5"""
        return self.inside(self.case(case) / VOLUME_FILE)

    def annotation(self, case: str, generation: int) -> Path:
        """cases/ID/annotation-N.h5"""
        return self.inside(self.case(case) / annotation_name(generation))

    def waiting(self, case: str) -> Path:
        """cases/ID/waiting.journal"""
        return self.inside(self.case(case) / WAITING_FILE)

    def waiting_beside(self, case: str) -> Path:
        """waiting-ID.journal"""
        return self.inside(self.root / f"waiting-{checked_id(case)}.journal")

    def run(self, id: str) -> Path:
        """runs/ID"""
        return self.inside(self.root / "runs" / checked_id(id, what="run"))

    def prediction(self, run: str, case: str) -> Path:
        """runs/RUN/predictions/CASE.h5"""
        return self.inside(RunPaths(self.run(run)).prediction(checked_id(case)))

    def folders(self, room: Literal["cases", "runs"]) -> tuple[str, ...]:
        """Names of the folders in one of the two, sorted; no link and nothing hidden is given.

        Raises
        ------
        ProjectError
            Where nobody can look there.
        """
        home = self.root / room
        with self.looking():
            if not home.is_dir() or is_link(home):
                return ()
            return tuple(
                path.name
                for path in sorted(home.iterdir())
                if path.is_dir() and not is_link(path) and not path.name.startswith(".")
            )

    def inside(self, path: Path) -> Path:
        """The path, where neither it nor a folder on the way to it is a link.

        Raises
        ------
        ProjectError
            Where one is, or nobody can look there.
        """
        try:
            return check_no_link(self.root, path)
        except NotRegular as error:
            raise ProjectError(
                Sentence(
                    "'{error}' in the project '{root}' is a link, and nothing in a "
                    "project may be one.",
                    error=error.name,
                    root=self.root.name,
                ),
                "Put the files themselves there.",
            ) from error
        except OSError:
            name = path.relative_to(self.root).as_posix()
            with reading(
                Sentence("'{name}' in the project '{root}'", name=name, root=self.root.name)
            ):
                raise

    def looking(self) -> AbstractContextManager[None]:
        """Faults of looking into the project's folder as sentences."""
        return reading(Sentence("The project '{root}'", root=self.root.name))
