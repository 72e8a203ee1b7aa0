"""A hand, a disk and a killer act on a project at random; a slow model says what has to be there.

The model keeps for each step what every touched case and segment was before and after it, whole. It
knows nothing of journals: a kill changes nothing in it.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from segdesk.app.labelling import removing_segments
from segdesk.app.project import saving, steps
from segdesk.app.project.removing import take_out
from segdesk.app.project.workbench import Workbench
from segdesk.core.edit import Edit
from segdesk.core.history import History
from segdesk.core.segment import Segment
from segdesk.errors import ProjectError
from tests.projects import add_case, stroke, voxels

SHAPE = (3, 12, 16)
IDS = ("case-001", "case-002", "case-003")
#: Bytes of Edits: a dozen strokes, so that the oldest leave now and then.
BUDGET = 7_000
CaseState = tuple[bytes, bytes, object, object]


@dataclass(frozen=True)
class World:
    """Everything that Edits change."""

    cases: dict[str, CaseState]
    segments: dict[int, Segment]


@dataclass
class Step:
    """One step of undo: (name, case, bytes) of its Edits, and what it changed from what to what."""

    edits: list[tuple[str, str, int]]
    before: World
    after: World

    @property
    def nbytes(self) -> int:
        return sum(row[2] for row in self.edits)


def _state(bench: Workbench, id: str) -> CaseState:
    mask = bench.annotation(id)
    return mask.labels.tobytes(), mask.provenance.tobytes(), mask.statuses, mask.complete


def world(bench: Workbench) -> World:
    """The project as it is now."""
    cases = {case.id: _state(bench, case.id) for case in bench.project.cases}
    return World(cases, {row.number: replace(row, visible=True) for row in bench.segments})


def _differing(one: World, other: World) -> tuple[World, World]:
    """Both, with what is the same in both left out; a segment that is not there is not in it."""
    cases = [id for id in one.cases if one.cases[id] != other.cases[id]]
    numbers = list(one.segments.keys() | other.segments.keys())
    numbers = [n for n in numbers if one.segments.get(n) != other.segments.get(n)]

    def part(whole: World) -> World:
        segments = {n: whole.segments[n] for n in numbers if n in whole.segments}
        return World({id: whole.cases[id] for id in cases}, segments)

    return part(one), part(other)


class HistoryMachine(RuleBasedStateMachine):
    """See the module."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.patch = pytest.MonkeyPatch()
        self.patch.setattr(steps, "History", lambda: History(BUDGET))
        self.copies = 0
        self.done: list[Step] = []
        self.undone: list[Step] = []

    @initialize()
    def begin(self) -> None:
        self.bench = Workbench.create(self.folder / "p.segdesk")
        self.bench.add_segment("Lung")
        for at, id in enumerate(IDS[:2]):
            add_case(self.bench, id=id, scan=voxels(SHAPE, seed=at))
        saving.save(self.bench)
        self.now = world(self.bench)
        first = self.bench.history.done[0]
        empty = replace(self.now, segments={})
        self.done = [Step([_row(first)], *_differing(empty, self.now))]

    def teardown(self) -> None:
        if hasattr(self, "bench"):
            self._walk()
            self.bench.close()
        self.patch.undo()
        shutil.rmtree(self.folder)

    # What a hand does

    @rule(
        case=st.sampled_from(IDS),
        index=st.integers(0, SHAPE[0] - 1),
        row=st.integers(0, SHAPE[1] - 1),
        value=st.integers(0, 3),
    )
    def stroke(self, case: str, index: int, row: int, value: int) -> None:
        if case in self.now.cases and (value == 0 or value in self.now.segments):
            self._do(lambda: stroke(self.bench, index, value=value, row=float(row), case=case))

    @rule()
    def add_segment(self) -> None:
        if len(self.now.segments) < 4:
            self._do(lambda: self.bench.add_segment())

    @rule(number=st.integers(1, 4), name=st.sampled_from(["Rib", "Heart", "Vessel"]))
    def rename(self, number: int, name: str) -> None:
        if number in self.now.segments:
            row = replace(self.bench.segments[number], name=name)
            self._do(lambda: self.bench.change_segment(row))

    @rule(number=st.integers(2, 4))
    def remove_segment(self, number: int) -> None:
        if number in self.now.segments:
            self._do(lambda: removing_segments.remove_segment(self.bench, number))

    @rule()
    def undo(self) -> None:
        assert (self.bench.undo() is not None) is bool(self.done)
        if self.done:
            self.undone.append(self.done.pop())
            self._put(self.undone[-1].after, self.undone[-1].before)

    @rule()
    def redo(self) -> None:
        assert (self.bench.redo() is not None) is bool(self.undone)
        if self.undone:
            self.done.append(self.undone.pop())
            self._put(self.done[-1].before, self.done[-1].after)

    @rule(case=st.sampled_from(IDS))
    def import_case(self, case: str) -> None:
        if case not in self.now.cases and case not in self.bench.retired:
            add_case(self.bench, id=case, scan=voxels(SHAPE, seed=len(self.done)))
            self.now = World(self.now.cases | {case: _state(self.bench, case)}, self.now.segments)
            assert not self.bench.annotation(case).labels.any()

    @rule(case=st.sampled_from(IDS))
    def remove_case(self, case: str) -> None:
        if case not in self.now.cases or self.bench.is_unsaved(case):
            return
        take_out(self.bench, case)
        self.bench.folder.write_index()
        self.bench.folder.scans.set_aside(case)
        self.now = _without(self.now, case)
        for stack in (self.done, self.undone):
            for step in stack:
                step.edits = [row for row in step.edits if row[1] != case]
                step.before, step.after = _without(step.before, case), _without(step.after, case)
            stack[:] = [step for step in stack if step.edits]

    # What becomes of the program

    @rule()
    def save(self) -> None:
        saving.save(self.bench)

    @precondition(lambda self: self.bench.has_unsaved)
    @rule(left=st.integers(0, 3))
    def failing_save(self, left: int) -> None:
        with _full_disk(left), pytest.raises(ProjectError):
            saving.save(self.bench)

    @precondition(lambda self: self.bench.has_unsaved)
    @rule(
        row=st.integers(0, SHAPE[1] - 1),
        ends=st.sampled_from(["well", "killed before", "killed after", "failed"]),
    )
    def save_while_drawing(self, row: int, ends: str) -> None:
        pending = saving.PendingSave(self.bench)
        self.stroke(IDS[1], 1, row, 1)
        if ends == "killed before":
            self.kill()
            return
        if ends == "failed":
            with _full_disk(0), pytest.raises(ProjectError):
                pending.run()
            pending.failed()
            return
        project = pending.run()
        self.undo()
        if ends == "killed after":
            self.kill()
        else:
            pending.succeeded(project)

    @rule()
    def kill(self) -> None:
        self.copies += 1
        copy = self.folder / f"{self.copies}.segdesk"
        shutil.copytree(self.bench.folder.path, copy)
        self.bench.close()
        self.bench = Workbench.open(copy)
        assert not any("left out" in note or "read" in note for note in self.bench.notes)

    @rule()
    def restart(self) -> None:
        path = self.bench.folder.path
        self.bench.close()
        self.bench = Workbench.open(path)

    @invariant()
    def everything_is_there(self) -> None:
        if not hasattr(self, "bench"):
            return
        assert world(self.bench) == self.now
        names = [_row(edit) for edit in self.bench.history.done]
        assert names == [row for step in self.done for row in step.edits]
        stacks = self.bench.history.stacks
        assert len(stacks.undone) == sum(len(step.edits) for step in self.undone)

    def _walk(self) -> None:
        """To the very beginning and the very end, one key at a time."""
        for act in (self.undo, self.redo):
            stack = self.done if act == self.undo else self.undone
            for _ in range(len(stack) + 1):
                act()
                self.everything_is_there()

    def _do(self, act: Callable[[], object]) -> None:
        """A new step, where anything changed."""
        known = {edit.sequence for edit in self.bench.history.done}
        act()
        after = world(self.bench)
        if after == self.now:
            return
        made = [edit for edit in self.bench.history.done if edit.sequence not in known]
        self.done.append(Step([_row(edit) for edit in made], *_differing(self.now, after)))
        self.undone.clear()
        self.now = after
        while sum(step.nbytes for step in self.done) > BUDGET and len(self.done) > 1:
            del self.done[0]

    def _put(self, old: World, new: World) -> None:
        segments = {n: row for n, row in self.now.segments.items() if n not in old.segments}
        self.now = World(self.now.cases | new.cases, segments | new.segments)


def _row(edit: Edit) -> tuple[str, str, int]:
    return edit.name, edit.case, edit.nbytes


def _without(whole: World, case: str) -> World:
    return World({id: row for id, row in whole.cases.items() if id != case}, whole.segments)


@contextmanager
def _full_disk(left: int) -> Iterator[None]:
    """Files can be replaced so often, then the disk is full."""
    real, calls = os.replace, [left]

    def replacing(source: Path, target: Path) -> None:
        # Never the last of a save, so that it fails for sure.
        if not calls[0] or Path(target).name == "project.h5":
            raise OSError(28, "No space left on device")
        calls[0] -= 1
        real(source, target)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "replace", replacing)
        yield
