"""Headers that ITK, nibabel or pynrrd read, beside those that they write themselves."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path

import nibabel as nib
import nrrd
import numpy as np
import numpy.typing as npt
import pytest
import SimpleITK as sitk  # noqa: N813 - its own documentation calls it so

from segdesk.errors import InputError
from segdesk.formats.images import open_image
from segdesk.formats.intake import survey
from segdesk.formats.labels import read_labels
from tests.formats.reading import opened, values

#: (slices, rows, columns); no two sizes are equal.
SHAPE = (2, 3, 4)
ARRAY = np.arange(24, dtype="<i2").reshape(SHAPE) * 3
RAW = ARRAY.tobytes()
META = "NDims = 3\nDimSize = 4 3 2\nElementSpacing = 1 2 3\nOffset = 5 6 7\n"
NRRD = (
    "NRRD0004\ntype: short\ndimension: 3\nspace: left-posterior-superior\nsizes: 4 3 2\n"
    "space directions: (1,0,0) (0,2,0) (0,0,3)\nspace origin: (5,6,7)\n"
)


def seen_by_itk(file: Path) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Values, (slices, rows, columns), and the affine of (slice, row, column), LPS."""
    image = sitk.ReadImage(str(file))
    steps = np.reshape(image.GetDirection(), (image.GetDimension(),) * 2) * image.GetSpacing()
    affine = np.eye(4)
    affine[:3, :3] = steps[:3, :3][:, ::-1]
    affine[:3, 3] = image.GetOrigin()[:3]
    return sitk.GetArrayFromImage(image).reshape(SHAPE).astype(np.float64), affine


def is_as_itk_reads_it(file: Path) -> bool:
    theirs, affine = seen_by_itk(file)
    stored = open_image(file)
    return np.array_equal(stored.read(), theirs) and np.allclose(stored.grid.affine, affine)


def packed(*parts: bytes) -> bytes:
    """A gzip file of one member for each part."""
    return b"".join(gzip.compress(part) for part in parts)


