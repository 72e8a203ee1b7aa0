"""Packing and unpacking on the command line."""

from pathlib import Path

from tests.cli.conftest import Run


def test_a_packed_project_unpacks_with_the_same_index(
    segdesk: Run, project: Path, tmp_path: Path
) -> None:
    file, there = tmp_path / "p.h5", tmp_path / "again.segdesk"
    packed = segdesk("pack", project, file, "--json")
    assert packed.json["cases"] == ["case-001"]
    assert packed.json["bytes"] == file.stat().st_size
    assert segdesk("unpack", file, there, "--json").json["cases"] == ["case-001"]
    before, after = (segdesk("info", path, "--json").json for path in (project, there))
    assert {**after, "project": ""} == {**before, "project": ""}
    assert sorted(path.name for path in tmp_path.iterdir() if path.name.startswith(".")) == []


def test_a_file_that_is_there_is_kept_and_the_way_to_replace_it_is_said(
    segdesk: Run, project: Path, tmp_path: Path
) -> None:
    file = tmp_path / "p.h5"
    file.write_bytes(b"dear")
    segdesk("pack", project, file).is_refusal(2, "already something", "--replace")
    assert file.read_bytes() == b"dear"
    assert segdesk("pack", project, file, "--replace").code == 0
