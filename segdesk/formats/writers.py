"""One array as one file of a format of the field: nibabel writes NIfTI, pynrrd NRRD, Pillow PNG.

MetaImage is written here, because no library of the field but ITK writes it. `export` asks for the
files, reads them back and gives them their names.
"""

from __future__ import annotations

import gzip
import shutil
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from segdesk.core.grid import Grid

Array = npt.NDArray[Any]
Names = Sequence[tuple[int, str]]
#: LPS to RAS.
SIGNS = np.diag([-1.0, -1.0, 1.0, 1.0])
#: NIfTI-1 keeps sizes as int16.
MOST_NIFTI1 = 32767
#: Level of gzip and zlib: the higher ones save a few per cent and take many times as long.
LEVEL = 2
#: As nibabel has it.
NIFTI_LEVEL = 1
TYPES = {
    "int8": "MET_CHAR", "uint8": "MET_UCHAR", "int16": "MET_SHORT", "uint16": "MET_USHORT",
    "int32": "MET_INT", "uint32": "MET_UINT", "int64": "MET_LONG_LONG", "uint64": "MET_ULONG_LONG",
    "float32": "MET_FLOAT", "float64": "MET_DOUBLE",
}  # fmt: skip


def write_image(file: Path, array: Array, grid: Grid, names: Names = ()) -> None:
    """Write a .nii, .nii.gz, .nrrd or .mha.

    Parameters
    ----------
    array : whole or floating numbers, (slices, rows, columns)
    grid : of the array; without geometry none is written, or steps of 1 where the format needs some
    names : (number, name) of segments; written into .nrrd, as 3D Slicer names them

    Raises
    ------
    OSError
        Where the disk refuses.
    """
    if file.suffix == ".nrrd":
        _write_nrrd(file, array, grid, names)
    elif file.suffix == ".mha":
        _write_metaimage(file, array, grid)
    else:
        _write_nifti(file, array, grid)


def write_array(file: Path, array: Array) -> None:
    """Write a .npy, plane by plane.

    `numpy.save` says of a full disk only how many numbers it could not write.

    Raises
    ------
    OSError
        Where the disk refuses.
    """
    header = np.lib.format.header_data_from_array_1_0(array)
    with file.open("wb") as stream:
        np.lib.format.write_array_header_1_0(stream, {**header, "fortran_order": False})
        for plane in array:
            stream.write(np.ascontiguousarray(plane).data)


def write_png(file: Path, plane: Array) -> None:
    """Write uint8 or uint16, (rows, columns), as grey levels; uint8, (rows, columns, 3), in colour.

    Raises
    ------
    OSError
        Where the disk refuses.
    """
    from PIL import Image

    Image.fromarray(np.ascontiguousarray(plane)).save(file, format="PNG")


def _write_nifti(file: Path, array: Array, grid: Grid) -> None:
    import nibabel

    kind = nibabel.Nifti1Image if max(array.shape) <= MOST_NIFTI1 else nibabel.Nifti2Image
    affine = SIGNS @ grid.affine[:, [2, 1, 0, 3]] if grid.stacked else None
    # The type is named because nibabel asks before it writes 64 bits, which few programs read.
    image = kind(array.T, affine, dtype=array.dtype)
    image.header.set_xyzt_units("mm")
    if affine is not None:
        # Both transforms, for programs that look at one of them only: 1 is the scanner's space.
        image.set_sform(affine, 1)
        image.set_qform(affine, 1)
    # Opened here, because nibabel leaves a file open where the disk is full.
    with file.open("wb") as plain:
        if file.suffix != ".gz":
            image.to_stream(plain)
            return
        # Without name and time, so that the same array gives the same file.
        with gzip.GzipFile("", "wb", NIFTI_LEVEL, plain, mtime=0) as packed:
            image.to_stream(packed)


def _write_nrrd(file: Path, array: Array, grid: Grid, names: Names) -> None:
    import nrrd

    header: dict[str, Any] = {"encoding": "gzip", "kinds": ["domain"] * 3}
    if grid.stacked:
        header |= {
            "space": "left-posterior-superior",
            "space directions": grid.affine[:3, [2, 1, 0]].T,
            "space origin": np.array(grid.origin_mm),
        }
    plain = file.with_name(f"nameless-{file.name}")
    nrrd.write(str(plain), array.T, header, compression_level=LEVEL)
    # pynrrd writes names in ASCII only; Slicer reads and writes them in UTF-8.
    with plain.open("rb") as source, file.open("wb") as target:
        for line in iter(source.readline, b"\n"):
            target.write(line)
        target.write("".join(f"{line}\n" for line in _segments(names)).encode() + b"\n")
        shutil.copyfileobj(source, target)
    plain.unlink()


def _segments(names: Names) -> Iterator[str]:
    for index, (number, name) in enumerate(names):
        yield f"Segment{index}_ID:=Segment_{number}"
        yield f"Segment{index}_Name:={' '.join(name.split())}"
        yield f"Segment{index}_LabelValue:={number}"
        yield f"Segment{index}_Layer:=0"


def _write_metaimage(file: Path, array: Array, grid: Grid) -> None:
    def numbers(values: Sequence[float]) -> str:
        return " ".join(repr(float(value)) for value in values)

    # The file gives one unit vector for each index, one after the other.
    turn = grid.matrix.T.ravel().tolist() if grid.stacked else np.eye(3).ravel().tolist()
    lines = [
        "ObjectType = Image",
        "NDims = 3",
        "BinaryData = True",
        "BinaryDataByteOrderMSB = False",
        "CompressedData = True",
        f"TransformMatrix = {numbers(turn)}",
        f"Offset = {numbers(grid.origin_mm if grid.stacked else (0, 0, 0))}",
        "CenterOfRotation = 0 0 0",
        f"ElementSpacing = {numbers(grid.spacing_mm[::-1] if grid.stacked else (1, 1, 1))}",
        f"DimSize = {' '.join(str(size) for size in array.shape[::-1])}",
        f"ElementType = {TYPES[array.dtype.name]}",
    ]
    with file.open("wb") as stream:
        stream.write(("\n".join(lines) + "\n").encode("ascii"))
        begin = stream.tell()
        stream.write(_last_lines(0))
        packer, packed = zlib.compressobj(LEVEL), 0
        for plane in array:
            raw = np.ascontiguousarray(plane, dtype=plane.dtype.newbyteorder("<"))
            packed += stream.write(packer.compress(raw.data))
        packed += stream.write(packer.flush())
        stream.seek(begin)
        stream.write(_last_lines(packed))


def _last_lines(packed: int) -> bytes:
    """The end of a header; always of one length, so that the size can be put in afterwards."""
    return f"CompressedDataSize = {packed:<20d}\nElementDataFile = LOCAL\n".encode("ascii")
