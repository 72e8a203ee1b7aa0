"""The folders that a training was told to write into, held open: the `HeldRun`.

A training takes hours, and meanwhile the project's folder can be renamed, or another one put into
its place. The bundle says which folder is meant (`Bundle.identity`), and what is written goes into
that one alone, wherever it lies then.
"""

from __future__ import annotations

from pathlib import Path

from segdesk.core.place import Place
from segdesk.errors import TrainingError
from segdesk.jobs.bundle import Bundle
from segdesk.jobs.run_paths import RunPaths
from segdesk.sentence import Sentence

_HINT = Sentence("Put the project's folder back, or open it where it is now, and train again.")


class HeldRun:
    """The folder of a run and that of its bundle. Owned by `trainer`, for one job.

    Parameters
    ----------
    run, bundle : held
    """

    def __init__(self, run: Place, bundle: Place) -> None:
        self._run = run
        self._bundle = bundle

    @classmethod
    def of(cls, bundle: Bundle, folder: Path) -> HeldRun:
        """Hold what a bundle names; its run's folder is made where no certain one is meant.

        Parameters
        ----------
        folder : of the bundle

        Raises
        ------
        TrainingError
            Where another folder stands there now, or none.
        """
        run = Path(bundle.run_folder)
        try:
            if bundle.identity is None:
                run.mkdir(parents=True, exist_ok=True)
            held = cls(Place.open(run), Place.open(folder))
        except OSError as error:
            raise _gone() from error
        if bundle.identity is not None and held._run.identity != bundle.identity:
            held.close()
            raise _gone()
        return held

    def paths(self) -> RunPaths:
        """Where the run's files are written now.

        Raises
        ------
        TrainingError
            Where the folder was deleted, or cannot be reached.
        """
        return RunPaths(_reached(self._run))

    def bundle(self) -> Path:
        """Where the bundle's files are written now; raises as `paths`."""
        return _reached(self._bundle)

    @property
    def named(self) -> Path:
        """The bundle's folder by its name, for the messages: the program knows no other."""
        return self._bundle.path

    def check(self) -> None:
        """Asked right before a rename; raises as `paths`."""
        self.paths()

    def close(self) -> None:
        """Let go; more than once is fine."""
        self._run.close()
        self._bundle.close()


def _reached(place: Place) -> Path:
    found = place.within()
    if found is None:
        raise _gone()
    return found


def _gone() -> TrainingError:
    return TrainingError(
        "The run's folder is no longer at its place: it was moved or deleted, or another one is "
        "there now, and nothing is written into that.",
        _HINT,
    )
