"""Generated files of each kind, read here and by the library that reads them in the field."""

from __future__ import annotations

from pathlib import Path

import nibabel as nib
import nrrd
import numpy as np
import SimpleITK as sitk  # noqa: N813 - its own documentation calls it so
from hypothesis import given, settings
from hypothesis import strategies as st

from segdesk.formats.images import open_image
from tests.examples import examples
from tests.formats.reading import QUICK

SIZES = st.tuples(*[st.integers(1, 5)] * 3)
STEPS = st.tuples(*[st.floats(0.05, 20)] * 3)
PLACES = st.tuples(*[st.floats(-2000, 2000)] * 3)
TYPES = ["i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f4", "f8"]
SPACES = {"LPS": (1, 1, 1), "RAS": (-1, -1, 1), "left-anterior-superior": (1, -1, 1)}


@st.composite
def directions(draw: st.DrawFn):
    """An orthonormal matrix: any turn, axes in any order, each either way round."""
    turn = draw(st.tuples(*[st.floats(-1, 1)] * 3) | st.just((0.0, 0.0, 0.0)))
    axes, _ = np.linalg.qr(np.eye(3) + np.cross(np.eye(3), turn))
    return axes[:, draw(st.permutations(range(3)))] * draw(
        st.tuples(*[st.sampled_from((1, -1))] * 3)
    )


def numbers(shape, dtype: str, seed: int = 0):
    kind = np.dtype(dtype)
    low = 0 if kind.kind == "u" else -100
    array = np.random.default_rng(seed).integers(low, 100, shape).astype(kind)
    return array + kind.type(0.25) if kind.kind == "f" else array


def agrees(file: Path, array, affine, *, exactly: bool = True) -> bool:
    """Whether a file is read here as (i, j, k) numbers with an LPS affine."""
    stored = open_image(file)
    mine = stored.read()
    if not stored.values.is_identity:
        mine = mine * stored.values.slope + stored.values.intercept
    same = np.array_equal if exactly else np.allclose
    own = stored.grid.affine[:, [2, 1, 0, 3]]
    return same(mine.T, array) and np.allclose(own, affine, rtol=1e-5, atol=2e-3)


@settings(QUICK, max_examples=examples(80))
@given(
    shape=SIZES,
    dtype=st.sampled_from(TYPES),
    order=st.sampled_from("<>"),
    axes=directions(),
    steps=STEPS,
    place=PLACES,
    scaling=st.none() | st.tuples(st.sampled_from((0.5, -2.0, 1 / 127.5)), st.floats(-1e3, 1e3)),
    offset=st.sampled_from([0, 16, 160]),
    version=st.sampled_from([nib.Nifti1Image, nib.Nifti2Image]),
    ending=st.sampled_from([".nii", ".nii.gz"]),
)
def test_any_nifti_is_read_as_nibabel_reads_it(
    tmp_path: Path, shape, dtype, order, axes, steps, place, scaling, offset, version, ending
):
    affine = np.eye(4)
    affine[:3, :3], affine[:3, 3] = axes * steps, place
    header = version.header_class(endianness=order)
    image = version(numbers(shape, order + dtype), affine, header, dtype=np.dtype(order + dtype))
    image.set_sform(affine, 2)
    if scaling is not None:
        image.header.set_slope_inter(*scaling)
    image.header.set_data_offset(image.header.single_vox_offset + offset)
    nib.save(image, tmp_path / f"scan{ending}")
    theirs = nib.load(tmp_path / f"scan{ending}")
    lps = np.diag([-1.0, -1, 1, 1]) @ theirs.affine
    array = np.asarray(theirs.dataobj)
    assert agrees(tmp_path / f"scan{ending}", array, lps, exactly=scaling is None)


@settings(QUICK, max_examples=examples(80))
@given(
    shape=SIZES,
    dtype=st.sampled_from(TYPES),
    order=st.sampled_from("<>"),
    axes=directions(),
    steps=STEPS,
    place=PLACES,
    space=st.sampled_from(sorted(SPACES)),
    encoding=st.sampled_from(["raw", "gzip", "bzip2", "ascii"]),
    ending=st.sampled_from([".nrrd", ".nhdr"]),
)
def test_any_nrrd_is_read_as_pynrrd_reads_it(
    tmp_path: Path, shape, dtype, order, axes, steps, place, space, encoding, ending
):
    if encoding == "ascii" and dtype[0] == "f":
        encoding = "raw"  # pynrrd prints whole numbers only
    header = {"space": space, "space directions": (axes * steps).T, "space origin": place}
    file = tmp_path / f"scan{ending}"
    array = numbers(shape, order + dtype)
    nrrd.write(str(file), array, header | {"encoding": encoding})
    theirs, read = nrrd.read(str(file))
    affine = np.eye(4)
    affine[:3, :3], affine[:3, 3] = read["space directions"].T, read["space origin"]
    affine = np.diag([*SPACES[space], 1]) @ affine
    assert agrees(file, theirs, affine)


@settings(QUICK, max_examples=examples(80))
@given(
    shape=SIZES,
    dtype=st.sampled_from(TYPES),
    axes=directions(),
    steps=STEPS,
    place=PLACES,
    packed=st.booleans(),
    ending=st.sampled_from([".mha", ".mhd", ".nrrd", ".nii.gz"]),
)
def test_any_image_that_itk_writes_is_read_as_itk_reads_it(
    tmp_path: Path, shape, dtype, axes, steps, place, packed, ending
):
    image = sitk.GetImageFromArray(numbers(shape, dtype))
    image.SetSpacing(steps)
    image.SetOrigin(place)
    image.SetDirection(axes.ravel().tolist())
    file = tmp_path / f"scan{ending}"
    sitk.WriteImage(image, str(file), useCompression=packed)
    theirs = sitk.ReadImage(str(file))
    affine = np.eye(4)
    affine[:3, :3] = np.reshape(theirs.GetDirection(), (3, 3)) * theirs.GetSpacing()
    affine[:3, 3] = theirs.GetOrigin()
    assert agrees(file, sitk.GetArrayFromImage(theirs).T, affine)
