"""The order of every write path: content lasts before its name, and a name before the next step."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from segdesk.core.annotation import Annotation
from segdesk.core.edit import Edit
from segdesk.core.prediction import Prediction
from segdesk.core.project import Project
from segdesk.core.run import Intensities, plan_for
from segdesk.jobs import bundle as bundles
from segdesk.jobs import kept_messages
from segdesk.jobs.bundle import Bundle
from segdesk.jobs.messages import Note
from segdesk.learning import arrays_file
from segdesk.store.journal.edit_codec import encode
from segdesk.store.journal.journal_file import Journal
from segdesk.store.project_folder import ProjectFolder
from tests.store.painter import paint, save
from tests.store.recorder import (
    Event,
    Name,
    Record,
    Sync,
    Write,
    faults_of_order,
    recording,
    what_does_not_last,
)
from tests.store.strategies import new_case, project_with_cases

CASE = "case-001"


@dataclass(slots=True)
class Desk:
    """An open project with a mask that has a generation, and a record of what comes."""

    folder: ProjectFolder
    project: Project
    mask: Annotation
    record: Record

    def save(self) -> None:
        self.project = save(self.folder, self.project, {CASE: self.mask})

    def predict(self) -> None:
        layer = np.full(self.mask.grid.shape, 2, np.uint8)
        self.folder.runs.write_prediction(Prediction("run-001", CASE, layer, layer))


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    folder, project = project_with_cases(tmp_path / "p.segdesk", CASE)
    mask = Annotation(project.case(CASE).grid)
    paint(folder, mask, CASE, 1)
    project = save(folder, project, {CASE: mask})
    folder.close()
    with recording(tmp_path) as record:
        folder = ProjectFolder.open(folder.path, writable=True)
        folder.load()
        record.events.clear()
        yield Desk(folder, project, mask, record)
        folder.close()


def _new_project(desk: Desk) -> None:
    ProjectFolder.create(desk.folder.path.with_name("new.segdesk")).close()


def _import(desk: Desk) -> None:
    new_case(desk.folder, "case-002")


def _masks(desk: Desk) -> None:
    paint(desk.folder, desk.mask, CASE, 2)
    desk.save()


def _index(desk: Desk) -> None:
    desk.folder.save_index(replace(desk.project, settings=(("a", "b"),)))


def _sync(desk: Desk) -> None:
    paint(desk.folder, desk.mask, CASE, 2)
    desk.folder.sync()


def _journal(desk: Desk) -> None:
    Journal.create(desk.folder.path, 7, 1).close()


def _close(desk: Desk) -> None:
    paint(desk.folder, desk.mask, CASE, 2)
    desk.folder.close()


def _run_folder(desk: Desk) -> None:
    desk.folder.runs.paths("run-007")


def _weights(desk: Desk) -> None:
    paths = desk.folder.runs.paths("run-001")
    arrays_file.write(paths.weights(3), [np.arange(4.0)])


def _messages(desk: Desk) -> None:
    paths = desk.folder.runs.paths("run-001")
    for sentence in ("One.", "Two."):
        kept_messages.keep(paths.messages, Note(sentence))


def _manifest(desk: Desk) -> None:
    paths, root = desk.folder.runs.paths("run-001"), desk.folder.path
    intensities = Intensities(0.0, 1.0, "HU")
    bundle = Bundle("run-001", str(paths.folder), plan_for(), (), intensities, ())
    bundles.write(bundle, paths.bundle, root)


def _stray_journal(desk: Desk) -> None:
    path = desk.folder.path
    stray = Journal.create(path, 9, 99)
    stray.append(encode(Edit("Draw", CASE)))
    stray.sync()
    stray.close()
    desk.folder.load()


def _remove(desk: Desk) -> None:
    desk.predict()
    desk.folder.save_index(replace(desk.project, cases=()))
    desk.folder.scans.set_aside(CASE)


def _remove_what_waits(desk: Desk) -> None:
    waiting = desk.folder.path / f"waiting-{CASE}.journal"
    Journal.write_apart(waiting, [encode(Edit("Draw", CASE))])
    desk.folder.save_index(replace(desk.project, cases=()))
    desk.folder.scans.set_aside(CASE)


#: Every way to write, and what it has to put into its place at least.
PATHS: dict[Callable[[Desk], None], set[str]] = {
    _new_project: {"new.segdesk", "project.h5"},
    _import: {"case-002"},
    _masks: {"annotation-2.h5", "project.h5"},
    _index: {"project.h5"},
    Desk.predict: {"case-001.h5"},
    _sync: set(),
    _journal: set(),
    _close: set(),
    _run_folder: set(),
    _remove: {"case-001", "run-001.h5"},
    _remove_what_waits: {"case-001", "waiting-case-001.journal"},
    _weights: {"weights-3.npz"},
    _messages: set(),
    _manifest: {"manifest.json"},
    _stray_journal: {"journal-9.damaged"},
}


@pytest.mark.parametrize("work", PATHS, ids=lambda work: work.__name__.strip("_"))
def test_nothing_gets_its_name_before_its_content_lasts_and_every_name_lasts_at_the_end(
    desk: Desk, work: Callable[[Desk], None]
) -> None:
    work(desk)
    events = desk.record.events
    assert any(isinstance(event, Sync) for event in events)
    assert what_does_not_last(events) == []
    named = {e.path.name for e in events if isinstance(e, Name) and e.verb == "rename"}
    assert PATHS[work] <= named


def _at(events: list[Event], what: Callable[[Event], bool]) -> list[int]:
    return [at for at, event in enumerate(events) if what(event)]


def test_an_old_generation_and_its_journal_go_only_once_the_new_index_lasts(desk: Desk) -> None:
    for step in (2, 3):
        paint(desk.folder, desk.mask, CASE, step)
        desk.save()
    events = desk.record.events
    gone = _at(
        events,
        lambda e: (
            isinstance(e, Name)
            and e.verb == "remove"
            and e.path.name.startswith(("annotation-", "journal-"))
        ),
    )
    assert len(gone) >= 2
    for at in gone:
        placed = _at(
            events[:at],
            lambda e: isinstance(e, Name) and e.verb == "rename" and e.path.name == "project.h5",
        )
        lasting = [e for e in events[placed[-1] : at] if isinstance(e, Sync)]
        assert any(sync.node.born == desk.folder.path for sync in lasting)


def test_the_journal_of_the_next_generation_lasts_before_a_mask_of_it_is_written(
    desk: Desk,
) -> None:
    paint(desk.folder, desk.mask, CASE, 2)
    desk.save()
    events = desk.record.events
    (made,) = _at(events, lambda e: isinstance(e, Name) and e.path.name == "journal-2")
    (placed,) = _at(events, lambda e: isinstance(e, Name) and e.path.name == "annotation-2.h5")
    between = [e.node.born.name for e in events[made:placed] if isinstance(e, Sync)]
    # The one before it first: what is made lasting never follows a gap.
    assert between[:3] == ["journal-1", "journal-2", "p.segdesk"]


def test_a_stroke_is_with_the_system_when_append_returns(desk: Desk) -> None:
    paint(desk.folder, desk.mask, CASE, 2)
    assert [e.node.born.name for e in desk.record.events if isinstance(e, Write)] == ["journal-1"]


def test_a_prediction_lasts_before_the_index_that_names_it(desk: Desk) -> None:
    desk.predict()
    case = replace(desk.project.case(CASE), predictions=("run-001",))
    desk.folder.hand_over_index(desk.project.with_case(case))
    desk.folder.write_index()
    assert faults_of_order(desk.record.events) == []
    renamed = [e.path.name for e in desk.record.events if isinstance(e, Name) and e.new]
    assert renamed.index("case-001.h5") < renamed.index("project.h5")


def test_a_save_begins_without_waiting_for_the_disk_and_its_worker_does(desk: Desk) -> None:
    """It begins on the window's thread, where somebody paints."""
    paint(desk.folder, desk.mask, CASE, 2)
    saving = desk.folder.begin_save(desk.project, {CASE: desk.mask})
    assert [event for event in desk.record.events if isinstance(event, Sync)] == []
    saving.run()
    assert faults_of_order(desk.record.events) == []


def test_a_save_that_never_ran_leaves_both_journals_lasting(desk: Desk) -> None:
    paint(desk.folder, desk.mask, CASE, 2)
    desk.folder.begin_save(desk.project, {CASE: desk.mask})
    paint(desk.folder, desk.mask, CASE, 3)
    desk.folder.close()
    synced = [e.node.born.name for e in desk.record.events if isinstance(e, Sync)]
    assert synced[:3] == ["journal-1", "journal-2", "p.segdesk"]
