"""What of a project goes into one file, what stays out, and what that means."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from segdesk.app.project import saving
from segdesk.app.project.packing import check_file, prepare
from segdesk.app.project.workbench import Workbench
from segdesk.core.case import Case
from segdesk.core.run import Run
from segdesk.errors import UsageError
from tests.packs import add_run, by_h5py, full_project, unpack_here
from tests.projects import make_project, stroke


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workbench]:
    """Five cases, the last of the first one's patient; two runs, the second in use."""
    workbench = full_project(tmp_path_factory.mktemp("full"))
    yield workbench
    workbench.close()


def ids(rows: Iterable[Case | Run]) -> list[str]:
    return [row.id for row in rows]


def test_only_the_cases_that_were_asked_for_go_in(full: Workbench) -> None:
    wanted = prepare(full, cases=["case-002", "case-003"])
    assert ids(wanted.contents.project.cases) == ["case-002", "case-003"]
    assert wanted.notes == ("Left out: case-001, case-004, case-005.",)


def test_a_patient_who_is_packed_in_part_is_named(full: Workbench) -> None:
    wanted = prepare(full, without_cases=["case-005"])
    assert ids(wanted.contents.project.cases) == ["case-001", "case-002", "case-003", "case-004"]
    assert wanted.notes[1:] == (
        "case-005 is of the same patient as case-001: the patient is packed in part.",
    )
    assert prepare(full, without_cases=["case-001", "case-005"]).notes[1:] == ()


def test_a_run_that_stays_out_takes_its_predictions_and_dismissals_along(
    full: Workbench, tmp_path: Path
) -> None:
    prepare(full, without_runs=["run-002"]).write(tmp_path / "p.h5")
    unpack_here(tmp_path / "p.h5", tmp_path / "u.segdesk")
    with by_h5py(tmp_path / "p.h5") as root:
        assert set(root["runs"]) == {"run-001"}
        assert set(root["cases/case-001/predictions"]) == {"run-001"}
    again = Workbench.open(tmp_path / "u.segdesk", writable=False)
    try:
        assert ids(again.project.runs) == ["run-001"]
        assert again.project.case("case-002").predictions == ("run-001",)
        # Another run may get the name run-002; nothing of it was dismissed.
        kept = {("run-001", 2), ("run-001, piece of 1 at 2 5", 3)}
        assert again.annotation("case-001").dismissed == kept
        assert again.project.in_use.run == ""
    finally:
        again.close()


def test_a_choice_by_hand_of_a_run_that_stays_out_is_let_go(full: Workbench) -> None:
    by_hand = replace(full.project.in_use, chosen="run-001", by_hand="run-002")
    full.put_project(replace(full.project, in_use=by_hand))
    in_use = prepare(full, without_runs=["run-002"]).contents.project.in_use
    assert (in_use.chosen, in_use.by_hand) == ("run-001", "")


def test_a_run_that_is_under_way_stays_out_and_is_named(tmp_path: Path) -> None:
    workbench = make_project(tmp_path)
    add_run(workbench, "run-001")
    workbench.put_run(replace(workbench.project.run("run-001"), outcome="running"))
    wanted = prepare(workbench)
    workbench.close()
    assert wanted.contents.project.runs == ()
    assert wanted.notes == ("run-001 is under way and stays out.",)


@pytest.mark.parametrize(
    "wanted",
    [
        {"cases": ["case-009"]},
        {"without_cases": ["case-009"]},
        {"without_runs": ["run-009"]},
        {"cases": ["case-001"], "without_cases": ["case-001"]},
    ],
)
def test_what_is_not_there_or_leaves_nothing_is_refused(
    full: Workbench, wanted: dict[str, list[str]]
) -> None:
    with pytest.raises(UsageError):
        prepare(full, **wanted)


def test_painting_that_goes_on_while_it_is_packed_stays_out(tmp_path: Path) -> None:
    workbench = make_project(tmp_path)
    stroke(workbench, 1)
    wanted = prepare(workbench)
    before = workbench.annotation("case-001").labels.copy()
    stroke(workbench, 3)
    wanted.write(tmp_path / "p.h5")
    workbench.close()
    with by_h5py(tmp_path / "p.h5") as root:
        assert (root["cases/case-001/labels"][()] == before).all()


def test_saves_that_go_on_while_it_is_packed_take_no_mask_away(tmp_path: Path) -> None:
    workbench = make_project(tmp_path)
    stroke(workbench, 1)
    saving.save(workbench)
    before = workbench.annotation("case-001").labels.copy()
    folder = workbench.folder.path / "cases" / "case-001"
    wanted = prepare(workbench)
    for at in (2, 3, 4):
        stroke(workbench, at)
        saving.save(workbench)
    wanted.write(tmp_path / "p.h5")
    with by_h5py(tmp_path / "p.h5") as root:
        assert (root["cases/case-001/labels"][()] == before).all()
    assert len(list(folder.glob("annotation-*"))) == 3
    stroke(workbench, 0)
    saving.save(workbench)
    workbench.close()
    assert len(list(folder.glob("annotation-*"))) == 2


def test_the_pools_of_all_patients_stay_so_that_nobody_moves_who_comes_back(
    full: Workbench,
) -> None:
    full.put_project(replace(full.project, split=full.project.split.joined(["a", "b", "case-002"])))
    wanted = prepare(full, without_cases=["case-002"])
    assert wanted.contents.project.split == full.project.split


def test_a_file_has_to_be_called_as_such_files_are(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"does not end in \.h5"):
        check_file(tmp_path / "project.zip", overwrite=False)


def test_a_second_file_that_is_still_to_be_written_keeps_its_masks(tmp_path: Path) -> None:
    workbench = make_project(tmp_path)
    stroke(workbench, 1)
    saving.save(workbench)
    before = workbench.annotation("case-001").labels.copy()
    first, second = prepare(workbench), prepare(workbench)
    first.write(tmp_path / "first.h5")
    for at in (2, 3, 4):
        stroke(workbench, at)
        saving.save(workbench)
    assert second.write(tmp_path / "second.h5").notes == ()
    workbench.close()
    with by_h5py(tmp_path / "second.h5") as root:
        assert (root["cases/case-001/labels"][()] == before).all()
