"""PNG files: as Pillow reads them, and refused where a single bit is not as it was written."""

from __future__ import annotations

import io
import struct
import tracemalloc
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image

from segdesk.core.grid import Grid
from segdesk.errors import InputError
from segdesk.formats.intake import survey
from segdesk.formats.labels import read_labels
from segdesk.formats.png import open_png
from tests.examples import examples
from tests.formats.reading import QUICK, opened, values

#: Red, green and blue of three numbers; none is its own grey level.
COLOURS = [0, 0, 0, 255, 0, 0, 0, 255, 0]
GRID = Grid((1, 6, 7), stacked=False)


def indexed(file: Path, numbers: np.ndarray, colours: list[int] = COLOURS, bits: int = 8) -> Path:
    picture = Image.frombytes("P", numbers.shape[::-1], numbers.astype(np.uint8).tobytes())
    picture.putpalette(colours)
    picture.save(file, bits=bits)
    return file


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(depth: int, colour: int, columns: int, rows: list[bytes]) -> bytes:
    """A file made by hand, of any depth."""
    header = struct.pack(">IIBBBBB", columns, len(rows), depth, colour, 0, 0, 0)
    data = zlib.compress(b"".join(b"\0" + row for row in rows))
    parts = (chunk(b"IHDR", header), chunk(b"IDAT", data), chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


@settings(QUICK, max_examples=examples(60))
@given(
    array=hnp.arrays(
        st.sampled_from(["?", "u1", "u2"]),
        st.tuples(st.integers(1, 9), st.integers(1, 9)),
    )
)
def test_grey_levels_are_those_that_pillow_reads(tmp_path: Path, array: np.ndarray):
    Image.fromarray(array).save(tmp_path / "a.png")
    with Image.open(tmp_path / "a.png") as picture:
        truth = np.asarray(picture)
    got = values(opened(tmp_path / "a.png"))[0]
    assert np.array_equal(got, truth.astype(int) * 255 if truth.dtype == bool else truth)


@pytest.mark.parametrize("depth", [2, 4])
def test_grey_levels_of_few_bits_are_those_that_pillow_reads(tmp_path: Path, depth: int):
    (tmp_path / "a.png").write_bytes(png(depth, 0, 4, [b"\x1b\x1b"[: depth // 2]] * 3))
    with Image.open(tmp_path / "a.png") as picture:
        truth = np.asarray(picture)
    assert truth.max() > 15 and np.array_equal(values(opened(tmp_path / "a.png"))[0], truth)


@settings(QUICK, max_examples=examples(40))
@given(
    numbers=hnp.arrays(np.uint8, (6, 7), elements=st.integers(0, 2)),
    bits=st.sampled_from([2, 4, 8]),
)
def test_labels_of_a_palette_are_its_indices(tmp_path: Path, numbers: np.ndarray, bits: int):
    got = read_labels(indexed(tmp_path / "a.png", numbers, bits=bits), GRID)
    assert np.array_equal(got.labels[0], numbers) and got.notes == ()


def test_colours_of_a_palette_are_no_scan_and_the_hint_keeps_the_numbers(tmp_path: Path):
    numbers = np.arange(42, dtype=np.uint8).reshape(6, 7) % 3
    with pytest.raises(InputError, match="stand for colours") as caught:
        survey([indexed(tmp_path / "a.png", numbers)])
    assert "as the labels of a scan" in str(caught.value)


def test_a_palette_of_its_own_grey_levels_is_grey(tmp_path: Path):
    numbers = np.arange(42, dtype=np.uint8).reshape(6, 7)
    grey = [level for number in range(256) for level in (number,) * 3]
    assert np.array_equal(values(opened(indexed(tmp_path / "a.png", numbers, grey)))[0], numbers)


def test_palettes_that_number_their_colours_otherwise_are_refused(tmp_path: Path):
    numbers = np.arange(42).reshape(6, 7) % 2
    two = Grid((2, 6, 7), stacked=False)
    indexed(tmp_path / "0.png", numbers)
    indexed(tmp_path / "1.png", numbers, COLOURS[:6])
    assert np.array_equal(read_labels(tmp_path, two).labels, [numbers, numbers])
    indexed(tmp_path / "1.png", numbers, [0, 0, 0, 0, 255, 0])
    with pytest.raises(InputError, match=r"several ways: 1\.png is not like 0\.png"):
        read_labels(tmp_path, two)


def test_slices_that_a_writer_packed_to_one_bit_go_with_the_others(tmp_path: Path):
    mask = np.arange(42).reshape(6, 7) % 2 > 0
    Image.fromarray(mask).save(tmp_path / "0.png")
    Image.fromarray(mask.astype(np.uint8) * 255).save(tmp_path / "1.png")
    got = read_labels(tmp_path, Grid((2, 6, 7), stacked=False))
    assert np.array_equal(got.labels, [mask, mask])


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "LA"])
def test_labels_in_colour_are_refused_with_a_hint_that_keeps_a_masks_numbers(
    tmp_path: Path, mode: str
):
    Image.new(mode, (7, 6)).save(tmp_path / "a.png")
    for source in (tmp_path, tmp_path / "a.png"):
        with pytest.raises(InputError, match=r"a\.png is a picture in colour") as caught:
            read_labels(source, GRID)
        assert "number of each pixel's segment" in caught.value.hint


def test_an_animation_is_refused(tmp_path: Path):
    frames = [Image.new("L", (7, 6), level) for level in (0, 9)]
    frames[0].save(tmp_path / "a.png", save_all=True, append_images=frames[1:])
    with pytest.raises(InputError, match="an animation"):
        survey([tmp_path / "a.png"])


def test_every_flipped_bit_is_refused(tmp_path: Path):
    array = np.random.default_rng(4).integers(0, 65535, (4, 5)).astype(np.uint16)
    Image.fromarray(array).save(tmp_path / "a.png")
    data = (tmp_path / "a.png").read_bytes()
    taken: list[int] = []
    for bit in range(len(data) * 8):
        changed = bytearray(data)
        changed[bit // 8] ^= 1 << bit % 8
        (tmp_path / "a.png").write_bytes(changed)
        try:
            scan = opened(tmp_path / "a.png")
            scan.plane(0)
        except InputError:
            continue
        taken.append(bit)
    assert len(data) > 90 and taken == []


def test_sound_checksums_around_too_few_rows_are_refused(tmp_path: Path):
    whole = png(8, 0, 4, [b"\1\2\3\4"] * 3)
    short = png(8, 0, 4, [b"\1\2\3\4"] * 2)
    at = whole.index(b"IDAT") - 4
    (tmp_path / "a.png").write_bytes(whole[:at] + short[short.index(b"IDAT") - 4 :])
    with pytest.raises(InputError, match="damaged PNG"):
        opened(tmp_path / "a.png").plane(0)


def test_an_interlaced_picture_is_read(tmp_path: Path):
    # Of 5 columns and 4 rows the seven passes have 1, 1, 0, 1 (2), 2 (3), 2 (2 each) and 2 rows.
    array = np.arange(1, 21, dtype=np.uint8).reshape(4, 5)
    slices = ((0, 8, 0, 8), (0, 8, 4, 8), (4, 8, 0, 4), (0, 4, 2, 4), (2, 4, 0, 2), (0, 2, 1, 2),
              (1, 2, 0, 1))  # fmt: skip
    rows = b""
    for top, down, left, right in slices:
        part = array[top::down, left::right]
        rows += b"".join(b"\0" + row.tobytes() for row in part) if part.size else b""
    header = struct.pack(">IIBBBBB", 5, 4, 8, 0, 0, 0, 1)
    start = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header)
    (tmp_path / "a.png").write_bytes(
        start + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    )
    assert np.array_equal(values(opened(tmp_path / "a.png"))[0], array)


def test_a_size_that_the_file_cannot_hold_is_refused(tmp_path: Path):
    for columns in (1 << 14, 1 << 18, 1 << 30):
        (tmp_path / "a.png").write_bytes(png(8, 0, columns, [b"\0"] * (1 << 14)))
        with pytest.raises(InputError, match="damaged PNG"):
            survey([tmp_path / "a.png"])


def test_a_stream_that_holds_far_more_than_the_picture_takes_no_memory(tmp_path: Path):
    small = io.BytesIO()
    Image.fromarray(np.zeros((8, 8), np.uint8)).save(small, format="PNG")
    data = small.getvalue()
    packer = zlib.compressobj(9)
    stream = b"".join([packer.compress(bytes(1 << 20)) for _ in range(128)]) + packer.flush()
    at = data.index(b"IDAT") - 4
    chunk = b"IDAT" + stream
    chunk = struct.pack(">I", len(stream)) + chunk + struct.pack(">I", zlib.crc32(chunk))
    (tmp_path / "a.png").write_bytes(data[:at] + chunk + data[-12:])
    picture = open_png(tmp_path / "a.png")
    tracemalloc.start()
    try:
        with pytest.raises(InputError, match="damaged"):
            picture.read()
        assert tracemalloc.get_traced_memory()[1] < 1 << 24
    finally:
        tracemalloc.stop()
