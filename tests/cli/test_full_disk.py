"""Imports and exports while a real disk fills: one sentence, nothing half remains, it goes on."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.descriptors import open_below
from tests.small_disk import Mount, room

Content = Callable[[Path], dict[str, str]]
#: Kilobytes that are left: for no scan, no index with it, no mask, no index that names the mask.
QUICK = (30, 92, 112, 132)


@pytest.mark.parametrize(
    "left_kb",
    [
        *(pytest.param(left, id=str(left)) for left in QUICK),
        *(
            pytest.param(left, id=str(left), marks=pytest.mark.long)
            for left in range(0, 140, 4)
            if left not in QUICK
        ),
    ],
)
def test_an_import_that_fills_the_disk_is_taken_back_or_said_to_be_there(
    segdesk: Run,
    project: Path,
    other_scan: Path,
    labels: Path,
    disk: Mount,
    content: Content,
    left_kb: int,
) -> None:
    there = disk("size=2m") / "p.segdesk"
    came = ("import", there, other_scan, "--labels", labels)
    shutil.copytree(project, there)
    cases = content(there / "cases")
    facts = segdesk("info", there, "--json").json
    with room(there.parent, left_kb * 1024):
        said = segdesk(*came)
        assert said.is_refusal(3, "the disk is full")
        assert open_below(there) == []
        after = segdesk("info", there, "--json").json
        ids = [row["case"] for row in after["cases"]]
        if ids == ["case-001"]:
            assert after == facts
            assert content(there / "cases") == cases
        else:
            assert ids == ["case-001", "case-002"]
            assert "'case-002' is in the project all the same, and whole." in said.err
            assert after["cases"][1]["statuses"] == {"corrected": 4, "unlabelled": 1}
    assert not (there / "removed").exists()
    assert segdesk("check", there).code == 0
    with room(there.parent, 1 << 20):
        again = segdesk(*came, "--json").json["cases"][0]["case"]
    assert again not in ids
    assert len(list((there / "cases").iterdir())) == len(ids) + 1


NAMES = ("m.nii", "m.nii.gz", "m.nrrd", "m.mha", "m.npy", "pictures", "new/deep/m.nrrd")


@pytest.mark.parametrize("pages", [0, 1])
@pytest.mark.parametrize("name", NAMES)
def test_an_export_that_fills_the_disk_is_one_sentence_and_leaves_nothing(
    segdesk: Run, project: Path, disk: Mount, name: str, pages: int
) -> None:
    folder = disk("size=512k")
    what = ("export", project, folder / name, "--case", "case-001", "--what", "volume")
    with room(folder, pages * 4096):
        said = segdesk(*what)
        assert said.is_refusal(3, f"{Path(name).name} could not be written: the disk is full.")
        assert open_below(folder) == []
        assert [path.name for path in folder.iterdir()] == ["ballast"]
    assert segdesk(*what).code == 0
