"""What the training panel says about a run, in words."""

from __future__ import annotations

import math
from collections.abc import Sequence

from segdesk.app.runs import lessons
from segdesk.app.runs.teaching import FLATTERS, NOBODY
from segdesk.core.run import Run
from segdesk.core.share import Share
from segdesk.ui.look.network_words import network_name
from segdesk.ui.look.translations import tr, translated


def facts(run: Run, in_use: str, shares: Sequence[Share]) -> str:
    """One line: what, from where, how good, on how many slices, on which device and why.

    Parameters
    ----------
    in_use : id of the run that predicts, or empty
    shares : of the run, with the cases' names
    """
    parts = [network_name(run.plan.network)]
    if run.outcome != "running" and run.has_weights:
        parts.append(tr("in use") if run.id == in_use else tr("not in use"))
    if run.plan.start_from:
        parts.append(tr("fine-tuned from {run}", run=run.plan.start_from))
    if run.resumed:
        parts.append(tr("resumed after step {step}", step=run.resumed[-1]))
    best = run.best_epoch
    # While it runs, the weights on disk may be older than the best epoch.
    if run.outcome != "running" and best is not None and best.val_dice is not None:
        parts.append(
            tr("best Dice {dice} at epoch {epoch}", dice=f"{best.val_dice:.3f}", epoch=best.number)
        )
    parts.append(translated(lessons.in_a_line(shares)))
    if run.nothing_learnt and run.outcome == "finished":
        # The line below says the rest.
        parts.append(tr("nothing was learnt"))
    elif run.outcome in ("finished", "stopped"):
        parts.append(translated(run.reason).rstrip("."))
    if run.device:
        parts.append(translated(run.device))
        parts.append(translated(run.device_reason).rstrip("."))
    return " · ".join(part for part in parts if part)


def usable_words(run: Run) -> str:
    """A run among others that can predict: its id, and how good it was or what is wrong with it."""
    best = run.best_epoch
    if run.nothing_learnt:
        return tr("{run} (learnt nothing)", run=run.id)
    if run.outcome == "crashed":
        return tr("{run} (crashed)", run=run.id)
    if best is None or best.val_dice is None:
        return run.id
    return tr("{run} (Dice {dice})", run=run.id, dice=f"{best.val_dice:.3f}")


def doubts(run: Run) -> tuple[str, ...]:
    """What its figures do not tell by themselves, and what the trainer had to say, in a line; then
    the same shorter and shorter, for where there is less room. Empty where there is nothing."""
    parts = [run.validation] if run.validation in (FLATTERS, NOBODY) else []
    parts += [note for note in run.notes if note not in parts]
    if not parts:
        return ("",)
    first, *more = [translated(part).rstrip(".") for part in parts]
    said = [" · ".join((first, *more))]
    if more:
        said += [tr("{first} · and {n} more", first=first, n=len(more)), first]
    if run.validation == FLATTERS:
        said.append(tr("the figure flatters"))
    return tuple(said)


def span(seconds: float) -> str:
    """Seconds as people say them: 40 s, 1 min 40 s, 2 h 5 min."""
    whole = max(0, math.ceil(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
