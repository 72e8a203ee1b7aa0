"""Fill holes: background that a segment encloses becomes that segment."""

from __future__ import annotations

import numpy as np

from segdesk.app.labelling.operations.operation import (
    Operation,
    Progress,
    Proposal,
    Snapshot,
    Words,
)
from segdesk.app.labelling.options import Options, Switch
from segdesk.app.labelling.slate import Solid
from segdesk.ops.fill import box_around, holes
from segdesk.sentence import Sentence

ENCLOSED = Switch(
    "holes_enclosed",
    Sentence("Enclosed on all sides"),
    Sentence("Only what is closed off across the slices too, not on each slice by itself"),
    False,
)


class FillHoles(Operation):
    """On each slice, or in the whole scan; other segments inside stay."""

    id = "fill_holes"
    words = Words(
        name=Sentence("Fill holes of the segment"),
        tip=Sentence("Background that the active segment encloses becomes that segment"),
        done=Sentence("Fill holes"),
    )
    options = (ENCLOSED,)

    def run(self, snapshot: Snapshot, options: Options, progress: Progress) -> Proposal | None:
        segment = snapshot.labels == snapshot.segment
        box = box_around(segment)
        if box is None:
            return None
        labels = snapshot.labels[box.window]
        mask = np.zeros(box.shape, bool)
        parts = [slice(None)] if options[ENCLOSED] else range(len(mask))
        for done, part in enumerate(parts):
            progress(done, len(parts))
            mask[part] = holes(labels[part] == snapshot.segment) & (labels[part] == 0)
        progress(len(parts), len(parts))
        return Proposal(Solid(box, mask), snapshot.segment) if mask.any() else None
