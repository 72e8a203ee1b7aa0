"""Where the files of one run lie: the `RunPaths`, the only place that says these names.

    runs/ID/
      trainer.log             what the trainer printed
      messages.jsonl          its messages, from which the record of a run that was cut off is made
      bundle/                 its input, while it works; see `bundle`
      weights-N.npz           the best weights, of epoch N
      checkpoint-N/           all that the training goes on from, after step N; see `halt`
      kept-bundle/            the input of a training that was stopped or cut off
      predictions/CASE.h5     what the run predicts of each case

`store` knows where a run's folder is and that no link leads to it; both ends of the line to the
trainer and `learning` are told. What lies in the folder may come from a stranger: it is opened by
`core.regular_file` alone, made anew in the place of whatever has its name, and never followed.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from segdesk.core.durable_files import final_name
from segdesk.core.regular_file import remove_whatever

_WEIGHTS = re.compile(r"weights-(\d{1,9})\.npz")
_CHECKPOINT = re.compile(r"checkpoint-(\d{1,12})")


@dataclass(frozen=True, slots=True)
class CheckpointPaths:
    """The files of one checkpoint.

    Parameters
    ----------
    folder : checkpoint-N of a run, or its temporary name
    """

    folder: Path

    @property
    def halt(self) -> Path:
        """Where the training stood, and the sums of the other files."""
        return self.folder / "halt.json"

    @property
    def network(self) -> Path:
        """The network's variables, as the next step takes them."""
        return self.folder / "network.npz"

    @property
    def optimiser(self) -> Path:
        """The optimiser's variables, the averaged weights among them."""
        return self.folder / "optimiser.npz"

    @property
    def figures(self) -> Path:
        """The figures of the steps of the epoch in hand."""
        return self.folder / "figures.npz"


@dataclass(frozen=True, slots=True)
class RunPaths:
    """The paths of one run.

    Parameters
    ----------
    folder : runs/ID; no part of it is a link
    """

    folder: Path

    @property
    def log(self) -> Path:
        """What the trainer printed."""
        return self.folder / "trainer.log"

    @property
    def messages(self) -> Path:
        """The trainer's messages that make the record, one a line."""
        return self.folder / "messages.jsonl"

    @property
    def bundle(self) -> Path:
        """The folder of the trainer's input."""
        return self.folder / "bundle"

    @property
    def kept_bundle(self) -> Path:
        """The input of a training that can go on."""
        return self.folder / "kept-bundle"

    def checkpoint(self, step: int) -> CheckpointPaths:
        """What a training goes on from, after so many steps. Each has its own name, as weights."""
        return CheckpointPaths(self.folder / f"checkpoint-{step}")

    def kept_checkpoints(self) -> list[int]:
        """The steps after which there is a checkpoint, ascending; none where the folder cannot be
        read."""
        return _numbers(self.folder, _CHECKPOINT)

    def drop_checkpoints(self, but: Collection[int] = ()) -> None:
        """Remove checkpoints, and what a process that was killed left of one.

        Parameters
        ----------
        but : after these steps; they stay
        """
        with suppress(OSError):
            for path in self.folder.iterdir():
                name = _CHECKPOINT.fullmatch(final_name(path))
                if name and (path.name != name[0] or int(name[1]) not in but):
                    with suppress(OSError):
                        remove_whatever(path)

    def weights(self, epoch: int) -> Path:
        """The weights of an epoch. Each has its own name, so the record always names what is
        there, whenever the process ends."""
        return self.folder / f"weights-{epoch}.npz"

    def kept_epochs(self) -> list[int]:
        """The epochs whose weights are there; none where the folder cannot be read."""
        return _numbers(self.folder, _WEIGHTS)

    @property
    def predictions(self) -> Path:
        """The folder of what the run predicts."""
        return self.folder / "predictions"

    def prediction(self, case: str) -> Path:
        """What the run predicts of a case; `case` is a safe name."""
        return self.predictions / f"{case}.h5"

    def clear_bundle(self) -> None:
        """Remove the bundle, or what a stranger put into its place.

        Raises
        ------
        OSError
            Where the system refuses.
        """
        remove_whatever(self.bundle)

    def clear_kept_bundle(self) -> None:
        """Remove the input that was kept for going on, or what a stranger put there.

        Raises
        ------
        OSError
            Where the system refuses.
        """
        remove_whatever(self.kept_bundle)

    def clear_messages(self) -> None:
        """Remove the messages of an older run of this id, or what a stranger put there.

        Raises
        ------
        OSError
            Where the system refuses.
        """
        remove_whatever(self.messages)


def _numbers(folder: Path, pattern: re.Pattern[str]) -> list[int]:
    try:
        names = [pattern.fullmatch(path.name) for path in folder.iterdir()]
    except OSError:
        return []
    return sorted({int(name[1]) for name in names if name})
