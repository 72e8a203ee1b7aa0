"""A project into one file: written beside, sealed, read back as a stranger's, and renamed."""

from __future__ import annotations

import errno
import hashlib
import io
import os
import shutil
from collections.abc import Callable, Generator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

import numpy as np

from segdesk.core.case import Case
from segdesk.core.durable_files import replacing
from segdesk.core.project import Project
from segdesk.core.regular_file import change_regular, open_regular
from segdesk.core.run import Run
from segdesk.core.volume import stored_bytes, stored_form
from segdesk.errors import Cancelled, ProjectError, UsageError
from segdesk.jobs.weights_file import fault_of
from segdesk.sentence import Sentence
from segdesk.store.disk.disk_errors import writing
from segdesk.store.disk.layout import PROJECT_FILE, Layout
from segdesk.store.pack import for_people, read
from segdesk.store.pack.contents import (
    CASES,
    CHECKSUM,
    FILES,
    FORMAT,
    INDEX,
    LARGEST_SLICE,
    LEFT_OUT,
    MASK_LAYERS,
    NEEDS,
    PIECE,
    PREDICTION_LAYERS,
    PREDICTIONS,
    RUNS,
    SEGMENTS,
    VERSION,
    VOLUME,
    Asked,
    Contents,
    Tell,
    run_files,
)
from segdesk.store.pack.layers import AnyPlane, packed, put_planes
from segdesk.store.parts import hdf5, seal
from segdesk.store.parts.hdf5 import NewGroup
from segdesk.store.parts.project_codec import encode
from segdesk.store.project_folder import ProjectFolder

#: Bytes of a file that are read and written at once.
_BYTES = 1 << 22
#: Kept free on the disk.
RESERVE = 64 * 1024 * 1024
#: Slices of a scan that are packed to see how much room it will need.
_SAMPLES = 3


def pack(
    folder: ProjectFolder,
    contents: Contents,
    file: Path,
    *,
    overwrite: bool = False,
    tell: Tell | None = None,
    cancelled: Asked | None = None,
) -> None:
    """Write a project into a file, read it back, and put it in its place. Any thread.

    Parameters
    ----------
    folder : open; read slice by slice
    overwrite : a file that is there is replaced

    Raises
    ------
    UsageError
        Where something is at `file` already, or it lies in a project.
    ProjectError
        Where something cannot be read, or the disk refuses; then nothing is left behind.
    Cancelled
        Where `cancelled` said so; then nothing is left behind.
    """
    check_place(file, overwrite=overwrite)
    work = _Packing(folder, contents, file, tell, cancelled)
    with writing(Sentence("The file '{file}'", file=file.name)), replacing(file) as temporary:
        work.check_room()
        work.write(temporary)


def check_place(file: Path, *, overwrite: bool) -> None:
    """Refuse a place where no packed project can go.

    Raises
    ------
    UsageError
        Where something is there already, there is no such folder, or it is part of a project.
    ProjectError
        Where nobody can look there.
    """
    with writing(Sentence("The file '{file}'", file=file.name)):
        _check_place(file, overwrite=overwrite)


def _check_place(file: Path, *, overwrite: bool) -> None:
    if file.is_dir() or ((file.exists() or file.is_symlink()) and not overwrite):
        raise UsageError(
            Sentence("There is already something at '{file}'.", file=file.name),
            "Choose another name.",
        )
    if not file.parent.is_dir():
        raise UsageError(
            Sentence(
                "There is no folder '{parent}' to put the file into.", parent=str(file.parent)
            ),
            "Make the folder first.",
        )
    if any((parent / PROJECT_FILE).exists() for parent in file.absolute().resolve().parents):
        raise UsageError(
            Sentence("'{file}' would lie inside a project.", file=file.name),
            "Choose another folder.",
        )


