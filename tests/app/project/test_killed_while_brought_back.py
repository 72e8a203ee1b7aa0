"""The program ends at any moment while what waits is done again: the next one does all of it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from segdesk.app.project import damaged_mask, saving
from segdesk.app.project.workbench import Workbench
from segdesk.core.completeness import status_move
from segdesk.core.edit import Edit
from segdesk.core.history import BegunAnew, Entry
from segdesk.core.status import SliceStatus
from segdesk.errors import ProjectError
from segdesk.store import waiting
from segdesk.store.disk.layout import Layout
from segdesk.store.journal import journal_contents
from segdesk.store.open_journal import OpenJournal
from segdesk.store.project_folder import ProjectFolder
from tests.app.project.test_one_damaged_file import damage
from tests.app.project.waiting_strokes import left_in_its_folder
from tests.projects import make_project, stroke

CASE = "case-001"


class Killed(BaseException):
    """The program ends here."""


def newest_mask(path: Path) -> Path:
    return max((path / "cases" / CASE).glob("annotation-*.h5"))


def take_older(workbench: Workbench, *, killed: bool = False) -> str:
    previous = damaged_mask.look(workbench, workbench.project.case(CASE))
    assert previous is not None
    waiting = damaged_mask.take(workbench, previous)
    if killed:
        workbench.folder.close()
        return ""
    damaged_mask.follow(workbench, previous, waiting)
    return damaged_mask.bring_back(workbench, previous)


def on_an_older_mask(tmp_path: Path) -> tuple[Path, np.ndarray]:
    """Changes on each other since two saves; the newest mask is damaged."""
    workbench = make_project(tmp_path, cases=2)
    for index in (0, 1):
        stroke(workbench, index)
        saving.save(workbench)
    for index in (2, 3, 4):
        stroke(workbench, index)
    stroke(workbench, 2, value=0)
    stroke(workbench, 2, row=12.0)
    expected = workbench.annotation(CASE).labels.copy()
    workbench.close()
    damage(newest_mask(workbench.folder.path))
    return workbench.folder.path, expected


def from_its_folder_alone(tmp_path: Path) -> tuple[Path, np.ndarray]:
    """What was drawn on a case that could not be read; saves of others have dropped the journals
    with it, and the case can be read again."""
    workbench = make_project(tmp_path, cases=2)
    stroke(workbench, 0)
    saving.save(workbench)
    for index in (1, 2, 3):
        stroke(workbench, index)
    stroke(workbench, 2, value=0)
    expected = workbench.annotation(CASE).labels.copy()
    workbench.close()
    path = workbench.folder.path
    left_in_its_folder(path, newest_mask(path), tmp_path / "away")
    return path, expected


def brought_back(path: Path) -> None:
    """Open the project, and take the older mask where that is what is to be done."""
    workbench = Workbench.open(path)
    try:
        if CASE in workbench.left_out:
            take_older(workbench)
    finally:
        workbench.folder.close()


@pytest.fixture
def dying(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Have the program end at the n-th record that it journals from now on; < 0: never."""
    left, real = [-1], OpenJournal.append

    def append(journal: OpenJournal, entry: Entry | BegunAnew, record: bytes = b"") -> None:
        if not left[0]:
            raise Killed
        left[0] -= 1
        real(journal, entry, record)

    monkeypatch.setattr(OpenJournal, "append", append)
    return lambda count: left.__setitem__(0, count)


@pytest.mark.parametrize("made", [on_an_older_mask, from_its_folder_alone])
def test_killed_at_any_record_while_it_was_done_again(
    tmp_path: Path,
    made: Callable[[Path], tuple[Path, np.ndarray]],
    dying: Callable[[int], None],
) -> None:
    first, expected = made(tmp_path)
    count, ended = 0, False
    while not ended:
        path = tmp_path / f"killed-{count}.segdesk"
        shutil.copytree(first, path)
        ended = True
        # Twice, the second time one record later, because it begins with one.
        for at in (count, count + 1):
            dying(at)
            try:
                brought_back(path)
            except Killed:
                ended = False
        dying(-1)
        workbench = Workbench.open(path)
        assert np.array_equal(workbench.annotation(CASE).labels, expected), count
        # What is drawn after it stays, though it is killed before it is saved.
        stroke(workbench, 4, row=5.0)
        with_it = workbench.annotation(CASE).labels.copy()
        workbench.folder.close()
        workbench = Workbench.open(path)
        assert np.array_equal(workbench.annotation(CASE).labels, with_it), count
        saving.save(workbench)
        workbench.close()
        assert not list(path.glob("left-out-*")) and not list(path.glob("cases/*/waiting*"))
        count += 1
    assert count > 5


def test_what_is_drawn_where_nothing_was_lacking_stays_though_it_was_cut_off_before(
    tmp_path: Path, dying: Callable[[int], None]
) -> None:
    """The newest mask can be read again: none of what was begun is needed, and what follows is."""
    path, expected = on_an_older_mask(tmp_path)
    newest = newest_mask(path)
    dying(-1)
    workbench = Workbench.open(path)
    previous = damaged_mask.look(workbench, workbench.project.case(CASE))
    assert previous is not None
    index = (path / "project.h5").read_bytes()
    damaged_mask.follow(workbench, previous, damaged_mask.take(workbench, previous))
    dying(3)
    with pytest.raises(Killed):
        damaged_mask.bring_back(workbench, previous)
    workbench.folder.close()
    dying(-1)
    # From a backup, as of that save.
    damage(newest)  # turned back
    (path / "project.h5").write_bytes(index)
    workbench = Workbench.open(path)
    assert np.array_equal(workbench.annotation(CASE).labels, expected)
    stroke(workbench, 4, row=5.0)
    with_it = workbench.annotation(CASE).labels.copy()
    workbench.folder.close()
    workbench = Workbench.open(path)
    assert np.array_equal(workbench.annotation(CASE).labels, with_it)
    workbench.close()