TEXT = "\n".join(" ".join(map(str, row)) for row in ARRAY.reshape(-1, 4)).encode()
BIG = ARRAY.astype(">i2").tobytes()
FOUR = (
    META.replace("NDims = 3", "NDims = 4")
    .replace("4 3 2", "4 3 2 1")
    .replace("1 2 3", "1 2 3 1")
    .replace("5 6 7", "5 6 7 0")
)
LONG = ARRAY.astype("<i4").tobytes()
SHORT = "ElementType = MET_SHORT\n"
#: Lines that follow META, the voxels behind the header, and the ending of the file.
METAIMAGES: dict[str, tuple[str, bytes, str]] = {
    "./ before the name": (f"{SHORT}ElementDataFile = ./x.raw", b"", ".mhd"),
    "HeaderSize -1": (f"{SHORT}HeaderSize = -1\nElementDataFile = behind.raw", b"", ".mhd"),
    "HeaderSize 7": (f"{SHORT}HeaderSize = 7\nElementDataFile = behind.raw", b"", ".mhd"),
    "HeaderSize -1, one file": (
        f"{SHORT}HeaderSize = -1\nElementDataFile = LOCAL",
        b"seven b" + RAW,
        ".mha",
    ),
    "BinaryData T": (f"{SHORT}BinaryData = T\nElementDataFile = LOCAL", RAW, ".mha"),
    "BinaryData 1": (f"{SHORT}BinaryData = 1\nElementDataFile = LOCAL", RAW, ".mha"),
    "byte order T": (f"{SHORT}ElementByteOrderMSB = T\nElementDataFile = LOCAL", BIG, ".mha"),
    "MET_LONG": ("ElementType = MET_LONG\nElementDataFile = LOCAL", LONG, ".mha"),
    "LIST": (f"{SHORT}ElementDataFile = LIST", b"s01.raw\ns02.raw\n", ".mhd"),
    "LIST 2": (f"{SHORT}ElementDataFile = LIST 2", b"./s01.raw\ns02.raw\n", ".mhd"),
    "pattern": (f"{SHORT}ElementDataFile = s%02d.raw 1 2 1", b"", ".mhd"),
    "text": (f"{SHORT}BinaryData = F\nElementDataFile = LOCAL", TEXT + b"\n", ".mha"),
}
LITTLE = "endian: little\n"
#: Lines that follow NRRD, what stands behind the header, and the ending of the file.
NRRDS: dict[str, tuple[str, bytes, str]] = {
    "several gzip members": (f"{LITTLE}encoding: gzip\n\n", packed(RAW[:20], RAW[20:]), ".nrrd"),
    "byte skip -1": (f"{LITTLE}encoding: raw\nbyte skip: -1\n\n", b"five!" + RAW, ".nrrd"),
    "byte skip 5": (f"{LITTLE}encoding: raw\nbyte skip: 5\n\n", b"five!" + RAW, ".nrrd"),
    "byte skip -1, gzip": (
        f"{LITTLE}encoding: gzip\nbyte skip: -1\n\n",
        packed(b"five!" + RAW),
        ".nrrd",
    ),
    "byte skip 5, gzip": (
        f"{LITTLE}encoding: gzip\nbyte skip: 5\n\n",
        packed(b"five!" + RAW),
        ".nrrd",
    ),
    "line skip": (f"{LITTLE}encoding: raw\nline skip: 2\n\n", b"one\ntwo\n" + RAW, ".nrrd"),
    "ascii": ("encoding: ascii\n\n", TEXT, ".nrrd"),
    "detached": (f"{LITTLE}encoding: raw\ndata file: x.raw\n", b"", ".nhdr"),
    "detached, gzip": (f"{LITTLE}encoding: gzip\ndatafile: ./x.raw.gz\n", b"", ".nhdr"),
    "LIST": (f"{LITTLE}encoding: raw\ndata file: LIST\ns01.raw\ns02.raw\n", b"", ".nhdr"),
    "LIST, gzip": (
        f"{LITTLE}encoding: gzip\ndata file: LIST\ns01.raw.gz\ns02.raw.gz\n",
        b"",
        ".nhdr",
    ),
    "pattern": (f"{LITTLE}encoding: raw\ndata file: s%02d.raw 1 2 1\n", b"", ".nhdr"),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the voxels that headers name."""
    (tmp_path / "x.raw").write_bytes(RAW)
    (tmp_path / "x.raw.gz").write_bytes(packed(RAW))
    (tmp_path / "behind.raw").write_bytes(b"seven b" + RAW)
    for at, plane in enumerate(ARRAY, 1):
        (tmp_path / f"s{at:02d}.raw").write_bytes(plane.tobytes())
        (tmp_path / f"s{at:02d}.raw.gz").write_bytes(packed(plane.tobytes()))
    return tmp_path


@pytest.mark.parametrize("variant", METAIMAGES)
def test_a_metaimage_is_read_as_itk_reads_it(folder: Path, variant: str):
    lines, behind, ending = METAIMAGES[variant]
    file = folder / f"scan{ending}"
    file.write_bytes(f"{META}{lines}\n".encode() + behind)
    assert is_as_itk_reads_it(file) and np.array_equal(values(opened(file)), ARRAY)


def test_a_fourth_dimension_of_one_is_no_dimension_of_a_metaimage(tmp_path: Path):
    file = tmp_path / "scan.mha"
    file.write_bytes(f"{FOUR}{SHORT}ElementDataFile = LOCAL\n".encode() + RAW)
    assert is_as_itk_reads_it(file)
    file.write_bytes(file.read_bytes().replace(b"4 3 2 1", b"4 3 1 2"))
    with pytest.raises(InputError, match="more than three dimensions"):
        survey([file])


@pytest.mark.parametrize("variant", NRRDS)
def test_an_nrrd_is_read_as_itk_reads_it(folder: Path, variant: str):
    lines, behind, ending = NRRDS[variant]
    file = folder / f"scan{ending}"
    file.write_bytes(f"{NRRD}{lines}".encode() + behind)
    assert is_as_itk_reads_it(file) and np.array_equal(values(opened(file)), ARRAY)


def test_labels_are_read_out_of_detached_files_too(folder: Path):
    for name, (lines, behind, ending) in (("a", METAIMAGES["LIST"]), ("b", NRRDS["LIST"])):
        first = META if ending == ".mhd" else NRRD
        (folder / f"{name}{ending}").write_bytes(f"{first}{lines}\n".encode() + behind)
        grid = open_image(folder / f"{name}{ending}").grid
        assert np.array_equal(read_labels(folder / f"{name}{ending}", grid).labels, ARRAY)


@pytest.mark.parametrize(
    ("unit", "millimetres"), [("mm", 1.0), ("cm", 10.0), ("m", 1000.0), ("um", 1e-3), ("", 1.0)]
)
def test_space_units_of_an_nrrd_become_millimetres(tmp_path: Path, unit: str, millimetres: float):
    units = f'space units: "{unit}" "{unit}" "{unit}"\n'
    (tmp_path / "a.nrrd").write_bytes(f"{NRRD}{LITTLE}{units}encoding: raw\n\n".encode() + RAW)
    grid = open_image(tmp_path / "a.nrrd").grid
    assert np.allclose(grid.spacing_mm, np.array((3, 2, 1)) * millimetres)
    assert np.allclose(grid.origin_mm, np.array((5, 6, 7)) * millimetres)
    loose = NRRD.split("space:")[0] + f"sizes: 4 3 2\nspacings: 1 2 3\n{units[6:]}"
    (tmp_path / "b.nrrd").write_bytes(f"{loose}{LITTLE}encoding: raw\n\n".encode() + RAW)
    assert np.allclose(
        open_image(tmp_path / "b.nrrd").grid.spacing_mm, np.array((3, 2, 1)) * millimetres
    )


REFUSED_NRRDS = {
    "an unknown unit": (f'{LITTLE}encoding: raw\nspace units: "px" "px" "px"\n\n', "'px'"),
    "no byte order": ("encoding: raw\n\n", "order of its bytes"),
    "an odd byte order": ("endian: middle\nencoding: raw\n\n", "order of its bytes"),
    "colours": (f"{LITTLE}encoding: raw\nkinds: RGB-color domain domain\n\n", "not one volume"),
}


@pytest.mark.parametrize("fault", REFUSED_NRRDS)
def test_an_nrrd_that_leaves_open_what_its_numbers_mean_is_refused(tmp_path: Path, fault: str):
    lines, sentence = REFUSED_NRRDS[fault]
    start = NRRD.split("space:")[0] + "sizes: 4 3 2\n" if fault == "colours" else NRRD
    (tmp_path / "scan.nrrd").write_bytes(f"{start}{lines}".encode() + RAW)
    with pytest.raises(InputError, match=sentence):
        survey([tmp_path / "scan.nrrd"])


def test_one_byte_numbers_and_text_need_no_byte_order(tmp_path: Path):
    start = NRRD.replace("short", "uchar")
    (tmp_path / "a.nrrd").write_bytes(f"{start}encoding: raw\n\n".encode() + bytes(range(24)))
    array, _ = nrrd.read(str(tmp_path / "a.nrrd"))
    assert np.array_equal(open_image(tmp_path / "a.nrrd").read(), array.T)


OUTSIDE = ("../x.raw", "{outer}/x.raw", "link.raw", "inner/../../x.raw", "gone.raw", "")


@pytest.mark.parametrize("named", OUTSIDE)
@pytest.mark.parametrize("form", ["{}", "LIST\n{}", "LIST\nx.raw\n{}", "%d{} 1 2 1"])
@pytest.mark.parametrize("kind", [".mhd", ".nhdr"])
def test_no_file_outside_of_the_header_s_folder_is_read(
    folder: Path, kind: str, form: str, named: str
):
    inner = folder / "in"
    (inner / "inner").mkdir(parents=True)
    (inner / "link.raw").symlink_to(folder / "x.raw")
    data = form.format(named.format(outer=folder))
    if kind == ".mhd":
        (inner / "scan.mhd").write_text(f"{META}{SHORT}ElementDataFile = {data}\n")
    else:
        (inner / "scan.nhdr").write_text(f"{NRRD}{LITTLE}encoding: raw\ndata file: {data}\n")
    with pytest.raises(InputError, match="scan"):
        survey([inner / f"scan{kind}"])


def test_a_link_within_the_folder_and_an_absolute_path_into_it_are_read(folder: Path):
    (folder / "link.raw").symlink_to(folder / "x.raw")
    for named in ("link.raw", str(folder / "x.raw")):
        (folder / "scan.mhd").write_text(f"{META}{SHORT}ElementDataFile = {named}\n")
        assert np.array_equal(open_image(folder / "scan.mhd").read(), ARRAY)


# NIfTI and Analyze


def nifti(file: Path, *edits: tuple[int, str, tuple[float, ...]], image: str = "Nifti1Image"):
    """A .nii as nibabel writes it, then fields set by hand: (offset, struct letters, values)."""
    made = getattr(nib, image)(ARRAY.T, np.diag([1.0, 2, 3, 1]))
    made.set_qform(np.diag([1.0, 2, 3, 1]), 1)
    nib.save(made, file)
    data = bytearray(file.read_bytes())
    for at, letters, numbers in edits:
        struct.pack_into("<" + letters, data, at, *numbers)
    file.write_bytes(data)
    return file


@pytest.mark.parametrize("offset", [0.0, 100.0, 348.0, 352.0])
def test_the_voxels_of_a_nii_never_begin_inside_its_header(tmp_path: Path, offset: float):
    # nibabel believes the 0 and ITK begins at 348: both give shifted voxels without a word.
    file = nifti(tmp_path / "scan.nii", (108, "f", (offset,)))
    (tmp_path / "scan.nii.gz").write_bytes(packed(file.read_bytes()))
    for name in ("scan.nii", "scan.nii.gz"):
        assert np.array_equal(open_image(tmp_path / name).read(), ARRAY)


def test_nor_those_of_a_nifti_2(tmp_path: Path):
    file = nifti(tmp_path / "scan.nii", (168, "q", (0,)), image="Nifti2Image")
    assert np.array_equal(open_image(file).read(), ARRAY)


def test_a_fourth_size_of_nought_is_taken_as_one(tmp_path: Path):
    assert is_as_itk_reads_it(nifti(tmp_path / "scan.nii", (40, "8h", (4, 4, 3, 2, 0, 1, 1, 1))))
    nothing = nifti(tmp_path / "none.nii", (40, "8h", (3, 4, 3, 0, 1, 1, 1, 1)))
    with pytest.raises(InputError, match="no usable size"):
        survey([nothing])


def test_an_empty_sform_gives_way_to_the_qform_and_that_is_said(tmp_path: Path):
    file = nifti(tmp_path / "scan.nii", (254, "h", (1,)), (280, "12f", (0.0,) * 12))
    assert is_as_itk_reads_it(file)
    assert any("sform" in note for note in open_image(file).notes)


@pytest.mark.parametrize("intercept", [float("nan"), float("inf")])
def test_a_slope_beside_an_intercept_that_is_no_number_is_refused(tmp_path: Path, intercept):
    file = nifti(tmp_path / "scan.nii", (112, "2f", (2.0, intercept)))
    with pytest.raises(InputError, match="scales its numbers by 2 and adds"):
        survey([file])
    for slope in (0.0, float("nan")):
        file = nifti(tmp_path / "scan.nii", (112, "2f", (slope, intercept)))
        theirs = np.asarray(nib.load(file).dataobj).T
        assert np.array_equal(values(opened(file)), theirs)


@pytest.mark.parametrize("kind", ["Nifti1Pair", "AnalyzeImage", "Spm99AnalyzeImage"])
def test_a_pair_of_hdr_and_img_is_read_by_either_name_and_is_one_scan(tmp_path: Path, kind: str):
    image = getattr(nib, kind)(ARRAY.T, np.diag([-1.0, 2, 3, 1]))
    nib.save(image, tmp_path / "scan.img")
    (tmp_path / "envi.hdr").write_text("ENVI\nsamples = 3")
    for named in (tmp_path / "scan.hdr", tmp_path / "scan.img", tmp_path):
        (finding,) = survey([named]).volumes
        assert finding.files == (tmp_path / "scan.hdr", tmp_path / "scan.img")
    assert survey([tmp_path]).refused == ()
    stored = open_image(tmp_path / "scan.hdr")
    (tmp_path / "scan.mat").unlink(missing_ok=True)  # SPM's, which is read by nibabel alone
    theirs = nib.load(tmp_path / "scan.hdr")
    lps = np.diag([-1.0, -1, 1, 1]) @ np.asarray(theirs.affine)
    assert np.array_equal(stored.read(), np.asarray(theirs.dataobj).T)
    assert np.allclose(stored.grid.affine[:3, [2, 1, 0]], lps[:3, :3])
    assert np.array_equal(read_labels(tmp_path / "scan.img", stored.grid).labels, ARRAY)
    if kind != "Nifti1Pair":
        assert np.allclose(stored.grid.origin_mm, lps[:3, 3]) or kind == "Spm99AnalyzeImage"
        assert stored.kind == "Analyze" and "left and right" in stored.notes[0]
    (tmp_path / "scan.img").unlink()
    with pytest.raises(InputError, match="not beside it"):
        survey([tmp_path / "scan.hdr"])


STRANGERS = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "strangers"
stranger = pytest.mark.skipif(not STRANGERS.is_dir(), reason="the strangers' files are not here")


@stranger
@pytest.mark.parametrize(
    "name",
    ["nifti-dim4-zero/ct.nii", "metaimage-variants/dotslash.mhd", "metaimage-variants/T_F.mhd"],
)
def test_a_stranger_s_header_is_read_as_itk_reads_it(name: str):
    file = STRANGERS / name
    theirs = sitk.GetArrayFromImage(sitk.ReadImage(str(file)))
    assert open_image(file).grid.shape == (12, 40, 48)
    assert np.array_equal(open_image(file).read(), theirs)


def write_mha(file: Path, *lines: str) -> None:
    header = (
        "ObjectType = Image", "NDims = 3", "BinaryData = True", "BinaryDataByteOrderMSB = False",
        *lines, "Offset = 1 2 3", "ElementSpacing = 4 5 6", "DimSize = 4 3 2",
        "ElementType = MET_SHORT", "ElementDataFile = LOCAL", "",
    )  # fmt: skip
    file.write_bytes("\n".join(header).encode() + np.arange(24, dtype="<i2").tobytes())


@pytest.mark.parametrize(("unit", "mm"), [("um", 0.001), ("mm", 1.0), ("cm", 10.0), ("?", 1.0)])
def test_distance_units_of_a_metaimage_become_millimetres(tmp_path: Path, unit: str, mm: float):
    write_mha(tmp_path / "a.mha", f"DistanceUnits = {unit}")
    grid = open_image(tmp_path / "a.mha").grid
    assert np.allclose(grid.spacing_mm, np.array([6, 5, 4]) * mm)
    assert np.allclose(grid.origin_mm, np.array([1, 2, 3]) * mm)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("DistanceUnits = parsec", "no unit of length"),
        ("ElementToIntensityFunctionSlope = 2", "scales its numbers"),
        ("ElementToIntensityFunctionOffset = -1024", "scales its numbers"),
        ("ElementToIntensityFunctionSlope = NaN", "scales its numbers"),
    ],
)
def test_a_metaimage_that_leaves_open_what_its_numbers_mean_is_refused(tmp_path, line, said):
    write_mha(tmp_path / "a.mha", line)
    with pytest.raises(InputError, match=said):
        open_image(tmp_path / "a.mha")


def test_a_metaimage_that_scales_by_one_is_read(tmp_path: Path):
    lines = "ElementToIntensityFunctionSlope = 1", "ElementToIntensityFunctionOffset = 0"
    write_mha(tmp_path / "a.mha", *lines)
    assert np.array_equal(open_image(tmp_path / "a.mha").read().ravel(), np.arange(24))
