"""At which size slices are learnt where the Plan leaves it open.

Small slices learn fast and large ones show more, so it follows the seconds that are given, and
never leaves the smallest labelled piece fewer than nine pixels where the scan itself has more. What
was learnt before knows things at its own pixels, so fine-tuning keeps them where it can.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from segdesk.core.networks import network
from segdesk.core.run import Plan
from segdesk.jobs.bundle import Bundle, VolumeRef
from segdesk.jobs.messages import Note
from segdesk.learning.geometry import Scale, scale_for
from segdesk.learning.refine import MEANT, SLIPS
from segdesk.learning.refiner import pixel_share
from segdesk.learning.reporter import Reporter
from segdesk.learning.samples import Samples
from segdesk.ops.pieces import areas, smallest_meant
from segdesk.sentence import Sentence

#: Below so many seconds of training a shorter side is better. Measured on 26 slices of 256x256, six
#: labelled, at a side of 128 against 256: .967 against .958 at 15 s, .965 against .969 at 30 s.
SHORT_S, SHORT_SIDE = 20.0, 128
#: A side never grows beyond this by itself: a step of 512 takes four times as long as one of 256.
LARGEST_SIDE = 512
#: Slices that are looked at.
MOST_SLICES = 48
#: Between these sides the size of a start is kept, and down to this share of the usual one: a
#: network follows to finer pixels, as it does within each training, and coarser ones hide edges.
SMALLEST_KEPT, LARGEST_KEPT, COARSEST_KEPT = 32, LARGEST_SIDE, 2 / 3


def kept_scale(
    bundle: Bundle, volumes: Sequence[VolumeRef], usual: Scale, channel: Reporter
) -> Scale:
    """The scale of what a training begins with, or the usual one, which is said.

    Parameters
    ----------
    volumes : that teach
    """
    extents = [
        rows_or_columns * mm / own
        for volume in volumes
        if volume.pixel_mm is not None and bundle.pixel_mm is not None
        for rows_or_columns, mm, own in zip(
            volume.shape[1:], volume.pixel_mm, bundle.pixel_mm, strict=True
        )
    ]
    side = round(max(extents, default=max(bundle.input_shape)))
    least = max(SMALLEST_KEPT, COARSEST_KEPT * usual.side)
    if not least <= side <= LARGEST_KEPT:
        channel.send(
            Note(
                Sentence(
                    "Slices are learnt at {usual} pixels; at the size of what it begins with they "
                    "would have {side}.",
                    usual=usual.side,
                    side=side,
                )
            )
        )
        return usual
    return Scale(side, bundle.pixel_mm) if extents else scale_for(volumes, side)


def side_by_time(plan: Plan, side: int) -> int:
    """Pixels of the longer side by the minutes of a Plan.

    Parameters
    ----------
    side : without a limit of time
    """
    is_short = plan.max_minutes is not None and plan.max_minutes * 60.0 < SHORT_S
    if is_short and network(plan.network).schedule == "root" and side >= 2 * SHORT_SIDE:
        return SHORT_SIDE
    return side


def side_by_pieces(train: Samples, side: int) -> int:
    """Pixels of the longer side at which the smallest labelled piece of any segment is seen.

    Parameters
    ----------
    train : at `side`; of its slices those count that are complete for a segment
    side : pixels of the longer side

    Returns
    -------
    `side`, or more; never more than the slices have themselves, nor than LARGEST_SIDE
    """
    found: dict[int, list[float]] = {}
    own, least = side, math.inf
    for index in train.thinned(MOST_SLICES):
        frame = train.frame(index)
        share = pixel_share(frame)
        if share >= 1.0:
            continue
        own = max(own, round(side / math.sqrt(share)))
        # What has fewer pixels in the scan itself is no piece that anybody could see.
        least = min(least, MEANT * share)
        target = train.own_target(index)
        for place in train.complete(index):
            sizes = areas(target == place)
            found.setdefault(place, []).extend(float(size) * share for size in sizes)
    smallest = [smallest_meant(sizes, least=least, slips=SLIPS) for sizes in found.values()]
    fewest = min((size for size in smallest if size is not None), default=MEANT)
    wanted = math.ceil(side * math.sqrt(MEANT / fewest)) if fewest < MEANT else side
    return max(side, min(wanted, own, LARGEST_SIDE))
