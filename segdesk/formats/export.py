"""Arrays out to the world's formats: `export` writes, reads back what it wrote, then renames.

Libraries of the field write (`writers`) and the room's own readers check them, so that a writer and
its checker share no code.
"""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from segdesk.core.durable_files import move, replace_file, sync_folder
from segdesk.core.grid import Grid
from segdesk.core.regular_file import is_folder
from segdesk.errors import InputError, UsageError
from segdesk.formats.arrays import is_colour, open_array
from segdesk.formats.images import image_ending, open_image
from segdesk.formats.pictures import open_pictures
from segdesk.formats.writers import Names, write_array, write_image, write_png
from segdesk.sentence import Sentence

#: What `export` writes; a name without an ending is a folder of PNG files.
ENDINGS = (".nii.gz", ".nii", ".nrrd", ".mha", ".npy")
#: PNG has no sign: int16 is written with this added.
PNG_SHIFT = 32768
#: Bytes that a file may need beside its voxels.
HEADERS = 64 * 1024


def export(
    path: Path, array: npt.NDArray[Any], grid: Grid, *, names: Names = ()
) -> tuple[str, ...]:
    """Write an array by the ending of its file's name.

    Parameters
    ----------
    path : .nii.gz, .nii, .nrrd, .mha, .npy, or a folder for PNG files, which must not be there or
        be empty. A file of that name is replaced, once the new one has been read back
    array : bool, int8 to int64, uint8 to uint64 or float32/float64, (slices, rows, columns); PNG
        takes bool, uint8, uint16 and int16; PNG and .npy take colour too: uint8,
        (slices, rows, columns, 3)
    grid : of the array
    names : (number, name) of segments; NRRD keeps them

    Returns
    -------
    Sentences about what the format could not keep.

    Raises
    ------
    UsageError
        Where the ending is unknown or the format cannot hold the numbers.
    InputError
        Where it cannot be written, or does not read back equal; then nothing is left behind.
    """
    in_colour = array.ndim == 4 and is_colour(array.shape, array.dtype)
    if array.shape[:3] != grid.shape or (array.ndim > 3 and not in_colour):
        raise ValueError(f"expected an array of shape {grid.shape}, received {array.shape}")
    array = array.astype(np.uint8) if array.dtype == np.bool_ else array
    if array.dtype.kind not in "iuf" or array.dtype == np.float16:
        raise ValueError(f"expected plain numbers, received {array.dtype}")
    ending = next((e for e in ENDINGS if path.name.lower().endswith(e)), "")
    if not ending and path.suffix and not is_folder(path):
        raise UsageError(
            Sentence("{path} has an ending that is not written here.", path=path.name),
            Sentence(
                "Use {names}, or a name without an ending for a folder of PNG files.",
                names=", ".join(ENDINGS),
            ),
        )
    if in_colour and ending not in ("", ".npy"):
        raise UsageError(
            Sentence("A picture in colour is not written as {ending} here.", ending=ending),
            "Use .npy, or a name without an ending for a folder of PNG files.",
        )
    try:
        with (
            _folders(path.parent),
            tempfile.TemporaryDirectory(prefix=".segdesk-", dir=path.parent) as folder,
        ):
            # Looked at before, because the writers' libraries complain to the terminal.
            if shutil.disk_usage(folder).free < array.nbytes + HEADERS:
                raise OSError(errno.ENOSPC, "no space left")
            if ending:
                return _export_file(Path(folder), path, ending, array, grid, names)
            return _export_pictures(Path(folder), path, array)
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        why = (
            Sentence("the disk is full") if full else error.strerror or Sentence("the disk refused")
        )
        raise InputError(
            Sentence("{path} could not be written: {why}.", path=path.name, why=why)
        ) from error


@contextmanager
def _folders(folder: Path) -> Generator[None, None, None]:
    """Make a folder, and those above it that are not there; they go again where the block fails."""
    made: list[Path] = []
    try:
        for path in reversed((folder, *folder.parents)):
            if not path.is_dir():
                path.mkdir()
                made.append(path)
        yield
    except BaseException:
        with suppress(OSError):
            for path in reversed(made):
                path.rmdir()
        raise


def _export_file(
    folder: Path, path: Path, ending: str, array: npt.NDArray[Any], grid: Grid, names: Names
) -> tuple[str, ...]:
    draft = folder / f"draft{ending}"
    if ending == ".npy":
        write_array(draft, array)
    else:
        write_image(draft, array, grid, names if ending == ".nrrd" else ())
    written = open_image(draft) if image_ending(draft) else open_array(draft, "")
    if not np.array_equal(written.read(), array):
        raise InputError(
            Sentence("{path} could not be written: it did not read back equal.", path=path.name)
        )
    if (
        written.grid.stacked
        and grid.stacked
        and not grid.agrees_with(written.grid, turn_rad=written.turn_rad)
    ):
        raise InputError(
            Sentence(
                "{path} could not be written: its geometry did not read back equal.", path=path.name
            )
        )
    _to_disk(draft)
    replace_file(draft, path)
    sync_folder(path.parent)
    notes: list[str] = []
    if ending == ".npy" and grid.stacked:
        notes.append(Sentence("A .npy file keeps no geometry."))
    if ending == ".nrrd" and not grid.stacked:
        notes.append(Sentence("The slices have no geometry, and the file says none."))
    elif ending != ".npy" and not grid.stacked:
        notes.append(
            Sentence("The slices have no geometry; a step of 1 mm stands for it in the file.")
        )
    if names and ending != ".nrrd":
        notes.append(
            Sentence("Only .nrrd keeps the names of the segments; the numbers are in the file.")
        )
    return tuple(notes)


def _export_pictures(folder: Path, path: Path, array: npt.NDArray[Any]) -> tuple[str, ...]:
    if array.dtype not in (np.uint8, np.uint16, np.int16):
        raise UsageError(
            Sentence("PNG files cannot hold {dtype} numbers.", dtype=array.dtype.name),
            "Use .nii.gz or .npy.",
        )
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise InputError(
            Sentence("{path} is there already and not empty.", path=path.name),
            "Choose another folder.",
        )
    shifted = array.dtype == np.int16
    levels = (array.astype(np.int32) + PNG_SHIFT).astype(np.uint16) if shifted else array
    draft = folder / "pictures"
    draft.mkdir()
    digits = max(4, len(str(len(levels))))
    files = [draft / f"slice-{index + 1:0{digits}d}.png" for index in range(len(levels))]
    for file, plane in zip(files, levels, strict=True):
        write_png(file, plane)
    if not np.array_equal(open_pictures(files).read(), levels):
        raise InputError(
            Sentence("{path} could not be written: it did not read back equal.", path=path.name)
        )
    for file in files:
        _to_disk(file)
    if path.is_dir():
        path.rmdir()
    sync_folder(draft)
    move(draft, path)
    sync_folder(path.parent)
    notes = [Sentence("PNG files keep no geometry.")]
    if shifted:
        notes.append(
            Sentence("PNG has no sign: {png_shift} was added to each number.", png_shift=PNG_SHIFT)
        )
    return tuple(notes)


def _to_disk(file: Path) -> None:
    with file.open("rb+") as stream:
        os.fsync(stream.fileno())
