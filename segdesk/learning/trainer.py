"""The trainer's whole job: a bundle's folder in, messages and files out.

`segdesk trainer BUNDLE` calls `run_bundle` in a process of its own; anything else that has a
`Reporter` can call it just as well. What is decided while training stands in `fit`.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from segdesk.core.networks import network as catalogue_row
from segdesk.core.refinement import Refinement, said
from segdesk.core.run import Plan
from segdesk.core.run_in_use import Comparison
from segdesk.errors import Cancelled, SegdeskError, TrainingError
from segdesk.jobs import bundle as bundles
from segdesk.jobs.bundle import Bundle
from segdesk.jobs.messages import (
    PROTOCOL,
    Failed,
    Finished,
    Hello,
    Judged,
    Note,
    Refined,
    Started,
)
from segdesk.learning import backend
from segdesk.learning.arithmetic import PLAIN, is_worth_trying
from segdesk.learning.feed import Feed, first_batch
from segdesk.learning.fit import Ending, Fit
from segdesk.learning.geometry import Scale, framed, padded, scale_for
from segdesk.learning.predict import Predictor
from segdesk.learning.proposing import Proposer, propose
from segdesk.learning.refine import MOST_SLICES as MOST_REFINING
from segdesk.learning.refine import Decider
from segdesk.learning.reporter import Reporter
from segdesk.learning.resuming import Origin, newest_halts, take_up
from segdesk.learning.rival import Measured, measure
from segdesk.learning.run_folder import HeldRun
from segdesk.learning.samples import Samples
from segdesk.learning.stage import Stage, Stages, largest, predictor_of
from segdesk.learning.standing import Standing
from segdesk.learning.start import built_anew, built_for, first_network
from segdesk.learning.validation import MOST_SLICES
from segdesk.learning.working_size import kept_scale, side_by_pieces, side_by_time
from segdesk.sentence import Sentence

#: Cases that a sentence names; the rest are counted.
NAMED_CASES = 5
#: Labelled slices that decide what is done after the network, where a training was stopped.
MOST_WHEN_STOPPED = 12


def run_bundle(
    folder: Path,
    channel: Reporter,
    standing: Standing | None = None,
    *,
    root: Path | None = None,
) -> None:
    """Train and predict what a bundle asks for, and say how it ended.

    Errors that a person can mend are sent as Failed; any other is a bug and is raised.

    Parameters
    ----------
    folder : of the bundle, with its manifest
    channel : hears hello, started, the training's messages, and at last finished or failed
    standing : networks of the jobs before, where there were some
    root : of the bundle's paths, where it does not lie in the project; as `bundle.read`
    """
    standing = standing or Standing()
    channel.send(Hello(PROTOCOL, os.getpid(), backend.versions()))
    try:
        bundle = bundles.read(folder, root)
        held = HeldRun.of(bundle, folder)
        device = backend.prepare(bundle.plan.seed)
        try:
            if bundle.train:
                ending = _train(bundle, held, device, channel, standing)
            else:
                ending = _predict_only(bundle, held, channel, standing)
        finally:
            held.close()
    except SegdeskError as error:
        channel.send(Failed(error.sentence, error.hint))
    else:
        channel.send(Finished(ending.outcome, ending.reason, ending.best, ending.seconds))


def _train(
    bundle: Bundle,
    held: HeldRun,
    device: backend.Device,
    channel: Reporter,
    standing: Standing,
) -> Ending:
    plan, row = bundle.plan, catalogue_row(bundle.plan.network)
    _check_segments(bundle)
    taught = {lesson.case for lesson in bundle.lessons if lesson.pool == "train"}
    used = {lesson.case for lesson in bundle.lessons}
    if not taught:
        raise _nothing_teaches()
    found = newest_halts(held.paths(), bundle, channel) if bundle.resumes else []
    # What was learnt at one size goes on at it, whatever teaches now.
    scale = (
        Scale(found[0].side, found[0].pixel_mm)
        if found
        else _scale(bundle, held, taught, used, channel)
    )
    shapes = [scale.resampled(bundle.volume(case)) for case in sorted(used)]
    shape = framed(shapes, row)
    train, validation = (
        Samples(bundle, held.bundle(), pool, scale=scale, shape=shape)
        for pool in ("train", "validation")
    )
    _check_lessons(train)
    network = built_anew(found[0], shape) if found else first_network(bundle, shape)
    origin = Origin.of(
        bundle,
        found[0].built_for if found else built_for(bundle, shape),
        network.input_shape[-1],
        scale,
    )
    how = PLAIN
    if device.is_gpu and is_worth_trying(plan):
        how = standing.arithmetic(network, plan, first_batch(train, plan))
    learner = standing.learner(network, plan.network, plan.rate, how)
    resumed = take_up(learner, found, held.paths(), origin, channel) if found else None
    channel.send(
        Started(
            device=device.name,
            device_reason=device.reason,
            parameters=learner.network.count_params(),
            input_shape=largest(shapes),
            pixel_mm=scale.pixel_mm,
            train_slices=len(train),
            validation_slices=len(validation),
            built_for=origin.built_for,
            precision=how.precision,
            xla=how.xla,
        )
    )
    if unpromised := backend.unpromised():
        channel.send(Note(unpromised))
    _say_what_validates(validation, plan, channel)
    stages = Stages(train, validation, learner, bundle, scale)
    ending = Fit(
        learner,
        lambda samples, batch, drawn: Feed(
            samples,
            batch=batch,
            strength=plan.augmentation,
            partners=_partner_classes(bundle),
            seed=plan.seed,
            drawn=drawn,
        ),
        stages.of,
        plan,
        run=held,
        reporter=channel,
        proposer=Proposer(learner, bundle, held, channel),
        origin=origin,
        resumed=resumed,
    ).run()
    stage = ending.stage
    if stage is None:
        return ending
    is_used = _judge(ending, bundle, validation, stage.validation.chosen, channel, standing)
    refinements = _refine(ending, bundle, stage, channel)
    if ending.outcome == "finished" and is_used:
        predictor = stage.predictor.refined(refinements)
        return _predict(predictor, bundle, held, ending, channel)
    return ending


def _scale(
    bundle: Bundle, held: HeldRun, taught: set[str], used: set[str], channel: Reporter
) -> Scale:
    """How large the network's pixels are: by the Plan, or where that leaves it open by what it
    begins with, by the time and by what is labelled."""
    plan = bundle.plan
    volumes = [bundle.volume(case) for case in sorted(taught)]
    scale = scale_for(volumes, plan.size)
    if plan.size:
        return scale
    scale = scale_for(volumes, side_by_time(plan, scale.side))
    if bundle.start is not None:
        scale = kept_scale(bundle, volumes, scale, channel)
    shape = padded((scale.resampled(bundle.volume(case)) for case in sorted(used)), 1)
    side = side_by_pieces(
        Samples(bundle, held.bundle(), "train", scale=scale, shape=shape), scale.side
    )
    if side > scale.side:
        channel.send(
            Note(
                Sentence(
                    "Slices are learnt at {side} pixels, not {usual}: the smallest labelled piece "
                    "would be too small to be seen.",
                    side=side,
                    usual=scale.side,
                )
            )
        )
    return scale if side == scale.side else scale_for(volumes, side)


def _refine(
    ending: Ending, bundle: Bundle, stage: Stage, channel: Reporter
) -> tuple[Refinement, ...]:
    """Decide what is done to the network's answers, where its row of the catalogue asks for it."""
    if not catalogue_row(bundle.plan.network).refined or ending.nothing_learnt:
        return ()
    # Somebody waits for the end of a stopped training.
    most = MOST_REFINING if ending.outcome == "finished" else MOST_WHEN_STOPPED
    decider = Decider(bundle, stage.train, stage.validation.samples, stage.predictor)
    refinements = decider.decide(most)
    channel.send(Refined(refinements))
    sentence = said(refinements, dict(bundle.segments))
    if sentence is not None:
        channel.send(Note(sentence))
    return refinements


