"""Mutated files of a project, read one after the other in a process whose means are small.

`python -m tests.store.fuzzing KIND SEED COUNT FOLDER` makes a project in the folder and reads COUNT
mutations of one of its files. Most are sealed again, as a stranger would, so that it is the readers
that refuse them and not the seal. Prints how many were refused and how many were read. Whatever a
reader raises but a SegdeskError ends the process with a traceback; so do 2 s of processor time for
one file, and 1 GB of memory on top of what the libraries have.
"""

from __future__ import annotations

import json
import os
import random
import resource
import shutil
import signal
import struct
import sys
import zlib
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from segdesk.app.project import saving
from segdesk.core.case import Case
from segdesk.core.prediction import Prediction
from segdesk.errors import SegdeskError
from segdesk.store.journal.journal_form import HEAD_SIZE, RECORD_SIZE
from segdesk.store.journal.recover import recover
from segdesk.store.pack import read as packed
from segdesk.store.parts import project_file, seal
from segdesk.store.project_folder import ProjectFolder
from tests.packs import pack_of, unpack_here
from tests.projects import make_project, stroke
from tests.store.resealing import h5py, kind_of, named

MOST_BYTES, MOST_SECONDS = 1 << 30, 2.0
FILES = {
    "project": "project.h5",
    "annotation": "cases/case-001/annotation-1.h5",
    "prediction": "runs/run-001/predictions/case-001.h5",
    "volume": "cases/case-001/volume.h5",
    "journal": "journal-1",
    "pack": "../all.h5",
}
#: Where a number is thought of as a size, a place or a count.
EXTREMES = (0, 1, -1, 127, 255, 256, 32767, 65536, 2**31 - 1, 2**31, 2**40, 2**62, -(2**63))


@dataclass(frozen=True)
class Project:
    """A project that is closed, and its only case as saved."""

    path: Path
    case: Case


def project_in(folder: Path) -> Project:
    workbench = make_project(folder)
    stroke(workbench, 1)
    saving.save(workbench)
    stroke(workbench, 2)
    stroke(workbench, 3)
    case = workbench.project.case("case-001")
    plane = np.zeros(case.grid.shape, np.uint8)
    plane[2, 3:9, 4:8] = 1
    workbench.folder.runs.write_prediction(Prediction("run-001", case.id, plane, plane))
    pack_of(workbench, folder / "all.h5")
    path = workbench.folder.path
    workbench.close()
    with ProjectFolder.open(path, writable=False) as again:
        return Project(path, again.load().project.case("case-001"))


def read(kind: str, folder: ProjectFolder, case: Case, number: int) -> None:
    """What the program does with a file of this kind; of a journal mostly without the index, which
    is sound and takes ten times as long."""
    if kind == "project":
        project_file.read(folder.path)
    elif kind == "pack" and number % 10:
        with packed.faults(folder.path / FILES[kind]):
            packed.verify(folder.path / FILES[kind], lambda: None)
    elif kind == "pack":
        made = folder.path.with_name("unpacked.segdesk")
        shutil.rmtree(made, ignore_errors=True)
        unpack_here(folder.path / FILES[kind], made)
    elif kind == "annotation":
        with suppress(struct.error):
            # Where there is a seal at all.
            case = named(folder.path / FILES[kind], case)
        folder.read_annotation(case)
    elif kind == "prediction":
        folder.runs.read_prediction("run-001", case, weights_sha256="")
    elif kind == "volume":
        folder.scans.location(case, checked=range(case.slices))
    elif number % 10:
        found = recover(folder.path, folder.generation)
        _ = found.notes, [*found.entries()]
    else:
        with ProjectFolder.open(folder.path, writable=False) as again:
            again.load()


def scrambled(content: bytes, rng: random.Random, start: int) -> bytes:
    """The content with one to three pieces changed, from an offset on."""
    changed = bytearray(content)
    for _ in range(rng.randint(1, 3)):
        at = rng.randrange(start, max(start + 1, len(changed)))
        match rng.randrange(6):
            case 0:
                changed[at : at + 1] = bytes([(changed[at : at + 1] or b"\0")[0] ^ 1 << at % 8])
            case 1:
                changed[at : at + 8] = struct.pack("<q", rng.choice(EXTREMES))
            case 2:
                changed[at : at + 4] = rng.randbytes(4)
            case 3:
                del changed[at : at + rng.randint(1, 64)]
            case 4:
                changed[at:at] = changed[start : start + rng.randint(1, 64)]
            case _:
                del changed[at:]
    return bytes(changed)


def resealed(path: Path, sound: seal.Span) -> None:
    with path.open("rb+") as file:
        seal.seal_file(file, kind_of(path), sound)


