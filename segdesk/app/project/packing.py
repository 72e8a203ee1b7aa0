"""A project as one file to carry: what of it goes in, and what that leaves behind.

How the file is written and read back belongs to `store.pack`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from pathlib import Path

from segdesk.app.project import endings
from segdesk.app.project.workbench import Workbench
from segdesk.core.annotation import Annotation
from segdesk.core.case import Case
from segdesk.core.project import Project
from segdesk.errors import Cancelled, ProjectError, ProjectGone, UsageError
from segdesk.sentence import Sentence, listed
from segdesk.store.pack.contents import Asked, Contents, Held, Tell
from segdesk.store.pack.write import check_place, pack
from segdesk.store.project_folder import ProjectFolder


@dataclass(frozen=True, slots=True, eq=False)
class Pack:
    """What is to be packed, as it was when it was asked for; safe to hand to another thread.

    Parameters
    ----------
    notes : sentences about what is left out and what that means
    let_go : called once it is written or given up: saves may remove the masks of before again
    damaged : ids of cases that were to go in and stay out, because they cannot be read
    """

    folder: ProjectFolder
    contents: Contents
    notes: tuple[str, ...]
    let_go: Callable[[], object]
    damaged: tuple[str, ...] = ()

    def write(
        self,
        file: Path,
        *,
        overwrite: bool = False,
        tell: Tell | None = None,
        cancelled: Asked | None = None,
    ) -> Pack:
        """Write it, once; raises as `store.pack.write.pack`. Any thread.

        Returns
        -------
        What was written: a case, or a prediction, that cannot be read is left out with a note.
        """
        try:
            readable = self._without_damaged(cancelled)
            pack(
                self.folder,
                readable.contents,
                file,
                overwrite=overwrite,
                tell=tell,
                cancelled=cancelled,
            )
            return readable
        finally:
            self.let_go()

    def _without_damaged(self, cancelled: Asked | None) -> Pack:
        """Without what cannot be read; raises where nothing can be."""
        rows: list[Case] = []
        damaged: dict[str, ProjectError] = {}
        notes = list(self.notes)
        for case in self.contents.project.cases:
            if cancelled is not None and cancelled():
                raise Cancelled
            try:
                self.folder.scans.location(case, checked=range(case.slices))
                if case.id not in self.contents.masks:
                    self.folder.read_annotation(case)
            except ProjectGone:
                raise
            except ProjectError as error:
                damaged[case.id] = error
                notes.append(self._said_of(case, error))
                continue
            kept = tuple(run for run in case.predictions if self._is_there(run, case, notes))
            rows.append(replace(case, predictions=kept))
        if damaged and not rows:
            raise next(iter(damaged.values()))
        contents = replace(self.contents, project=replace(self.contents.project, cases=tuple(rows)))
        return replace(self, contents=contents, notes=tuple(notes), damaged=tuple(damaged))

    def _said_of(self, case: Case, problem: ProjectError) -> Sentence:
        """What of a case that cannot be read stays out, and what of it can be carried otherwise."""
        try:
            if case.id not in self.contents.masks:
                self.folder.read_annotation(case)
        except ProjectError:
            return Sentence("{problem} '{case}' stays out.", problem=problem.sentence, case=case.id)
        return Sentence(
            "{problem} '{case}' stays out, with its mask, which can be read: export it, or import "
            "the same scan, which puts it back, and pack again.",
            problem=problem.sentence,
            case=case.id,
        )

    def _is_there(self, run: str, case: Case, notes: list[str]) -> bool:
        try:
            weights = self.contents.project.weights_of(run)
            found = self.folder.runs.read_prediction(run, case, weights_sha256=weights)
        except ProjectError as error:
            notes.append(Sentence("{problem} It stays out.", problem=error.sentence))
            return False
        if found.left_out is not None and found.left_out.pieces is None:
            notes.append(
                Sentence(
                    "What the rule of pieces left out of the prediction of '{case}' by {run} is "
                    "damaged and stays out; the rest goes in.",
                    case=case.id,
                    run=run,
                )
            )
        return True


def check_file(file: Path, *, overwrite: bool) -> None:
    """Refuse a file that cannot be a packed project's.

    Raises
    ------
    UsageError
        Where it does not end in .h5, something is there already, or it lies in a project.
    """
    if file.suffix != endings.PACKED:
        raise UsageError(
            Sentence("'{file}' does not end in {ending}.", file=file.name, ending=endings.PACKED),
            Sentence("Call it {file}{ending}.", file=file.stem or "NAME", ending=endings.PACKED),
        )
    check_place(file, overwrite=overwrite)


def prepare(
    workbench: Workbench,
    *,
    cases: Collection[str] = (),
    without_cases: Collection[str] = (),
    without_runs: Collection[str] = (),
) -> Pack:
    """Freeze what is to be packed, with what the journal has. On the Workbench's thread.

    Parameters
    ----------
    cases : ids of those that go in; none: all
    without_cases, without_runs : ids of what stays out

    Raises
    ------
    UsageError
        Where there is no such case or run, or nothing is left.
    """
    workbench.settle()
    project = workbench.project
    for id in (*cases, *without_cases):
        project.case(id)
    for id in without_runs:
        project.run(id)
    wanted = [
        case
        for case in project.cases
        if (not cases or case.id in cases) and case.id not in without_cases
    ]
    if not wanted:
        raise UsageError("No case is left to pack.", "Leave fewer out.")
    under_way = [run.id for run in project.runs if run.outcome == "running"]
    runs = tuple(run for run in project.runs if run.id not in {*without_runs, *under_way})
    kept = {run.id for run in runs}
    generation = workbench.folder.generation + 1
    masks: dict[str, Annotation] = {}
    rows: list[Case] = []
    for case in wanted:
        row = replace(case, predictions=tuple(run for run in case.predictions if run in kept))
        if workbench.is_unsaved(case.id):
            mask = workbench.annotation(case.id)
            # Painting goes on while it is written; a reader's masks stay as they are.
            masks[case.id] = mask.copy() if workbench.folder.writable else mask
            row = replace(
                row, generation=generation, statuses=mask.statuses, complete=mask.complete
            )
        rows.append(row)
    if not masks:
        generation -= 1
    chosen = replace(project, cases=tuple(rows), runs=runs, in_use=project.in_use.among(kept))
    notes = (
        *_said_of_cases(project, chosen),
        *(Sentence("{run} is under way and stays out.", run=id) for id in under_way),
    )
    let_go = workbench.folder.pin_masks(case for case in rows if case.id not in masks)
    return Pack(workbench.folder, Contents(chosen, generation, masks), notes, let_go)


def _said_of_cases(project: Project, chosen: Project) -> tuple[str, ...]:
    """Which cases stay out, and whose patient is only partly there then."""
    inside = {case.id for case in chosen.cases}
    left = [case.id for case in project.cases if case.id not in inside]
    if not left:
        return ()
    return (Sentence("Left out: {names}.", names=", ".join(left)), *parted(project, left))


def parted(project: Project, left_out: Collection[str]) -> tuple[str, ...]:
    """A sentence for each case that leaves a patient only partly there when it stays out."""
    notes: list[str] = []
    for case in project.cases:
        others = [
            one.id
            for one in project.cases
            if case.patient and one.patient == case.patient and one.id not in left_out
        ]
        if case.id in left_out and others:
            notes.append(
                Sentence(
                    "{case} is of the same patient as {names}: the patient is packed in part.",
                    case=case.id,
                    names=", ".join(others),
                )
            )
    return tuple(notes)


def counted(project: Project | Held) -> str:
    """How many cases and runs a project has, in words."""
    cases, runs = len(project.cases), len(project.runs)
    said = [Sentence.counted("{n} case", "{n} cases", cases)]
    if runs:
        said.append(Sentence.counted("{n} run", "{n} runs", runs))
    return listed(said)
