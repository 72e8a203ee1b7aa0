"""A packed project as a project folder: what the process does that `unpacker` starts.

The folder has no history: it is as if the project had just been saved and opened anew.
"""

from __future__ import annotations

import io
import os
import shutil
from collections.abc import Generator, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from segdesk.core.annotation import Provenance
from segdesk.core.case import Case
from segdesk.core.durable_files import lasting_folder, sync_folder
from segdesk.core.project import Project
from segdesk.core.regular_file import new_regular
from segdesk.core.volume import stored_bytes, stored_form
from segdesk.errors import ProjectError
from segdesk.sentence import Sentence
from segdesk.store.disk.disk_errors import writing
from segdesk.store.disk.layout import Layout
from segdesk.store.journal.journal_file import Journal
from segdesk.store.pack import read
from segdesk.store.pack.contents import (
    CASES,
    FILES,
    LEFT_OUT,
    MASK_LAYERS,
    PREDICTIONS,
    RUNS,
    VOLUME,
    Tell,
)
from segdesk.store.pack.layers import planes_of
from segdesk.store.pack.read import Packed
from segdesk.store.parts import prediction_file, project_file, volume_file
from segdesk.store.parts.annotation_file import NewGeneration
from segdesk.store.parts.project_codec import part

T = TypeVar("T")
Plane = npt.NDArray[np.uint8]
#: Kept free on the disk.
RESERVE = 64 * 1024 * 1024


def unpack(file: Path, folder: Path, name: str, *, tell: Tell) -> Project:
    """Fill a folder with what a packed project holds.

    Parameters
    ----------
    folder : empty; it is removed by whoever made it where this raises
    name : of the project that it becomes

    Raises
    ------
    ProjectError
        Where the file is damaged, changed meanwhile, made by a newer segdesk or no packed project,
        or the disk refuses.
    """
    work = _Unpacking(file, tell)
    found = work.open()
    work.check_room(folder, name, found)
    try:
        with writing(Sentence("The project '{name}'", name=name)):
            return work.build(folder, found)
    finally:
        work.check_same()


def look(file: Path, *, tell: Tell) -> Project:
    """What a packed project holds, once its seal is checked; raises as `unpack`."""
    return _Unpacking(file, tell).open().project


