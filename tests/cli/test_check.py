"""Looking through a project on the command line."""

import json
from collections.abc import Callable
from pathlib import Path

from tests.cli.conftest import Run
from tests.packs import full_project


def test_a_whole_project_is_well_and_stays_as_it_was(segdesk: Run, project: Path) -> None:
    before = {file: file.read_bytes() for file in project.rglob("*") if file.is_file()}
    said = segdesk("check", project, "--json").json
    assert said == {"well": True, "cases": 1, "slices": 5, "findings": []}
    assert "All is well: cases 1, slices 5." in segdesk("check", project).err
    assert {file: file.read_bytes() for file in project.rglob("*") if file.is_file()} == before


def test_a_flipped_voxel_is_told_with_its_case_and_slice(segdesk: Run, project: Path) -> None:
    file = project / "cases/case-001/volume.h5"
    content = bytearray(file.read_bytes())
    # The voxels begin on a page of their own and are most of the file.
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    said = segdesk("check", project, "--json")
    (found,) = json.loads(said.out)["findings"]
    assert said.code == 3
    assert (found["what"], found["case"], found["run"]) == ("scan", "case-001", "")
    assert found["file"] == "cases/case-001/volume.h5" and 1 <= found["slice"] <= 5
    plain = segdesk("check", project)
    assert plain.code == 3
    assert f"Slice {found['slice']} of the scan of 'case-001' is damaged." in plain.out
    # Once, with its file, and what can be done about it.
    assert "is damaged" not in plain.err
    assert "1 thing is wrong" in plain.err and "--repair NEW" in plain.err


def test_a_flipped_byte_of_weights_is_told_with_its_run(segdesk: Run, tmp_path: Path) -> None:
    workbench = full_project(tmp_path, cases=1)
    project = workbench.folder.path
    workbench.close()
    file = project / "runs/run-002/weights-2.npz"
    content = bytearray(file.read_bytes())
    content[100] ^= 1
    file.write_bytes(content)
    said = segdesk("check", project, "--json")
    (found,) = json.loads(said.out)["findings"]
    assert (said.code, found["what"], found["run"]) == (3, "weights", "run-002")
    assert "'run-002'" in segdesk("check", project).out


def test_a_packed_project_is_named_as_one_with_what_unpacks_it(
    segdesk: Run, project: Path, tmp_path: Path
) -> None:
    packed = tmp_path / "packed.h5"
    assert segdesk("pack", project, packed).code == 0
    for command in ("check", "info"):
        segdesk(command, packed).is_refusal(3, "is a packed project", f"segdesk unpack {packed}")


def test_a_lost_index_names_the_command_as_it_can_be_typed(segdesk: Run, project: Path) -> None:
    for name in ("project.h5", "project-previous.h5"):
        (project / name).unlink(missing_ok=True)
    segdesk("info", project).is_refusal(3, f"segdesk check {project} --repair")


def test_what_is_no_project_is_refused(segdesk: Run, tmp_path: Path) -> None:
    segdesk("check", tmp_path).is_refusal(3, "not a project")


def test_a_project_without_any_index_is_made_anew_beside_it(
    segdesk: Run, project: Path, tmp_path: Path, content: Callable[[Path], dict[str, str]]
) -> None:
    said = segdesk("info", project, "--json").json
    for name in ("project.h5", "project-previous.h5"):
        (project / name).unlink(missing_ok=True)
    segdesk("info", project).is_refusal(3, "index", "is missing", "--repair")
    before, made = content(project), tmp_path / "new.segdesk"
    answer = segdesk("check", project, "--repair", made, "--json").json
    assert answer["well"] is False
    assert answer["repaired"]["project"] == str(made)
    assert (answer["repaired"]["cases"], answer["repaired"]["lost"]) == (["case-001"], [])
    assert content(project) == before
    assert segdesk("check", made).code == 0
    again = segdesk("info", made, "--json").json
    assert again["cases"] == said["cases"]


def test_a_repair_that_loses_something_says_what_and_ends_with_3(
    segdesk: Run, project: Path, tmp_path: Path
) -> None:
    file = project / "cases/case-001/volume.h5"
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    said = segdesk("check", project, "--repair", tmp_path / "new.segdesk")
    assert said.code == 3 and "'case-001' stays with its mask" in said.err
    # The faults are the old project's.
    assert said.err.splitlines()[-1].startswith("What is wrong with '")
    assert "p.segdesk', which stays as it was:" in said.err.splitlines()[-1]
    assert segdesk("info", tmp_path / "new.segdesk", "--json").json["cases"][0]["statuses"] == {
        "corrected": 4,
        "unlabelled": 1,
    }


def test_what_a_repair_will_make_of_a_damaged_case_is_said_before(
    segdesk: Run, project: Path
) -> None:
    scan = project / "cases/case-001/volume.h5"
    scan.write_bytes(b"damage")
    said = segdesk("check", project)
    assert "The mask of 'case-001' is whole: it can be exported, and a repair keeps it." in said.err
    assert "To put the scan of 'case-001' back, import the same scan again." in said.err
    mask = next(project.glob("cases/case-001/annotation-*.h5"))
    mask.write_bytes(b"damage")
    said = segdesk("check", project)
    assert "is whole" not in said.err and "no older mask of 'case-001' can be read" in said.err
    for name in ("project.h5", "project-previous.h5"):
        (project / name).unlink(missing_ok=True)
    said = segdesk("check", project)
    assert "A repair leaves out 'case-001'" in said.err


def test_a_whole_project_needs_no_repair_and_its_place_is_checked_first(
    segdesk: Run, project: Path, tmp_path: Path
) -> None:
    made = tmp_path / "new.segdesk"
    assert segdesk("check", project, "--repair", made, "--json").json["repaired"] is None
    assert "nothing to repair" in segdesk("check", project, "--repair", made).err
    assert not made.exists()
    segdesk("check", project, "--repair", project).is_refusal(3, "already something")
    segdesk("check", project, "--repair", tmp_path / "new").is_refusal(2, ".segdesk")