def _judge(
    ending: Ending,
    bundle: Bundle,
    samples: Samples,
    chosen: Sequence[int],
    channel: Reporter,
    standing: Standing,
) -> bool:
    """Measure the run in use on the same slices and say what both are worth.

    Returns
    -------
    Whether the run that was trained is used from now on.
    """
    rival, found = bundle.rival, Measured(None)
    other = rival.run if rival is not None else ""
    if rival is not None and ending.dice is not None and not ending.nothing_learnt:
        found = measure(rival, bundle, samples, chosen, channel, standing)
    channel.send(
        Judged(ending.nothing_learnt, len(chosen), ending.dice, other, found.dice, found.problem)
    )
    compared = Comparison(
        run=bundle.run,
        dice=ending.dice,
        slices=len(chosen),
        other=other,
        other_dice=found.dice,
        problem=found.problem,
    )
    return compared.is_won and not ending.nothing_learnt


def _predict_only(bundle: Bundle, held: HeldRun, channel: Reporter, standing: Standing) -> Ending:
    if bundle.own is None:
        raise TrainingError("The run has no weights.", "Choose a run that has a finished epoch.")
    forward = standing.answering(bundle.own, bundle.input_shape)
    scale = Scale(max(bundle.input_shape), bundle.pixel_mm)
    predictor = predictor_of(bundle, scale, forward)
    predictor = predictor.refined(bundle.own.refinements)
    if not bundle.predict and bundle.preview is not None:
        return _look(predictor, bundle, bundle.own.step, held, channel)
    return _predict(
        predictor, bundle, held, Ending("finished", _predicted(bundle), 0, 0.0), channel
    )


