"""A save beside one partner on another thread, round after round; run apart, because it may crash.

    python -m tests.store.race FOLDER PARTNER ROUNDS [--without-locks]

Says how many times the partner got through and what was found to differ. `--without-locks` takes
ours and h5py's own away, to see that the race is one.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import numpy as np

from segdesk.core.annotation import Annotation
from segdesk.core.box import Box
from segdesk.core.cutting import cut
from segdesk.core.edit import Edit, Planes
from segdesk.core.grid import Grid
from segdesk.core.prediction import Prediction
from segdesk.core.project import Project
from segdesk.store.parts import hdf5
from segdesk.store.project_folder import ProjectFolder
from tests.store.painter import same
from tests.store.strategies import new_case

#: Many small slices: nearly all of the time is HDF5's.
GRID = Grid((120, 24, 24))
CASES = ("case-001", "case-002")


class Race:
    """A project in which a save and a partner run at once.

    Parameters
    ----------
    path : of the project that is made
    """

    def __init__(self, path: Path) -> None:
        self.folder = ProjectFolder.create(path)
        self.project: Project = self.folder.load().project
        for seed, id in enumerate(CASES):
            case = new_case(self.folder, id, grid=GRID, seed=seed)
            self.project = self.project.with_case(case)
        self.folder.save_index(self.project)
        self.masks = {id: Annotation(GRID) for id in CASES}
        self._chance = np.random.default_rng(1)
        self.turns = 0
        self.wrong: list[str] = []
        self.save(*CASES)

    def draw(self, id: str) -> None:
        """Change every slice of a mask."""
        mask, box = self.masks[id], Box(0, GRID.shape[0], 0, 24, 0, 24)
        before, touched = mask.labels[box.window], mask.provenance[box.window]
        after = self._chance.integers(0, 9, before.shape, dtype=np.uint8)
        patches = cut(box, Planes(before, after, touched, np.full_like(touched, 3)))
        edit = Edit("Draw", id, patches=patches)
        mask.apply(edit)
        self.folder.append(edit)

    def save(self, *ids: str, beside: Callable[[], None] | None = None) -> None:
        """Draw, and save while the partner goes on and on."""
        for id in ids:
            self.draw(id)
        saving = self.folder.begin_save(self.project, self.masks)
        ended = threading.Event()
        started = threading.Event()

        def go_on() -> None:
            started.set()
            try:
                while beside is not None and not ended.is_set():
                    beside()
                    self.turns += 1
            except Exception as error:  # noqa: BLE001 - counted and said
                self.wrong.append(f"{type(error).__name__}: {error} ({error.__cause__})")

        partner = threading.Thread(target=go_on)
        partner.start()
        started.wait()
        try:
            self.project = saving.run()
            saving.finish()
        except Exception as error:  # noqa: BLE001 - counted and said
            self.wrong.append(f"{type(error).__name__}: {error} ({error.__cause__})")
        ended.set()
        partner.join()
        for id in ids:
            if not same(self.folder.read_annotation(self.project.case(id)), self.masks[id]):
                self.wrong.append(f"the mask of {id} differs")

    # Partners

    def read_a_case(self) -> None:
        case = self._untouched.case("case-002")
        found, volume = self.folder.read_annotation(case), self.folder.scans.read(case)
        self._compare("case", found.labels, self.masks["case-002"].labels)
        voxels = np.random.default_rng(1).integers(-1024, 2000, GRID.shape, dtype=np.int16)
        self._compare("scan", volume.voxels, voxels)

    def read_a_prediction(self) -> None:
        found = self.folder.runs.read_prediction(
            "run-001", self._untouched.case("case-002"), weights_sha256=""
        )
        self._compare("prediction", found.labels, self._predicted)

    def write_a_prediction(self) -> None:
        labels = np.full(GRID.shape, self.turns % 200 + 1, np.uint8)
        self.folder.runs.write_prediction(Prediction("run-002", "case-001", labels, labels))
        found = self.folder.runs.read_prediction(
            "run-002", self._untouched.case("case-001"), weights_sha256=""
        )
        self._compare("prediction", found.probability, labels)

    def write_the_index(self) -> None:
        settings = (("turn", str(self.turns)),)
        self.folder.hand_over_index(replace(self._untouched, settings=settings))
        self.folder.write_index()
        with ProjectFolder.open(self.folder.path, writable=False) as reader:
            if reader.load().project.settings != settings:
                self.wrong.append("the index differs")

    def write_a_volume(self) -> None:
        case = new_case(self.folder, "case-003", grid=GRID, seed=self.turns)
        voxels = np.random.default_rng(self.turns).integers(-1024, 2000, GRID.shape, dtype=np.int16)
        self._compare("scan", self.folder.scans.read(case).voxels, voxels)
        self.folder.scans.remove("case-003")

    def _compare(self, what: str, found: np.ndarray, wanted: np.ndarray) -> None:
        if not np.array_equal(found, wanted):
            self.wrong.append(f"the {what} differs")

    def run(self, partner: str, rounds: int) -> None:
        """Every round is one save."""
        self._untouched = self.project
        self._predicted = self._chance.integers(0, 9, GRID.shape, dtype=np.uint8)
        layers = self._predicted, self._predicted
        self.folder.runs.write_prediction(Prediction("run-001", "case-002", *layers))
        for _ in range(rounds):
            self.save("case-001", beside=getattr(self, partner))
        self.folder.close()


PARTNERS = (
    "read_a_case",
    "read_a_prediction",
    "write_a_prediction",
    "write_the_index",
    "write_a_volume",
)

if __name__ == "__main__":
    place, partner, rounds, *options = sys.argv[1:]
    if options:
        for name in ("_ALONE", "_H5PYS_OWN"):
            setattr(hdf5, name, nullcontext())
    race = Race(Path(place))
    race.run(partner, int(rounds))
    sys.stdout.write(f"{race.turns} turns, {len(race.wrong)} wrong: {race.wrong[:3]}\n")
