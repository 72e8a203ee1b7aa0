"""A new project of what is left of a damaged one: `repair`. The old folder is only read.

Of each case the newest mask that can be read is taken, and what the journals hold since then is
done on it; an Edit that does not fit is kept apart. What no index says comes from the previous
index or from the parts in the files of the cases (`remains`). The new project is as if it had just
been saved: one generation of masks, an empty journal. What could not be rebuilt is named.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from segdesk.core.after_a_gap import AfterGap
from segdesk.core.annotation import Annotation
from segdesk.core.case import Case
from segdesk.core.durable_files import lasting_folder, sync_folder
from segdesk.core.edit import Edit
from segdesk.core.project import Project
from segdesk.core.regular_file import files_below, is_there
from segdesk.core.removed_segments import clearing, words
from segdesk.core.replay import lacking
from segdesk.core.run import Run
from segdesk.errors import Cancelled, ProjectError, SegdeskError
from segdesk.jobs.run_paths import RunPaths
from segdesk.jobs.weights_file import fault_of
from segdesk.sentence import Sentence
from segdesk.store import new_project
from segdesk.store.copying import copy_file
from segdesk.store.disk.disk_errors import reading, writing
from segdesk.store.disk.layout import Layout
from segdesk.store.journal.journal_file import Journal
from segdesk.store.journal.mending import keep_left_out
from segdesk.store.parts import annotation_file, prediction_file, project_file, volume_file
from segdesk.store.parts.annotation_file import NewGeneration
from segdesk.store.parts.project_codec import part
from segdesk.store.remains import Found, Remains
from segdesk.store.removed import REMOVED
from segdesk.store.waiting import damage_of

#: Told how far it is: a sentence, done, total.
Tell = Callable[[str, int, int], None]
#: Of each mask there is one generation, and what led to it may be what was damaged.
NO_UNDO = Sentence("What was drawn before the repair cannot be undone in the new project.")


@dataclass(frozen=True, slots=True)
class Repaired:
    """What a repair gave.

    Parameters
    ----------
    project : as the new folder holds it
    lost : sentences that name what could not be rebuilt
    notes : sentences about where the rest comes from
    """

    project: Project
    lost: tuple[str, ...]
    notes: tuple[str, ...]


def repair(
    path: Path,
    target: Path,
    *,
    tell: Tell = lambda sentence, done, total: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Repaired:
    """Make a new project of what is left of one. Any thread; nobody may be writing the old one.

    Parameters
    ----------
    path : of the old project, which is not changed
    target : of the new folder; nothing may be there
    tell : told before each case
    cancelled : asked every few megabytes

    Raises
    ------
    ProjectError
        Where there is nothing of a project, the target lies inside of it or is taken, or the disk
        refuses; then nothing is left behind.
    Cancelled
        Where `cancelled` said so; then nothing is left behind.
    """
    check_place(target, path)
    remains = Remains.of(path)
    with new_project.building(target) as made:
        repaired = _Repair(remains, Layout(made), tell, cancelled).through()
        for folder, _, _ in os.walk(made):
            sync_folder(Path(folder))
    return repaired


def check_place(target: Path, path: Path) -> None:
    """Refuse a place where no project can be made of the one at `path`.

    Raises
    ------
    ProjectError
        Where something is there already, there is no folder to put it into, or it is the old one.
    """
    with writing(Sentence("The project '{target}'", target=target.name)):
        is_inside = not target.exists() and target.resolve().is_relative_to(path.resolve())
    if is_inside:
        raise ProjectError(
            Sentence(
                "'{target}' lies inside the project that is to be repaired.", target=target.name
            ),
            "Choose a place outside of it: the old folder is not changed.",
        )
    new_project.check_place(target)


class _Repair:
    """One repair, on the thread that does it."""

    def __init__(
        self, remains: Remains, made: Layout, tell: Tell, cancelled: Callable[[], bool]
    ) -> None:
        self._remains = remains
        self._made = made
        self._tell = tell
        self._cancelled = cancelled
        self._lost = list(remains.lost)
        self._notes = list(remains.notes)
        self._misfits: list[Edit] = []

    def through(self) -> Repaired:
        remains, project, made = self._remains, self._remains.project, self._made.root
        for name in ("cases", "runs"):
            (made / name).mkdir()
        runs = tuple(self._copy_run(run) for run in project.runs)
        usable = {run.id for run in runs if run.has_weights}
        project = replace(project, runs=runs, in_use=project.in_use.among(usable))
        cases: list[Case] = []
        for at, found in enumerate(remains.cases, 1):
            self._tell(Sentence("Repairing {case}", case=found.case.id), at, len(remains.cases))
            try:
                mask = remains.mask(found)
            except ProjectError as error:
                # Nobody may look into its folder, or the disk refuses just now.
                said = Sentence("{problem} The case is left out.", problem=error.sentence)
                self._lost.append(said)
                self._keep_apart(found)
                continue
            self._bring_scan(found.case)
            cases.append(self._case(found, mask))
        for id in remains.unknown:
            self._leave_out(id)
        self._set_runs_aside()
        journal = Journal.create(made, remains.number, 1)
        journal.close()
        project = replace(project, cases=tuple(cases), journal=journal.id)
        project_file.write(made, project, remains.number)
        if self._misfits:
            name = keep_left_out(made, self._misfits)
            self._lost.append(
                Sentence(
                    "Changes of the journal that found no place were left out: {count}; "
                    "they are kept in '{name}'.",
                    count=len(self._misfits),
                    name=name,
                )
            )
        return Repaired(project, tuple(self._lost), (*self._notes, NO_UNDO))

    # Cases

    def _bring_scan(self, case: Case) -> None:
        """Copy a scan and compare every slice with its checksum. Whatever it is, its case stays: a
        mask needs no voxel, and the same scan can be put back."""
        copied = self._made.volume(case.id)
        lasting_folder(copied.parent)
        try:
            self._copy((self._remains.layout.volume(case.id),), copied.parent)
            volume_file.location(copied, case, checked=range(case.slices))
        except ProjectError as error:
            self._lost.append(
                Sentence(
                    "{problem} '{case}' stays with its mask and waits for its scan: import the "
                    "same scan into the new project.",
                    problem=error.sentence,
                    case=case.id,
                )
            )

    def _case(self, found: Found, mask: Annotation) -> Case:
        """A case with its mask as of the journals, written as the new generation."""
        case = found.case
        done = self._follow(mask, found)
        edit, count = clearing(mask, case.id, self._remains.project.segments.gone)
        if count:
            mask.apply(edit)
            self._lost.append(words(case.id, count))
        case = self._with_predictions(case)
        if not (case.generation or done):
            return case
        return self._with_mask(case, mask)

    def _keep_apart(self, found: Found) -> None:
        """All that journals, and what waits beside them, hold of a case that is left out."""
        case = found.case.id
        self._say_of_waiting(case)
        waiting = self._remains.waiting(case)
        edits = (edit for _, edit in self._remains.edits_of(case, since=found.since))
        self._misfits += [*(edit for edit in edits if edit not in waiting), *waiting]

    def _say_of_waiting(self, case: str) -> None:
        if damage := damage_of(self._remains.layout, case):
            self._lost.append(damage)

    def _follow(self, mask: Annotation, found: Found) -> bool:
        """Do on a mask what it lacks, and say what its damage has cost; whether anything was
        done."""
        case, gap = found.case.id, self._remains.gap
        # Each with whether it lies behind a gap in the journals.
        edits = [
            (gap is not None and number >= gap, edit)
            for number, edit in self._remains.edits_of(case, since=found.since)
        ]
        self._say_of_waiting(case)
        is_whole, misfits, done = found.is_led_on, list[Edit](), False
        if waiting := self._remains.waiting(case):
            missing = lacking(mask, waiting)
            plain = [replace(edit, segments=()) for _, edit in edits]
            if missing.is_all or missing.edits:
                if not missing.is_all:
                    known = [replace(edit, segments=()) for edit in waiting]
                    # Those too that lie before a journal that is gone.
                    misfits += (edit for edit in plain if not edit.is_empty and edit not in known)
                    misfits += missing.hidden
                is_behind = gap is not None and not missing.is_all
                edits = [(is_behind, edit) for edit in missing.edits]
                is_whole = is_whole and missing.is_all
            else:
                # The journals' own are tried as they come.
                misfits += (edit for edit in missing.hidden if edit not in plain)
        # What leads on from a mask without a gap is done as it was said.
        unsure = AfterGap(mask) if misfits or (found.fault and not is_whole) else None
        for is_behind, edit in edits:
            if is_behind and unsure is None:
                unsure = AfterGap(mask)
            try:
                mask.apply(edit if unsure is None else unsure.softened(edit))
            except ValueError:
                misfits.append(edit)
                unsure = unsure or AfterGap(mask)
                continue
            done = True
            if unsure is not None:
                unsure.did()
        self._misfits += misfits
        if found.fault and is_whole and not misfits:
            self._notes.append(
                Sentence(
                    "{fault} It was made anew from the journals: nothing of it is lost.",
                    fault=found.fault,
                )
            )
        elif found.fault:
            self._lost.append(_instead(found))
        if unsure is not None and unsure.slices:
            self._lost.append(unsure.words(case))
        return done

    def _with_mask(self, case: Case, mask: Annotation) -> Case:
        number = self._remains.number
        case = replace(case, generation=number, statuses=mask.statuses, complete=mask.complete)
        sum_ = NewGeneration(
            part=part(self._remains.project, case),
            folder=self._made.case(case.id),
            number=number,
            previous=0,
            previous_sha256="",
            changed={k: (mask.labels[k], mask.provenance[k]) for k in range(case.slices)},
            dismissed=mask.dismissed,
        ).write()
        case = replace(case, mask_sha256=sum_)
        annotation_file.read(self._made.annotation(case.id, number), case)
        return case

    def _with_predictions(self, case: Case) -> Case:
        """With the predictions that can be read, which are copied."""
        kept: list[str] = []
        for run in case.predictions:
            try:
                path = self._remains.layout.prediction(run, case.id)
                weights = self._remains.project.weights_of(run)
                prediction_file.read_prediction(
                    path, run, case.id, case.grid.shape, weights_sha256=weights
                )
            except ProjectError as error:
                self._lost.append(Sentence("{problem} It is left out.", problem=error.sentence))
                continue
            self._copy((path,), self._made.prediction(run, case.id).parent)
            kept.append(run)
        return replace(case, predictions=tuple(kept))

    # Runs, and what no case or run of the new project has

    def _copy_run(self, run: Run) -> Run:
        """With the weights where they are those that it kept; else only its curves. What it could
        go on from stays where it is."""
        made = self._made.run(run.id)
        self._copy(self._files_of_run(run.id), made)
        self._say_of_checkpoints(run.id)
        weights = RunPaths(made).weights(run.best)
        if not run.has_weights or not fault_of(weights, run.weights_sha256):
            return run
        weights.unlink(missing_ok=True)
        self._lost.append(
            Sentence("The network of {run} could not be kept; its curves are.", run=run.id)
        )
        return replace(run, best=0, weights_sha256="")

    def _set_runs_aside(self) -> None:
        known = {run.id for run in self._remains.project.runs}
        for run in self._remains.runs:
            if run in known:
                continue
            aside = self._aside("runs", run)
            self._copy(self._files_of_run(run), aside)
            for path in self._files_of_run(run, "predictions", "*.h5"):
                self._copy((path,), RunPaths(aside).prediction(path.stem).parent)
            if not aside.exists():
                continue
            self._lost.append(
                Sentence(
                    "{run} is left out: only the index says how it was trained; its "
                    "files are in '{removed}/runs/{run}'.",
                    run=run,
                    removed=REMOVED,
                )
            )
            self._say_of_checkpoints(run)

    def _say_of_checkpoints(self, run: str) -> None:
        paths = RunPaths(self._remains.layout.run(run))
        if paths.kept_checkpoints() or is_there(paths.kept_bundle):
            self._lost.append(
                Sentence(
                    "What {run} could go on from, its checkpoints and what it began with, is left "
                    "out.",
                    run=run,
                )
            )

    def _files_of_run(self, run: str, *names: str) -> list[Path]:
        """Of a run's folder; none, which is named, where nobody may look into that."""
        try:
            with reading(Sentence("The folder of '{run}'", run=run)):
                return files_below(self._remains.layout.run(run), *(names or ("*",)))
        except ProjectError as error:
            if error.sentence not in self._lost:
                self._lost.append(error.sentence)
        return []

    def _leave_out(self, case: str) -> None:
        """Keep what there is of a case of which nothing says enough, and say where."""
        # What waited in its folder, or beside the journals, goes with its files.
        self._misfits += (edit for _, edit in self._remains.edits_of(case, since=0))
        self._say_of_waiting(case)
        files = list[Path]()
        # A folder that nobody may look into keeps its files where they are.
        with suppress(OSError, SegdeskError):
            files = files_below(self._remains.layout.root / "cases" / case, "*")
            beside = self._remains.layout.waiting_beside(case)
            files += files_below(beside.parent, beside.name)
        if not files:
            return
        self._copy(files, self._aside(case))
        self._lost.append(
            Sentence("The files of '{case}' are in '{removed}/{case}'.", removed=REMOVED, case=case)
        )

    def _aside(self, *names: str) -> Path:
        return self._made.inside(self._made.root.joinpath(REMOVED, *names))

    def _copy(self, files: Iterable[Path], folder: Path) -> None:
        for path in files:
            lasting_folder(folder)
            copy_file(path, folder / path.name, self._went_on)

    def _went_on(self, _count: int) -> None:
        if self._cancelled():
            raise Cancelled


def _instead(found: Found) -> Sentence:
    if found.case.generation:
        return Sentence(
            "{fault} The one before it takes its place, with what the journals have since.",
            fault=found.fault,
        )
    return Sentence(
        "{fault} No older one can be read: it begins empty, with what the journals have.",
        fault=found.fault,
    )
