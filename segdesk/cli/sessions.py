"""One session of the trainer on the command line: its bar, its sentences and its record."""

from __future__ import annotations

from collections.abc import Callable

from segdesk.app.labelling import restoring
from segdesk.app.project.workbench import Workbench
from segdesk.app.runs import lessons, record, running
from segdesk.app.runs.running import TrainerSession, Worked
from segdesk.cli.report import Report, Tell
from segdesk.core.run import Epoch, Run
from segdesk.errors import Cancelled, TrainingError
from segdesk.jobs import messages
from segdesk.jobs.messages import Message
from segdesk.sentence import Sentence


def work(workbench: Workbench, session: TrainerSession, report: Report) -> Run:
    """Run a session on this thread, with a bar, and close its record.

    Raises
    ------
    SegdeskError
        Why a prediction did not end well; a training's reason stands in the run.
    """
    with report.progress() as tell:
        listen = _listener(workbench, session, report, tell)
        try:
            worked = session.work(listen)
        except KeyboardInterrupt:
            # While the bundle is written; later the client takes it.
            worked = Worked(None, None, Cancelled("Stopped before it began."))
    before = workbench.project.run(session.job.run_id)
    run = running.finish(workbench, session.job, worked)
    if (why := record.why_not_resumed(before, session.job.before, worked)) is not None:
        raise why
    if not session.job.trains:
        if worked.error is not None:
            raise worked.error
        if worked.ended is not None and worked.ended.outcome == "crashed":
            raise TrainingError(Sentence.of(worked.ended.reason), Sentence.of(worked.ended.hint))
        if worked.ended is not None and worked.ended.outcome == "stopped":
            raise Cancelled("The prediction was stopped.")
    return run


def _listener(
    workbench: Workbench, session: TrainerSession, report: Report, tell: Tell
) -> Callable[[Message], None]:
    def listen(message: Message) -> None:
        running.take(workbench, session.job, message)
        match message:
            case messages.Started() if session.job.trains:
                shares = workbench.project.run(session.job.run_id).shares
                report.say(f"{message.device}: {message.device_reason}")
                report.say(f"{lessons.in_a_line(shares)}.")
            case messages.Resumed():
                report.say(
                    Sentence(
                        "{run} goes on after step {step}, in epoch {epoch}.",
                        run=session.job.run_id,
                        step=message.step,
                        epoch=message.epoch + 1,
                    )
                )
            case messages.Step():
                tell(f"Epoch {message.epoch}", message.step, message.steps)
            case messages.EpochDone():
                report.say(_epoch_line(message.epoch))
            case messages.Note():
                report.say(message.sentence)
            case messages.Predicted():
                gone = restoring.not_there(workbench, message.case, session.job.run_id)
                if gone is not None:
                    report.say(gone)
            case messages.Progress():
                tell(f"Predicting {message.case}", message.done, message.total)
            case _:
                pass

    return listen


def _epoch_line(epoch: Epoch) -> str:
    parts = [f"epoch {epoch.number}", f"{epoch.seconds:.0f} s", f"loss {epoch.loss:.4f}"]
    if epoch.val_loss is not None:
        parts.append(f"validation loss {epoch.val_loss:.4f}")
    if epoch.val_dice is not None:
        parts.append(f"validation Dice {epoch.val_dice:.3f}")
    return ", ".join(parts)
