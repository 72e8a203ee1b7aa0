"""Pictures in colour as scans: what is kept, what is grey after all, and what is refused."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt
import pytest
import tifffile
from PIL import Image

from segdesk.core.grid import Grid
from segdesk.errors import InputError, UsageError
from segdesk.formats.colour import GREY_NOTE
from segdesk.formats.export import export
from segdesk.formats.intake import open_scan, survey
from segdesk.formats.labels import read_labels
from segdesk.formats.scan import Scan
from segdesk.formats.units import UnitChoice
from tests.formats.test_png import png

SHAPE = (3, 6, 7)
COLOURS = np.random.default_rng(4).integers(0, 256, (*SHAPE, 3)).astype(np.uint8)


def opened(source: Path, unit: UnitChoice = "") -> Scan:
    (found,) = survey([source]).volumes
    assert found.shape[1:] == SHAPE[1:]
    assert found.nbytes == found.shape[0] * 6 * 7 * 3
    return open_scan(found, salt="", unit=unit)


def all_planes(scan: Scan) -> npt.NDArray[Any]:
    return np.stack([scan.plane(index) for index in range(scan.grid.shape[0])])


def as_pngs(folder: Path) -> Path:
    for index, plane in enumerate(COLOURS):
        Image.fromarray(plane).save(folder / f"{index}.png")
    return folder


def as_opaque_pngs(folder: Path) -> Path:
    for index, plane in enumerate(COLOURS):
        whole = np.full((6, 7, 1), 255, np.uint8)
        Image.fromarray(np.concatenate([plane, whole], axis=-1)).save(folder / f"{index}.png")
    return folder


def as_interlaced_png(folder: Path) -> Path:
    """One picture, written by hand as Adam7, which Pillow does not write."""
    from segdesk.formats.png import ADAM7

    rows = b"".join(
        b"\0" + line.tobytes()
        for left, top, right, down in ADAM7
        for line in COLOURS[0][top::down, left::right]
        if line.size
    )
    header = struct.pack(">IIBBBBB", 7, 6, 8, 2, 0, 0, 1)
    parts = [(b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    body = b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in parts
    )
    (folder / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n" + body)
    return folder / "a.png"


def as_tiff(folder: Path) -> Path:
    tifffile.imwrite(folder / "a.tif", COLOURS, photometric="rgb")
    return folder / "a.tif"


def as_one_tiff(folder: Path) -> Path:
    tifffile.imwrite(folder / "a.tif", COLOURS[0], photometric="rgb", compression="zlib")
    return folder / "a.tif"


def as_npy(folder: Path) -> Path:
    np.save(folder / "a.npy", COLOURS)
    return folder / "a.npy"


def as_fortran_npy(folder: Path) -> Path:
    np.save(folder / "a.npy", np.asfortranarray(COLOURS))
    return folder / "a.npy"


def as_npz(folder: Path) -> Path:
    np.savez_compressed(folder / "a.npz", x=COLOURS)
    return folder / "a.npz"


def as_hdf5(folder: Path) -> Path:
    with h5py.File(folder / "a.h5", "w") as file:
        file.create_dataset("x", data=COLOURS, chunks=True, compression="gzip")
    return folder / "a.h5"


WRITERS = [
    as_pngs,
    as_opaque_pngs,
    as_interlaced_png,
    as_tiff,
    as_one_tiff,
    as_npy,
    as_fortran_npy,
    as_npz,
    as_hdf5,
]


@pytest.mark.parametrize("write", WRITERS, ids=lambda write: write.__name__)
def test_colours_come_in_as_they_are(tmp_path: Path, write: Callable[[Path], Path]) -> None:
    scan = opened(write(tmp_path))
    assert (scan.unit, scan.slope, scan.intercept, scan.mask) == ("RGB", 1.0, 0.0, "")
    assert not scan.grid.stacked
    got = all_planes(scan)
    assert got.dtype == np.uint8
    assert np.array_equal(got, COLOURS[: len(got)])


def test_three_equal_channels_are_a_grey_picture(tmp_path: Path) -> None:
    grey = np.arange(42, dtype=np.uint8).reshape(6, 7)
    Image.fromarray(np.repeat(grey[..., None], 3, axis=2)).save(tmp_path / "a.png")
    scan = opened(tmp_path / "a.png")
    assert scan.unit == "raw" and scan.plane(0).dtype == np.int16
    assert np.array_equal(scan.plane(0), grey)
    assert GREY_NOTE in scan.source.notes


def test_one_slice_in_colour_makes_the_stack_one_in_colour(tmp_path: Path) -> None:
    stack = np.repeat(np.arange(126, dtype=np.uint8).reshape(SHAPE)[..., None], 3, axis=3)
    stack[2, 5, 6, 1] ^= 1
    np.save(tmp_path / "a.npy", stack)
    assert np.array_equal(all_planes(opened(tmp_path / "a.npy")), stack)


def test_few_colours_look_like_a_mask(tmp_path: Path) -> None:
    mask = np.zeros((6, 7, 3), np.uint8)
    mask[2:4, 2:5] = 255, 0, 0
    Image.fromarray(mask).save(tmp_path / "a.png")
    assert opened(tmp_path / "a.png").mask == "it holds only 2 colours"


def test_colours_are_no_hu(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"a\.npy is a picture in colour; its numbers are no HU"):
        opened(as_npy(tmp_path), unit="HU")


def test_what_is_transparent_is_refused(tmp_path: Path) -> None:
    whole = np.full((6, 7, 4), 255, np.uint8)
    whole[..., 0] = 7
    whole[3, 3, 3] = 254
    Image.fromarray(whole).save(tmp_path / "a.png")
    with pytest.raises(InputError, match=r"a\.png is a picture with transparency"):
        opened(tmp_path / "a.png")


def test_a_colour_that_stands_for_transparency_is_refused(tmp_path: Path) -> None:
    Image.fromarray(COLOURS[0]).save(tmp_path / "a.png", transparency=(1, 2, 3))
    with pytest.raises(InputError, match=r"a\.png is a picture in colour or with transparency"):
        survey([tmp_path / "a.png"])


def test_sixteen_bits_a_channel_are_refused_and_not_cut_to_eight(tmp_path: Path) -> None:
    rows = [b"\0" + bytes(range(42)) for _ in range(6)]
    (tmp_path / "a.png").write_bytes(png(16, 2, 7, rows))
    with pytest.raises(InputError, match=r"a\.png is a picture in colour or with transparency"):
        survey([tmp_path / "a.png"])
    tifffile.imwrite(tmp_path / "a.tif", COLOURS[0].astype(np.uint16), photometric="rgb")
    with pytest.raises(InputError, match=r"a\.tif is not a picture in grey levels"):
        survey([tmp_path / "a.tif"])


def test_transparency_that_is_said_behind_the_pixels_is_refused(tmp_path: Path) -> None:
    Image.fromarray(COLOURS[0]).save(tmp_path / "a.png", transparency=(1, 2, 3))
    content = (tmp_path / "a.png").read_bytes()
    at = content.index(b"tRNS") - 4
    chunk, rest = content[at : at + 18], content[:at] + content[at + 18 :]
    (tmp_path / "a.png").write_bytes(rest[:-12] + chunk + rest[-12:])
    with pytest.raises(InputError, match=r"a\.png"):
        opened(tmp_path / "a.png")


@pytest.mark.parametrize("in_colour", [True, False])
@pytest.mark.parametrize("packing", [None, "zlib"])
def test_a_strip_that_lies_nowhere_is_not_read_as_black(
    tmp_path: Path, packing: str | None, in_colour: bool
) -> None:
    pixels = np.random.default_rng(0).integers(1, 256, (64, 48, 3)).astype(np.uint8)
    file = tmp_path / "a.tif"
    tifffile.imwrite(
        file,
        pixels if in_colour else pixels[..., 0],
        photometric="rgb" if in_colour else "minisblack",
        compression=packing,
        rowsperstrip=8,
    )
    with tifffile.TiffFile(file) as tiff:
        tag = tiff.pages.first.tags["StripOffsets"]
        place, size = tag.valueoffset, struct.calcsize("<H" if tag.dtype == 3 else "<I")
    content = bytearray(file.read_bytes())
    content[place + size : place + 2 * size] = bytes(size)
    file.write_bytes(content)
    with pytest.raises(InputError, match=r"a\.tif lacks a part of its pixels"):
        survey([file])


def test_one_picture_as_an_array_is_one_slice_in_colour(tmp_path: Path) -> None:
    picture = np.random.default_rng(2).integers(0, 256, (40, 32, 3)).astype(np.uint8)
    np.save(tmp_path / "a.npy", picture)
    (found,) = survey([tmp_path / "a.npy"]).volumes
    scan = open_scan(found, salt="")
    assert scan.unit == "RGB" and scan.grid.shape == (1, 40, 32)
    assert np.array_equal(scan.plane(0), picture)


def test_a_few_slices_of_three_columns_are_no_picture_in_colour(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", COLOURS[0])
    (found,) = survey([tmp_path / "a.npy"]).volumes
    assert found.shape == (6, 7, 3)


@pytest.mark.parametrize("mixed", ["grey", "other size"])
def test_a_stack_is_all_in_colour_or_not_at_all(tmp_path: Path, mixed: str) -> None:
    as_pngs(tmp_path)
    odd = COLOURS[0][..., 0] if mixed == "grey" else COLOURS[0][:4]
    Image.fromarray(odd).save(tmp_path / "9.png")
    with pytest.raises(InputError, match=r"9\.png is not like 0\.png"):
        survey([tmp_path])


def test_a_cut_file_is_refused(tmp_path: Path) -> None:
    file = as_pngs(tmp_path) / "1.png"
    file.write_bytes(file.read_bytes()[:-30])
    with pytest.raises(InputError, match=r"1\.png is a damaged PNG file"):
        opened(tmp_path)


@pytest.mark.parametrize("write", [as_pngs, as_tiff, as_npy, as_hdf5], ids=lambda w: w.__name__)
def test_labels_are_never_in_colour(tmp_path: Path, write: Callable[[Path], Path]) -> None:
    with pytest.raises(InputError, match="in colour or with transparency"):
        read_labels(write(tmp_path), Grid(SHAPE, stacked=False))


def test_colours_go_out_as_pictures_and_arrays_and_come_in_equal(tmp_path: Path) -> None:
    grid = Grid(SHAPE, stacked=False)
    for name in ("pictures", "array.npy"):
        export(tmp_path / name, COLOURS, grid)
        assert np.array_equal(all_planes(opened(tmp_path / name)), COLOURS)
    for name in ("a.nii.gz", "a.nrrd", "a.mha"):
        with pytest.raises(UsageError, match="in colour is not written"):
            export(tmp_path / name, COLOURS, grid)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["array.npy", "pictures"]
