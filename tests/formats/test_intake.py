"""The door: what it says where there is nothing, progress, cancel, and what it does not load."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from segdesk.core.grid import Grid
from segdesk.errors import Cancelled, InputError
from segdesk.formats.export import export
from segdesk.formats.intake import Survey, open_scan, survey
from tests.builders import write_dicom_series
from tests.formats.reading import SALT, only


def test_the_door_loads_no_library_of_the_formats():
    heavy = ("SimpleITK", "pydicom", "tifffile", "h5py", "skimage", "scipy")
    code = (
        "import sys, segdesk.formats.intake, segdesk.formats.labels, segdesk.formats.export\n"
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_nothing_there_is_said(tmp_path: Path):
    with pytest.raises(InputError, match=r"There is nothing at .*nowhere"):
        survey([tmp_path / "nowhere"])


def test_a_folder_without_images_is_said(tmp_path: Path):
    (tmp_path / "notes.txt").write_text("words " * 100)
    (tmp_path / "array.npy").write_bytes(b"")
    with pytest.raises(InputError, match=f"There are no images in {tmp_path.name}"):
        survey([tmp_path])


@pytest.mark.parametrize("content", [b"", b"x", b"words " * 100])
def test_an_unknown_format_is_said(tmp_path: Path, content: bytes):
    (tmp_path / "file.xyz").write_bytes(content)
    with pytest.raises(InputError, match=r"file\.xyz is of no known format"):
        survey([tmp_path / "file.xyz"])


def test_where_nothing_can_be_imported_the_first_refusal_speaks_for_all(tmp_path: Path):
    write_dicom_series(tmp_path / "a", missing=[2])
    write_dicom_series(tmp_path / "b", tilt_degrees=10)
    with pytest.raises(InputError, match="A slice is missing") as caught:
        survey([tmp_path])
    assert caught.value.hint == (
        "Put all files of the series into the same folder, or ask for the series anew. "
        "1 more could not be imported either."
    )


def test_a_refused_series_stands_beside_a_volume(tmp_path: Path):
    write_dicom_series(tmp_path / "a", missing=[2])
    write_dicom_series(tmp_path / "b")
    found = survey([tmp_path])
    assert len(found.volumes) == 1 and "missing" in found.refused[0].problem
    with pytest.raises(InputError, match="missing"):
        open_scan(found.refused[0], salt=SALT)


def test_volumes_of_several_kinds_are_found_in_one_folder(tmp_path: Path):
    write_dicom_series(tmp_path / "dicom")
    array = np.full((3, 4, 5), -900, np.int16)
    for ending in ("nii.gz", "nrrd", "mha"):
        export(tmp_path / f"scan.{ending}", array, Grid(array.shape))
    (tmp_path / "broken.nii").write_bytes(b"x" * 400)
    found = survey([tmp_path])
    assert [finding.kind for finding in found.volumes] == ["DICOM", "MetaImage", "NIfTI", "NRRD"]
    assert [finding.problem for finding in found.refused] == [
        "broken.nii is no NIfTI file, or is damaged at its beginning."
    ]


def test_a_finding_says_the_disk_that_the_volume_needs(tmp_path: Path):
    write_dicom_series(tmp_path, (5, 12, 16))
    finding = only(tmp_path)
    assert finding.nbytes == 2 * 5 * 12 * 16 and finding.date == "2020-01-02"
    assert finding.description == "Thorax" and len(finding.files) == 5


def test_progress_counts_every_file(tmp_path: Path):
    write_dicom_series(tmp_path)
    told: list[tuple[str, int, int]] = []
    survey([tmp_path], progress=lambda *said: told.append(said))
    assert [(done, total) for _, done, total in told] == [(n, 5) for n in range(1, 6)]


def test_cancel_stops_at_the_next_file(tmp_path: Path):
    write_dicom_series(tmp_path)
    done: list[int] = []
    with pytest.raises(Cancelled):
        survey(
            [tmp_path],
            progress=lambda _, count, __: done.append(count),
            cancelled=lambda: len(done) == 2,
        )
    assert done == [1, 2]


def test_a_file_that_vanished_after_the_survey_is_said(tmp_path: Path):
    write_dicom_series(tmp_path)
    finding = only(tmp_path)
    finding.files[2].unlink()
    with pytest.raises(InputError, match=r"slice-\d+\.dcm"):
        open_scan(finding, salt=SALT)


def test_a_file_that_changed_after_the_survey_is_said(tmp_path: Path):
    write_dicom_series(tmp_path)
    finding = only(tmp_path)
    finding.files[2].write_bytes(b"no longer" * 30)
    with pytest.raises(InputError, match="no longer a DICOM file"):
        open_scan(finding, salt=SALT)


def test_a_loop_of_links_ends(tmp_path: Path):
    write_dicom_series(tmp_path / "a")
    (tmp_path / "a" / "loop").symlink_to(tmp_path)
    found: Survey = survey([tmp_path])
    assert [finding.shape[0] for finding in found.volumes] == [5]
