"""The scans of a project folder: volume.h5 of each case, and its whole folder when it goes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

from segdesk.core.case import UNKNOWN, Case, Source
from segdesk.core.grid import Grid
from segdesk.core.project import Project
from segdesk.core.regular_file import remove_whatever
from segdesk.core.split import Pool
from segdesk.core.volume import Unit, Volume, Voxels
from segdesk.core.window import Window
from segdesk.errors import ProjectError
from segdesk.sentence import Sentence
from segdesk.store import removed
from segdesk.store.disk.disk_errors import writing
from segdesk.store.disk.guard import Guard
from segdesk.store.disk.layout import Layout
from segdesk.store.index import Index
from segdesk.store.outdated import unless_saved_since
from segdesk.store.parts import volume_file
from segdesk.store.parts.case_codec import MOST_CASES
from segdesk.store.parts.project_codec import part
from segdesk.store.parts.volume_file import VolumeFacts


class Scans:
    """Part of an open `ProjectFolder`; on its thread where a method says nothing else.

    Parameters
    ----------
    layout, guard : of the folder
    index : gives the index of the moment
    forget : told the id of a case that leaves
    """

    def __init__(
        self,
        layout: Layout,
        guard: Guard,
        index: Callable[[], Index],
        forget: Callable[[str], None],
    ) -> None:
        self._layout = layout
        self._guard = guard
        self._index = index
        self._forget = forget
        self._imported: set[str] = set()
        self._sound: set[volume_file.Stamp] = set()

    def make_room(self, case_id: str) -> str:
        """Move a folder of that id that no index names below removed/. Any thread.

        A removal or an import that was killed at its last step leaves such a folder; masks may be
        in it.

        Returns
        -------
        A sentence that says so; empty where there is no such folder.

        Raises
        ------
        UsageError
            Where the id is no safe file name.
        ProjectError
            Where the id is taken, or the disk refuses.
        """
        self._guard.check()
        folder = self._layout.case(case_id)
        # On many systems two names that differ in case only are one folder.
        taken = {case.id.lower() for case in self._index().saved.cases}
        # At once: another thread may write or remove one meanwhile.
        taken |= {id.lower() for id in tuple(self._imported)}
        if case_id.lower() in taken:
            raise ProjectError(
                Sentence("There is already a case '{case_id}' in this project.", case_id=case_id),
                "Choose another name.",
            )
        if len(taken) >= MOST_CASES:
            raise ProjectError(
                Sentence("A project has at most {count} cases.", count=MOST_CASES),
                "Make another project for the rest.",
            )
        with writing(Sentence("The folder of '{case_id}'", case_id=case_id)):
            if not folder.exists():
                return ""
            kept = removed.set_aside(self._layout, case_id)
        return Sentence(
            "There was a folder '{case_id}' that the project did not know as a case; "
            "its files are kept in '{place}'.",
            case_id=case_id,
            place=kept.relative_to(self._layout.root).as_posix(),
        )

    def write(
        self,
        case_id: str,
        grid: Grid,
        *,
        unit: Unit,
        slope: float,
        intercept: float,
        source: Source = UNKNOWN,
        patient: str = "",
        pool: Pool | None = None,
        window: Window | None = None,
        planes: Callable[[int], Voxels],
        on_plane: Callable[[int], None] | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> VolumeFacts:
        """Write a scan, once. Any thread. What lies at its place is kept: see `make_room`.

        Parameters
        ----------
        unit, slope, intercept, source, patient, pool, window : of the new Case; the file keeps them
            beside the index
        planes : gives plane k as the unit has it stored; asked for 0, 1, … once each
        on_plane : told k once plane k is written
        cancelled : asked before each plane

        Raises
        ------
        UsageError
            Where the id is no safe file name.
        ProjectError
            Where the id is taken, or the disk is full or refuses; then nothing is left behind.
        Cancelled
            Where `cancelled` said so; then nothing is left behind.
        """
        self.make_room(case_id)
        case = Case(
            id=case_id,
            grid=grid,
            unit=unit,
            fingerprint="",
            stored_min=0,
            stored_max=0,
            source=source,
            slope=slope,
            intercept=intercept,
            patient=patient,
            pool=pool,
            window=window,
        )
        facts = volume_file.write(
            self._layout.case(case_id),
            part(self._index().saved, case),
            planes=planes,
            on_plane=on_plane,
            cancelled=cancelled,
            check=self._guard.check,
        )
        self._imported.add(case_id)
        return facts

    def put_back(self, made: Case, *, only: str = "") -> Case | None:
        """Where a scan that was just written is one that a case has lost, put it back there, and
        let go of what was written. Any thread.

        Parameters
        ----------
        made : as it was written; the index does not name it yet
        only : id of the case that may get it; "": any

        Returns
        -------
        The case that has its scan again, or None where no case lacks this one.

        Raises
        ------
        ProjectError
            Where the disk refuses; what was written is still there then.
        """
        index = self._index().saved
        for case in index.cases:
            is_wanted = only in ("", case.id) and _what(case) == _what(made)
            if is_wanted and not self._is_whole(case):
                self._copy(made, part(index, case), self._layout.volume(case.id))
                # A disk that refuses this leaves files that no index names, which is no harm.
                with suppress(ProjectError):
                    self.remove(made.id)
                return case
        return None

    def _is_whole(self, case: Case) -> bool:
        try:
            self.location(case, checked=range(case.slices))
        except ProjectError:
            return False
        return True

    def _copy(self, made: Case, part: Project, path: Path) -> None:
        scan = volume_file.read(self._layout.volume(made.id), made, self._sound)
        volume_file.put_back(path, part, lambda index: scan.voxels[index], self._guard.check)

    def read(self, case: Case) -> Volume:
        """The scan of a case as a read-only memory map. Any thread but the window's.

        The first time, the whole scan is read and compared with its checksums: some tenths of a
        second. A damaged slice refuses the scan, because nobody can see on a slice that its
        values are wrong, and what is painted on it would be wrong too.

        Raises
        ------
        ProjectError
            Where the file is missing, damaged (the first damaged slice is named), or lies on
            another Grid.
        """
        layout = Layout(self._guard.readable())
        with unless_saved_since(layout.root, case, is_writer=self._guard.writable):
            return volume_file.read(layout.volume(case.id), case, self._sound)

    def location(self, case: Case, *, checked: Iterable[int] = ()) -> tuple[Path, int]:
        """The absolute path of a case's volume and the byte offset of its voxels. Any thread.

        `checked`: slices that are read and compared with their checksums.

        Raises
        ------
        ProjectError
            Where the file is missing, damaged, or lies on another Grid.
        """
        path = self._layout.volume(case.id)
        return path.absolute(), volume_file.location(path, case, checked=checked)

    def remove(self, case_id: str) -> None:
        """Remove the scan that was written for a case, and what came to it since; nothing where
        none was.

        Raises
        ------
        ProjectError
            Where the disk refuses.
        """
        was_written = case_id in self._imported
        folder = self._leave_index(case_id)
        if was_written:
            with writing(Sentence("The folder of '{case_id}'", case_id=case_id)):
                remove_whatever(folder)

    def is_named(self, case_id: str) -> bool:
        """Whether the index on the disk names a case; raises as `Index.stands_without`."""
        return not self._index().stands_without(case_id)

    def set_aside(self, case_id: str) -> Path:
        """Move the files of a case that left the index below removed/. Any thread.

        Returns the folder that holds them now. Raises as `remove`.
        """
        self._leave_index(case_id)
        with writing(Sentence("The folder of '{case_id}'", case_id=case_id)):
            return removed.set_aside(self._layout, case_id)

    def _leave_index(self, case_id: str) -> Path:
        """The folder of a case that the index on the disk does not name; nothing else of it."""
        self._guard.check()
        try:
            self._index().write()
        except ProjectError:
            # A full disk: what is removed makes room. But the index that names it may stand there.
            if not self._index().stands_without(case_id):
                raise
        if any(case.id == case_id for case in self._index().saved.cases):
            raise ValueError(f"expected a case that the index does not name, received {case_id}")
        self._imported.discard(case_id)
        self._forget(case_id)
        return self._layout.case(case_id)


def _what(case: Case) -> tuple[object, ...]:
    """What two scans have in common that are one: voxels, where they lie, and what they mean."""
    return case.fingerprint, case.grid, case.unit, case.slope, case.intercept
