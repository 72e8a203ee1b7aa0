"""A stranger's hand: changes a file of a project with h5py and seals it again; of a mask the index
names what it has become."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py as untyped_h5py

from segdesk.core.case import Case
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


def named(path: Path, case: Case) -> Case:
    """The case as an index would name the mask that lies there."""
    with path.open("rb") as file:
        return replace(case, mask_sha256=seal.digest_of(file.read(seal.SIZE)))


def name_again(mask: Path) -> None:
    """Have the index of a project name a mask as it is now."""
    with mask.open("rb") as file:
        sum_ = seal.digest_of(file.read(seal.SIZE))
    with changing(mask.parents[2] / "project.h5") as index:
        ids = list(index["cases/ids"].asstr()[()])
        index["cases/mask_sha256"][ids.index(mask.parent.name)] = sum_


@contextmanager
def changing(path: Path) -> Generator[Any, None, None]:
    """The file, open in h5py; sealed again after the block."""
    with h5py.File(path, "r+") as file:
        yield file
    seal_again(path)
    if kind_of(path) == "annotation":
        name_again(path)
