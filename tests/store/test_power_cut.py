"""The power goes at any moment: what was said to last is there, and the project opens."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest

from segdesk.core.annotation import Annotation
from segdesk.core.prediction import Prediction
from segdesk.core.project import Project
from segdesk.core.run import Run, plan_for
from segdesk.errors import ProjectError
from segdesk.store.project_folder import ProjectFolder
from tests.store.painter import masks_of, same, stroke
from tests.store.power_cut import State, states
from tests.store.recorder import Record, recording
from tests.store.strategies import GRID, new_case

NAME = "p.segdesk"
FIRST, SECOND = "case-001", "case-002"


@dataclass(frozen=True, slots=True)
class May:
    """From now on this may be there."""

    what: str
    number: int


@dataclass(frozen=True, slots=True)
class Must:
    """From now on at least this must be there."""

    what: str
    number: int


@dataclass(slots=True)
class Life:
    """A project that lives through everything, saying what lasts.

    Parameters
    ----------
    versions : the index as handed over, by number
    """

    record: Record
    folder: ProjectFolder
    project: Project
    mask: Annotation = field(default_factory=lambda: Annotation(GRID))
    versions: list[Project] = field(default_factory=list[Project])
    strokes: int = 0

    def change(self, project: Project) -> None:
        """The project in memory, numbered."""
        number = len(self.versions)
        self.project = replace(project, settings=(("version", str(number)),))
        self.versions.append(self.project)

    def draw(self, count: int = 1) -> None:
        for _ in range(count):
            self.strokes += 1
            self.record.mark(May("stroke", self.strokes))
            edit = stroke(self.mask, FIRST, self.strokes)
            self.mask.apply(edit)
            self.folder.append(edit)

    @contextmanager
    def lasting(self, *, strokes: bool = False, index: bool = False) -> Iterator[None]:
        """What the block makes lasting."""
        number = len(self.versions) - 1
        if index:
            self.record.mark(May("version", number))
        yield
        if strokes:
            self.record.mark(Must("stroke", self.strokes))
        if index:
            self.record.mark(Must("version", number))

    def write_index(self) -> None:
        with self.lasting(index=True):
            self.folder.hand_over_index(self.project)
            self.folder.write_index()

    def save(self, strokes_meanwhile: int = 0) -> None:
        strokes = self.strokes
        number = len(self.versions) - 1
        self.record.mark(May("version", number))
        saving = self.folder.begin_save(self.project, {FIRST: self.mask})
        self.draw(strokes_meanwhile)
        saving.run()
        self.record.mark(Must("stroke", strokes))
        self.record.mark(Must("version", number))
        saving.finish()

    def predict(self, run: str, value: int) -> None:
        layers = (np.full(GRID.shape, value, np.uint8),) * 2
        self.folder.runs.paths(run)
        self.folder.runs.write_prediction(Prediction(run, FIRST, *layers))
        case = self.project.case(FIRST)
        case = replace(case, predictions=(*case.predictions, run))
        project = self.project.with_run(Run(run, plan_for(), started=float(value)))
        self.change(project.with_case(case))
        self.write_index()


def live(root: Path) -> tuple[Record, list[Project]]:
    """Everything that is written in a project's life, below `root`."""
    with recording(root) as record:
        folder = ProjectFolder.create(root / NAME)
        life = Life(record, folder, folder.load().project)
        life.change(life.project)
        life.write_index()
        record.mark(Must("project", 1))
        life.change(life.project.with_case(new_case(folder, FIRST, seed=1)))
        life.write_index()
        life.draw(2)
        with life.lasting(strokes=True):
            folder.sync()
        life.draw()
        life.save(strokes_meanwhile=1)
        life.predict("run-001", 1)
        life.change(life.project.with_case(new_case(folder, SECOND, seed=2)))
        life.write_index()
        life.draw()
        life.save()
        life.predict("run-002", 2)
        life.change(
            replace(life.project, cases=tuple(c for c in life.project.cases if c.id != SECOND))
        )
        life.write_index()
        folder.scans.set_aside(SECOND)
        life.draw()
        with life.lasting(strokes=True, index=True):
            folder.close()
        folder = life.folder = ProjectFolder.open(root / NAME, writable=True)
        folder.load()
        life.draw()
        with life.lasting(strokes=True):
            folder.close()
    return record, life.versions


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[State], list[Project]]:
    record, versions = live(tmp_path_factory.mktemp("life"))
    return list(states(record)), versions


def _mask(strokes: int) -> Annotation:
    mask = Annotation(GRID)
    for step in range(1, strokes + 1):
        mask.apply(stroke(mask, FIRST, step))
    return mask


def _range(state: State, what: str) -> tuple[int, int]:
    """The least and the most that may be there."""
    least = [s.number for s in state.said if isinstance(s, Must) and s.what == what]
    most = [s.number for s in state.said if isinstance(s, May) and s.what == what]
    return max(least, default=-1), max(most, default=0)


def check(state: State, versions: list[Project], place: Path) -> None:
    """Open the project in this state and compare."""
    state.build(place)
    least, most = _range(state, "version")
    try:
        folder = ProjectFolder.open(place / NAME, writable=True)
    except ProjectError:
        assert least < 0, "there is no project"
        return
    with folder:
        opened = folder.load()
        number = int(dict(opened.project.settings).get("version", -1))
        assert least <= number <= most, f"version {number}, expected {least} to {most}"
        wanted = versions[number] if number >= 0 else Project(opened.project.id)
        assert [c.id for c in opened.project.cases] == [c.id for c in wanted.cases]
        assert opened.project.runs == wanted.runs
        _check_cases(folder, opened.project)
        least, most = _range(state, "stroke")
        if FIRST in [case.id for case in opened.project.cases]:
            mask = masks_of(folder, opened)[FIRST]
            fits = [n for n in range(max(0, least), most + 1) if same(mask, _mask(n))]
            assert fits, f"not the strokes up to {least} … {most}"
        else:
            assert least < 0
        torn = "The last change was only half written and was left out."
        assert set(opened.notes) <= {torn}


def _check_cases(folder: ProjectFolder, project: Project) -> None:
    for case in project.cases:
        seed = 1 if case.id == FIRST else 2
        voxels = np.random.default_rng(seed).integers(-1024, 2000, GRID.shape, dtype=np.int16)
        assert np.array_equal(folder.scans.read(case).voxels, voxels)
        folder.scans.location(case, checked=range(case.slices))
        for run in case.predictions:
            found = folder.runs.read_prediction(run, case, weights_sha256="")
            assert found.labels.min() == found.labels.max() == int(run[-1])


def _check_all(some: list[State], versions: list[Project], place: Path) -> None:
    faults: list[str] = []
    for state in some:
        try:
            check(state, versions, place)
        except (AssertionError, ProjectError) as error:
            faults.append(f"after event {state.at}, {state.how}: {error}")
        shutil.rmtree(place)
        place.mkdir()
    assert faults == [], f"{len(faults)} of {len(some)}"


def test_a_power_cut_takes_nothing_that_was_said_to_last(
    lived: tuple[list[State], list[Project]], tmp_path: Path
) -> None:
    found, versions = lived
    assert len(found) > 200
    some = random.Random(4).sample(found, 40)
    _check_all(some, versions, tmp_path)


@pytest.mark.long
def test_no_power_cut_at_all_takes_anything_that_was_said_to_last(
    lived: tuple[list[State], list[Project]], tmp_path: Path
) -> None:
    _check_all(*lived, tmp_path)
