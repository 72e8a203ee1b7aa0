"""A file that is sound in itself, but not the one that was saved: a copy's, or an older one."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from segdesk.core.annotation import Annotation
from segdesk.errors import ProjectError
from segdesk.store.checking import Finding, check
from segdesk.store.project_folder import ProjectFolder
from segdesk.store.repairing import repair
from tests.store.painter import masks_of, paint, same, save
from tests.store.strategies import project_with_cases

CASE = "case-001"
MASK = f"cases/{CASE}/annotation-2.h5"
SENTENCE = (
    f"The mask of '{CASE}' is not the one that was saved (a file of a copy, or of another time)."
)


def gone_on(path: Path, step: int) -> Path:
    """A stroke and a save in a project that has one save."""
    with ProjectFolder.open(path, writable=True) as folder:
        opened = folder.load()
        masks = masks_of(folder, opened)
        paint(folder, masks[CASE], CASE, step)
        save(folder, opened.project, masks)
        paint(folder, masks[CASE], CASE, step + 4)
    return path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A project that was saved, copied beside as `sibling`, and saved once more, as was the copy;
    both have a stroke in the journal since."""
    path = tmp_path / "p.segdesk"
    folder, project = project_with_cases(path, CASE)
    masks = {CASE: Annotation(project.cases[0].grid)}
    paint(folder, masks[CASE], CASE, 1)
    save(folder, project, masks)
    folder.close()
    shutil.copytree(path, path.with_name("sibling"))
    gone_on(path.with_name("sibling"), 14)
    return gone_on(path, 2)


def test_a_mask_of_a_copy_is_refused_and_named_and_a_repair_takes_the_one_before(
    path: Path,
) -> None:
    assert check(path).findings == ()
    with ProjectFolder.open(path, writable=False) as folder:
        right = masks_of(folder, folder.load())
    shutil.copy(path.with_name("sibling") / MASK, path / MASK)
    assert check(path).findings == (Finding("mask", MASK, SENTENCE, case=CASE),)
    with ProjectFolder.open(path, writable=False) as folder:
        project = folder.load().project
        with pytest.raises(ProjectError) as refused:
            folder.read_annotation(project.cases[0])
        assert refused.value.sentence == SENTENCE
        older = folder.previous_mask(project.cases[0])
        assert older is not None and older.case.generation == 1
    repaired = repair(path, made := path.with_name("new"))
    assert repaired.lost == (f"{SENTENCE} The one before it takes its place.",)
    assert check(made).findings == ()
    with ProjectFolder.open(made, writable=False) as folder:
        # The journals have what the older mask lacks.
        assert same(masks_of(folder, folder.load())[CASE], right[CASE])


def test_no_slice_of_a_mask_of_a_copy_comes_into_the_next_save(path: Path) -> None:
    with ProjectFolder.open(path, writable=True) as folder:
        opened = folder.load()
        masks = masks_of(folder, opened)
        paint(folder, masks[CASE], CASE, 9)
        shutil.copy(path.with_name("sibling") / MASK, path / MASK)
        with pytest.raises(ProjectError, match="not the one that was saved"):
            save(folder, opened.project, masks)
        saved = save(folder, opened.project, masks)
        assert same(folder.read_annotation(saved.cases[0]), masks[CASE])
