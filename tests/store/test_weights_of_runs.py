"""Weights that are not those that a run kept are told, and carried nowhere as if they were."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from segdesk.app.project.packing import prepare
from segdesk.app.project.workbench import Workbench
from segdesk.errors import ProjectError
from segdesk.store.checking import check
from segdesk.store.repairing import repair
from tests.packs import full_project, unpack_here

WEIGHTS = "runs/run-001/weights-2.npz"


def turned(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


def behind_a_link(file: Path) -> None:
    file.rename(file.parents[3] / "away")
    file.symlink_to(file.parents[3] / "away")


def of_another_run(file: Path) -> None:
    (other,) = (run for run in ("run-001", "run-002") if run != file.parent.name)
    shutil.copy(file.parents[1] / other / file.name, file)


HARMS: dict[Callable[[Path], object], str] = {
    turned: "is not the file that was kept",
    of_another_run: "is not the file that was kept",
    Path.unlink: "is missing",
    behind_a_link: "cannot be read (is a link)",
}


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    workbench = full_project(tmp_path_factory.mktemp("base"), cases=1)
    workbench.close()
    return workbench.folder.path


@pytest.fixture
def project(base: Path, tmp_path: Path) -> Path:
    return shutil.copytree(base, tmp_path / "p.segdesk")


def packed(project: Path) -> Path:
    workbench = Workbench.open(project, writable=False)
    try:
        prepare(workbench).write(project.with_name("p.h5"))
    finally:
        workbench.close()
    return project.with_name("p.h5")


@pytest.mark.parametrize("harm", HARMS)
def test_a_check_names_the_run(project: Path, harm: Callable[[Path], object]) -> None:
    assert check(project).findings == ()
    harm(project / WEIGHTS)
    (found,) = check(project).findings
    assert (found.what, found.file, found.run) == ("weights", WEIGHTS, "run-001")
    assert found.sentence == f"The file of weights of 'run-001' {HARMS[harm]}."


@pytest.mark.parametrize("harm", [turned, of_another_run, Path.unlink])
def test_they_are_not_packed(project: Path, harm: Callable[[Path], object]) -> None:
    harm(project / WEIGHTS)
    with pytest.raises(ProjectError, match="weights of 'run-001'") as refused:
        packed(project)
    assert "Leave this run out" in refused.value.hint
    assert not project.with_name("p.h5").exists()


def test_the_rest_is_packed_without_the_run(project: Path) -> None:
    turned(project / WEIGHTS)
    workbench = Workbench.open(project, writable=False)
    prepare(workbench, without_runs=["run-001"]).write(project.with_name("p.h5"))
    workbench.close()
    unpack_here(project.with_name("p.h5"), project.with_name("again.segdesk"))
    assert check(project.with_name("again.segdesk")).findings == ()


def test_weights_that_change_while_they_are_packed_are_seen(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("segdesk.store.pack.write.fault_of", lambda *_: "")
    turned(project / WEIGHTS)
    with pytest.raises(ProjectError):
        packed(project)
    assert not project.with_name("p.h5").exists()


@pytest.mark.parametrize("harm", [turned, of_another_run, Path.unlink])
def test_a_repair_keeps_the_curves_and_uses_another_run(
    project: Path, harm: Callable[[Path], object]
) -> None:
    harm(project / "runs/run-002/weights-2.npz")
    (project / "project.h5").unlink()
    made = project.with_name("made.segdesk")
    repaired = repair(project, made)
    assert "The network of run-002 could not be kept; its curves are." in repaired.lost
    assert check(made).findings == ()
    run = repaired.project.run("run-002")
    assert (run.has_weights, len(run.epochs)) == (False, 2)
    assert repaired.project.in_use.run == ""
    assert repaired.project.run("run-001").has_weights
