"""Whether this process may write into a project folder: the `Guard`, asked before each write."""

from __future__ import annotations

from pathlib import Path

from segdesk.errors import ProjectError
from segdesk.store.disk.lock import ProjectLock


class Guard:
    """The right to write into one folder. Owned by the ProjectFolder; `check` from any thread.

    Parameters
    ----------
    path : the project's folder
    lock : the held lock, or None for reading only
    """

    def __init__(self, path: Path, lock: ProjectLock | None) -> None:
        self._path = path
        self._lock = lock

    @property
    def writable(self) -> bool:
        """Whether the lock is held."""
        return self._lock is not None

    def check(self) -> None:
        """Let a write begin.

        Raises
        ------
        ProjectError
            Where the project is open for reading only.
        """
        if self._lock is None:
            raise ProjectError(
                f"The project '{self._path.name}' is open for reading only.",
                "Open it for writing.",
            )

    def release(self) -> None:
        """Let the lock go; more than once is fine."""
        if self._lock is not None:
            self._lock.release()
            self._lock = None
