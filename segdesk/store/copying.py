"""A whole project at another place: the `Copy`, made even where its own folder is gone.

What can still be reached in the folder that was opened is copied as it is, journals included, so
that undo comes along; what was not written yet of journal and index is put to it. The copy is then
opened and compared with what is in memory. Where the two differ, or files are gone, scans, masks
and predictions come from memory instead, as a save would write them. Everything happens under a
temporary name beside the target and is renamed at the end; nothing is written into the old folder.
"""

from __future__ import annotations

import io
import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Set
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import BinaryIO

from segdesk.core.annotation import Annotation
from segdesk.core.case import Case
from segdesk.core.durable_files import PARTIAL, move, put_all, replace_file, sync_folder
from segdesk.core.edit import Edit
from segdesk.core.history import Stacks
from segdesk.core.prediction import Prediction
from segdesk.core.project import Project
from segdesk.core.regular_file import (
    change_regular,
    is_link,
    new_regular,
    open_regular,
    remove_whatever,
)
from segdesk.core.volume import Volume
from segdesk.errors import Cancelled, ProjectError
from segdesk.jobs.run_paths import RunPaths
from segdesk.jobs.weights_file import fault_of
from segdesk.sentence import Sentence
from segdesk.store import new_project, previous_mask
from segdesk.store.disk.layout import (
    PREVIOUS_FILE,
    PROJECT_FILE,
    Layout,
    history_name,
    journal_name,
)
from segdesk.store.disk.lock import LOCK
from segdesk.store.index import Base, SegmentsTouched
from segdesk.store.journal import edit_codec
from segdesk.store.journal.chain import journal_numbers
from segdesk.store.journal.journal_file import Journal, Tail
from segdesk.store.journal.mending import keep_left_out
from segdesk.store.journal.older import histories
from segdesk.store.journal.touched import CaseTouch
from segdesk.store.parts import annotation_file, prediction_file, project_file, volume_file
from segdesk.store.parts.project_codec import part
from segdesk.store.saving import new_generations
from segdesk.store.waiting import joined, kept_of, put, steps_of

#: Not copied, by the path inside the project: the other's lock, the index (written anew), what is
#: half written, and what a training works on.
LEFT = (LOCK, PROJECT_FILE, PREVIOUS_FILE, f"*{PARTIAL}*", "runs/*/bundle/*")
#: Bytes between two looks at whether it shall stop.
_PIECE = 1 << 22

#: Told how far it is: bytes done, bytes in all.
Tell = Callable[[int, int], None]


@dataclass(frozen=True, slots=True, eq=False)
class InMemory:
    """What of a project is in memory; nothing of it may change while it is copied.

    Parameters
    ----------
    project : as it is now
    volumes, masks : by case; each case that the journal names is among them
    predictions : those that are there
    done, undone : what can be undone, and redone, the next one last
    since : what the journal has had of cases that cannot be read since the last save
    waiting : by case, all that is known of what led to its mask and beyond, of these cases
    """

    project: Project
    volumes: Mapping[str, Volume]
    masks: Mapping[str, Annotation]
    predictions: tuple[Prediction, ...] = ()
    done: tuple[Edit, ...] = ()
    undone: tuple[Edit, ...] = ()
    since: tuple[Edit, ...] = ()
    waiting: Mapping[str, tuple[Edit, ...]] = field(default_factory=dict[str, tuple[Edit, ...]])


