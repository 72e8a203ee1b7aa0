"""TIFF files: axes, palettes and white at 0, as tifffile and Pillow read them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image

from segdesk.core.grid import Grid
from segdesk.errors import InputError
from segdesk.formats.intake import survey
from segdesk.formats.labels import read_labels
from segdesk.formats.tiff import TURNED
from tests.examples import examples
from tests.formats.reading import QUICK, only, opened, values

STACK = np.random.default_rng(4).integers(0, 200, (10, 6, 7)).astype(np.uint16)
GREY = {"photometric": "minisblack"}


@settings(QUICK, max_examples=examples(60))
@given(
    stack=hnp.arrays(
        st.sampled_from(["?", "u1", "i1", "<u2", ">u2", "<i2", ">i2", "f4"]),
        st.tuples(st.integers(1, 3), st.integers(1, 6), st.integers(1, 6)),
        elements={"allow_nan": False, "allow_infinity": False, "min_value": 0, "max_value": 1},
    ),
    packed=st.booleans(),
    is_turned=st.booleans(),
)
def test_pages_are_those_that_tifffile_reads(tmp_path: Path, stack, packed, is_turned):
    is_turned = is_turned and stack.dtype.kind in "bu"
    tifffile.imwrite(
        tmp_path / "a.tif",
        stack,
        byteorder=stack.dtype.byteorder if stack.dtype.byteorder in "<>" else None,
        photometric="miniswhite" if is_turned else "minisblack",
        compression="zlib" if packed and stack.dtype.kind != "b" else None,
        metadata=None,
    )
    truth = tifffile.imread(tmp_path / "a.tif").reshape(stack.shape)
    if is_turned and truth.dtype.kind == "u":
        truth = np.iinfo(truth.dtype).max - truth
    elif is_turned:
        truth = ~truth
    scan = opened(tmp_path / "a.tif")
    assert np.abs(values(scan) - truth).max() <= scan.slope / 2 * (truth.dtype.kind == "f")
    assert (TURNED in scan.source.notes) == is_turned


@settings(QUICK, max_examples=examples(30))
@given(array=hnp.arrays(st.sampled_from(["?", "u1"]), (6, 7)), is_turned=st.booleans())
def test_black_and_white_are_those_that_pillow_shows(tmp_path: Path, array, is_turned):
    photometric = "miniswhite" if is_turned else "minisblack"
    tifffile.imwrite(tmp_path / "a.tif", array, photometric=photometric)
    with Image.open(tmp_path / "a.tif") as picture:
        truth = np.asarray(picture)
    assert np.array_equal(values(opened(tmp_path / "a.tif"))[0], truth)


def test_a_mask_that_counts_from_white_keeps_its_foreground(tmp_path: Path):
    mask = STACK > 150
    tifffile.imwrite(tmp_path / "a.tif", ~mask, photometric="miniswhite", metadata=None)
    got = read_labels(tmp_path / "a.tif", Grid(mask.shape, stacked=False))
    assert np.array_equal(got.labels, mask) and got.notes == (TURNED,)
    bytes_of = np.where(mask, 0, 255).astype(np.uint8)
    tifffile.imwrite(tmp_path / "a.tif", bytes_of, photometric="miniswhite", metadata=None)
    got = read_labels(tmp_path / "a.tif", Grid(mask.shape, stacked=False))
    assert np.array_equal(got.labels, mask)


def test_numbers_of_segments_that_count_from_white_are_refused(tmp_path: Path):
    labels = (STACK % 3).astype(np.uint8)
    tifffile.imwrite(tmp_path / "a.tif", labels, photometric="miniswhite", metadata=None)
    with pytest.raises(InputError, match="no pixel of it is background") as caught:
        read_labels(tmp_path / "a.tif", Grid(labels.shape, stacked=False))
    assert "0 as black" in caught.value.hint


@pytest.mark.parametrize("dtype", ["i2", "f4"])
def test_signed_and_floating_numbers_that_count_from_white_are_refused(tmp_path: Path, dtype: str):
    tifffile.imwrite(tmp_path / "a.tif", STACK[0].astype(dtype), photometric="miniswhite")
    with pytest.raises(InputError, match="numbers that have no end"):
        survey([tmp_path / "a.tif"])


@pytest.mark.parametrize(
    "options",
    [
        {"imagej": True},
        {"imagej": True, "metadata": {"axes": "ZYX"}},
        {"imagej": True, "metadata": {"axes": "TYX"}},
        {**GREY, "truncate": True},
        {**GREY, "metadata": {"axes": "ZYX"}},
        {**GREY, "metadata": None},
        {**GREY, "volumetric": True, "tile": (16, 16, 16)},
        {**GREY, "ome": True},
    ],
)
def test_each_way_to_keep_a_stack_is_read(tmp_path: Path, options):
    tifffile.imwrite(tmp_path / "a.tif", STACK, **options)
    assert only(tmp_path / "a.tif").shape == STACK.shape
    assert np.array_equal(values(opened(tmp_path / "a.tif")), STACK)


def test_an_imagej_stack_with_one_page_header_has_all_of_its_slices(tmp_path: Path):
    # ImageJ writes one header and all slices behind it where a stack is large.
    description = "ImageJ=1.54f\nimages=10\nslices=10\nloop=false\n"
    tifffile.imwrite(
        tmp_path / "a.tif", STACK[0], photometric="minisblack", description=description,
        metadata=None, byteorder=">",
    )  # fmt: skip
    data = (tmp_path / "a.tif").read_bytes()
    first = STACK[0].astype(">u2").tobytes()
    at = data.index(first)
    rest = STACK[1:].astype(">u2").tobytes()
    (tmp_path / "a.tif").write_bytes(data[: at + len(first)] + rest)
    with tifffile.TiffFile(tmp_path / "a.tif") as tiff:
        assert len(tiff.pages) == 1
    assert np.array_equal(tifffile.imread(tmp_path / "a.tif"), STACK)
    assert np.array_equal(values(opened(tmp_path / "a.tif")), STACK)


@pytest.mark.parametrize(("axes", "source"), [("YXZ", (1, 2, 0)), ("XYZ", (2, 1, 0)),
                                              ("ZXY", (0, 2, 1))])  # fmt: skip
def test_axes_that_are_named_are_put_in_order(tmp_path: Path, axes: str, source):
    tifffile.imwrite(tmp_path / "a.tif", STACK.transpose(source), metadata={"axes": axes}, **GREY)
    assert np.array_equal(values(opened(tmp_path / "a.tif")), STACK)


@pytest.mark.parametrize("axes", ["ZCYX", "TZYX"])
def test_more_than_one_stack_is_refused_with_its_axes(tmp_path: Path, axes: str):
    tifffile.imwrite(
        tmp_path / "a.tif", STACK.reshape(5, 2, 6, 7), imagej=True, metadata={"axes": axes}
    )
    with pytest.raises(InputError, match=rf"5 {axes[0]} × 2 {axes[1]}") as caught:
        survey([tmp_path / "a.tif"])
    assert "one channel at one time" in str(caught.value)


def test_labels_of_a_palette_are_its_indices_and_no_scan(tmp_path: Path):
    numbers = (STACK[0] % 3).astype(np.uint8)
    colours = np.zeros((3, 256), np.uint16)
    colours[:, 1], colours[:, 2] = (65535, 0, 0), (0, 65535, 0)
    tifffile.imwrite(tmp_path / "a.tif", numbers, photometric="palette", colormap=colours)
    got = read_labels(tmp_path / "a.tif", Grid((1, 6, 7), stacked=False))
    assert np.array_equal(got.labels[0], numbers)
    with pytest.raises(InputError, match="stand for colours"):
        survey([tmp_path / "a.tif"])


def test_pages_of_several_sizes_are_refused(tmp_path: Path):
    with tifffile.TiffWriter(tmp_path / "a.tif") as writer:
        writer.write(STACK[0], metadata=None, **GREY)
        writer.write(STACK[0][:3], metadata=None, **GREY)
    with pytest.raises(InputError, match="differ in size or depth"):
        survey([tmp_path / "a.tif"])


def test_pages_in_another_file_are_not_followed(tmp_path: Path):
    (tmp_path / "other").mkdir()
    secret, plain = tmp_path / "other" / "secret.ome.tif", tmp_path / "a.ome.tif"
    tifffile.imwrite(secret, STACK[:1] + 1000, ome=True, metadata={"axes": "ZYX"}, **GREY)
    tifffile.imwrite(plain, STACK[:1], ome=True, metadata={"axes": "ZYX"}, **GREY)
    names = ("other/secret.ome.tif", "a.ome.tif")
    parts = "".join(
        f'<TiffData FirstZ="{at}" IFD="0" PlaneCount="1">'
        f'<UUID FileName="{name}">urn:uuid:0000000{at}-0000-0000-0000-000000000000</UUID>'
        "</TiffData>"
        for at, name in enumerate(names)
    )
    xml = (
        '<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06" '
        'UUID="urn:uuid:00000001-0000-0000-0000-000000000000"><Image ID="Image:0">'
        '<Pixels ID="Pixels:0" DimensionOrder="XYZCT" Type="uint16" SizeX="7" SizeY="6" '
        f'SizeZ="2" SizeC="1" SizeT="1"><Channel ID="C:0" SamplesPerPixel="1"/>{parts}'
        "</Pixels></Image></OME>"
    )
    tifffile.imwrite(plain, STACK[:1], description=xml, metadata=None, **GREY)
    assert tifffile.imread(plain).max() >= 1000
    # What is said of other files is left aside, and this one read for itself.
    assert np.array_equal(values(opened(plain)), STACK[:1])


def test_a_size_that_the_file_cannot_hold_is_refused(tmp_path: Path):
    tifffile.imwrite(tmp_path / "a.tif", STACK, truncate=True, **GREY)
    data = (tmp_path / "a.tif").read_bytes()
    (tmp_path / "a.tif").write_bytes(data.replace(b"[10, 6, 7]", b"[99, 6, 7]"))
    with pytest.raises(InputError):
        opened(tmp_path / "a.tif")


@pytest.mark.parametrize("orientation", range(2, 9))
def test_a_picture_that_is_not_upright_is_refused(tmp_path: Path, orientation: int):
    tag = (274, "H", 1, orientation, True)
    tifffile.imwrite(tmp_path / "a.tif", STACK[0], extratags=[tag], **GREY)
    with Image.open(tmp_path / "a.tif") as shown:
        assert not np.array_equal(np.asarray(shown), tifffile.imread(tmp_path / "a.tif"))
    with pytest.raises(InputError, match=f"orientation {orientation}"):
        survey([tmp_path / "a.tif"])


def test_a_picture_that_says_that_it_is_upright_is_read(tmp_path: Path):
    tag = (274, "H", 1, 1, True)
    tifffile.imwrite(tmp_path / "a.tif", STACK[0], extratags=[tag], **GREY)
    assert np.array_equal(values(opened(tmp_path / "a.tif"))[0], STACK[0])
