"""Commands about learning: networks, train, predict, evaluate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any

import typer

from segdesk.app.project.workbench import Workbench
from segdesk.app.runs import (
    evaluating,
    predicting,
    resuming,
    run_in_use,
    starting,
    teaching,
    training,
)
from segdesk.app.runs.evaluating import PoolChoice
from segdesk.app.runs.running import TrainerSession
from segdesk.app.runs.starting import Start
from segdesk.cli import evaluation, typed
from segdesk.cli.one_child import More, Then
from segdesk.cli.projects import JSON, PROJECT, changing, one_of, reading
from segdesk.cli.report import Report, table
from segdesk.cli.scans import left_out_json, left_out_words
from segdesk.cli.sessions import work
from segdesk.core.networks import CATALOGUE, DEFAULT
from segdesk.core.run import Plan, Run, plan_for
from segdesk.core.run_in_use import RunInUse
from segdesk.core.small_pieces import Counts
from segdesk.core.split import Fold
from segdesk.errors import Cancelled, ProjectError, TrainingError, UsageError
from segdesk.jobs.standby import Standby
from segdesk.sentence import Sentence

RUN = typer.Option("", metavar="RUN", help="Which run; default: the one in use.")
RUN_TO_USE = typer.Option(
    "",
    metavar="RUN",
    help="Use this run from now on, here and in the window; 'automatic': the best again.",
)


def add_to(app: typer.Typer) -> None:
    """Add this file's commands."""
    app.command("networks")(networks)
    app.command("train")(train)
    app.command("predict")(predict)
    app.command("evaluate")(evaluate)


def networks(as_json: bool = JSON) -> None:
    """List the networks."""
    fields = [
        {
            "id": row.id,
            "description": row.description,
            "parameters": row.parameters,
            "loss": row.loss,
            "border": row.border,
        }
        for row in CATALOGUE
    ]
    rows = [(row.id, row.parameters, row.description) for row in CATALOGUE]
    Report(as_json=as_json).answer(
        {"networks": fields}, [table("id", "parameters", "description", rows=rows)]
    )


