"""The project that was kept when format 1 was fixed: it opens for good, whatever is built here."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from segdesk.app.project.saving import save
from segdesk.app.project.workbench import Workbench
from segdesk.store.checking import check
from tests.golden import FACTS, PACK, PROJECT, built, facts_of, form_of, holds
from tests.packs import unpack_here

GOLDEN = Path(__file__).parents[1] / "data" / "format-1"
KEPT = ("done", "undone")


@pytest.fixture(scope="module")
def facts() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((GOLDEN / FACTS).read_text("utf-8"))
    return found


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """A copy: what is kept is never opened for writing."""
    return Path(shutil.copytree(GOLDEN / PROJECT, tmp_path / "kept.segdesk"))


@pytest.fixture
def workbench(kept: Path) -> Iterator[Workbench]:
    workbench = Workbench.open(kept)
    yield workbench
    workbench.close()


def test_everything_in_it_is_found(workbench: Workbench, facts: dict[str, Any]) -> None:
    assert workbench.notes == ("Recovered 2 strokes that had not been saved.",)
    assert holds(json.loads(json.dumps(facts_of(workbench))), facts) == ""


def test_nothing_in_it_is_damaged(kept: Path) -> None:
    assert check(kept).findings == ()


def test_all_of_it_can_be_undone_and_done_again(
    workbench: Workbench, facts: dict[str, Any]
) -> None:
    while workbench.history.done:
        assert workbench.undo() is not None
    for case in workbench.project.cases:
        assert not workbench.annotation(case.id).labels.any()
    assert list(workbench.segments) == []
    for _ in facts["done"]:
        assert workbench.redo() is not None
    # What is shown is a matter of looking, which no Edit keeps.
    workbench.show_segment(4, False)
    assert holds(json.loads(json.dumps(facts_of(workbench))), facts) == ""


def test_it_is_saved_and_opened_again(kept: Path, facts: dict[str, Any]) -> None:
    workbench = Workbench.open(kept)
    save(workbench)
    workbench.close()
    again = Workbench.open(kept)
    try:
        assert again.recovered == 0
        assert holds(json.loads(json.dumps(facts_of(again))), facts) == ""
    finally:
        again.close()


def test_the_file_that_it_was_packed_into_says_the_same(
    tmp_path: Path, facts: dict[str, Any]
) -> None:
    unpack_here(GOLDEN / PACK, tmp_path / "unpacked.segdesk")
    workbench = Workbench.open(tmp_path / "unpacked.segdesk")
    try:
        found = json.loads(json.dumps(facts_of(workbench)))
    finally:
        workbench.close()
    assert holds(found, {key: facts[key] for key in facts if key not in KEPT}) == ""


def test_what_is_written_today_has_the_same_form(tmp_path: Path) -> None:
    """A change of it is a new version of the format, with a migration that reads this one."""
    workbench = built(tmp_path / "today.segdesk")
    try:
        today = form_of(workbench.folder.path)
    finally:
        workbench.close()
    then = form_of(GOLDEN / PROJECT)
    assert today.keys() == then.keys()
    for name, form in then.items():
        assert today[name] == form, name


def test_the_comparison_sees_what_is_gone_and_lets_more_be_known(facts: dict[str, Any]) -> None:
    more = {**facts, "new": 1}
    assert holds(more, facts) == ""
    assert holds(facts, more) == "new: is not there"
    less = json.loads(json.dumps(facts))
    less["cases"]["ct"]["labels"] = "0" * 64
    assert holds(less, facts).startswith("cases: ct: labels: ")
