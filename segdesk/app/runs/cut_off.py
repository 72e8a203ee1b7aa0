"""Runs that were cut off with the program: their records are closed when the project is opened.

The curve, and which run is used, come back from the messages that were kept beside the weights,
what it needs to predict from its bundle, and the weights are the newest that are there and sound. A
disk that takes nothing costs a note: the records wait in memory as everything of the index does,
and the messages and the bundle stay, so that they can be read once more.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace

from segdesk.app.project.workbench import Workbench
from segdesk.app.runs.record import after
from segdesk.app.runs.run_in_use import judge
from segdesk.app.runs.running import labels_seen
from segdesk.core.run import Epoch, Run
from segdesk.errors import ProjectError, TrainingError
from segdesk.jobs import bundle as bundles
from segdesk.jobs import kept_bundle, kept_messages
from segdesk.jobs.messages import Checkpoint, EpochDone, Judged, Message, Note, Resumed
from segdesk.jobs.run_paths import RunPaths
from segdesk.jobs.weights_file import newest_sound
from segdesk.sentence import Sentence

REASON = Sentence("segdesk ended while this run was training.")


def recover(workbench: Workbench) -> tuple[str, ...]:
    """Close the records of runs that were cut off with the program; returns their ids.

    What could not be read or written of them is said in the Workbench's notes.
    """
    found: list[str] = []
    for run in workbench.project.runs:
        if run.outcome == "running":
            _close(workbench, run)
            found.append(run.id)
    if _is_written(workbench, found):
        _clear_bundles(workbench)
    return tuple(found)


def _close(workbench: Workbench, run: Run) -> None:
    verdict: Judged | None = None
    try:
        paths = workbench.folder.runs.named(run.id)
    except ProjectError as error:
        workbench.notes += (error.sentence,)
        run = replace(run, best=0, weights_sha256="")
    else:
        run, verdict = _from_messages(run, paths)
        run = _from_bundle(run, paths)
    workbench.follow_run(replace(run, ended=time.time(), outcome="crashed", reason=REASON))
    if verdict is not None and workbench.project.in_use.chosen != run.id:
        judge(workbench, run, verdict)


def _from_messages(run: Run, paths: RunPaths) -> tuple[Run, Judged | None]:
    """The record by what was kept of it; the verdict where it is about weights that are there."""
    # Of a run that was resumed the record has those from before.
    epochs: list[Epoch] = list(run.epochs)
    notes: list[str] = []
    said: dict[int, Checkpoint] = {}
    # Of what makes the record the last of each kind counts: there may be many thousands.
    newest: dict[type[Message], Message] = {}
    for message in kept_messages.read(paths.messages):
        match message:
            case EpochDone(epoch):
                # A line that was lost leaves a gap, and no epoch comes twice.
                if not epochs or epoch.number > epochs[-1].number:
                    epochs.append(epoch)
            case Note(sentence):
                notes.append(sentence)
            case Resumed(_, whole):
                epochs = [epoch for epoch in epochs if epoch.number <= whole]
                newest[Resumed] = message
            case _:
                newest.pop(type(message), None)
                newest[type(message)] = message
        if isinstance(message, Checkpoint):
            said[message.epoch] = message
    for message in newest.values():
        run = after(run, message)
    verdict = newest.get(Judged)
    last = run.best
    # Later ones of which nothing was said may be of epochs that are done anew.
    resumed = newest.get(Resumed)
    most = resumed.epoch if isinstance(resumed, Resumed) else sys.maxsize
    sums = {epoch: one.sha256 for epoch, one in said.items()}
    there = newest_sound(paths, sums, most=most)
    best, sha256 = there or (0, "")
    if best in said and best != last:
        # With the size that they learnt from, and without what was decided for the later ones.
        run = after(run, said[best])
    if last and best < last:
        which = (
            Sentence("those of epoch {best} are kept", best=best)
            if best
            else Sentence("there are no others")
        )
        notes.append(
            Sentence(
                "The weights of epoch {last} are missing or damaged; {which}.",
                last=last,
                which=which,
            )
        )
    run = replace(
        run,
        epochs=tuple(epochs),
        seconds=epochs[-1].seconds if epochs else run.seconds,
        notes=(*run.notes, *notes),
        best=best,
        weights_sha256=sha256,
    )
    return run, verdict if isinstance(verdict, Judged) and best == last else None


def _from_bundle(run: Run, paths: RunPaths) -> Run:
    # One that was cut off before there was a bundle has no weights either.
    with suppress(TrainingError):
        bundle = bundles.read(paths.bundle)
        return replace(run, intensities=bundle.intensities, labels_seen=labels_seen(bundle))
    return run


def _is_written(workbench: Workbench, closed: Iterable[str]) -> bool:
    """Write the index; where the disk refuses, what was handed over waits for the next write."""
    names = ", ".join(closed)
    if not names:
        return True
    try:
        workbench.folder.write_index()
    except ProjectError as refusal:
        workbench.notes += (
            Sentence(
                "What is known of {names}, cut off with segdesk, is in memory only: "
                "{problem} It is written with the next save.",
                names=names,
                problem=refusal.sentence,
            ),
        )
        return False
    return True


def _clear_bundles(workbench: Workbench) -> None:
    """No child works now, so nobody needs the bundles that are there, but for going on."""
    for run in workbench.project.runs:
        with suppress(OSError, ProjectError):
            paths = workbench.folder.runs.named(run.id)
            if not paths.kept_checkpoints():
                paths.clear_kept_bundle()
            elif _is_of_training(paths):
                kept_bundle.keep(paths)
            paths.clear_bundle()


def _is_of_training(paths: RunPaths) -> bool:
    """Whether a bundle is there that a run can go on with."""
    with suppress(TrainingError):
        return bundles.read(paths.bundle).train
    return False