def with_a_gap(tmp_path: Path) -> Path:
    """A slice was said to be right after a stroke that the newest mask alone has, which is
    damaged; before the gap lies another stroke on the older mask."""
    workbench = make_project(tmp_path, cases=2)
    stroke(workbench, 4)
    saving.save(workbench)
    stroke(workbench, 0, case="case-002")
    saving.save(workbench)
    stroke(workbench, 1)
    stroke(workbench, 1, case="case-002")
    saving.save(workbench)
    stroke(workbench, 0, case="case-002", row=12.0)
    # The journal with them stays, because of the other case alone.
    workbench.forget_steps(CASE)
    saving.save(workbench)
    mask, segments = workbench.annotation(CASE), workbench.segments.numbers
    move = status_move(mask, 4, SliceStatus.VERIFIED, cause="said right", segments=segments)
    assert move is not None
    workbench.do(Edit("Right", CASE, statuses=(move,)))
    workbench.close()
    path = workbench.folder.path
    damage(newest_mask(path))
    (path / "journal-3").unlink()
    return path


def test_no_slice_is_right_where_it_was_killed_before_what_led_on_was_done_again(
    tmp_path: Path,
) -> None:
    path = with_a_gap(tmp_path)
    workbench = Workbench.open(path)
    take_older(workbench, killed=True)
    workbench = Workbench.open(path)
    assert workbench.statuses(CASE)[4] is SliceStatus.PARTIAL
    said = " ".join(workbench.notes)
    assert f"Slices of '{CASE}' were said to be right" in said and "may not be in it" in said
    workbench.folder.close()
    again = Workbench.open(path, writable=False)
    assert again.statuses(CASE)[4] is SliceStatus.PARTIAL
    again.close()


@pytest.mark.parametrize("killed", [False, True])
def test_what_lies_before_a_gap_is_kept_apart(tmp_path: Path, killed: bool) -> None:
    path = with_a_gap(tmp_path)
    workbench = Workbench.open(path)
    said = take_older(workbench, killed=killed)
    if killed:
        workbench = Workbench.open(path)
        said = " ".join(workbench.notes)
    workbench.close()
    kept = journal_contents.read(path / "left-out-1.journal", 0).edits
    assert "'left-out-1.journal' keeps what" in said
    assert [index for edit in kept for index in edit.slices] == [1]


def test_a_newest_mask_that_can_be_read_again_is_not_replaced(tmp_path: Path) -> None:
    path, expected = on_an_older_mask(tmp_path)
    mask = newest_mask(path)
    workbench = Workbench.open(path)
    previous = damaged_mask.look(workbench, workbench.project.case(CASE))
    assert previous is not None
    damage(mask)  # the same bytes turned back
    with pytest.raises(ProjectError, match="The newest mask of 'case-001' can be read again"):
        damaged_mask.take(workbench, previous)
    assert np.array_equal(workbench.annotation(CASE).labels, expected)
    workbench.close()


@pytest.mark.parametrize("redo", range(3))
def test_an_interruption_while_it_is_done_again_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, redo: int
) -> None:
    """Ctrl+C, a signal or no memory: the program goes on to its end, and all of it still waits."""
    path, expected = from_its_folder_alone(tmp_path)
    real, left = Workbench.do, [redo]

    def do(workbench: Workbench, edit: Edit) -> None:
        left[0] -= 1
        if left[0] == -1:
            raise KeyboardInterrupt
        real(workbench, edit)

    with monkeypatch.context() as interrupted:
        interrupted.setattr(Workbench, "do", do)
        with pytest.raises(KeyboardInterrupt):
            Workbench.open(path).close()
    workbench = Workbench.open(path)
    assert np.array_equal(workbench.annotation(CASE).labels, expected)
    workbench.close()


def test_what_is_drawn_after_one_that_no_file_was_to_be_had_for_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of what waited one does not fit, and the disk gives no new file, but room in open ones."""
    path, _ = from_its_folder_alone(tmp_path)
    layout = Layout(path)
    edits = waiting.kept_of(layout, CASE)
    # Erasing what is not there, before what is.
    waiting.put(layout, CASE, [edits[-1], edits[2]])

    def refused(*_: object) -> None:
        raise ProjectError("No new file can be made there.")

    monkeypatch.setattr(ProjectFolder, "keep_left_out", refused)
    workbench = Workbench.open(path)
    stroke(workbench, 4)
    stroke(workbench, 1, row=14.0)
    drawn = workbench.annotation(CASE).labels[[1, 4]].copy()
    monkeypatch.undo()
    workbench.folder.close()
    workbench = Workbench.open(path)
    assert np.array_equal(workbench.annotation(CASE).labels[[1, 4]], drawn)
    workbench.close()
