"""A packed project as a stranger's file: its seal, its index, every checksum.

Nothing of it is trusted: the seal is checked before HDF5 sees a byte, links and storage of any
other kind are refused, and sizes are checked before anything is allocated.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Generator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from segdesk.core.case import Case
from segdesk.core.project import Project
from segdesk.core.run import Run
from segdesk.core.volume import stored_form
from segdesk.errors import ProjectError
from segdesk.sentence import Sentence
from segdesk.store.disk.disk_errors import reading
from segdesk.store.pack.contents import (
    CASES,
    CHECKSUM,
    FILES,
    FORMAT,
    INDEX,
    LEFT_OUT,
    MASK_LAYERS,
    PREDICTION_LAYERS,
    PREDICTIONS,
    RUNS,
    VERSION,
    VOLUME,
    run_files,
)
from segdesk.store.pack.layers import inside, planes_of
from segdesk.store.parts import hdf5, seal
from segdesk.store.parts.complete_codec import slices_of
from segdesk.store.parts.hdf5 import Group
from segdesk.store.parts.project_codec import decode

_BYTES = 1 << 22
#: Bytes of the largest dataset but voxels and files of runs: an index is some kilobytes a case.
_LARGEST = 1 << 26
HINT = Sentence("Get it anew from where it came from.")


@dataclass(frozen=True, slots=True, eq=False)
class Packed:
    """What the index of a packed project says.

    Parameters
    ----------
    project, generation : as they shall stand in the folder
    dismissed : for each case (run, slice)
    files : for each run the names of its files, with their bytes
    leaves_out : (case, run) of the predictions that left out small pieces
    """

    project: Project
    generation: int
    dismissed: dict[str, frozenset[tuple[str, int]]]
    files: dict[str, tuple[tuple[str, int], ...]]
    leaves_out: frozenset[tuple[str, str]]

    def layers(self, case: str, run: str) -> tuple[str, ...]:
        """Names of the datasets of a prediction."""
        more = (LEFT_OUT,) if (case, run) in self.leaves_out else ()
        return (*PREDICTION_LAYERS, *more)


def is_packed(path: Path) -> bool:
    """Whether a file is a packed project, by its first bytes; what cannot be read is none."""
    try:
        return path.is_file() and seal.is_sealed(path, "pack")
    except OSError:
        return False


def faults(path: Path) -> AbstractContextManager[None]:
    """Faults of reading a packed project as sentences."""
    return reading(Sentence("The file '{path}'", path=path.name), hint=HINT)


def open_sealed(path: Path, on_bytes: seal.OnBytes | None = None) -> Packed:
    """Check the seal and everything but voxels and the files of runs; then read the index.

    Raises
    ------
    ProjectError, ValueError, KeyError, OSError, UsageError
        Where something is not as it was written.
    """
    seal.check_file(path, "pack", on_bytes)
    with hdf5.open_file(path) as root:
        for place, group, declared in root.datasets():
            name = place[-1]
            if declared.is_chunked or place[-2:-1] == (FILES,):
                continue
            if declared.dtype.itemsize * math.prod(declared.shape) > _LARGEST:
                raise ValueError(f"'{name}' is too large")
            if group.digest(name) != group.about(name).text(CHECKSUM):
                raise ValueError(f"'{name}' does not agree with its checksum")
    return _packed(path)


def verify(path: Path, on_plane: Callable[[], None], on_bytes: seal.OnBytes | None = None) -> None:
    """Read everything of a file and compare every checksum; raises as `open_sealed`."""
    found = open_sealed(path, on_bytes)
    for case in found.project.cases:
        place, shape = (CASES, case.id), case.grid.shape
        rows = [(place, name) for name in MASK_LAYERS]
        for run in case.predictions:
            rows += [((*place, PREDICTIONS, run), name) for name in found.layers(case.id, run)]
        for _ in planes_of(path, place, VOLUME, *stored_form(shape, case.unit)):
            on_plane()
        for where, name in rows:
            for _ in planes_of(path, where, name, np.uint8, shape):
                on_plane()
    for run, files in found.files.items():
        for name, _ in files:
            for _ in bytes_of(path, (RUNS, run, FILES, name)):
                pass


def bytes_of(path: Path, place: Sequence[str]) -> Generator[bytes, None, None]:
    """The bytes of a file of a run, piece by piece; at the end its checksum is compared."""
    sum_, at = hashlib.sha256(), 0
    while True:
        with hdf5.open_file(path) as root:
            group = inside(root, place[:-1])
            wanted = group.about(place[-1]).text(CHECKSUM)
            piece = group.piece(place[-1], at, at + _BYTES)
        if not piece:
            break
        sum_.update(piece)
        at += len(piece)
        yield piece
    if sum_.hexdigest() != wanted:
        raise ValueError(f"'{place[-1]}' does not agree with its checksum")


def _packed(path: Path) -> Packed:
    with hdf5.open_file(path) as root:
        _check_version(root, path)
        generation = root.integer("generation")
        project = decode(root.group(INDEX))
        if any(not 0 <= case.generation <= generation for case in project.cases):
            raise ValueError("a mask is newer than the project")
        _check_names(project)
        cases, runs = root.group(CASES), root.group(RUNS)
        dismissed = {case.id: _dismissed(case, cases.group(case.id)) for case in project.cases}
        files = {run.id: _files(run, runs.group(run.id).group(FILES)) for run in project.runs}
        leaves_out = frozenset(
            (case.id, run)
            for case in project.cases
            for run in case.predictions
            if cases.group(case.id).group(PREDICTIONS).group(run).has_member(LEFT_OUT)
        )
        return Packed(project, generation, dismissed, files, leaves_out)


def _check_version(root: Group, path: Path) -> None:
    if root.text("format") != FORMAT:
        raise ValueError("not a packed project")
    version = root.integer("version")
    if version > VERSION:
        raise ProjectError(
            Sentence(
                "'{path}' was packed by a newer segdesk (format {version}).",
                path=path.name,
                version=version,
            ),
            Sentence("Unpack it with segdesk {version} or newer.", version=root.text("needs")[:20]),
        )
    if version != VERSION:
        raise ValueError(f"expected version {VERSION}, received {version}")


def _check_names(project: Project) -> None:
    """Refuse what no index says: a run that is not there, or two of a name."""
    runs = {run.id for run in project.runs}
    for case in project.cases:
        if len(set(case.predictions)) < len(case.predictions) or not runs >= set(case.predictions):
            raise ValueError(f"'{case.id}' names a prediction that is not there")


def _dismissed(case: Case, group: Group) -> frozenset[tuple[str, int]]:
    if slices_of(group, case.slices) != (case.statuses, case.complete):
        raise ValueError(f"'{case.id}' and the index disagree on which slices are right")
    indices = [int(index) for index in group.column("dismissed_slices", np.int64)]
    if any(not 0 <= index < case.slices for index in indices):
        raise ValueError("a dismissed slice lies outside")
    return frozenset(zip(group.texts("dismissed_runs"), indices, strict=True))


def _files(run: Run, group: Group) -> tuple[tuple[str, int], ...]:
    """What a run kept; its weights have to be those that it names."""
    names = run_files(run)
    if any(group.about(name).text(CHECKSUM) != run.weights_sha256 for name in names):
        raise ValueError(f"the weights are not those of '{run.id}'")
    return tuple((name, group.size(name)) for name in names)
