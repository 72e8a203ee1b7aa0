"""One door for the index: whatever fails, the disk and the journals together give the project."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from segdesk.core.annotation import Annotation
from segdesk.core.edit import Edit, SegmentChange
from segdesk.core.project import Project
from segdesk.core.run import Run, plan_for
from segdesk.core.segment import Segment
from segdesk.errors import ProjectError
from segdesk.store.index import Base, Index
from segdesk.store.journal.recover import Opened, opened, recover
from segdesk.store.parts import project_file
from segdesk.store.project_folder import ProjectFolder
from segdesk.store.saving import Save
from tests.store.faults import POINTS, refusing
from tests.store.painter import masks_of, paint, same, stroke
from tests.store.strategies import new_case, project_with_cases

LUNG, LIVER = Segment(1, "Lung", "#56b4e9"), Segment(2, "Liver", "#e69f00")
FULL = "os.replace"


def facts(project: Project) -> object:
    """What an index says that no journal brings."""
    cases = tuple((case.id, case.name, case.pool, case.predictions) for case in project.cases)
    return cases, project.runs, project.settings, project.split, project.in_use


def with_run(project: Project, number: int) -> Project:
    return project.with_run(Run(f"run-{number:03d}", plan_for(), started=float(number)))


def on_disk(folder: ProjectFolder) -> Project:
    """The index as another process reads it."""
    with ProjectFolder.open(folder.path, writable=False) as reader:
        return reader.load().project


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "p.segdesk"


def test_a_run_that_was_handed_over_before_a_save_that_failed_is_written(path: Path) -> None:
    folder, project = project_with_cases(path, "case-001")
    project = with_run(project, 1)
    folder.hand_over_index(project)
    saving = folder.begin_save(project, {})
    with refusing(FULL, 0), pytest.raises(ProjectError):
        saving.run()
    folder.write_index()
    assert on_disk(folder).runs == project.runs
    folder.close()


def test_a_run_that_was_handed_over_before_a_save_that_failed_is_written_by_closing(
    path: Path,
) -> None:
    folder, project = project_with_cases(path, "case-001")
    project = with_run(project, 1)
    folder.hand_over_index(project)
    saving = folder.begin_save(project, {})
    with refusing(FULL, 0), pytest.raises(ProjectError):
        saving.run()
    folder.close()
    assert on_disk(folder).runs == project.runs


def test_a_segment_in_the_journal_lands_in_no_index_of_the_generation_before(path: Path) -> None:
    """Whoever writes the index while a save has begun, or after it failed."""
    folder, project = project_with_cases(path, "case-001")
    added = Edit("Add segment", "", segments=(SegmentChange(None, LUNG),))
    folder.append(added)
    project = with_run(replace(project, segments=project.segments.put(LUNG)), 1)
    saving = folder.begin_save(project, {})
    folder.write_index()
    with refusing(FULL, 0), pytest.raises(ProjectError):
        saving.run()
    folder.write_index()
    with ProjectFolder.open(folder.path, writable=False) as reader:
        opened = reader.load()
    assert (opened.project.segments.rows, opened.edits) == ((), (added,))
    assert opened.project.runs == project.runs
    folder.close()


def test_an_index_whose_rename_was_not_made_lasting_is_written_again(path: Path) -> None:
    """Nobody knows which of the two stands there then; the caller took the newer one back."""
    folder, project = project_with_cases(path, "case-001")
    # File, then folder: the second fsync comes after the rename.
    with refusing("os.fsync", 1), pytest.raises(ProjectError):
        folder.save_index(with_run(project, 1))
    folder.write_index()
    assert on_disk(folder).runs == ()
    folder.close()


def test_no_scan_is_removed_while_an_index_that_may_stand_on_the_disk_names_it(path: Path) -> None:
    folder, project = project_with_cases(path, "case-001")
    case = new_case(folder, "case-002")
    with refusing("os.fsync", 1), pytest.raises(ProjectError):
        folder.save_index(project.with_case(case))
    with refusing(FULL, 0), pytest.raises(ProjectError):
        folder.scans.remove("case-002")
    assert (path / "cases" / "case-002" / "volume.h5").is_file()
    folder.scans.remove("case-002")
    assert [case.id for case in on_disk(folder).cases] == ["case-001"]
    assert not (path / "cases" / "case-002").exists()
    folder.close()


def test_a_save_that_ends_after_its_case_left_does_not_give_its_mask_to_the_next_of_that_id(
    path: Path,
) -> None:
    folder, project = project_with_cases(path, "case-001", "case-002")
    mask = Annotation(project.cases[0].grid)
    for step in range(4):
        edit = stroke(mask, "case-001", step)
        mask.apply(edit)
        folder.append(edit)
    saving = folder.begin_save(project, {"case-001": mask})

    def meanwhile(done: int, total: int) -> None:
        if done == total:
            folder.save_index(replace(project, cases=project.cases[1:]))
            folder.scans.set_aside("case-001")
            again = new_case(folder, "case-001", seed=7)
            folder.save_index(replace(project, cases=(again, project.cases[1])))

    saved = saving.run(meanwhile)
    assert saved.case("case-001").generation == 0
    folder.close()


def test_a_save_that_was_made_from_another_generation_is_not_written(tmp_path: Path) -> None:
    project = Project("id")
    index = Index(tmp_path, project, 3)
    with pytest.raises(ValueError, match="expected generation 2"):
        index.commit(Base.of(project, 4), instead_of=2)
    assert list(tmp_path.iterdir()) == [] and index.base.generation == 3


class Door(RuleBasedStateMachine):
    """A Workbench's dealings with the store, on a disk that refuses now and then."""

    def __init__(self) -> None:
        super().__init__()
        self.place = Path(tempfile.mkdtemp(prefix="segdesk-door-"))
        self.count = 0

    @initialize()
    def create(self) -> None:
        self.folder, self.project = project_with_cases(self._name(), "case-001", "case-002")
        self.masks = {case.id: Annotation(case.grid) for case in self.project.cases}
        self.saving: Save | None = None
        self.has_run = False
        self.disk = [facts(self.project)]

    def _name(self) -> Path:
        self.count += 1
        return self.place / f"{self.count}.segdesk"

    def teardown(self) -> None:
        if hasattr(self, "folder"):
            self.folder.close()
        shutil.rmtree(self.place)

    @contextmanager
    def _writes(
        self, fault: tuple[str, int, bool] | None, tried: Callable[[], Project]
    ) -> Generator[None, None, None]:
        """An index is written: what was tried stands there, or what may have stood before."""
        try:
            if fault is None:
                yield
            else:
                with refusing(fault[0], fault[1], once=fault[2]):
                    yield
        except ProjectError:
            assert fault is not None
            self.disk.append(facts(tried()))
        else:
            self.disk = [facts(tried())]

    faults = st.none() | st.tuples(
        st.sampled_from(sorted(POINTS)), st.integers(0, 9), st.booleans()
    )

    # Edits

    def _do(self, edit: Edit, fault: tuple[str, int, bool] | None = None) -> None:
        for change in edit.segments:
            assert change.after is not None
            table = self.project.segments.put(change.after)
            self.project = replace(self.project, segments=table)
        if edit.case:
            self.masks[edit.case].apply(edit)
        self.folder.append(edit)

    @rule(case=st.sampled_from(["case-001", "case-002"]), step=st.integers(1, 50))
    def draw(self, case: str, step: int) -> None:
        if case in self.masks:
            self._do(stroke(self.masks[case], case, step))

    @rule(segment=st.sampled_from([LUNG, LIVER]), name=st.sampled_from(["A", "B"]))
    def change_segment(self, segment: Segment, name: str) -> None:
        before = next((r for r in self.project.segments if r.number == segment.number), None)
        after = replace(before or segment, name=f"{segment.name} {name}")
        self._do(Edit("Change segment", "", segments=(SegmentChange(before, after),)))

    # The index

    @rule(value=st.integers(0, 99))
    def follow_a_setting(self, value: int) -> None:
        self.project = replace(self.project, settings=(("looked_at", str(value)),))
        self.folder.hand_over_index(self.project)

    @rule()
    def follow_a_run(self) -> None:
        self.project = with_run(self.project, len(self.project.runs) + 1)
        self.folder.hand_over_index(self.project)

    @rule(fault=faults)
    def put_a_run(self, fault: tuple[str, int, bool] | None) -> None:
        project = with_run(self.project, len(self.project.runs) + 1)
        with self._writes(fault, lambda: project):
            self.folder.save_index(project)
            self.project = project

    @rule(fault=faults)
    def write(self, fault: tuple[str, int, bool] | None) -> None:
        with self._writes(fault, lambda: self.project):
            self.folder.write_index()

    @rule(fault=faults)
    def add_a_case(self, fault: tuple[str, int, bool] | None) -> None:
        id = f"case-{len(self.masks) + 1:03d}"
        if len(self.masks) > 3:
            return
        project = self.project.with_case(new_case(self.folder, id))
        try:
            with self._writes(fault, lambda: project):
                self.folder.save_index(project)
                self.project = project
                self.masks[id] = Annotation(project.case(id).grid)
        finally:
            if id not in self.masks:
                # Writes what was handed over first, so that no index names what it removes.
                self.folder.scans.remove(id)
                self.disk = [facts(self.project)]

    # Saves

    @precondition(lambda self: self.saving is None)
    @rule(fault=faults)
    def begin_a_save(self, fault: tuple[str, int, bool] | None) -> None:
        try:
            with refusing(*(fault or (FULL, 99, False))[:2]):
                self.saving = self.folder.begin_save(self.project, self.masks)
            self.has_run = False
        except ProjectError:
            assert fault is not None

    @precondition(lambda self: self.saving is not None and not self.has_run)
    @rule(fault=faults)
    def run_the_save(self, fault: tuple[str, int, bool] | None) -> None:
        assert self.saving is not None
        saving, self.saving = self.saving, None
        with self._writes(fault, lambda: self.project):
            saving.run()
            self.saving, self.has_run = saving, True

    @precondition(lambda self: self.saving is not None and self.has_run)
    @rule()
    def finish_the_save(self) -> None:
        assert self.saving is not None
        self.saving.finish()
        self.saving = None

    # Ends

    @rule()
    def close_and_open(self) -> None:
        if self.folder.is_journal_lost:
            return
        self.folder.close()
        self.disk = [facts(self.project)]
        self._open(self.folder.path)

    @rule()
    def crash_and_open(self) -> None:
        path = self._name()
        shutil.copytree(self.folder.path, path)
        if not self.folder.waiting:
            self.folder.close()
            self._open(path)
            self.disk = [facts(self.project)]

    def _open(self, path: Path) -> None:
        self.saving = None
        self.folder = ProjectFolder.open(path, writable=True)
        self.project, self.masks = self._replayed(self.folder, self.folder.load())

    def _replayed(
        self, folder: ProjectFolder, opened: Opened
    ) -> tuple[Project, dict[str, Annotation]]:
        assert opened.notes == ()
        project = opened.project
        for edit in opened.edits:
            for change in edit.segments:
                if change.after is not None:
                    project = replace(project, segments=project.segments.put(change.after))
        return project, masks_of(folder, opened)

    @invariant()
    def the_disk_and_the_journals_give_the_project(self) -> None:
        if not hasattr(self, "folder") or self.folder.waiting:
            return
        # As a reader does, but reading the index once and not three times.
        found, generation = project_file.read(self.folder.path)
        found = opened(found, recover(self.folder.path, generation))
        project, masks = self._replayed(self.folder, found)
        assert project.segments == self.project.segments
        assert facts(project) in self.disk
        assert set(self.masks) <= set(masks)
        assert all(same(masks[id], mask) for id, mask in self.masks.items())


