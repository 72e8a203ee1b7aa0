"""Files that are cut or flipped at random: an answer or one sentence, never anything else."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pydicom
import pytest
import SimpleITK as sitk  # noqa: N813 - its own documentation calls it so
import tifffile

from segdesk.core.grid import Grid
from segdesk.errors import InputError, UsageError
from segdesk.formats.export import export
from segdesk.formats.intake import open_scan, survey
from segdesk.formats.labels import read_labels
from tests.builders import write_dicom_series

GRID = Grid((3, 8, 9))
ARRAY = np.random.default_rng(0).integers(-1000, 1000, GRID.shape).astype(np.int16)
NAMES = (
    "plain.dcm", "rle.dcm", "a.nii", "a.nii.gz", "a.nrrd", "a.mha", "a.npy", "a.npz", "z.npz",
    "a.h5", "z.h5", "a.tif", "z.tif", "a.png",
)  # fmt: skip


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one small sound file of each format."""
    folder = tmp_path_factory.mktemp("whole")
    write_dicom_series(folder / "dicom", (1, 8, 9))
    shutil.move(folder / "dicom" / "slice-001.dcm", folder / "plain.dcm")
    dataset = pydicom.dcmread(folder / "plain.dcm")
    dataset.compress(pydicom.uid.RLELossless)
    dataset.save_as(folder / "rle.dcm")
    for ending in (".nii", ".nii.gz", ".nrrd", ".mha", ".npy"):
        export(folder / f"a{ending}", ARRAY, GRID)
    np.savez(folder / "a.npz", x=ARRAY)
    np.savez_compressed(folder / "z.npz", x=ARRAY)
    for name, options in (("a.h5", {}), ("z.h5", {"compression": "gzip", "chunks": (1, 8, 9)})):
        with h5py.File(folder / name, "w") as h5:
            h5.create_dataset("x", data=ARRAY, **options)
    for name, compression in (("a.tif", None), ("z.tif", "zlib")):
        options = {"photometric": "minisblack", "compression": compression, "metadata": None}
        tifffile.imwrite(folder / name, ARRAY, **options)
    sitk.WriteImage(sitk.GetImageFromArray((ARRAY[0] + 1000).astype(np.uint16)), folder / "a.png")
    return folder


def take(file: Path) -> int:
    """Do all that can be done with a file; how many volumes came of it."""
    done = 0
    try:
        for finding in survey([file]).volumes:
            scan = open_scan(finding, salt="")
            for index in range(scan.grid.shape[0]):
                plane = scan.plane(index)
                assert plane.dtype == np.int16 and plane.shape == scan.grid.slice_shape
            done += 1
    except (InputError, UsageError) as error:
        assert file.stem in str(error) and str(error).count("\n") == 0
    try:
        read_labels(file, GRID)
    except (InputError, UsageError) as error:
        assert str(error)
    return done


def damaged(data: bytes, draw: np.random.Generator) -> bytes:
    """Cut off, or with some bytes changed, more of them near the beginning."""
    if draw.random() < 0.3:
        return data[: draw.integers(len(data))]
    changed = bytearray(data)
    for _ in range(draw.integers(1, 5)):
        reach = len(data) if draw.random() < 0.5 else min(len(data), 400)
        changed[draw.integers(reach)] = draw.choice([0, 1, 0x7F, 0xFF, draw.integers(256)])
    return bytes(changed)


def attack(folder: Path, work: Path, name: str, rounds: int, seed: int) -> None:
    data = (folder / name).read_bytes()
    draw = np.random.default_rng([seed, *name.encode()])
    for _ in range(rounds):
        file = work / name
        file.write_bytes(damaged(data, draw))
        take(file)


@pytest.mark.parametrize("name", NAMES)
def test_a_sound_file_is_read(whole: Path, name: str):
    assert take(whole / name) == 1


@pytest.mark.parametrize("name", NAMES)
def test_a_damaged_file_is_one_sentence_or_still_a_volume(whole: Path, tmp_path: Path, name: str):
    attack(whole, tmp_path, name, rounds=40, seed=1)


@pytest.mark.long
@pytest.mark.parametrize("name", NAMES)
def test_many_damaged_files(whole: Path, tmp_path: Path, name: str):
    attack(whole, tmp_path, name, rounds=2000, seed=2)


@pytest.mark.parametrize("name", NAMES)
def test_no_line_of_a_library_reaches_the_terminal(whole: Path, tmp_path: Path, name: str):
    code = (
        "from pathlib import Path; from tests.formats.test_damage import attack\n"
        f"attack(Path({str(whole)!r}), Path({str(tmp_path)!r}), {name!r}, 15, 3)"
    )
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run(
        [sys.executable, "-W", "default", "-c", code], capture_output=True, text=True, cwd=root
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