def summed_again(content: bytes) -> bytes:
    """A journal whose records have sums that agree with what is in them."""
    changed, at = bytearray(content), HEAD_SIZE
    while at + RECORD_SIZE <= len(changed):
        (length,) = struct.unpack_from("<I", changed, at)
        if length > len(changed) - at - RECORD_SIZE:
            break
        payload = changed[at + RECORD_SIZE : at + RECORD_SIZE + length]
        struct.pack_into("<I", changed, at + RECORD_SIZE - 8, zlib.crc32(payload))
        sum_ = zlib.crc32(changed[at : at + RECORD_SIZE - 4])
        struct.pack_into("<I", changed, at + RECORD_SIZE - 4, sum_)
        at += RECORD_SIZE + length
    return bytes(changed)


def changed_inside(path: Path, rng: random.Random) -> None:
    """Something that HDF5 finds sound and nobody wrote: another value, type or name, or none."""
    with h5py.File(path, "r+") as root:
        places: list[str] = [""]
        root.visit(places.append)
        place = rng.choice(places)
        item = root[place] if place else root
        names = list(item.attrs)
        if names and rng.random() < 0.7:
            _change_attribute(item.attrs, rng.choice(names), rng)
        elif not place:
            return
        elif rng.random() < 0.3:
            del root[place]
        elif rng.random() < 0.3:
            root[f"{place}-again"] = root[rng.choice(places[1:])]
        elif isinstance(item, h5py.Dataset) and item.chunks is None:
            _change_column(root, place, item, rng)


def _change_attribute(attributes: Any, name: str, rng: random.Random) -> None:
    before = attributes[name]
    values: tuple[Any, ...] = (
        np.int64(rng.choice(EXTREMES)),
        np.float64(rng.choice((float("nan"), float("inf"), -1e308, 0.0))),
        "x" * rng.choice((0, 1, 5000)),
        np.full(rng.choice((0, 1, 3, 5000)), rng.choice(EXTREMES), np.int64),
        np.full(np.shape(before), rng.choice(EXTREMES), np.int64),
        np.bool_(True),
    )
    value = rng.choice(values)
    if getattr(value, "nbytes", 0) > 32_000:
        value = value[:3]
    attributes[name] = value


def _change_column(root: Any, place: str, item: Any, rng: random.Random) -> None:
    size = rng.choice((0, 1, item.size, item.size + 1, 1000))
    kind = rng.choice(("u1", "<i8", "<f8", "text", "same"))
    text = h5py.check_string_dtype(item.dtype) is not None
    del root[place]
    if kind == "text" or (kind == "same" and text):
        root.create_dataset(place, data=["\0x/../y"[: rng.randint(1, 7)]] * size, dtype="T")
    else:
        dtype = np.dtype("u1" if kind == "same" else kind)
        root[place] = np.array([rng.choice(EXTREMES) % 256 for _ in range(size)], dtype)


def mutate(kind: str, path: Path, sound: bytes, left_out: seal.Span, rng: random.Random) -> None:
    """Put a mutation of a file into its place."""
    if kind == "journal":
        content = scrambled(sound, rng, HEAD_SIZE if rng.random() < 0.8 else 0)
        path.write_bytes(summed_again(content) if rng.random() < 0.8 else content)
        return
    how = rng.random()
    if how < 0.2:
        path.write_bytes(scrambled(sound, rng, 0))
        return
    path.write_bytes(sound if how < 0.7 else scrambled(sound, rng, seal.SIZE))
    try:
        if how < 0.7:
            changed_inside(path, rng)
        resealed(path, left_out)
    except (OSError, RuntimeError, ValueError, KeyError, TypeError):
        # h5py will not do everything; what came of it so far is read.
        return


def span_of(path: Path) -> seal.Span:
    if kind_of(path) != "volume":
        return seal.NOTHING
    with h5py.File(path, "r") as file:
        voxels = file["voxels"]
        offset = voxels.id.get_offset()
        return seal.Span(offset, offset + voxels.size * 2)


def limit_memory() -> None:
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + MOST_BYTES, resource.RLIM_INFINITY))


def main(kind: str, seed: int, count: int, folder: Path) -> None:
    project = project_in(folder)
    path = project.path / FILES[kind]
    sound, rng = path.read_bytes(), random.Random(seed)
    left_out = seal.NOTHING if kind == "journal" else span_of(path)
    with ProjectFolder.open(project.path, writable=False) as opened:
        read(kind, opened, project.case, 0)
        limit_memory()
        refused = 0
        for number in range(count):
            mutate(kind, path, sound, left_out, rng)
            # What was read before is known by its time, and two of these are written in one tick.
            os.utime(path, ns=(number, number))
            sys.stderr.write(f"{number}\n")
            # Its signal ends the process.
            signal.setitimer(signal.ITIMER_PROF, MOST_SECONDS)
            try:
                read(kind, opened, project.case, number)
            except SegdeskError:
                refused += 1
            finally:
                signal.setitimer(signal.ITIMER_PROF, 0)
    sys.stdout.write(json.dumps({"refused": refused, "read": count - refused}) + "\n")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]))
