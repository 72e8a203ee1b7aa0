"""Widen: a segment grows by one voxel on each slice."""

from __future__ import annotations

import numpy as np

from segdesk.app.labelling.operations.operation import (
    Operation,
    Progress,
    Proposal,
    Snapshot,
    Words,
)
from segdesk.app.labelling.options import Options
from segdesk.app.labelling.slate import Solid
from segdesk.core.box import Box
from segdesk.sentence import Sentence


class Widen(Operation):
    """Into background alone."""

    id = "widen"
    words = Words(
        name=Sentence("Widen the segment"),
        tip=Sentence("The active segment grows by one voxel on each slice"),
        done=Sentence("Widen"),
    )

    def run(self, snapshot: Snapshot, options: Options, progress: Progress) -> Proposal | None:
        progress(0, 1)
        segment = snapshot.labels == snapshot.segment
        wider = segment.copy()
        wider[:, 1:] |= segment[:, :-1]
        wider[:, :-1] |= segment[:, 1:]
        wider[:, :, 1:] |= segment[:, :, :-1]
        wider[:, :, :-1] |= segment[:, :, 1:]
        wider &= snapshot.labels == 0
        progress(1, 1)
        if not wider.any():
            return None
        return Proposal(Solid(Box.whole(np.shape(wider)), wider), snapshot.segment)