def train(
    context: typer.Context,
    project: Path = PROJECT,
    network: str = typer.Option(
        "", metavar="ID", help=f"One of 'segdesk networks'; default: {DEFAULT}, or that of --from."
    ),
    epochs: int | None = typer.Option(
        None, metavar="N", help="Epochs; default: the network's own, or until it stops improving."
    ),
    batch: int | None = typer.Option(None, metavar="N", help="Slices a step."),
    filters: int | None = typer.Option(None, metavar="N", help="Filters of the first level."),
    size: int = typer.Option(
        0,
        metavar="N",
        show_default=False,
        help="Pixels of the longer side; default: the slices' own up to 256, or what the smallest "
        "labelled piece needs.",
    ),
    neighbours_mm: float | None = typer.Option(
        None,
        metavar="MM",
        parser=typed.decimal,
        help="The slices so far below and above are channels too (2.5-D); default: each alone, or "
        "as in --from.",
    ),
    rate: float | None = typer.Option(
        None, metavar="R", parser=typed.decimal, help="First learning rate."
    ),
    augmentation: float | None = typer.Option(
        None, metavar="A", parser=typed.decimal, help="Strength of the augmentation, 0 (off) to 1."
    ),
    seed: int = typer.Option(
        0, metavar="N", help="Of the weights, the order and the augmentation."
    ),
    start_from: str = typer.Option(
        "",
        "--from",
        metavar="RUN",
        help="What to begin with: a run of this project, OTHER.segdesk:RUN, or a file of 'segdesk "
        "model'. Network and filters are its own.",
    ),
    fold: Fold | None = typer.Option(
        None,
        metavar="K/N",
        parser=typed.fold,
        help="Validate the K-th of N parts of the patients in place of the pool; the rest teaches.",
    ),
    max_minutes: float | None = typer.Option(
        None,
        metavar="M",
        parser=typed.decimal,
        help="At most so many minutes of training, start-up not counted.",
    ),
    validate: str = typer.Option(
        "auto",
        metavar="HOW",
        help="auto: some slices are kept out and measure; none: all teach, and there is no figure.",
    ),
    resume: str = typer.Option(
        "",
        "--resume",
        metavar="RUN",
        help="Go on with a run that was stopped or cut off, where it was; settings are its own.",
    ),
    predicts: bool = typer.Option(
        False, "--predict", help="Then predict all cases with the run in use, without a new start."
    ),
    evaluates: str = typer.Option(
        "",
        "--evaluate",
        metavar="POOL",
        help="Then compare the run in use with this pool, as 'evaluate' does: validation, test, "
        "train or all.",
    ),
    as_json: bool = JSON,
) -> None:
    """Train a network on the slices that were called right.

    Ctrl+C stops it and keeps the best weights so far; a second one kills it. --resume goes on then.
    """
    report = Report(as_json=as_json)
    pool = one_of("evaluate", evaluates, evaluating.POOL_CHOICES) if evaluates else None
    then = Then(predicts, pool)
    if resume:
        _go_on(project, resume, _given(context), then, report)
        return

    def plan_with(network: str, filters: int | None, neighbours_mm: float | None) -> Plan:
        return plan_for(
            network,
            filters=filters,
            size=size,
            epochs=epochs,
            max_minutes=max_minutes,
            batch=batch,
            rate=rate,
            augmentation=augmentation,
            seed=seed,
            start_from=start_from,
            validates=one_of("validate", validate, ("auto", "none")) == "auto",
            neighbours_mm=neighbours_mm or 0.0,
        )

    # Now, so that a value out of range is said before anything is opened.
    plan = plan_with(network or DEFAULT, filters, neighbours_mm)
    with changing(project) as workbench, then.child() as standby:
        start = starting.find(workbench, start_from) if start_from else None
        if start is not None:
            model = start.model
            beside = model.neighbours_mm if neighbours_mm is None else neighbours_mm
            plan = plan_with(network or model.network, filters or model.filters, beside)
            plan = replace(plan, start_from=start.name)
        frozen = training.freeze(
            workbench, plan, predict=then.cases(workbench), fold=fold, start=start
        )
        if start is not None:
            report.say(starting.said(start, plan.size, frozen.run.segments))
        session = training.training_session(frozen, standby=standby)
        run = work(workbench, session, report)
        more = _and_then(workbench, session, run, then, standby, report)
        in_use, said = workbench.project.in_use, run_in_use.said_of(workbench.project)
    _answer(run, in_use, said, more, report, start)


def _and_then(
    workbench: Workbench,
    session: TrainerSession,
    run: Run,
    then: Then,
    standby: Standby | None,
    report: Report,
) -> More:
    """Predict what the training has not, and evaluate; nothing after one that did not finish."""
    if run.outcome != "finished" or not workbench.project.in_use.run:
        return More({})
    left = predicting.left_to_predict(workbench, session.job)
    if left is not None:
        _predict(workbench, *left, report, standby)
    chosen = run_in_use.run_in_use(workbench.project)
    fields: dict[str, Any] = {}
    if then.predicts:
        cases = workbench.project.cases
        fields["predicted"] = [case.id for case in cases if chosen.id in case.predictions]
    if then.evaluates is None:
        return More(fields)
    slices = evaluating.slices_to_evaluate(workbench, then.evaluates)
    slices = _predicted(workbench, chosen, slices, report, standby)
    result = evaluating.evaluate(workbench, chosen, then.evaluates, slices)
    for sentence in evaluation.said_of(result, chosen, is_in_use=True):
        report.say(sentence)
    return More(
        {**fields, "evaluation": evaluation.fields_of(result)}, (evaluation.table_of(result),)
    )


def _given(context: typer.Context) -> dict[str, Any]:
    """The options of a command that were typed, by the names of its parameters."""
    return {
        name: value
        for name, value in context.params.items()
        if (source := context.get_parameter_source(name)) and source.name == "COMMANDLINE"
    }


