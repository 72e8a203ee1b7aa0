"""The record of a run, as a training's messages and its end make it. `running` keeps it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from segdesk.app.runs.teaching import NOBODY
from segdesk.core.run import Intensities, Run
from segdesk.errors import SegdeskError, TrainingError
from segdesk.jobs import messages
from segdesk.jobs.messages import Message
from segdesk.jobs.trainer_client import Ended
from segdesk.sentence import Sentence

#: Noted of a run that could go on with the labels that it began with, and now cannot.
LET_GO = Sentence(
    "What it began with made room for that of later runs: should it go on, the labels of now "
    "teach it."
)


@dataclass(frozen=True, slots=True)
class Worked:
    """How a session ended, and what of its bundle belongs to the Run.

    `error` where it could not even begin; `let_go` names the runs whose kept bundle made room.
    """

    ended: Ended | None
    intensities: Intensities | None
    error: SegdeskError | None = None
    labels_seen: tuple[tuple[str, str], ...] = ()
    let_go: tuple[str, ...] = ()


def after(run: Run, message: Message) -> Run:
    """The record with what a message says."""
    match message:
        case messages.Hello():
            return replace(run, versions=message.versions)
        case messages.Started():
            return replace(
                run,
                device=message.device,
                device_reason=message.device_reason,
                parameters=message.parameters,
                input_shape=message.input_shape,
                pixel_mm=message.pixel_mm,
                built_for=message.built_for,
                precision=message.precision,
                xla=message.xla,
            )
        case messages.Resumed():
            # Which weights are the best is said next, where there are any.
            run = replace(run, best=0, weights_sha256="")
            return run.going_on(message.step, message.epoch)
        case messages.FullSized():
            return replace(run, full_sized_after=message.step)
        case messages.EpochDone():
            return run.with_epoch(message.epoch)
        case messages.Checkpoint():
            # What was decided of other weights is not said of these.
            run = replace(run, best=message.epoch, weights_sha256=message.sha256, refinements=())
            if not any(message.input_shape):
                return run
            return replace(run, input_shape=message.input_shape, pixel_mm=message.pixel_mm)
        case messages.Note():
            run = replace(run, notes=(*run.notes, message.sentence))
            return _without(run, message.left_out) if message.left_out else run
        case messages.Judged():
            return replace(run, nothing_learnt=message.nothing_learnt)
        case messages.Refined():
            return replace(run, refinements=message.refinements)
        case messages.Finished():
            return replace(run, best=message.best, seconds=message.seconds)
        case _:
            return run


def _without(run: Run, case: str) -> Run:
    """The record of a training that goes on without a case."""
    shares = tuple(share for share in run.shares if share.case != case)
    validating = sum(share.validate for share in shares)
    return replace(
        run,
        shares=shares,
        train_slices=sum(share.teach for share in shares),
        validation_slices=validating,
        validation=run.validation if validating or not run.plan.validates else NOBODY,
    )


def why_not_resumed(run: Run, before: Run | None, worked: Worked) -> TrainingError | None:
    """Why a run that was to go on did not even begin to; None where it did, or was new.

    Parameters
    ----------
    run : its record now
    before : that of before
    """
    if before is None or len(run.resumed) > len(before.resumed):
        return None
    if worked.error is not None:
        return TrainingError(worked.error.sentence, worked.error.hint)
    if worked.ended is None:
        return TrainingError("It could not start.")
    return TrainingError(Sentence.of(worked.ended.reason), Sentence.of(worked.ended.hint))


def what_is_left(run: Run, ended: Ended) -> str:
    """Of a run whose child could not say it itself."""
    if not ended.forced:
        return ""
    return (
        Sentence("The weights of epoch {best} are kept.", best=run.best)
        if run.best
        else Sentence("It had no weights yet.")
    )
