"""Which run predicts: what the trainer measured, or a person wants, brought into the project.

The rule itself stands in `core.run_in_use`, the measuring in `learning.rival`. All of it is for the
Workbench's thread.
"""

from __future__ import annotations

from dataclasses import replace

from segdesk.app.project.workbench import Workbench
from segdesk.core.project import Project
from segdesk.core.run import Run
from segdesk.core.run_in_use import Comparison, after_training
from segdesk.errors import UsageError
from segdesk.jobs.messages import Judged
from segdesk.sentence import Sentence

#: In the place of a run's id: let the rule decide.
AUTOMATIC = "automatic"


def run_in_use(project: Project) -> Run:
    """The run that predicts.

    Raises
    ------
    UsageError
        Where no run has learnt anything yet.
    """
    if project.in_use.run:
        return project.run(project.in_use.run)
    if any(run.has_weights and run.outcome != "running" for run in project.runs):
        raise UsageError(Sentence.of(why_of(project)), "Train again, or choose a run by hand.")
    raise UsageError("No run of this project can predict yet.", "Train first.")


def judge(workbench: Workbench, run: Run, message: Judged) -> None:
    """A training is over: keep which run is in use from now on."""
    if message.nothing_learnt or not run.has_weights:
        return
    before = workbench.project.in_use
    unfit = "" if message.rival else _why_no_rival(workbench.project)
    found = Comparison(
        run=run.id,
        dice=message.dice,
        slices=message.slices,
        other=before.chosen if before.chosen != run.id else "",
        other_dice=message.rival_dice,
        problem=message.rival_problem or unfit,
    )
    workbench.use(after_training(before, found))


def _why_no_rival(project: Project) -> str:
    """Why the run that was in use was not measured, where there is one."""
    chosen = project.in_use.chosen
    if chosen and project.run(chosen).intensities is None:
        return Sentence("the values that it learnt from are not known any more.")
    return Sentence("it learnt from values of another unit.")


def said_of(project: Project) -> str:
    """Which run is in use and why, in a sentence or two."""
    in_use = project.in_use
    if not in_use.run:
        return Sentence("No run is in use. {why}", why=why_of(project))
    return Sentence("In use: {run}. {why}", run=in_use.run, why=why_of(project))


def why_of(project: Project) -> str:
    """Why the run in use is, or why there is none, in a sentence or two."""
    in_use = project.in_use
    if not in_use.run:
        cut_off = [
            run.id
            for run in project.runs
            if run.outcome in ("stopped", "crashed") and run.has_weights and not run.nothing_learnt
        ]
        if cut_off:
            return Sentence(
                "{names}: cut off before anybody knew what it had learnt.", names=", ".join(cut_off)
            )
        return Sentence("No run has learnt anything yet.")
    said = in_use.reason
    if in_use.by_hand:
        said = Sentence("It was chosen by hand.")
        if in_use.chosen and in_use.chosen != in_use.by_hand:
            said = Sentence(
                "It was chosen by hand. The best is {run}. {why}",
                run=in_use.chosen,
                why=in_use.reason,
            )
    unknown = never_learnt(project, in_use.run)
    # The rule may not see it: a segment counts only where a validation slice shows it.
    if not unknown:
        return said
    return Sentence(
        "{why} {run} never learnt {names}.", why=said, run=in_use.run, names=", ".join(unknown)
    )


def never_learnt(project: Project, id: str) -> tuple[str, ...]:
    """Names of today's segments that a run does not know and so never proposes.

    None where the project has no record of the run.
    """
    runs = [run for run in project.runs if run.id == id]
    if not runs:
        return ()
    learnt = {number for number, _ in runs[0].segments}
    return tuple(row.name for row in project.segments if row.number not in learnt)


def choose_by_hand(workbench: Workbench, id: str) -> Run | None:
    """Use a run from now on, whatever its figures; `AUTOMATIC` brings the rule back.

    Returns
    -------
    The run that is in use now; None where the rule has none.

    Raises
    ------
    UsageError
        Where there is no such run, or it kept no weights.
    """
    in_use = workbench.project.in_use
    if id == AUTOMATIC:
        workbench.use(replace(in_use, by_hand=""))
    else:
        check_weights(workbench.project.run(id))
        workbench.use(replace(in_use, by_hand=id))
    project = workbench.project
    return project.run(project.in_use.run) if project.in_use.run else None


def check_weights(run: Run) -> Run:
    """The run, where it has weights.

    Raises
    ------
    UsageError
        Where it kept none, or is still running.
    """
    if not run.has_weights or run.outcome == "running":
        raise UsageError(
            Sentence("The run '{run}' kept no weights.", run=run.id), "Choose another run."
        )
    return run
