"""Looking through a whole project for what is damaged, missing or in the wrong place: `check`.

Reads every byte that a project needs and writes nothing, beside an open writer too: what looks
wrong while somebody saves is looked at again with the index of then. What is done about it belongs
to others; each fault is a `Finding`, a value that says where it is.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from segdesk.core.case import Case
from segdesk.core.project import Project
from segdesk.core.run import Run
from segdesk.errors import Cancelled, ProjectError, ProjectTooOld, SegdeskError
from segdesk.jobs.run_paths import RunPaths
from segdesk.jobs.weights_file import fault_of
from segdesk.sentence import Sentence
from segdesk.store.disk.disk_errors import reading
from segdesk.store.disk.layout import (
    PREVIOUS_FILE,
    PROJECT_FILE,
    VOLUME_FILE,
    Layout,
    annotation_name,
)
from segdesk.store.journal.older import is_sound, older_files
from segdesk.store.journal.recover import Recovery, recover_beside_a_writer
from segdesk.store.outdated import newer_masks, refusal
from segdesk.store.parts import annotation_file, prediction_file, project_file, volume_file
from segdesk.store.waiting import damaged_files

What = Literal["index", "previous index", "scan", "mask", "prediction", "weights", "journal"]
#: Told how far it is: a sentence, done, total.
Tell = Callable[[str, int, int], None]
#: How often is looked again where a writer may have been in between, and how long is waited.
_TRIES, _WAIT_S = 5, 0.05
_ONLY_UNDO = Sentence(
    "some older changes cannot be undone any more; nothing that was drawn is lost."
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong.

    Parameters
    ----------
    what : kind of file
    file : its path inside the project, with "/"; "." where it is one that is gone and has no name
    sentence : for people
    case, run : ids, or ""
    slice : of a scan, from 0, or None for the whole file
    """

    what: What
    file: str
    sentence: str
    case: str = ""
    run: str = ""
    slice: int | None = None


@dataclass(frozen=True, slots=True)
class Checked:
    """What a look through a project gave.

    Parameters
    ----------
    findings : in the order of index, journals, runs, cases
    project : what the index, or the previous one, says; None where neither can be read
    slices : of scans that were compared with their checksums
    """

    findings: tuple[Finding, ...]
    project: Project | None
    slices: int


def check(
    path: Path, *, tell: Tell | None = None, cancelled: Callable[[], bool] | None = None
) -> Checked:
    """Look through a project. Any thread.

    Raises
    ------
    ProjectError
        Where there is no project.
    ProjectTooOld
        Where all of it is an earlier version's.
    Cancelled
        Where `cancelled` said so, asked before each slice.
    """
    if not project_file.holds_cases(path):
        project_file.check_is_project(path)
    return _Look(path, tell, cancelled).through()


