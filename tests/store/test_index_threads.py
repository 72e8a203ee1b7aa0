"""One writer of the index at a time, and nothing that comes meanwhile is lost."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from segdesk.core.annotation import Annotation
from segdesk.core.project import Project
from segdesk.errors import ProjectError
from segdesk.store import project_folder
from segdesk.store.index import Base, CaseState, Index
from segdesk.store.parts import project_file
from segdesk.store.project_folder import ProjectFolder
from tests.store.painter import paint, save
from tests.store.strategies import new_case, project_with_cases
from tests.store.test_index_door import on_disk, with_run


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "p.segdesk"


def test_a_project_that_was_handed_over_while_a_write_failed_is_the_newest(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The write that failed takes its own back, and no other."""
    folder, project = project_with_cases(path, "case-001")
    newer = with_run(project, 2)

    def failing(*_: object) -> None:
        folder.hand_over_index(newer)
        raise ProjectError("The disk is full.", "Make room.")

    with monkeypatch.context() as patch:
        patch.setattr(project_file, "write", failing)
        with pytest.raises(ProjectError):
            folder.save_index(with_run(project, 1))
    folder.write_index()
    assert on_disk(folder).runs == newer.runs
    folder.close()


WAYS: dict[str, Callable[[Index], object]] = {
    "save": lambda index: index.save(index.saved, {}),
    "write": Index.write,
    "commit": lambda index: index.commit(Base.of(index.saved, 1), instead_of=0),
    "an older mask": lambda index: index.put_back("case-001", CaseState(), lambda: None),
    "a look at the disk": lambda index: index.stands_without("case-001"),
}


@pytest.mark.parametrize("way", WAYS)
def test_nobody_writes_or_reads_the_index_while_another_thread_writes_it(
    path: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    folder, project = project_with_cases(path, "case-001")
    folder.close()
    index = Index(path, project, 0)
    begun, go_on, real = threading.Event(), threading.Event(), project_file.write
    inside: list[int] = []

    def slow(*given: Any) -> None:
        inside.append(len(inside))
        begun.set()
        assert go_on.wait(20)
        real(*given)

    monkeypatch.setattr(project_file, "write", slow)
    first = threading.Thread(target=index.save, args=(with_run(project, 1), {}))
    other = threading.Thread(target=WAYS[way], args=(index,))
    first.start()
    assert begun.wait(20)
    other.start()
    other.join(0.1)
    waits, writers = other.is_alive(), len(inside)
    go_on.set()
    for thread in (first, other):
        thread.join(20)
    assert (waits, writers) == (True, 1)


def while_copying(
    monkeypatch: pytest.MonkeyPatch, folder: ProjectFolder, then: Callable[[], object]
) -> None:
    """Have something happen while a save that begins copies what it will write."""
    copied = project_folder.new_generations

    def copying(*given: Any, **named: Any) -> Any:
        then()
        return copied(*given, **named)

    monkeypatch.setattr(project_folder, "new_generations", copying)


def test_an_older_mask_that_is_taken_while_a_save_begins_stays_named(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, project, masks = twice_saved(path)
    mask = path / "cases/case-001/annotation-2.h5"
    mask.write_bytes(mask.read_bytes()[:-1])
    older = folder.previous_mask(project.case("case-001"))
    assert older is not None
    while_copying(monkeypatch, folder, lambda: folder.take_previous(older))
    paint(folder, masks["case-002"], "case-002", 3)
    saved = folder.begin_save(project, {"case-002": masks["case-002"]}).run()
    assert saved.case("case-001").generation == 1
    folder.close()


def test_a_case_that_leaves_while_a_save_begins_gives_no_mask_to_the_next_of_that_id(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, project, masks = twice_saved(path)
    project = replace(project, cases=project.cases[1:])
    while_copying(monkeypatch, folder, lambda: folder.save_index(project))
    paint(folder, masks["case-002"], "case-002", 3)
    saving = folder.begin_save(project, {"case-002": masks["case-002"]})
    folder.scans.set_aside("case-001")
    folder.save_index(project.with_case(new_case(folder, "case-001", seed=7)))
    assert saving.run().case("case-001").generation == 0
    folder.close()


def twice_saved(path: Path) -> tuple[ProjectFolder, Project, dict[str, Annotation]]:
    """Two cases; of the first there are masks of two saves."""
    folder, project = project_with_cases(path, "case-001", "case-002")
    masks = {case.id: Annotation(case.grid) for case in project.cases}
    for step in (1, 2):
        paint(folder, masks["case-001"], "case-001", step)
        project = save(folder, project, masks)
    return folder, project, masks