class _Unpacking:
    """One project on its way."""

    def __init__(self, file: Path, tell: Tell) -> None:
        # A person has pointed at it; what a link leads to is opened, as any program does.
        self._file = file.resolve()
        self._was = _state_of(self._file)
        self._tell = tell
        self._done = 0
        self._total = 1

    def open(self) -> Packed:
        """What the file says, once its seal is checked."""
        if not read.is_packed(self._file):
            raise ProjectError(
                Sentence("'{file}' is not a packed project.", file=self._file.name),
                "Such a file is made by 'segdesk pack'.",
            )
        with read.faults(self._file):
            return read.open_sealed(self._file, self._on_bytes)

    def check_room(self, folder: Path, name: str, found: Packed) -> None:
        """Compare what the folder will need with what the disk has.

        Raises
        ------
        ProjectError
            Where it has less.
        """
        voxels = sum(stored_bytes(case.grid.shape, case.unit) for case in found.project.cases)
        # Masks, predictions and weights are no larger there than here.
        needed = voxels + self._file.stat().st_size + RESERVE
        free = shutil.disk_usage(folder).free
        if free < needed:
            raise ProjectError(
                Sentence(
                    "'{name}' needs {needed} MB and the disk has {free} MB left.",
                    name=name,
                    needed=f"{needed / 1e6:.0f}",
                    free=f"{free / 1e6:.0f}",
                ),
                "Free some disk space, or choose another disk.",
            )

    def check_same(self) -> None:
        """Each piece is read by the file's path: another file there would be mixed with this one.

        Raises
        ------
        ProjectError
            Where the file is no longer the one that was opened, or was changed since.
        """
        if _state_of(self._file) != self._was:
            raise ProjectError(
                Sentence(
                    "The file '{file}' was changed while it was unpacked.", file=self._file.name
                ),
                "Unpack it once more.",
            )

    def build(self, root: Path, found: Packed) -> Project:
        """Put everything into an empty folder, and give the project as its index says it."""
        layout, cases = Layout(root), found.project.cases
        self._total = sum(case.slices * (2 + len(case.predictions)) for case in cases)
        layout.root.joinpath("cases").mkdir()
        layout.root.joinpath("runs").mkdir()
        rows: list[Case] = []
        for case in cases:
            self._write_scan(layout, case, found)
            rows.append(replace(case, mask_sha256=self._write_mask(layout, case, found)))
            for run in case.predictions:
                self._write_prediction(layout, case, run, found)
        for run, files in found.files.items():
            folder = layout.run(run)
            lasting_folder(folder)
            for name, _ in files:
                self._write_file(folder / name, (RUNS, run, FILES, name))
        journal = Journal.create(root, found.generation, 1)
        journal.close()
        project = replace(found.project, cases=tuple(rows), journal=journal.id)
        project_file.write(root, project, found.generation)
        return project

    def _write_scan(self, layout: Layout, case: Case, found: Packed) -> None:
        planes = self._planes((CASES, case.id), VOLUME, *stored_form(case.grid.shape, case.unit))
        facts = volume_file.write(
            layout.case(case.id),
            part(found.project, case),
            planes=lambda _: next(planes),
            on_plane=lambda _: self._went_on(case),
        )
        _end(planes)
        with read.faults(self._file):
            said = (case.fingerprint, case.stored_min, case.stored_max)
            if (facts.fingerprint, facts.stored_min, facts.stored_max) != said:
                raise ValueError(f"the scan of '{case.id}' is not the one of the index")

    def _write_mask(self, layout: Layout, case: Case, found: Packed) -> str:
        """Write the mask, and give the SHA-256 of its file; "" where there is none."""
        labels, setters = (
            self._planes((CASES, case.id), name, np.uint8, case.grid.shape) for name in MASK_LAYERS
        )
        pairs = self._checked(zip(labels, setters, strict=True), case, found)
        if not case.generation:
            _end(pairs)
            self._went_on(case, case.slices)
            return ""
        sum_ = NewGeneration(
            part=part(found.project, case),
            folder=layout.case(case.id),
            number=case.generation,
            previous=0,
            previous_sha256="",
            changed=_InOrder(pairs, case.slices),
            dismissed=found.dismissed[case.id],
        ).write(lambda _: self._went_on(case))
        _end(pairs)
        return sum_

    def _checked(
        self, pairs: Iterator[tuple[Plane, Plane]], case: Case, found: Packed
    ) -> Generator[tuple[Plane, Plane], None, None]:
        """The planes of a mask, where no mask would refuse them."""
        if not case.generation and found.dismissed[case.id]:
            raise self._damaged()
        for labels, setters in pairs:
            is_drawn = bool(labels.any() or setters.any())
            if int(setters.max()) > max(Provenance) or (is_drawn and not case.generation):
                raise self._damaged()
            yield labels, setters

    def _write_prediction(self, layout: Layout, case: Case, run: str, found: Packed) -> None:
        place, names = (CASES, case.id, PREDICTIONS, run), found.layers(case.id, run)
        layers = {name: self._planes(place, name, np.uint8, case.grid.shape) for name in names}
        prediction_file.write_planes(
            layout.prediction(run, case.id),
            (run, case.id, found.project.weights_of(run)),
            case.grid.shape,
            lambda layer, _: next(layers[layer]),
            leaves_out=LEFT_OUT in names,
        )
        for planes in layers.values():
            _end(planes)
        self._went_on(case, case.slices)

    def _write_file(self, path: Path, place: tuple[str, ...]) -> None:
        with io.BufferedRandom(new_regular(path)) as file:
            for piece in self._guarded(read.bytes_of(self._file, place)):
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())
        sync_folder(path.parent)

    # Reading

    def _planes(
        self, place: tuple[str, ...], name: str, dtype: npt.DTypeLike, shape: tuple[int, ...]
    ) -> Iterator[Any]:
        return self._guarded(planes_of(self._file, place, name, dtype, shape))

    def _guarded(self, pieces: Iterator[T]) -> Generator[T, None, None]:
        """The same, with faults of the packed file as sentences about it."""
        while True:
            with read.faults(self._file):
                piece = next(pieces, None)
            if piece is None:
                return
            yield piece

    def _damaged(self) -> ProjectError:
        return ProjectError(
            Sentence("The file '{file}' is damaged.", file=self._file.name), read.HINT
        )

    # Telling

    def _went_on(self, case: Case, slices: int = 1) -> None:
        self._done += slices
        self._tell(
            Sentence("Unpacking {case}", case=case.id), min(self._done, self._total), self._total
        )

    def _on_bytes(self, done: int, length: int) -> None:
        self._tell(Sentence("Checking the file"), done >> 20, max(length >> 20, 1))


class _InOrder(Mapping[int, tuple[Plane, Plane]]):
    """Planes that are read as they are asked for, in order, so that one is in memory."""

    def __init__(self, planes: Iterator[tuple[Plane, Plane]], count: int) -> None:
        self._planes = planes
        self._count = count
        self._at = -1
        self._now: tuple[Plane, Plane] | None = None

    def __getitem__(self, index: int) -> tuple[Plane, Plane]:
        while self._at < index:
            self._now = next(self._planes)
            self._at += 1
        if self._now is None or self._at != index:
            raise ValueError(f"expected slices in order, received {index} after {self._at}")
        return self._now

    def __contains__(self, index: object) -> bool:
        return isinstance(index, int) and 0 <= index < self._count

    def __iter__(self) -> Iterator[int]:
        return iter(range(self._count))

    def __len__(self) -> int:
        return self._count


def _state_of(file: Path) -> tuple[int, ...]:
    """What tells a file and its content from another; nothing where there is none."""
    try:
        stat = file.stat()
    except OSError:
        return ()
    return stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns


def _end(pieces: Iterator[object]) -> None:
    """Read to the end, where the checksum is compared."""
    for _ in pieces:
        pass