class _Look:
    """One look through a project. Lives on the thread that looks."""

    def __init__(self, path: Path, tell: Tell | None, cancelled: Callable[[], bool] | None) -> None:
        self._path = path
        self._layout = Layout(path)
        self._tell = tell
        self._cancelled = cancelled
        self._done = self._total = 0
        #: Why files cannot be read that another version wrote.
        self._too_old: list[ProjectTooOld] = []

    def through(self) -> Checked:
        findings: list[Finding] = []
        project = self._index(PROJECT_FILE, "index", findings)
        previous = None
        with self._layout.looking():
            has_previous = (self._path / PREVIOUS_FILE).exists()
        if has_previous:
            previous = self._index(PREVIOUS_FILE, "previous index", findings)
        if project is not None:
            findings += self._outdated() or self._journals()
        known = project or previous
        for run in known.runs if known is not None else ():
            findings += self._weights(run, is_indexed=project is not None)
        cases = known.cases if known is not None else tuple(self._alone(findings))
        self._total = sum(case.slices for case in cases)
        for case in cases:
            findings += self._patiently(case, known, is_indexed=project is not None)
        said = {error.sentence for error in self._too_old}
        if said and all(found.sentence in said or found.what == "index" for found in findings):
            raise self._too_old[0]
        return Checked(tuple(findings), known, self._done)

    def _index(self, name: str, what: What, findings: list[Finding]) -> Project | None:
        try:
            return project_file.read(self._path, name)[0]
        except ProjectError as error:
            self._too_old += [error] if isinstance(error, ProjectTooOld) else []
            findings.append(Finding(what, name, error.sentence))
            return None

    def _outdated(self) -> list[Finding]:
        """Masks that are newer than the index, while no save is about to name them."""
        cases: tuple[str, ...] = ()
        for left in reversed(range(_TRIES)):
            with (
                suppress(ProjectError),
                reading(Sentence("The project '{path}'", path=self._path.name)),
            ):
                cases = newer_masks(self._layout, *project_file.read(self._path))
            if not cases:
                return []
            if left:
                time.sleep(_WAIT_S)
        return [Finding("index", PROJECT_FILE, refusal(self._layout, cases).sentence)]

    def _journals(self) -> list[Finding]:
        """What cannot be replayed or undone. A record that is half written may be whole a moment
        later, and a save takes older journals away."""
        found: list[Finding] = []
        for left in reversed(range(_TRIES)):
            try:
                with reading(Sentence("The journal of the project '{path}'", path=self._path.name)):
                    recovery, _, generation = recover_beside_a_writer(self._path)
                    faults = [*recovery.faults, *self._undo(recovery, generation)]
                    found = [Finding("journal", file, sentence) for file, sentence in faults]
            except ProjectError as error:
                found = [Finding("journal", ".", error.sentence)]
            if not found or not left:
                break
            time.sleep(_WAIT_S)
        return found

    def _undo(self, recovery: Recovery, generation: int) -> list[tuple[str, str]]:
        """What cannot be undone any more because of the files that are kept for it, each with its
        sentence."""
        damaged = [path.name for path in older_files(self._path, generation) if not is_sound(path)]
        if not damaged and not recovery.is_whole:
            return [
                (
                    ".",
                    Sentence(
                        "A journal that is kept for undo is missing: {only_undo}",
                        only_undo=_ONLY_UNDO,
                    ),
                )
            ]
        return [
            (
                name,
                Sentence(
                    "'{name}', kept for undo, is damaged: {only_undo}",
                    name=name,
                    only_undo=_ONLY_UNDO,
                ),
            )
            for name in damaged
        ]

    def _weights(self, run: Run, *, is_indexed: bool) -> list[Finding]:
        """Whether the weights of a run are those that it kept, by the index of the moment."""
        if self._cancelled is not None and self._cancelled():
            raise Cancelled
        for _ in range(_TRIES):
            fault = self._fault(run)
            if not fault or not is_indexed:
                break
            try:
                now = {row.id: row for row in project_file.read(self._path)[0].runs}.get(run.id)
            except ProjectError:
                break
            if now is None:
                return []
            if now.weights_sha256 == run.weights_sha256:
                break
            run = now
        else:
            return []
        if not fault:
            return []
        file = f"runs/{run.id}/{RunPaths(Path()).weights(run.best).name}"
        sentence = Sentence("The file of weights of '{run}' {fault}.", run=run.id, fault=fault)
        return [Finding("weights", file, sentence, run=run.id)]

    def _fault(self, run: Run) -> str:
        if not run.has_weights:
            return ""
        try:
            folder = self._layout.run(run.id)
        except ProjectError:
            return Sentence("lies behind a link")
        return fault_of(RunPaths(folder).weights(run.best), run.weights_sha256)

    def _alone(self, findings: list[Finding]) -> Generator[Case, None, None]:
        """The cases of a project that no index tells of, as their scans say them."""
        home = self._path / "cases"
        with self._layout.looking():
            folders = sorted(home.iterdir()) if home.is_dir() else []
        for folder in folders:
            try:
                yield volume_file.read_part(self._layout.volume(folder.name), folder.name).cases[0]
            except SegdeskError as error:
                self._too_old += [error] if isinstance(error, ProjectTooOld) else []
                file = f"cases/{folder.name}/{VOLUME_FILE}"
                findings.append(Finding("scan", file, error.sentence, case=folder.name))

    def _patiently(self, case: Case, known: Project | None, *, is_indexed: bool) -> list[Finding]:
        """What is wrong with the files of a case, by the index of the moment."""
        found: list[Finding] = []
        for _ in range(_TRIES):
            before = self._done
            found = list(self._of(case, known))
            if not found or not is_indexed:
                break
            try:
                before_it, known = known, project_file.read(self._path)[0]
            except ProjectError:
                break
            now = {row.id: row for row in known.cases}.get(case.id)
            if now == case and before_it is not None and known.runs == before_it.runs:
                break
            if now is None:
                return []
            # A save has come in between.
            case, self._done = now, before
        return found

    def _of(self, case: Case, known: Project | None) -> Generator[Finding, None, None]:
        home = f"cases/{case.id}"
        for path, sentence in damaged_files(self._layout, case.id):
            file = path.relative_to(self._path).as_posix()
            yield Finding("journal", file, sentence, case=case.id)
        yield from self._scan(case, f"{home}/{VOLUME_FILE}")
        if case.generation:
            file = f"{home}/{annotation_name(case.generation)}"
            try:
                annotation_file.read(self._layout.annotation(case.id, case.generation), case)
            except ProjectError as error:
                yield Finding("mask", file, error.sentence, case=case.id)
        for run in case.predictions:
            file = f"runs/{run}/predictions/{case.id}.h5"
            try:
                path = self._layout.prediction(run, case.id)
                weights = "" if known is None else known.weights_of(run)
                prediction_file.read_prediction(
                    path, run, case.id, case.grid.shape, weights_sha256=weights
                )
            except ProjectError as error:
                yield Finding("prediction", file, error.sentence, case=case.id, run=run)

    def _scan(self, case: Case, file: str) -> Generator[Finding, None, None]:
        try:
            for index in volume_file.damaged_slices(
                self._layout.volume(case.id), case, lambda: self._went_on(case)
            ):
                sentence = Sentence(
                    "Slice {index} of the scan of '{case}' is damaged.",
                    index=index + 1,
                    case=case.id,
                )
                yield Finding("scan", file, sentence, case=case.id, slice=index)
        except ProjectError as error:
            yield Finding("scan", file, error.sentence, case=case.id)

    def _went_on(self, case: Case) -> None:
        if self._cancelled is not None and self._cancelled():
            raise Cancelled
        self._done += 1
        if self._tell is not None:
            self._tell(Sentence("Checking {case}", case=case.id), self._done, self._total)