def _look(
    predictor: Predictor, bundle: Bundle, step: int, held: HeldRun, channel: Reporter
) -> Ending:
    """Propose one slice, with the weights that a run has kept since a step."""
    case, index = bundle.preview or ("", 0)
    volume = bundle.volume(case)
    if not 0 <= index < volume.shape[0]:
        raise TrainingError(Sentence("Case {case} has no slice {index}.", case=case, index=index))
    try:
        propose(predictor, volume, index, held, step=step, reporter=channel)
    except OSError as error:
        raise TrainingError(
            Sentence("What the network makes of case {case} could not be written.", case=case),
            "Free some disk space.",
        ) from error
    return Ending("finished", Sentence("Looked at {case}.", case=case), 0, 0.0)


def _predicted(bundle: Bundle) -> str:
    """What a prediction alone says at its end."""
    return Sentence("Predicted {cases}.", cases=_named(bundle.predict))


def _named(cases: Sequence[str]) -> str:
    named = list(cases[:NAMED_CASES])
    if len(cases) > NAMED_CASES:
        named.append(Sentence("{count} more", count=len(cases) - NAMED_CASES))
    return Sentence.joined(named, ", ")


def _predict(
    predictor: Predictor, bundle: Bundle, held: HeldRun, ending: Ending, channel: Reporter
) -> Ending:
    """Predict the cases that were asked for; a stop leaves the rest out."""
    # It is asked for after each batch.
    channel.leave_on_stop = False
    refused: list[str] = []
    for done, case in enumerate(bundle.predict):
        try:
            predictor.case(bundle.volume(case), held, channel)
        except TrainingError as error:
            # Of this case alone.
            refused.append(case)
            channel.send(Note(error.words))
        except Cancelled:
            reason = Sentence(
                "Stopped after predicting {done} of {count} cases.",
                done=done,
                count=len(bundle.predict),
            )
            return Ending("stopped", reason, ending.best, ending.seconds)
    if refused:
        reason = Sentence(
            "{reason} Not predicted: {named}.", reason=ending.reason, named=_named(refused)
        )
        return replace(ending, reason=reason)
    return ending


def _check_segments(bundle: Bundle) -> None:
    if not bundle.segments:
        raise TrainingError("The project has no segment to learn.", "Add a segment and paint it.")
    if catalogue_row(bundle.plan.network).binary and len(bundle.segments) > 1:
        raise TrainingError(
            Sentence(
                "The network {network} can learn one segment only, and the project has {count}.",
                network=bundle.plan.network,
                count=len(bundle.segments),
            ),
            "Choose unet_fast or unet.",
        )


def _check_lessons(train: Samples) -> None:
    if not len(train):
        raise _nothing_teaches()
    if not train.has_background:
        raise TrainingError(
            "There is no background voxel to learn from.",
            "Call a slice right, or paint some background with the eraser.",
        )


def _nothing_teaches() -> TrainingError:
    return TrainingError(
        "No slice of the training pool teaches anything yet.",
        "Correct a slice and say that it is right, or paint on one.",
    )


def _say_what_validates(validation: Samples, plan: Plan, channel: Reporter) -> None:
    if not plan.validates:
        channel.send(
            Note(Sentence("All slices teach and none validates, so the last weights are kept."))
        )
    elif not len(validation):
        channel.send(
            Note(Sentence("There is no validation slice yet, so the last weights are kept."))
        )
    elif len(validation) > MOST_SLICES:
        channel.send(
            Note(
                Sentence(
                    "Each epoch is validated on {some} of the {count} slices.",
                    some=MOST_SLICES,
                    count=len(validation),
                )
            )
        )


def _partner_classes(bundle: Bundle) -> tuple[tuple[int, int], ...]:
    """Left/right partners as classes: in a target, segments are counted, not numbered."""
    classes = {number: place for place, (number, _) in enumerate(bundle.segments, start=1)}
    return tuple(
        (classes[first], classes[second])
        for first, second in bundle.partners
        if first in classes and second in classes
    )
