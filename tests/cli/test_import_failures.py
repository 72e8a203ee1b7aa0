"""What is refused with exit 3 and one sentence, and that nothing half-done stays behind."""

from __future__ import annotations

import errno
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from segdesk.app.project.workbench import Workbench
from segdesk.store.parts import annotation_file, volume_file
from tests.builders import write_dicom_series
from tests.cli.conftest import Run
from tests.projects import disc, voxels
from tests.read_only_disk import read_only_disk

Content = Callable[[Path], dict[str, str]]


def a_truncated_file(folder: Path) -> Path:
    np.save(folder / "cut.npy", voxels())
    whole = (folder / "cut.npy").read_bytes()
    (folder / "cut.npy").write_bytes(whole[: len(whole) // 2])
    return folder / "cut.npy"


def a_truncated_slice(folder: Path) -> Path:
    write_dicom_series(folder / "dicom")
    file = folder / "dicom" / "slice-003.dcm"
    file.write_bytes(file.read_bytes()[:-100])
    return folder / "dicom"


def a_folder_without_images(folder: Path) -> Path:
    (folder / "letters").mkdir()
    (folder / "letters" / "letter.txt").write_text("Dear")
    return folder / "letters"


def an_unknown_format(folder: Path) -> Path:
    (folder / "table.xlsx").write_bytes(b"PK\3\4")
    return folder / "table.xlsx"


def a_missing_file(folder: Path) -> Path:
    return folder / "nowhere.nii.gz"


def a_tilted_series(folder: Path) -> Path:
    write_dicom_series(folder / "dicom", tilt_degrees=12)
    return folder / "dicom"


def a_series_with_a_gap(folder: Path) -> Path:
    write_dicom_series(folder / "dicom", missing=[2])
    return folder / "dicom"


@pytest.mark.parametrize("exists", [False, True], ids=["new project", "old project"])
@pytest.mark.parametrize(
    "broken",
    [
        a_truncated_file,
        a_truncated_slice,
        a_folder_without_images,
        an_unknown_format,
        a_missing_file,
        a_tilted_series,
        a_series_with_a_gap,
    ],
)
def test_a_source_at_fault_leaves_the_disk_as_it_was(
    segdesk: Run,
    tmp_path: Path,
    project: Path,
    content: Content,
    broken: Callable[[Path], Path],
    exists: bool,
) -> None:
    source = broken(tmp_path)
    target = project if exists else tmp_path / "new.segdesk"
    before = content(tmp_path)
    assert segdesk("import", target, source, "--json").is_refusal(3)
    assert content(tmp_path) == before
    assert target.exists() == exists


@pytest.mark.parametrize("exists", [False, True], ids=["new project", "old project"])
@pytest.mark.parametrize("what", ["another grid", "no labels", "missing"])
def test_labels_at_fault_leave_no_scan_behind(
    segdesk: Run,
    tmp_path: Path,
    scan: Path,
    project: Path,
    content: Content,
    what: str,
    exists: bool,
) -> None:
    file = tmp_path / "wrong.npy"
    if what != "missing":
        np.save(file, disc(voxels((6, 24, 32))) if what == "another grid" else voxels())
    target = project if exists else tmp_path / "new.segdesk"
    before = content(tmp_path)
    assert segdesk("import", target, scan, "--labels", file).is_refusal(3)
    assert content(tmp_path) == before
    assert target.exists() == exists


def test_of_several_scans_the_good_ones_stay_and_the_sentence_says_which_failed(
    segdesk: Run, tmp_path: Path
) -> None:
    sources = [tmp_path / f"{name}.npy" for name in ("first", "second", "third")]
    for at, source in enumerate(sources):
        np.save(source, voxels(seed=at).astype(np.float32))
    np.save(sources[1], np.full((5, 24, 32), np.inf))
    project = tmp_path / "p.segdesk"
    said = segdesk("import", project, *sources, "--series", "all")
    assert said.is_refusal(3, "1 of 3", "second.npy", "case-001, case-003")
    kept = segdesk("info", project, "--json").json["cases"]
    assert [case["case"] for case in kept] == ["case-001", "case-003"]
    assert {path.name for path in (project / "cases").iterdir()} == {"case-001", "case-003"}


def test_a_project_in_a_folder_that_is_not_there_is_refused(
    segdesk: Run, tmp_path: Path, scan: Path
) -> None:
    said = segdesk("import", tmp_path / "nowhere" / "p.segdesk", scan)
    assert said.is_refusal(3, "no folder")
    assert not (tmp_path / "nowhere").exists()


# A disk that is full or may not be written to


@pytest.mark.parametrize("size", ["4k", "3m"])
def test_a_full_disk_makes_no_project(
    segdesk: Run, scan: Path, disk: Callable[[str], Path], size: str
) -> None:
    folder = disk(f"size={size}")
    assert segdesk("import", folder / "p.segdesk", scan).is_refusal(3)
    assert list(folder.iterdir()) == []


def test_a_full_disk_leaves_an_old_project_as_it_was(
    segdesk: Run, scan: Path, disk: Callable[[str], Path], content: Content
) -> None:
    folder = disk("size=80m")
    project = folder / "p.segdesk"
    assert segdesk("import", project, scan).code == 0
    (folder / "ballast").write_bytes(bytes(60_000_000))
    before = content(folder)
    assert segdesk("import", project, scan).is_refusal(3, "left")
    assert content(folder) == before


def test_a_disk_that_may_only_be_read_is_said_by_every_writing_command(
    segdesk: Run, scan: Path, tmp_path: Path, disk: Callable[[str], Path], content: Content
) -> None:
    folder = disk("size=80m")
    project = folder / "p.segdesk"
    assert segdesk("import", project, scan).code == 0
    disk("ro")
    before = content(folder)
    assert segdesk("import", project, scan).is_refusal(3, "p.segdesk")
    assert segdesk("import", folder / "q.segdesk", scan).is_refusal(3, "q.segdesk")
    assert segdesk("train", project).is_refusal(3, "p.segdesk")
    inside = segdesk("export", project, folder / "m.nrrd", "--case", "case-001")
    assert inside.is_refusal(3, "m.nrrd")
    assert segdesk("info", project).code == 0
    assert segdesk("export", project, tmp_path / "m.nrrd", "--case", "case-001").code == 0
    assert content(folder) == before


@pytest.mark.parametrize("name", ["m.nii", "m.nii.gz", "m.nrrd", "m.mha", "m.npy", "pictures"])
def test_an_export_onto_a_full_disk_is_one_sentence_and_leaves_nothing(
    segdesk: Run, project: Path, disk: Callable[[str], Path], name: str
) -> None:
    folder = disk("size=12k")
    what = ("--case", "case-001", "--what", "volume")
    assert segdesk("export", project, folder / name, *what).is_refusal(3, name, "the disk is full")
    assert list(folder.iterdir()) == []


def test_a_folder_that_may_not_be_written_to_is_said(
    segdesk: Run, scan: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "theirs"
    folder.mkdir()
    with read_only_disk(folder):
        refused = segdesk("import", folder / "p.segdesk", scan)
    assert refused.is_refusal(3, "p.segdesk", "may not be written to")
    assert list(folder.iterdir()) == []


def full(*_: object, **__: object) -> Any:
    raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("exists", [False, True], ids=["new project", "old project"])
@pytest.mark.parametrize(
    ("where", "name"),
    [(volume_file, "_fill"), (annotation_file, "write")],
    ids=["while the scan is written", "while the labels are written"],
)
def test_a_disk_that_fills_up_meanwhile_leaves_no_half_case(
    segdesk: Run,
    scan: Path,
    labels: Path,
    tmp_path: Path,
    project: Path,
    content: Content,
    monkeypatch: pytest.MonkeyPatch,
    where: object,
    name: str,
    exists: bool,
) -> None:
    target = project if exists else tmp_path / "new.segdesk"
    before = segdesk("info", project, "--json").json
    with monkeypatch.context() as fault:
        fault.setattr(where, name, full)
        assert segdesk("import", target, scan, "--labels", labels).is_refusal(3, "full")
    assert target.exists() == exists
    after = segdesk("info", project, "--json").json
    # Nobody has to hear of the labels of a case that never was.
    assert after == before
    assert [folder.name for folder in (project / "cases").iterdir()] == ["case-001"]
    # Where the journal names the case that never was, its name is not given again.
    came = segdesk("import", project, scan, "--json").json["cases"][0]["case"]
    assert came in ("case-002", "case-003")


# A project that somebody else has open


HOLD = """
import sys
from pathlib import Path
from segdesk.app.project.workbench import Workbench
workbench = Workbench.open(Path(sys.argv[1]))
print("open", flush=True)
sys.stdin.read()
workbench.close()
"""


@pytest.fixture
def held(project: Path) -> Iterator[Path]:
    """The project while another process has it open for writing."""
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(project)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "open\n"
        yield project
        holder.communicate()


def test_writing_commands_wait_for_nobody_and_reading_ones_work(
    segdesk: Run, held: Path, scan: Path, tmp_path: Path, content: Content
) -> None:
    before = content(held)
    assert segdesk("import", held, scan).is_refusal(3, "open for writing in another program")
    said = segdesk("train", held)
    assert said.is_refusal(3, "open for writing in another program", "Close it there and run this")
    assert segdesk("predict", held).is_refusal(3, "open for writing in another program")
    assert segdesk("info", held, "--json").json["cases"][0]["case"] == "case-001"
    assert segdesk("export", held, tmp_path / "m.nrrd", "--case", "case-001").code == 0
    assert content(held) == before


def test_what_another_process_has_painted_and_not_saved_is_seen(
    segdesk: Run, project: Path
) -> None:
    workbench = Workbench.open(project)
    try:
        workbench.add_segment("Heart")
        names = [row["name"] for row in segdesk("info", project, "--json").json["segments"]]
    finally:
        workbench.close()
    assert names == ["Segment 1", "Heart"]


def a_colour_picture(folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    Image.new("LA", (6, 5)).save(folder / "colour.png")
    return folder


NEXT_STEP = "Save a scan in grey levels"


def test_the_next_step_of_a_refusal_is_said_with_it(segdesk: Run, tmp_path: Path) -> None:
    folder = a_colour_picture(tmp_path / "all")
    assert segdesk("import", tmp_path / "p.segdesk", folder).is_refusal(3, "colour.png", NEXT_STEP)


def test_the_next_step_of_what_was_left_out_is_said_and_in_the_json(
    segdesk: Run, tmp_path: Path
) -> None:
    folder = a_colour_picture(tmp_path / "all")
    (folder / "good").mkdir()
    noise = np.random.default_rng(0).integers(0, 256, (50, 60), np.uint8)
    Image.fromarray(noise).save(folder / "good" / "grey.png")
    said = segdesk("import", tmp_path / "p.segdesk", folder, "--json")
    (refused,) = said.json["refused"]
    assert "colour.png" in refused and NEXT_STEP in refused
    assert f"Left out: all: {refused}" in said.err


def test_the_next_step_stays_where_one_of_several_scans_fails(
    segdesk: Run, tmp_path: Path, scan: Path
) -> None:
    array = np.random.default_rng(0).normal(0, 100, (6, 40, 50))
    array[:2] += 1e9
    np.save(tmp_path / "odd.npy", array)
    said = segdesk("import", tmp_path / "p.segdesk", tmp_path / "odd.npy", scan, "--series", "all")
    last = said.err.splitlines()[-1]
    assert said.code == 3 and "1 of 2 scans could not be imported" in last
    assert "Save" in last and "case-002 came in" in last