def _go_on(
    project: Path, run_id: str, given: Mapping[str, Any], then: Then, report: Report
) -> None:
    """Go on with a run, by its own plan: what was typed beside it has to be that.

    Raises
    ------
    UsageError
        Where it is not.
    """
    with changing(project) as workbench, then.child() as standby:
        _check_is_its_own(workbench.project.run(run_id), given)
        begun = resuming.resume(
            workbench,
            run_id,
            predict=then.cases(workbench),
            fold=given.get("fold"),
            standby=standby,
        )
        report.say(begun.said)
        run = work(workbench, begun.session, report)
        more = _and_then(workbench, begun.session, run, then, standby, report)
        in_use, said = workbench.project.in_use, run_in_use.said_of(workbench.project)
    _answer(run, in_use, said, more, report)


def _check_is_its_own(run: Run, given: Mapping[str, Any]) -> None:
    own = {field.name: getattr(run.plan, field.name) for field in fields(run.plan)}
    own["validate"] = "auto" if run.plan.validates else "none"
    for name, value in given.items():
        if name in own and own[name] != value:
            raise UsageError(
                Sentence(
                    "'{run}' goes on with its own settings: {option} was {own} and cannot be "
                    "{value} now.",
                    run=run.id,
                    option=f"--{'from' if name == 'start_from' else name.replace('_', '-')}",
                    own=str(own[name]),
                    value=str(value),
                ),
                Sentence("Leave it out, or train anew with --from {run}.", run=run.id),
            )


def _answer(
    run: Run, in_use: RunInUse, said: str, more: More, report: Report, start: Start | None = None
) -> None:
    """What a training has come to.

    Parameters
    ----------
    start : what it began with

    Raises
    ------
    SegdeskError
        Where that is nothing.
    """
    if run.outcome == "crashed":
        raise TrainingError(Sentence.of(run.reason))
    if not run.has_weights:
        raise Cancelled(Sentence("{run} kept no weights. {reason}", run=run.id, reason=run.reason))
    report.say(f"{run.id}: {run.reason}")
    if run.nothing_learnt and run.nothing_learnt != run.reason:
        report.say(run.nothing_learnt)
    if run.validation:
        report.say(f"{run.id}: {run.validation}.")
    report.say(said)
    best = run.best_epoch
    answer = {
        "run": run.id,
        "network": run.plan.network,
        "seconds": run.seconds,
        "epochs": len(run.epochs),
        "best": run.best,
        "best_epoch": asdict(best) if best else None,
        "outcome": run.outcome,
        "reason": run.reason,
        "learnt": run.has_learnt,
        "nothing_learnt": run.nothing_learnt,
        "in_use": in_use.run,
        "in_use_reason": said,
        "parameters": run.parameters,
        "device": run.device,
        "device_reason": run.device_reason,
        "precision": run.precision,
        "xla": run.xla,
        "validation": run.validation,
        "shares": [asdict(share) for share in run.shares],
        "notes": list(run.notes),
        "resumed": list(run.resumed),
        "begun_from": asdict(run.begun_from) if run.begun_from is not None else None,
        **({} if start is None else _said_of_start(start, run)),
        "full_sized_after": run.full_sized_after,
        "history": [asdict(epoch) for epoch in run.epochs],
        **more.fields,
    }
    val_dice = best.val_dice if best else None
    rows = [(run.id, len(run.epochs), run.best, round(run.seconds), val_dice)]
    columns = ("run", "epochs", "best", "seconds", "validation Dice")
    report.answer(answer, [table(*columns, rows=rows), *more.tables])


def _said_of_start(start: Start, run: Run) -> dict[str, Any]:
    rows = starting.kept_of(start.model, run.segments)
    return {"start": {"said": starting.said(start, run.plan.size, run.segments), **asdict(rows)}}


