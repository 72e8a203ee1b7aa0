"""What a check says of a repair is what the repair does."""

from __future__ import annotations

from pathlib import Path

import pytest

from segdesk.core.annotation import Annotation
from segdesk.errors import ProjectError
from segdesk.store.checking import check
from segdesk.store.index import Index
from segdesk.store.outlook import outlook
from segdesk.store.repairing import repair
from tests.out_of_reach import closed_folder
from tests.store.painter import paint, save
from tests.store.strategies import project_with_cases


def test_a_sound_mask_of_a_save_that_failed_is_what_a_repair_begins_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "p.segdesk"
    folder, project = project_with_cases(path, "case-001")
    masks = {case.id: Annotation(case.grid) for case in project.cases}
    paint(folder, masks["case-001"], "case-001", 1)
    project = save(folder, project, masks)
    paint(folder, masks["case-001"], "case-001", 2)

    def refuse(*_: object, **__: object) -> None:
        raise ProjectError("The disk is full.", "Free some space.")

    with monkeypatch.context() as patch:
        patch.setattr(Index, "commit", refuse)
        with pytest.raises(ProjectError):
            save(folder, project, masks)
    folder.close()
    generation = project.case("case-001").generation
    file = path / f"cases/case-001/annotation-{generation}.h5"
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    (said,) = outlook(path, check(path))
    assert said.startswith("A repair begins with the mask of 'case-001' of ")
    assert not repair(path, tmp_path / "new.segdesk").lost


def test_nothing_is_promised_of_a_case_whose_folder_nobody_can_look_into(tmp_path: Path) -> None:
    path = tmp_path / "p.segdesk"
    folder, project = project_with_cases(path, "case-001", "case-002")
    masks = {case.id: Annotation(case.grid) for case in project.cases}
    paint(folder, masks["case-001"], "case-001", 1)
    save(folder, project, masks)
    folder.close()
    with closed_folder(path / "cases/case-001"):
        (said,) = outlook(path, check(path))
        made = repair(path, tmp_path / "new.segdesk")
    assert said.startswith("A repair leaves out 'case-001', because nobody can look into")
    assert [case.id for case in made.project.cases] == ["case-002"]


def test_without_an_index_nothing_can_be_exported_or_put_back_before_a_repair(
    tmp_path: Path,
) -> None:
    path = tmp_path / "p.segdesk"
    folder, project = project_with_cases(path, "case-001")
    masks = {case.id: Annotation(case.grid) for case in project.cases}
    for step in (1, 2):
        paint(folder, masks["case-001"], "case-001", step)
        project = save(folder, project, masks)
    folder.close()
    scan = path / "cases/case-001/volume.h5"
    scan.write_bytes(scan.read_bytes()[:-9])
    assert outlook(path, check(path))[0].endswith("it can be exported, and a repair keeps it.")
    (path / "project.h5").unlink()
    said = " ".join(outlook(path, check(path)))
    assert "can be exported" not in said and "import the same scan into the new project" in said
