"""Some 50 odd files, and what the libraries of the field make of them: docs/formats.md.

`python -m tests.formats.odd_files` writes the table of that page; `test_odd_files` compares. Each
library reads in a process of its own, because some files end it.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np
import numpy.typing as npt

from tests.formats.test_header_variants import (
    ARRAY,
    LITTLE,
    META,
    METAIMAGES,
    NRRD,
    NRRDS,
    RAW,
    SHORT,
    nifti,
    packed,
)

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "formats.md"
LIBRARIES = ("nibabel", "pynrrd", "SimpleITK", "segdesk")
READS = {"nibabel": (".nii", ".nii.gz", ".hdr"), "pynrrd": (".nrrd", ".nhdr")}
BEGIN, END = "<!-- table: begin -->", "<!-- table: end -->"
MEMORY = 4 << 30
Affine = list[list[float]]
AT_567: Affine = [[0, 0, 1, 5], [0, 2, 0, 6], [3, 0, 0, 7], [0, 0, 0, 1]]
NIFTI_AT: Affine = [[0, 0, -1, 0], [0, -2, 0, 0], [3, 0, 0, 0], [0, 0, 0, 1]]


@dataclass(frozen=True)
class Odd:
    """A file, in words, and what is right: voxels and affine (LPS, of slice, row, column), or None
    where nothing can be right and the file must be refused."""

    words: str
    file: Path
    affine: Affine | None
    voxels: npt.NDArray[np.float64] | None = None


def odd_files(folder: Path) -> Iterator[Odd]:
    """Make the files, one folder for each, and say what is right."""
    truth = ARRAY.astype(np.float64)
    number = 0

    def place(name: str, content: bytes = b"") -> Path:
        nonlocal number
        number += 1
        home = folder / f"{number:02d}"
        home.mkdir()
        (home / "x.raw").write_bytes(RAW)
        (home / "x.raw.gz").write_bytes(packed(RAW))
        (home / "behind.raw").write_bytes(b"seven b" + RAW)
        for at, plane in enumerate(ARRAY, 1):
            (home / f"s{at:02d}.raw").write_bytes(plane.tobytes())
            (home / f"s{at:02d}.raw.gz").write_bytes(packed(plane.tobytes()))
        (home / name).write_bytes(content)
        return home / name

    def nii(words: str, *edits, right: bool = True, kind: str = "Nifti1Image") -> Odd:
        file = nifti(place("scan.nii"), *edits, image=kind)
        return Odd(f"NIfTI: {words}", file, NIFTI_AT if right else None, truth)

    nan = float("nan")
    yield nii("`vox_offset` 0", (108, "f", (0.0,)))
    yield nii("`vox_offset` 348, inside the header", (108, "f", (348.0,)))
    yield nii("`vox_offset` is no number", (108, "f", (nan,)), right=False)
    yield nii("version 2, `vox_offset` 0", (168, "q", (0,)), kind="Nifti2Image")
    yield nii("fourth size 0", (40, "8h", (4, 4, 3, 2, 0, 1, 1, 1)))
    yield nii("sform empty beside a qform", (254, "h", (1,)), (280, "12f", (0.0,) * 12))
    yield nii(
        "sform and a qform that differs",
        (268, "3f", (50.0, 60.0, 70.0)),
        (254, "h", (1,)),
        (280, "12f", (1, 0, 0, 0, 0, 2, 0, 0, 0, 0, 3, 0)),
    )
    yield nii("slope 2, intercept no number", (112, "2f", (2.0, nan)), right=False)
    yield nii("slope 0, intercept 5", (112, "2f", (0.0, 5.0)))
    yield nii(
        "sizes that the file does not hold", (40, "8h", (3, 400, 300, 200, 1, 1, 1, 1)), right=False
    )
    sound = nifti(place("sound.nii")).read_bytes()
    yield Odd("NIfTI: cut off", place("scan.nii", sound[:-10]), None)
    yield Odd("NIfTI, gzip: cut off", place("scan.nii.gz", packed(sound)[:-30]), None)
    yield Odd("NIfTI, gzip: without its last bytes", place("scan.nii.gz", packed(sound)[:-6]), None)
    flipped = bytearray(packed(sound))
    flipped[-6] ^= 1
    yield Odd("NIfTI, gzip: checksum wrong", place("scan.nii.gz", bytes(flipped)), None)
    members = packed(sound[:360], sound[360:])
    yield Odd("NIfTI, gzip: two members", place("scan.nii.gz", members), NIFTI_AT, truth)
    for words, (lines, behind, ending) in NRRDS.items():
        file = place(f"scan{ending}", f"{NRRD}{lines}".encode() + behind)
        yield Odd(f"NRRD: {words}", file, AT_567, truth)
    plain = f"{NRRD}{LITTLE}encoding: raw\n\n".encode()
    zipped = f"{NRRD}{LITTLE}encoding: gzip\n\n".encode()
    centimetres = plain[:-1] + b'space units: "cm" "cm" "cm"\n\n'
    scaled = [[value * 10 for value in row] for row in AT_567[:3]] + [[0, 0, 0, 1]]
    yield Odd("NRRD: `space units` of cm", place("scan.nrrd", centimetres + RAW), scaled, truth)
    yield Odd(
        "NRRD: no `endian`", place("scan.nrrd", f"{NRRD}encoding: raw\n\n".encode() + RAW), None
    )
    yield Odd("NRRD: cut off", place("scan.nrrd", plain + RAW[:-4]), None)
    yield Odd(
        "NRRD, gzip: without its last bytes", place("scan.nrrd", zipped + packed(RAW)[:-6]), None
    )
    flipped = bytearray(packed(RAW))
    flipped[-7] ^= 1
    yield Odd("NRRD, gzip: checksum wrong", place("scan.nrrd", zipped + bytes(flipped)), None)
    steps = plain.replace(b"(1,0,0)", b"(nan,0,0)")
    yield Odd("NRRD: a step that is no number", place("scan.nrrd", steps + RAW), None)
    for words, (lines, behind, ending) in METAIMAGES.items():
        file = place(f"scan{ending}", f"{META}{lines}\n".encode() + behind)
        yield Odd(f"MetaImage: {words}", file, AT_567, truth)
    local = f"{META}{SHORT}ElementDataFile = LOCAL\n".encode()
    squeezed = f"{META}{SHORT}CompressedData = True\nElementDataFile = LOCAL\n".encode()
    stepless = f"{META}{SHORT}ElementDataFile = s%02d.raw 1 2\n".encode()
    yield Odd(
        "MetaImage: numbered files without a step", place("scan.mhd", stepless), AT_567, truth
    )
    yield Odd("MetaImage: cut off", place("scan.mha", local + RAW[:-6]), None)
    yield Odd(
        "MetaImage, zlib: cut off", place("scan.mha", squeezed + zlib.compress(RAW)[:-9]), None
    )
    flipped = bytearray(zlib.compress(RAW))
    flipped[-2] ^= 1
    yield Odd("MetaImage, zlib: checksum wrong", place("scan.mha", squeezed + bytes(flipped)), None)
    for words, old, new in (
        (
            "`NDims = 100`",
            META,
            "ObjectType = Image\nNDims = 100\nTransformMatrix = 1 0 0 0 1 0 0 0 1\n"
            "Offset = 5 6 7\nElementSpacing = 1 2 3\nDimSize = 4 3 2\n",
        ),
        ("a step that is no number", "ElementSpacing = 1 2 3", "ElementSpacing = nan 2 3"),
        ("a size below 0", "DimSize = 4 3 2", "DimSize = -4 3 2"),
        ("more voxels than any memory holds", "DimSize = 4 3 2", "DimSize = 90000 90000 90000"),
    ):
        yield Odd(
            f"MetaImage: {words}",
            place("scan.mha", local.replace(old.encode(), new.encode()) + RAW),
            None,
        )
    outside = f"{META}{SHORT}ElementDataFile = ../01/x.raw\n".encode()
    yield Odd("MetaImage: voxels in another folder", place("scan.mhd", outside), None)


def read(library: str, file: Path) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Voxels (slices, rows, columns) and affine (LPS), as a library gives them."""
    affine = np.eye(4)
    if library == "segdesk":
        from segdesk.formats.images import open_image

        stored = open_image(file)
        scaled = stored.read() * stored.values.slope + stored.values.intercept
        return np.asarray(scaled, np.float64), stored.grid.affine
    if library == "nibabel":
        import nibabel

        image = nibabel.load(file)
        lps = np.diag([-1.0, -1, 1, 1]) @ image.affine
        return np.asarray(image.dataobj, np.float64).T, lps[:, [2, 1, 0, 3]]
    if library == "pynrrd":
        import nrrd

        array, header = nrrd.read(str(file))
        affine[:3, :3] = header["space directions"].T[:, ::-1]
        affine[:3, 3] = header["space origin"]
        return np.asarray(array, np.float64).T, affine
    import SimpleITK as sitk  # noqa: N813 - its own documentation calls it so

    image = sitk.ReadImage(str(file))
    steps = np.reshape(image.GetDirection(), (image.GetDimension(),) * 2) * image.GetSpacing()
    affine[:3, :3] = steps[:3, :3][:, ::-1]
    affine[:3, 3] = image.GetOrigin()[:3]
    return sitk.GetArrayFromImage(image).astype(np.float64), affine


