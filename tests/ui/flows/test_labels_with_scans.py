"""Labels that come in with a new scan: piece by piece, the window awake, whole or not at all."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import numpy.typing as npt
import pytest
from PySide6.QtWidgets import QLineEdit

from segdesk.app.files import importing, joining
from segdesk.app.labelling.removing_segments import remove_segment
from segdesk.app.project.workbench import Workbench
from segdesk.core import edit as edit_module
from segdesk.core.annotation import Annotation
from segdesk.core.edit import Edit, Patch
from segdesk.core.pieces import Seen
from segdesk.ui.dialogs import dialog as ui_dialog
from segdesk.ui.flows.asked_edits import GoOn
from tests.projects import voxels
from tests.windows import Desk

SHAPE = (34, 80, 80)
#: Small here, so that a small scan has many of them: one tile of 16 slices of 64x64.
PIECE = 1 << 16
NEW = "case-003"


@pytest.fixture(autouse=True)
def _small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ui_dialog, "KEYS_AFTER_MS", 0)
    monkeypatch.setattr("segdesk.core.pieces.PIECE", PIECE)


def wanted() -> npt.NDArray[np.uint8]:
    """Labels of segments 1 and 4 over most of the scan."""
    labels = np.zeros(SHAPE, np.uint8)
    labels[:, 4:, 2:-2] = 1
    labels[20:] *= 4
    return labels


def begin(desk: Desk, folder: Path) -> npt.NDArray[np.uint8]:
    """Import a scan with a file of labels; returns them."""
    hu, labels = voxels(SHAPE, seed=7), wanted()
    files = folder / "ct.nii", folder / "labels.nii"
    for file, array in zip(files, (hu, labels), strict=True):
        nib.save(nib.Nifti1Image(array.T, np.diag([-1.0, -1, 2, 1])), file)
    desk.drop(files[0])
    dialog = desk.dialog("import_choice_dialog")
    field = dialog.findChild(QLineEdit, "import_labels_file")
    assert field is not None
    field.setText(str(files[1]))
    desk.press(dialog, "import_chosen")
    return labels


def until_in(desk: Desk) -> None:
    desk.wait(lambda: not desk.window.imports.is_busy)


def at_piece(desk: Desk, monkeypatch: pytest.MonkeyPatch, act: Callable[[], object]) -> list[int]:
    """Have something happen behind the first piece; the sizes of the pieces, as they go in."""
    workbench, pieces = desk.workbench, list[int]()
    put = Annotation.put

    def counted(mask: Annotation, patches: Sequence[Patch]) -> None:
        assert threading.current_thread() is threading.main_thread()
        put(mask, patches)
        pieces.append(sum(patch.box.size for patch in patches))
        if len(pieces) == 1 and workbench.going_in == NEW:
            act()

    monkeypatch.setattr(Annotation, "put", counted)
    return pieces


def test_they_go_in_piece_by_piece_and_the_windows_thread_makes_nothing_of_them(
    desk: Desk, project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.open(project)
    workbench, threads = desk.workbench, set[str]()
    compress, first_labels = edit_module.zlib.compress, importing.first_labels

    def watched(*arguments: Any) -> object:
        threads.add(threading.current_thread().name)
        return first_labels(*arguments)

    def packing(content: bytes, level: int) -> bytes:
        threads.add(threading.current_thread().name)
        return compress(content, level)

    for room in (importing, joining):
        monkeypatch.setattr(room, "first_labels", watched)
    monkeypatch.setattr(edit_module.zlib, "compress", packing)
    pieces = at_piece(desk, monkeypatch, lambda: None)
    labels = begin(desk, tmp_path)
    until_in(desk)
    assert np.array_equal(workbench.annotation(NEW).labels, labels)
    assert len(pieces) > 2 and max(pieces) <= PIECE
    assert threads and "MainThread" not in threads
    assert 4 in workbench.segments
    assert not desk.has_dialog("large_edit")
    desk.view.crosshair.show_case(NEW)
    desk.wait_for_mask()
    desk.window.table["undo"].trigger()
    desk.wait(lambda: not desk.window.session.large.is_under_way)
    assert not workbench.annotation(NEW).labels.any()
    assert not workbench.annotation(NEW).provenance.any()
    assert 4 not in workbench.segments
    desk.window.table["redo"].trigger()
    desk.wait(lambda: not desk.window.session.large.is_under_way)
    assert np.array_equal(workbench.annotation(NEW).labels, labels)


def test_numbers_of_segments_that_are_gone_are_changed_by_a_worker(
    desk: Desk, project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.open(project)
    workbench, threads, renumbered = desk.workbench, set[str](), joining.renumbered
    for name in ("Two", "Three", "Four"):
        workbench.add_segment(name)
    remove_segment(workbench, 4)

    def watched(*arguments: Any) -> Any:
        threads.add(threading.current_thread().name)
        return renumbered(*arguments)

    monkeypatch.setattr(joining, "renumbered", watched)
    labels = begin(desk, tmp_path)
    until_in(desk)
    assert threads and "MainThread" not in threads
    labels[labels == 4] = 5
    assert np.array_equal(workbench.annotation(NEW).labels, labels)
    assert workbench.segments.numbers == (1, 2, 3, 5)
    said = "Label 4 of the file became segment 5: number 4 stood for a segment that was removed"
    assert any(note.startswith(said) for note in workbench.project.case(NEW).source.notes)


def test_a_kill_in_between_leaves_all_of_them(
    desk: Desk, project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.open(project)
    workbench, killed = desk.workbench, tmp_path / "killed.segdesk"

    def kill() -> None:
        assert not np.array_equal(workbench.annotation(NEW).labels, labels)
        shutil.copytree(workbench.folder.path, killed)
        (killed / "lock").unlink(missing_ok=True)

    at_piece(desk, monkeypatch, kill)
    labels = wanted()
    begin(desk, tmp_path)
    until_in(desk)
    again = Workbench.open(killed)
    assert np.array_equal(again.annotation(NEW).labels, labels)
    assert 4 in again.segments
    again.close()


def test_a_window_that_closes_in_between_has_them_all(
    desk: Desk, project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.open(project)
    path = desk.workbench.folder.path
    at_piece(desk, monkeypatch, desk.window.close)
    labels = begin(desk, tmp_path)
    desk.wait(lambda: desk.window.session.workbench is None)
    assert not desk.window.imports.is_busy
    again = Workbench.open(path)
    assert np.array_equal(again.annotation(NEW).labels, labels)
    again.close()


def test_a_project_that_goes_while_they_wait_for_their_turn_ends_the_import(
    desk: Desk, project: Path, tmp_path: Path
) -> None:
    desk.open(project)
    held, large = threading.Event(), desk.window.session.large

    def make(_: GoOn, seen: Seen) -> Edit:
        held.wait(20)
        return Edit("Held", "case-001")

    large.make(
        desk.workbench,
        "case-001",
        "Held",
        make,
        voxels=PIECE + 1,
        done=lambda: None,
        failed=lambda error: None,
        is_quiet=True,
    )
    begin(desk, tmp_path)
    desk.wait(lambda: desk.workbench.is_loaded(NEW))
    assert desk.window.imports.is_busy
    desk.window.session.let_go()
    held.set()
    desk.wait(lambda: not desk.window.imports.is_busy)