def predict(
    project: Path = PROJECT,
    run: str = RUN_TO_USE,
    case: list[str] = typer.Option(
        [], metavar="NAME", help="Which case, may be given again; default: all."
    ),
    keep_pieces: bool = typer.Option(
        False,
        "--keep-pieces",
        help="Leave out no piece, however small; without, what is left out can be restored.",
    ),
    as_json: bool = JSON,
) -> None:
    """Predict cases with the model of the run in use."""
    report = Report(as_json=as_json)
    with changing(project) as workbench:
        if run:
            run_in_use.choose_by_hand(workbench, run)
            workbench.folder.write_index()
        chosen = run_in_use.run_in_use(workbench.project)
        said = run_in_use.said_of(workbench.project)
        cases = list(dict.fromkeys(case)) or [row.id for row in workbench.project.cases]
        done = _predict(workbench, chosen, cases, report, keep_pieces=keep_pieces)
        left_out = {
            id: left_out_json(workbench, workbench.project.case(id), counts)
            for id, counts in done.items()
        }
    report.say(said)
    fields = {"run": chosen.id, "why": said, "cases": list(done), "left_out": left_out}
    rows = [(id, chosen.id, left_out_words(left_out[id])) for id in done]
    report.answer(fields, [table("case", "predicted by", "left out as too small", rows=rows)])


def _predict(
    workbench: Workbench,
    run: Run,
    cases: Sequence[str],
    report: Report,
    standby: Standby | None = None,
    *,
    keep_pieces: bool = False,
) -> dict[str, Counts]:
    """Predict cases, and give the ids of those that could be, with what of each is left out."""
    if not cases:
        return {}
    session = predicting.prediction_session(
        workbench, run, cases, keep_pieces=keep_pieces, standby=standby
    )
    work(workbench, session, report)
    return {id: session.left_out.get(id, ()) for id in session.predicted}


def evaluate(
    project: Path = PROJECT,
    run: str = RUN,
    pool: str = typer.Option("validation", metavar="POOL", help="validation, test, train or all."),
    as_json: bool = JSON,
) -> None:
    """Compare a run's predictions with the slices that were called right.

    Predicts first where it must; else it works while the window has the project open.
    """
    report = Report(as_json=as_json)
    wanted: PoolChoice = one_of("pool", pool, evaluating.POOL_CHOICES)
    with reading(project) as workbench:
        chosen = predicting.run_to_predict(workbench.project, run)
        is_in_use = chosen.id == workbench.project.in_use.run
        waiting = evaluating.said_of_waiting(workbench)
        slices = evaluating.slices_to_evaluate(workbench, wanted)
        missing = evaluating.without_prediction(workbench, chosen, slices)
        result = None if missing else evaluating.evaluate(workbench, chosen, wanted, slices)
    if result is not None and waiting:
        report.say(waiting)
    if result is None:
        # Only now does somebody else's lock stand in the way.
        with changing(project) as workbench:
            teaching.keep_split(workbench)
            slices = evaluating.slices_to_evaluate(workbench, wanted)
            slices = _predicted(workbench, chosen, slices, report)
            result = evaluating.evaluate(workbench, chosen, wanted, slices)
    for sentence in evaluation.said_of(result, chosen, is_in_use=is_in_use):
        report.say(sentence)
    report.answer(evaluation.fields_of(result), [evaluation.table_of(result)])


def _predicted(
    workbench: Workbench,
    run: Run,
    slices: dict[str, tuple[int, ...]],
    report: Report,
    standby: Standby | None = None,
) -> dict[str, tuple[int, ...]]:
    """Predict what a run has not predicted yet; what cannot be is said and stays out."""
    missing = evaluating.without_prediction(workbench, run, slices)
    try:
        _predict(workbench, run, missing, report, standby)
    except ProjectError as error:
        if len(missing) == len(slices):
            raise
        report.say(str(error))
    left = evaluating.without_prediction(workbench, run, slices)
    return {id: indices for id, indices in slices.items() if id not in left}