def verdict(library: str, odd: Odd) -> str:
    """One cell of the table, in this process."""
    try:
        voxels, affine = read(library, odd.file)
    except Exception:  # noqa: BLE001 - whatever a library raises is a refusal
        return "refuses"
    if odd.affine is None or odd.voxels is None:
        return "**takes it**"
    if voxels.size != odd.voxels.size or not np.array_equal(voxels.ravel(), odd.voxels.ravel()):
        return "**other voxels**"
    return "right" if np.allclose(affine, odd.affine) else "**another place**"


def verdicts(library: str, count: int) -> list[str]:
    """A column of the table. A process that a file ends is started again behind that file."""
    cells: list[str] = []
    while len(cells) < count:
        command = [sys.executable, "-m", "tests.formats.odd_files", library, str(len(cells))]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
        cells += [json.loads(line) for line in done.stdout.splitlines() if line.startswith('"')]
        if len(cells) < count:
            if done.returncode >= 0:
                raise RuntimeError(done.stderr)
            cells.append("**ends the process**")
    return cells


def table() -> str:
    """The table in Markdown, with the versions that it holds for."""
    with tempfile.TemporaryDirectory() as folder:
        words = [odd.words for odd in odd_files(Path(folder))]
    columns = [verdicts(library, len(words)) for library in LIBRARIES]
    heads = [f"{name} {version(name)}" for name in LIBRARIES[:3]]
    lines = [f"| file | {' | '.join(heads)} | segdesk |", "|---" * 5 + "|"]
    for row in zip(words, *columns, strict=True):
        lines.append(f"| {' | '.join(row)} |")
    return "\n".join(lines)


def _column(library: str, begin: int) -> None:
    """Print the cells of a column from a row on, each as soon as it is known."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    with tempfile.TemporaryDirectory() as folder:
        for odd in list(odd_files(Path(folder)))[begin:]:
            reads = READS.get(library)
            is_known = reads is None or odd.file.name.endswith(reads)
            cell = verdict(library, odd) if is_known else "–"
            sys.stdout.write(json.dumps(cell) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    if len(sys.argv) > 1:
        _column(sys.argv[1], int(sys.argv[2]))
    else:
        before, _, rest = PAGE.read_text("utf-8").partition(BEGIN)
        PAGE.write_text(f"{before}{BEGIN}\n{table()}\n{END}{rest.partition(END)[2]}", "utf-8")