class _Packing:
    """One file on its way. Lives on the thread that packs."""

    def __init__(
        self,
        folder: ProjectFolder,
        contents: Contents,
        file: Path,
        tell: Tell | None,
        cancelled: Asked | None,
    ) -> None:
        self._folder = folder
        self._layout = Layout(folder.path)
        self._contents = contents
        self._project = contents.project
        self._file = file
        self._tell = tell
        self._cancelled = cancelled
        self._done = 0
        self._total = sum(
            case.slices * (5 + 3 * len(case.predictions)) for case in self._project.cases
        )

    # Room

    def check_room(self) -> None:
        """Compare what the file will need with what the disk has.

        Raises
        ------
        ProjectError
            Where it has less, or the weights of a run are not those that it kept.
        """
        for run in self._project.runs:
            self._check_weights(run)
        files = [path for run in self._project.runs for path in self._kept_files(run)]
        needed = RESERVE + sum(map(_size, files))
        for case in self._project.cases:
            _check_slices(case)
            needed += self._size_of(case)
        free = shutil.disk_usage(self._file.parent).free
        if free < needed:
            raise ProjectError(
                Sentence(
                    "The file '{file}' needs about {needed} MB and the disk has {free} MB left.",
                    file=self._file.name,
                    needed=f"{needed / 1e6:.0f}",
                    free=f"{free / 1e6:.0f}",
                ),
                "Free some disk space, leave cases out, or choose another disk.",
            )

    def _size_of(self, case: Case) -> int:
        """About how many bytes a case will take: its scan by some of its slices."""
        self._stop_if_asked()
        at = np.linspace(0, case.slices - 1, min(_SAMPLES, case.slices)).astype(int)
        path, offset = self._folder.scans.location(case)
        with open_regular(path) as file:
            samples = [packed(_plane(file, offset, case, int(index))) for index in at]
        layers = [self._layout.prediction(run, case.id) for run in case.predictions]
        if case.generation and case.id not in self._contents.masks:
            layers.append(self._layout.annotation(case.id, case.generation))
        return case.slices * max(map(len, samples)) + sum(_size(path) for path in layers)

    def _check_weights(self, run: Run) -> None:
        self._stop_if_asked()
        for name in run_files(run):
            path = self._layout.inside(self._layout.run(run.id) / name)
            if fault := fault_of(path, run.weights_sha256):
                raise ProjectError(
                    Sentence("The file of weights of '{run}' {fault}.", run=run.id, fault=fault),
                    "Leave this run out, or restore the file from a copy.",
                )

    def _kept_files(self, run: Run) -> list[Path]:
        paths = (self._layout.run(run.id) / name for name in run_files(run))
        return [self._layout.inside(path) for path in paths if path.is_file()]

    # Writing

    def write(self, path: Path) -> None:
        """Write the file, seal it, and read it back."""
        with hdf5.begun_file(path, user_block=seal.SIZE) as root:
            root.put(format=FORMAT, version=VERSION, needs=NEEDS)
            root.put(generation=self._contents.generation)
            encode(_without_files(self._project), root.group(INDEX))
            for_people.put_segments(self._project, root.group(SEGMENTS))
            root.group(CASES)
            runs = root.group(RUNS)
            for run in self._project.runs:
                for_people.put_run(run, runs.group(run.id))
        for case in self._project.cases:
            self._write_case(path, case)
        for run in self._project.runs:
            for file in self._kept_files(run):
                self._write_run_file(path, run, file)
        _put_sums(path)
        with io.BufferedRandom(change_regular(path)) as file:
            seal.seal_file(file, "pack", seal.NOTHING, self._on_bytes)
            file.flush()
            os.fsync(file.fileno())
        try:
            read.verify(path, self._telling(Sentence("Reading it back")), self._on_bytes)
        except (ValueError, KeyError) as error:
            raise OSError(errno.EIO, "what was written cannot be read back") from error

    def _write_case(self, path: Path, case: Case) -> None:
        place = (CASES, case.id)
        mask = self._contents.masks.get(case.id)
        if mask is None:
            mask = self._folder.read_annotation(case)
        runs = {run.id for run in self._project.runs}
        with hdf5.next_piece(path) as root:
            for_people.put_case(case, mask, runs, root.again(CASES).group(case.id))
        shape, told = case.grid.shape, self._telling(Sentence("Packing {case}", case=case.id))
        form = stored_form(shape, case.unit)
        put_planes(path, place, (VOLUME,), *form, self._scan(case), told)
        layers = zip(mask.labels, mask.provenance, strict=True)
        put_planes(path, place, MASK_LAYERS, np.uint8, shape, layers, told)
        with hdf5.next_piece(path) as root:
            for_people.put_geometry(case, root.again(CASES).again(case.id))
        for run in case.predictions:
            weights = self._project.weights_of(run)
            prediction = self._folder.runs.read_prediction(run, case, weights_sha256=weights)
            with hdf5.next_piece(path) as root:
                root.again(CASES).again(case.id).again(PREDICTIONS).group(run)
            layers = zip(prediction.labels, prediction.probability, strict=True)
            place_of_run = (*place, PREDICTIONS, run)
            put_planes(path, place_of_run, PREDICTION_LAYERS, np.uint8, shape, layers, told)
            pieces = None if prediction.left_out is None else prediction.left_out.pieces
            if pieces is not None:
                planes = ((pieces.left_out_of(index),) for index in range(case.slices))
                put_planes(path, place_of_run, (LEFT_OUT,), np.uint8, shape, planes, told)

    def _scan(self, case: Case) -> Generator[tuple[AnyPlane], None, None]:
        """The slices of a scan, each compared with its checksum."""
        for start in range(0, case.slices, PIECE):
            indices = range(start, min(start + PIECE, case.slices))
            path, offset = self._folder.scans.location(case, checked=indices)
            with open_regular(path) as file:
                for index in indices:
                    yield (_plane(file, offset, case, index),)

    def _write_run_file(self, path: Path, run: Run, file: Path) -> None:
        sum_, at, size = hashlib.sha256(), 0, file.stat().st_size
        place = (RUNS, run.id, FILES)
        with hdf5.next_piece(path) as root:
            _at(root, place).contiguous(file.name, np.uint8, (size,))
        with open_regular(file) as source:
            while piece := source.read(min(_BYTES, size - at)):
                self._stop_if_asked()
                with hdf5.next_piece(path) as root:
                    _at(root, place).put_piece(file.name, at, piece)
                sum_.update(piece)
                at += len(piece)
        if at != size or sum_.hexdigest() != run.weights_sha256:
            raise OSError(errno.EIO, f"'{file.name}' of {run.id} changed while it was read")
        with hdf5.next_piece(path) as root:
            _at(root, place).again(file.name).put(**{CHECKSUM: sum_.hexdigest()})

    # Telling

    def _telling(self, sentence: str) -> Callable[[], None]:
        def told() -> None:
            self._done += 1
            self._stop_if_asked()
            if self._tell is not None:
                self._tell(sentence, min(self._done, self._total), self._total)

        return told

    def _on_bytes(self, _done: int, _length: int) -> None:
        self._stop_if_asked()

    def _stop_if_asked(self) -> None:
        if self._cancelled is not None and self._cancelled():
            raise Cancelled