class Copy:
    """Made by `ProjectFolder.begin_copy` on its thread; `run` once, on any.

    Parameters
    ----------
    home : where the files of the folder that was opened can be read; None where they are gone
    memory : what is in memory
    base, touched : what the index on the disk carries, and what the journals have touched since
    tail : the end of the journal; None where the project is only read
    """

    def __init__(
        self,
        home: Path | None,
        memory: InMemory,
        base: Base,
        touched: SegmentsTouched,
        tail: Tail | None,
    ) -> None:
        self._home = home
        self._memory = memory
        self._base = base
        self._touched = touched
        self._tail = tail
        self._lost: list[str] = []

    def run(
        self,
        target: Path,
        *,
        is_same: Callable[[Path, bool], bool],
        tell: Tell = lambda done, total: None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> tuple[str, ...]:
        """Make the copy.

        Parameters
        ----------
        target : must not be there
        is_same : opens a copy for reading, replays its journals and compares it with the memory;
            where the second argument says so, what can be undone and redone too
        tell : told (bytes done, bytes in all)
        cancelled : asked every few megabytes

        Returns
        -------
        Sentences that name what could not be kept.

        Raises
        ------
        ProjectError
            Where something is there already, or the disk refuses; then nothing is left behind.
        Cancelled
            Where `cancelled` said so; then nothing is left behind.
        """
        with new_project.building(target) as made:
            for name in ("cases", "runs"):
                (made / name).mkdir()
            self._copy_files(made, tell, cancelled)
            project = self._with_what_is_there(made, cancelled)
            if not (self._finish_as_it_was(made, project) and is_same(made, True)):
                self._finish_from_memory(made, project)
                if not is_same(made, False):
                    raise ProjectError(
                        Sentence(
                            "The copy '{target}' is not what is in memory, and was not kept.",
                            target=target.name,
                        ),
                        "Choose another disk.",
                    )
            self._keep_what_waits(Layout(made), project)
            if cancelled():
                raise Cancelled
            for folder, _, _ in os.walk(made):
                sync_folder(Path(folder))
        return tuple(self._lost)

    # Files as they are

    def _copy_files(self, made: Path, tell: Tell, cancelled: Callable[[], bool]) -> None:
        if self._home is None:
            return
        sizes = {path: path.stat().st_size for path in _files(self._home)}
        total, free = sum(sizes.values()), shutil.disk_usage(made).free
        if free < total:
            raise ProjectError(
                Sentence(
                    "The copy needs {total} MB and the disk has {free} MB left.",
                    total=f"{total / 1e6:.0f}",
                    free=f"{free / 1e6:.0f}",
                ),
                "Free some disk space, or choose another disk.",
            )
        done = 0

        def went_on(count: int) -> None:
            nonlocal done
            if cancelled():
                raise Cancelled
            done += count
            tell(done, total)

        for path in sizes:
            target = made / path.relative_to(self._home)
            target.parent.mkdir(parents=True, exist_ok=True)
            # What could not be read is named where it is missed.
            copy_file(path, target, went_on)
            if target.is_file() and target.stat().st_size < sizes[path]:
                target.unlink()

    def _with_what_is_there(self, made: Path, cancelled: Callable[[], bool]) -> Project:
        """The project with the cases and predictions that the copy has, or that are in memory."""
        layout, kept = Layout(made), list[Case]()
        for case in self._memory.project.cases:
            if cancelled():
                raise Cancelled
            problem = self._bring_scan(layout, case)
            if problem and not _is_there(layout, case):
                self._lost.append(
                    Sentence("{case} could not be kept: its scan is gone.", case=case.id)
                )
                continue
            if problem:
                self._lost.append(
                    Sentence(
                        "{problem} '{case}' stays with its mask and waits for its scan: import the "
                        "same scan there.",
                        problem=problem,
                        case=case.id,
                    )
                )
            if case.id not in self._memory.masks:
                self._say_of_mask(layout, case)
            there = tuple(run for run in case.predictions if self._prediction(layout, case, run))
            for run in case.predictions:
                if run not in there:
                    self._lost.append(
                        Sentence(
                            "What {run} predicted of {case} could not be kept.",
                            run=run,
                            case=case.id,
                        )
                    )
            kept.append(replace(case, predictions=there))
        for run in self._memory.project.runs:
            weights = RunPaths(layout.run(run.id)).weights(run.best)
            if run.has_weights and fault_of(weights, run.weights_sha256):
                self._lost.append(
                    Sentence("The network of {run} could not be kept; its curves are.", run=run.id)
                )
        return replace(self._memory.project, cases=tuple(kept))

    def _bring_scan(self, layout: Layout, case: Case) -> str:
        """Why the copy has no scan that can be read, as a sentence, else ""; it may come from
        memory."""
        try:
            volume_file.location(layout.volume(case.id), case, checked=range(case.slices))
        except ProjectError as error:
            problem = error.sentence
        else:
            return ""
        volume = self._memory.volumes.get(case.id)
        if volume is None:
            return problem
        folder = layout.case(case.id)
        kept = list(folder.iterdir()) if folder.is_dir() else []
        aside = folder.with_name(f"{folder.name}{PARTIAL}")
        if kept:
            move(folder, aside)
        volume_file.write(
            folder,
            part(self._memory.project, case),
            planes=lambda index: volume.voxels[index],
        )
        for path in kept:
            if path.name != layout.volume(case.id).name:
                move(aside / path.name, path)
        with suppress(OSError):
            remove_whatever(aside)
        return ""

    def _say_of_mask(self, layout: Layout, case: Case) -> None:
        """Name a mask that cannot be read; the copy has what there is of it, older ones too."""
        try:
            annotation_file.read(layout.annotation(case.id, case.generation), case)
        except ProjectError as error:
            older = previous_mask.find(layout, case)
            if older is None:
                rest = Sentence("It is kept as it is; no older one can be read.")
            else:
                rest = Sentence(
                    "It is kept as it is, and so is the one of {when}, offered there.",
                    when=older.when,
                )
            self._lost.append(Sentence.joined((error.sentence, rest)))

    def _prediction(self, layout: Layout, case: Case, run: str) -> bool:
        path = layout.prediction(run, case.id)
        try:
            weights = self._memory.project.weights_of(run)
            prediction_file.read_prediction(
                path, run, case.id, case.grid.shape, weights_sha256=weights
            )
        except ProjectError:
            for found in self._memory.predictions:
                if (found.run, found.case) == (run, case.id):
                    prediction_file.write_prediction(path, found)
                    return True
            return False
        return True

    # The index and the masks

    def _finish_as_it_was(self, made: Path, project: Project) -> bool:
        """Put what was not written to the journal and the index; False where there is no journal
        to put it to."""
        if self._home is None:
            return False
        if self._tail is not None:
            path = made / journal_name(self._tail.number)
            if not path.is_file():
                return False
            with io.BufferedRandom(change_regular(path)) as file:
                file.truncate(self._tail.end)
                file.seek(self._tail.end)
                file.write(self._tail.waiting)
                file.flush()
                os.fsync(file.fileno())
        project_file.write(made, self._base.under(project, self._touched), self._base.generation)
        return True

    def _finish_from_memory(self, made: Path, project: Project) -> None:
        """A new generation of every mask that is in memory, as a save writes it."""
        number = 1 + max((self._base.generation, *journal_numbers(made)))
        masks = {
            case.id: self._memory.masks[case.id]
            for case in project.cases
            if case.id in self._memory.masks
        }
        everything = {
            id: CaseTouch(set(range(mask.grid.shape[0])), dismissals=True, statuses=True)
            for id, mask in masks.items()
        }
        before = {id: state for id, state in self._base.cases.items() if id not in masks}
        new, base = new_generations(
            project,
            masks,
            everything,
            base=replace(self._base, cases=before),
            number=number,
            layout=Layout(made),
        )
        base = base.with_masks({mask.case.id: mask.write() for mask in new})
        cases = {"", *(case.id for case in project.cases)}
        base = replace(base, journal=self._write_history(made, number, cases))
        project_file.write(made, base.under(project, {}), number)

    def _write_history(self, made: Path, number: int, cases: Set[str]) -> str:
        """The steps in memory as what can be undone from before the new generation, numbered anew,
        and a journal that names them and holds what cases that cannot be read will need; its id."""
        for path in histories(made):
            path.unlink()
        for old in journal_numbers(made):
            (made / journal_name(old)).unlink()
        memory, stacks = self._memory, list[tuple[int, ...]]()
        with closing(Journal.create(made, number - 1, 1)) as before:
            for edits in (memory.done, memory.undone):
                numbers: list[int] = []
                for edit in edits:
                    if edit.case in cases:
                        numbers.append(before.next_sequence)
                        before.append(edit_codec.encode(edit))
                stacks.append(tuple(numbers))
            before.sync()
        replace_file(made / journal_name(number - 1), made / history_name(number - 1))
        now = Journal.create(
            made, number, before.next_sequence, Stacks(*stacks), follows=before.link
        )
        with closing(now):
            for edit in memory.since:
                if edit.case in cases:
                    now.append(edit_codec.encode(edit))
            now.sync()
        return now.id

    def _keep_what_waits(self, made: Layout, project: Project) -> None:
        """Of cases that cannot be read, what neither the copy's journals nor their folders have."""
        cases = {case.id for case in project.cases}
        for case, edits in self._memory.waiting.items():
            if case not in cases:
                if edits:
                    name = keep_left_out(made.root, edits)
                    self._lost.append(
                        Sentence(
                            "'{name}' keeps what was drawn on '{case}' all the same.",
                            name=name,
                            case=case,
                        )
                    )
                continue
            there = steps_of(made, case)
            if joined(there, edits) != there:
                put(made, case, joined(kept_of(made, case), edits))


def _is_there(layout: Layout, case: Case) -> bool:
    """Whether anything came along of a case: what of it can be read is said where it is missed."""
    folder = layout.case(case.id)
    return folder.is_dir() and any(folder.iterdir())


def copy_file(path: Path, target: Path, on_piece: Callable[[int], object]) -> None:
    """Copy what the disk gives of a file; where it gives nothing, nothing is made.

    Parameters
    ----------
    on_piece : told the bytes of each piece before it is written; raises to stop

    Raises
    ------
    OSError
        Where the target's disk refuses.
    """
    try:
        source = open_regular(path)
    except OSError:
        return
    with source, new_regular(target) as file:
        while piece := _read(source):
            on_piece(len(piece))
            put_all(file, piece)
        os.fsync(file.fileno())


def _files(folder: Path) -> Iterator[Path]:
    """Regular files below a folder that belong to a copy; no link is entered."""
    for root, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not is_link(Path(root, name)))
        for name in sorted(names):
            path = Path(root, name)
            inside = path.relative_to(folder).as_posix()
            is_left = any(fnmatchcase(inside, pattern) for pattern in LEFT)
            if path.is_file() and not is_link(path) and not is_left:
                yield path


def _read(file: BinaryIO) -> bytes:
    """The next piece; nothing where the disk no longer gives it: what is missing is seen later."""
    try:
        return file.read(_PIECE)
    except OSError:
        return b""
