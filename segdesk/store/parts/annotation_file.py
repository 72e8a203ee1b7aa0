"""annotation-N.h5: the mask of one case as of generation N.

    labels, provenance               uint8, one gzip chunk for each slice, empty slices not stored
    dismissed_runs, dismissed_slices  the predictions that were dismissed, one row each
    saved                            attribute: when it was written, seconds since 1970
    part/                            the case as of this generation, with its statuses and pool,
                                     and the segments: `project_codec.part`

The index says the case too, so that it can be shown without opening this file; the two must agree.
It names the file by its number and by the SHA-256 of its seal: another one of that number, of a
copy of the project that went on by itself, is refused as a damaged one is.
Where the index is lost, this file says enough. A new generation is a new file: slices that did not
change are copied packed from the previous one.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from segdesk.core.annotation import Annotation
from segdesk.core.case import Case
from segdesk.core.durable_files import Check, no_check
from segdesk.core.project import Project
from segdesk.errors import ProjectError
from segdesk.sentence import Sentence
from segdesk.store.disk.aside import make_way
from segdesk.store.disk.disk_errors import reading, writing
from segdesk.store.disk.layout import annotation_name
from segdesk.store.parts.case_codec import cases_of
from segdesk.store.parts.hdf5 import NewGroup
from segdesk.store.parts.plane_file import Packed, Plane, opened, pack, read_packed, unpack, write
from segdesk.store.parts.project_codec import PART, check_same, decode, encode
from segdesk.store.parts.seal import Kind

KIND: Kind = "annotation"
LAYERS = ("labels", "provenance")
#: Seconds since 1970: the year 3000, the last that Windows' calendar knows.
LATEST = 32_503_680_000.0
PUT_BACK = Sentence("Put back the files of one and the same save, from a copy of the project.")


@dataclass(frozen=True, slots=True, eq=False)
class NewGeneration:
    """What a new annotation file is made of. Frozen: made on the GUI thread, written on a worker.

    Parameters
    ----------
    part : the case as of this generation, see `project_codec.part`
    folder : of the case
    number : of the new generation
    previous, previous_sha256 : of the file that it follows, 0 and "" where none
    changed : slice -> (labels, provenance), copies, uint8, (rows, columns)
    dismissed : (run, slice)
    """

    part: Project
    folder: Path
    number: int
    previous: int
    previous_sha256: str
    changed: Mapping[int, tuple[Plane, Plane]]
    dismissed: frozenset[tuple[str, int]]

    @property
    def case(self) -> Case:
        """The case as of this generation."""
        return self.part.cases[0]

    def write(self, on_plane: Callable[[int], None] | None = None, check: Check = no_check) -> str:
        """Write the file, verify it and put it in its place, where `check` lets it; what another
        program has put there is set aside.

        Returns
        -------
        The SHA-256 that its seal holds, for the index.

        Raises
        ------
        ProjectError
            Where the disk refuses, or the previous file is damaged or another one.
        """
        what, shape = Sentence("The mask of '{case}'", case=self.case.id), self.case.grid.shape
        with writing(what):
            old: Packed = {}
            if self.previous:
                with reading(what):
                    old = self._read_previous()

            def source(layer: str, index: int) -> bytes | None:
                if index in self.changed:
                    return pack(self.changed[index][LAYERS.index(layer)])
                return old.get((layer, index))

            return write(
                self.folder / annotation_name(self.number),
                KIND,
                LAYERS,
                shape,
                source,
                extra=self._put_rows,
                on_plane=on_plane,
                check=check,
                make_way=make_way,
            )

    def is_previous_sound(self) -> bool:
        """Whether the mask that this one is made from can be read."""
        try:
            if self.previous:
                with reading(Sentence("The mask")):
                    self._read_previous()
        except ProjectError:
            return False
        return True

    def _read_previous(self) -> Packed:
        path, shape = self.folder / annotation_name(self.previous), self.case.grid.shape
        with opened(path, KIND, LAYERS, shape) as (root, found):
            check_same("mask", self.case, root)
            _check_saved(self.case.id, self.previous_sha256, found)
            return read_packed(root, LAYERS, shape)

    def _put_rows(self, root: NewGroup) -> None:
        root.put(saved=time.time())
        encode(self.part, root.group(PART))
        rows = sorted(self.dismissed)
        root.texts("dismissed_runs", [run for run, _ in rows])
        root.column("dismissed_slices", np.array([index for _, index in rows], dtype=np.int64))


def read(path: Path, case: Case) -> Annotation:
    """The mask of a case as of its generation, with the statuses that the case carries.

    Raises
    ------
    ProjectError
        Where the file is missing or damaged, is not the one of `case.mask_sha256`, or says other
        statuses, or other segments that its slices are complete for, than the index.
    """
    statuses, complete = case.statuses or None, case.complete or None
    if not case.generation:
        return Annotation(case.grid, statuses=statuses, complete=complete)
    what = Sentence("The mask of '{case}'", case=case.id)
    with reading(what):
        with opened(path, KIND, LAYERS, case.grid.shape) as (root, found):
            check_same("mask", case, root)
            _check_saved(case.id, case.mask_sha256, found)
            indices = [int(index) for index in root.column("dismissed_slices", np.int64)]
            if any(not 0 <= index < case.slices for index in indices):
                raise ValueError("a dismissed slice lies outside")
            dismissed = frozenset(zip(root.texts("dismissed_runs"), indices, strict=True))
            packed = read_packed(root, LAYERS, case.grid.shape)
            (kept,) = cases_of(root.group(PART).group("cases"))
        labels, provenance = unpack(packed, LAYERS, case.grid.shape)
        if int(provenance.max()) > 3:
            raise ValueError("unknown provenance")
        if (kept.statuses, kept.complete) != (case.statuses, case.complete):
            raise ProjectError(
                Sentence(
                    "The mask of '{case}' and the index of the project disagree on which "
                    "slices are right.",
                    case=case.id,
                ),
                PUT_BACK,
            )
        return Annotation(
            case.grid,
            labels=labels,
            provenance=provenance,
            statuses=statuses,
            complete=complete,
            dismissed=dismissed,
        )


def read_part(path: Path, case: Case) -> Project:
    """What a mask's file says of its case, of the segments and of the pool, with its own SHA-256.

    Parameters
    ----------
    case : as its scan's file says it; another one's file is refused

    Raises
    ------
    ProjectError
        Where the file is missing or damaged, or another case's.
    """
    shape = case.grid.shape
    with (
        reading(Sentence("The mask of '{case}'", case=case.id)),
        opened(path, KIND, LAYERS, shape) as (root, found),
    ):
        check_same("mask", case, root)
        said = decode(root.group(PART))
        return said.with_case(replace(said.cases[0], mask_sha256=found))


def saved(path: Path, case: Case) -> float:
    """When a mask was written, seconds since 1970; raises as `read_part`."""
    shape = case.grid.shape
    with (
        reading(Sentence("The mask of '{case}'", case=case.id)),
        opened(path, KIND, LAYERS, shape) as (root, _),
    ):
        when = root.number("saved") if root.has("saved") else -1.0
        return when if 0 <= when < LATEST else path.stat().st_mtime


def _check_saved(case: str, saved: str, found: str) -> None:
    """Refuse a sound file that is not the one that the index names."""
    if found != saved:
        raise ProjectError(
            Sentence(
                "The mask of '{case}' is not the one that was saved (a file of a copy, "
                "or of another time).",
                case=case,
            ),
            PUT_BACK,
        )
