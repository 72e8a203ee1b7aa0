"""The project's index as one frozen value: cases, segments, split, runs, settings.

The Workbench owns the current one and replaces it; `store.project_file` writes it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from segdesk.core.case import Case
from segdesk.core.run import Run
from segdesk.core.run_in_use import RunInUse
from segdesk.core.segment import SegmentTable
from segdesk.core.split import Split
from segdesk.errors import UsageError
from segdesk.sentence import Sentence


@dataclass(frozen=True, slots=True)
class Project:
    """Everything but arrays.

    Parameters
    ----------
    id : random, made once; salts the patients' hashes
    cases, runs : in the order they came
    settings : (name, value) text pairs that belong to the project
    in_use : which run predicts, and why
    journal : id of the journal that follows the last save; two projects are equal whatever it is
    """

    id: str
    cases: tuple[Case, ...] = ()
    segments: SegmentTable = field(default_factory=SegmentTable)
    split: Split = field(default_factory=Split)
    runs: tuple[Run, ...] = ()
    settings: tuple[tuple[str, str], ...] = ()
    in_use: RunInUse = field(default_factory=RunInUse)
    journal: str = field(default="", compare=False)

    def case(self, id: str) -> Case:
        """The case of that id.

        Raises
        ------
        UsageError
            Where there is none.
        """
        for case in self.cases:
            if case.id == id:
                return case
        known = ", ".join(case.id for case in self.cases[:8]) or Sentence("none yet")
        raise UsageError(
            Sentence("There is no case '{id}' in this project.", id=id),
            Sentence("Its cases: {known}.", known=known),
        )

    def run(self, id: str) -> Run:
        """The run of that id.

        Raises
        ------
        UsageError
            Where there is none.
        """
        for run in self.runs:
            if run.id == id:
                return run
        known = ", ".join(run.id for run in self.runs[-8:]) or Sentence("none yet")
        raise UsageError(
            Sentence("There is no run '{id}' in this project.", id=id),
            Sentence("Its runs: {known}.", known=known),
        )

    def predicted_by(self, id: str) -> str | None:
        """Id of the run whose prediction of a case is shown and taken, or None.

        That of the run in use where it has predicted the case, else the newest of those that learnt
        something: an older proposal is better than none, and the window says whose it is.
        """
        predictions = self.case(id).predictions
        if self.in_use.run in predictions:
            return self.in_use.run
        worthless = {run.id for run in self.runs if not run.has_learnt}
        return next((run for run in reversed(predictions) if run not in worthless), None)

    def as_saved(self, saved: Project) -> Project:
        """With what a save has put on the disk: mask generations, statuses and completeness of the
        cases that are still there."""
        states = {case.id: case for case in saved.cases}
        return replace(
            self,
            cases=tuple(
                replace(
                    case,
                    generation=states[case.id].generation,
                    mask_sha256=states[case.id].mask_sha256,
                    statuses=states[case.id].statuses,
                    complete=states[case.id].complete,
                )
                if case.id in states
                else case
                for case in self.cases
            ),
        )

    def with_case(self, case: Case) -> Project:
        """With this case added, or in place of the one with its id."""
        if any(old.id == case.id for old in self.cases):
            cases = tuple(case if old.id == case.id else old for old in self.cases)
        else:
            cases = (*self.cases, case)
        return replace(self, cases=cases)

    def with_run(self, run: Run) -> Project:
        """With this run added, or in place of the one with its id."""
        if any(old.id == run.id for old in self.runs):
            runs = tuple(run if old.id == run.id else old for old in self.runs)
        else:
            runs = (*self.runs, run)
        return replace(self, runs=runs)

    def weights_of(self, run: str) -> str:
        """SHA-256 of the weights that the predictions of a run are made with; "" where it is not
        known: no such run, none, or it has not ended."""
        found = next((row for row in self.runs if row.id == run), None)
        return "" if found is None or found.outcome == "running" else found.weights_sha256

    def next_case_id(self) -> str:
        return _next_id("case", {case.id for case in self.cases})

    def next_run_id(self) -> str:
        return _next_id("run", {run.id for run in self.runs})


def _next_id(word: str, taken: set[str]) -> str:
    number = 1
    while f"{word}-{number:03d}" in taken:
        number += 1
    return f"{word}-{number:03d}"
