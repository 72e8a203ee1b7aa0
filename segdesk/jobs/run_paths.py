"""Where the files of one run lie: the `RunPaths`, the only place that says these names.

    runs/ID/
      trainer.log             what the trainer printed
      messages.jsonl          its messages, from which the record of a run that was cut off is made
      bundle/                 its input, while it works; see `bundle`
      weights-N.npz           the best weights, of epoch N
      optimiser.npz           the optimiser's state of that epoch
      predictions/CASE.h5     what the run predicts of each case

`store` knows where a run's folder is and that no link leads to it; both ends of the line to the
trainer and `learning` are told. What lies in the folder may come from a stranger: it is opened by
`core.regular_file` alone, made anew in the place of whatever has its name, and never followed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from segdesk.core.regular_file import remove_whatever

_WEIGHTS = re.compile(r"weights-(\d{1,9})\.npz")


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
    def optimiser(self) -> Path:
        """The optimiser's state."""
        return self.folder / "optimiser.npz"

    def weights(self, epoch: int) -> Path:
        """The weights of an epoch. Each has its own name, so the record always names what is
        there, whenever the process ends."""
        return self.folder / f"weights-{epoch}.npz"

    def kept_epochs(self) -> list[int]:
        """The epochs whose weights are there; none where the folder cannot be read."""
        try:
            names = [_WEIGHTS.fullmatch(path.name) for path in self.folder.iterdir()]
        except OSError:
            return []
        return sorted({int(name[1]) for name in names if name})

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

    def clear_messages(self) -> None:
        """Remove the messages of an older run of this id, or what a stranger put there.

        Raises
        ------
        OSError
            Where the system refuses.
        """
        remove_whatever(self.messages)