def _without_files(project: Project) -> Project:
    """Masks' files and journals stay behind."""
    cases = tuple(replace(case, mask_sha256="") for case in project.cases)
    return replace(project, cases=cases, journal="")


def _put_sums(path: Path) -> None:
    """The checksum of every dataset that has none yet: those that were written whole."""
    with hdf5.open_file(path) as root:
        sums = [
            (place, group.digest(place[-1]))
            for place, group, _ in root.datasets()
            if not group.about(place[-1]).has(CHECKSUM)
        ]
    with hdf5.next_piece(path) as root:
        for place, sum_ in sums:
            _at(root, place).put(**{CHECKSUM: sum_})


def _at(root: NewGroup, place: Sequence[str]) -> NewGroup:
    for member in place:
        root = root.again(member)
    return root


def _plane(file: BinaryIO, offset: int, case: Case, index: int) -> AnyPlane:
    kind, shape = stored_form(case.grid.slice_shape, case.unit)
    nbytes = stored_bytes(case.grid.slice_shape, case.unit)
    file.seek(offset + index * nbytes)
    return np.frombuffer(file.read(nbytes), kind).reshape(shape)


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0


def _check_slices(case: Case) -> None:
    rows, columns = case.grid.slice_shape
    if rows * columns > LARGEST_SLICE:
        raise ProjectError(
            Sentence(
                "The slices of '{case}' are too large for one file ({rows}×{columns}).",
                case=case.id,
                rows=rows,
                columns=columns,
            ),
            "Leave this case out.",
        )
