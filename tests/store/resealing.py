"""A stranger's hand: changes a file of a project with h5py and seals it again."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5py as untyped_h5py

from segdesk.store.parts import seal

#: h5py says nothing about its types.
h5py: Any = untyped_h5py


def kind_of(path: Path) -> seal.Kind:
    """What kind of file lies at a path of a project."""
    if path.name == "project.h5":
        return "project"
    if path.name == "volume.h5":
        return "volume"
    if path.name == "all.h5":
        return "pack"
    return "annotation" if path.name.startswith("annotation") else "prediction"


def seal_again(path: Path) -> None:
    """Make the seal of a file agree with what is in it."""
    left_out = seal.NOTHING
    if kind_of(path) == "volume":
        with h5py.File(path, "r") as file:
            voxels = file.get("voxels")
            if voxels is not None and (offset := voxels.id.get_offset()) is not None:
                left_out = seal.Span(offset, offset + voxels.size * voxels.dtype.itemsize)
    with path.open("rb+") as file:
        seal.seal_file(file, kind_of(path), left_out)


@contextmanager
def changing(path: Path) -> Generator[Any, None, None]:
    """The file, open in h5py; sealed again after the block."""
    with h5py.File(path, "r+") as file:
        yield file
    seal_again(path)
