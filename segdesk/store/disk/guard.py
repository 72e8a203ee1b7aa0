"""Whether this process may write into a project folder: the `Guard`, asked before each write.

The lock says that nobody else writes into the folder that was opened; that the path still leads
there is asked each time, with two looks at the disk (some microseconds), and once more right before
the rename that makes something lasting.
"""

from __future__ import annotations

from pathlib import Path

from segdesk.core.place import Place
from segdesk.errors import ProjectError, ProjectGone
from segdesk.sentence import Sentence
from segdesk.store.disk.disk_errors import reading
from segdesk.store.disk.lock import ProjectLock

ELSEWHERE = Sentence("Put the folder back, or save the project elsewhere.")


class Guard:
    """The right to write into one folder. Owned by the ProjectFolder; `check` from any thread.

    Parameters
    ----------
    place : the project's folder, held
    lock : the held lock, or None for reading only
    """

    def __init__(self, place: Place, lock: ProjectLock | None) -> None:
        self._place = place
        self._lock = lock
        self._name = place.path.name

    @classmethod
    def of(cls, path: Path, lock: ProjectLock | None) -> Guard:
        """Hold the folder at a path.

        Raises
        ------
        ProjectError
            Where it went away meanwhile, or another folder took its place; the lock is released.
        """
        try:
            with reading(Sentence("The project '{path}'", path=path.name)):
                guard = cls(Place.open(path), lock)
        except BaseException:
            if lock is not None:
                lock.release()
            raise
        try:
            if lock is not None:
                guard.check()
        except BaseException:
            guard.release()
            raise
        return guard

    @property
    def writable(self) -> bool:
        """Whether the lock is held."""
        return self._lock is not None

    def check(self) -> None:
        """Let a write begin, or end with its rename.

        Raises
        ------
        ProjectError
            Where the project is open for reading only.
        ProjectGone
            Where the folder at the path, or the lock in it, is no longer the one that was opened,
            or cannot be looked at now.
        """
        # Once: another thread may let go of it meanwhile.
        lock = self._lock
        if lock is None:
            raise ProjectError(
                Sentence("The project '{name}' is open for reading only.", name=self._name),
                "Open it for writing.",
            )
        try:
            found, is_locked = self._place.found(), lock.is_in(self._place.path)
        except OSError as error:
            raise self._out_of_reach(error) from error
        if found == "nothing":
            raise ProjectGone(
                Sentence(
                    "The folder of the project '{name}' is no longer at its place: it "
                    "was renamed, moved or deleted.",
                    name=self._name,
                ),
                ELSEWHERE,
            )
        if found == "another":
            raise ProjectGone(
                Sentence(
                    "At the place of the project '{name}' there is another folder now, "
                    "and nothing is written into it.",
                    name=self._name,
                ),
                ELSEWHERE,
            )
        if not is_locked:
            raise ProjectGone(
                Sentence(
                    "The file 'lock' of the project '{name}' was deleted or replaced: "
                    "another program may be writing there, so nothing is written.",
                    name=self._name,
                ),
                "Save the project elsewhere.",
            )

    def may_append(self) -> bool:
        """Whether what goes into an open file of the folder is still ours alone, wherever the
        folder lies now."""
        home, lock = self._place.home(), self._lock
        try:
            return lock is not None and home is not None and lock.is_in(home)
        except OSError:
            return False

    def _out_of_reach(self, error: OSError) -> ProjectGone:
        return ProjectGone(
            Sentence(
                "The folder of the project '{name}' cannot be reached: {reason}.",
                name=self._name,
                reason=error.strerror or Sentence("the system refused"),
            ),
            "Check the disk or the network, or save the project elsewhere.",
        )

    def is_at(self, path: Path) -> bool:
        """Whether a path leads to the folder that was opened, and it is at its own place."""
        return self._place.is_at(path) and self._place.is_at(self._place.path)

    def home(self) -> Path | None:
        """A path to what is in the folder that was opened, to read from; None where it is gone."""
        return self._place.home()

    def readable(self) -> Path:
        """A path to what is in the folder that was opened, wherever it lies now; never another's.

        Raises
        ------
        ProjectGone
            Where it can't be reached.
        """
        home = self._place.home()
        if home is None:
            raise ProjectGone(
                Sentence(
                    "The folder of the project '{name}' is gone, and what is not in "
                    "memory with it.",
                    name=self._name,
                ),
                "Put the folder back, or save the project elsewhere.",
            )
        return home

    def release(self) -> None:
        """Let lock and folder go; more than once is fine."""
        if self._lock is not None:
            self._lock.release()
            self._lock = None
        self._place.close()