def _machine(examples: int, steps: int, *phases: Phase) -> None:
    run_state_machine_as_test(
        Door,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            phases=(Phase.reuse, Phase.generate, *phases),
            suppress_health_check=(HealthCheck.too_slow, HealthCheck.data_too_large),
        ),
    )


def test_whatever_fails_in_whatever_order_the_disk_gives_the_project() -> None:
    _machine(5, 14)


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_whatever_fails_in_whatever_order_the_disk_gives_the_project_at_length() -> None:
    # 64 ms of processor time for each of 8,000 steps: nine minutes. Three times as many took 26.
    _machine(200, 40, Phase.shrink)


def test_a_stroke_on_a_case_that_waits_to_be_written_is_not_left_out_after_a_crash(
    tmp_path: Path,
) -> None:
    folder, project = project_with_cases(tmp_path / "p.segdesk", "case-001")
    project = project.with_case(new_case(folder, "case-002"))
    folder.hand_over_index(project)
    mask = Annotation(project.case("case-002").grid)
    paint(folder, mask, "case-002", 1)
    # The process is gone: nothing was written but what lies there.
    with ProjectFolder.open(folder.path, writable=False) as again:
        opened = again.load()
        assert [case.id for case in opened.project.cases] == ["case-001", "case-002"]
        assert len(opened.edits) == 1 and not opened.notes
    folder.close()
