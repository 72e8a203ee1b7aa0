"""What is done to a network's answer for one segment, as the labelled slices have decided it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from segdesk.sentence import Sentence

#: Weights of a learned edge.
EDGE_WEIGHTS = 9


@dataclass(frozen=True, slots=True)
class Refinement:
    """Belongs to a run and is part of its predictions, never of a mask.

    Parameters
    ----------
    segment : number
    least_piece : a connected piece is left out where each of its cross-sections has fewer pixels of
        the network's size; 0 where none is left out
    fills_holes : background that the segment encloses in a slice becomes the segment
    edge : weights of the learned edge (`ops.edge`), EDGE_WEIGHTS or none where it is not used
    edge_before, edge_after : Dice without and with it on slices that it did not learn from, by
        which that was decided; None where there were none. Slices that the network learnt from
        flatter what it says alone, so there the second may be a little smaller
    """

    segment: int
    least_piece: float = 0.0
    fills_holes: bool = False
    edge: tuple[float, ...] = ()
    edge_before: float | None = None
    edge_after: float | None = None

    def __post_init__(self) -> None:
        if len(self.edge) not in (0, EDGE_WEIGHTS) or not all(map(math.isfinite, self.edge)):
            raise ValueError(f"expected {EDGE_WEIGHTS} finite weights or none")
        if not (0.0 <= self.least_piece < math.inf):
            raise ValueError(f"expected pixels, received least_piece={self.least_piece}")
        for dice in (self.edge_before, self.edge_after):
            if dice is not None and not (0.0 <= dice <= 1.0):
                raise ValueError(f"expected a Dice, received {dice}")
        if not (0 < self.segment <= 255):
            raise ValueError(f"expected a number of a segment, received segment={self.segment}")


def refinement_of(fields: dict[str, Any]) -> Refinement:
    """From what `dataclasses.asdict` made of it, gone through JSON.

    Raises
    ------
    ValueError, TypeError
        Where it is none.
    """
    edge = tuple(map(float, fields.pop("edge")))
    return Refinement(**fields, edge=edge)


def said(refinements: tuple[Refinement, ...], names: dict[int, str]) -> Sentence | None:
    """One sentence on what is done to the answers of a run; None where nothing is."""
    parts: list[str] = []
    for row in refinements:
        done: list[str] = []
        if row.least_piece:
            done.append(Sentence("small pieces left out"))
        if row.edge and row.edge_before is not None and row.edge_after is not None:
            before, after = f"{row.edge_before:.4f}", f"{row.edge_after:.4f}"
            if row.edge_after > row.edge_before:
                done.append(
                    Sentence("edge learnt, Dice {before} to {after}", before=before, after=after)
                )
            else:
                done.append(
                    Sentence(
                        "edge learnt (Dice {before} to {after} on slices that the network "
                        "has learnt too)",
                        before=before,
                        after=after,
                    )
                )
        if row.fills_holes:
            done.append(Sentence("holes filled"))
        if done:
            name = names.get(row.segment, str(row.segment))
            parts.append(Sentence("{name}: {done}", name=name, done=Sentence.joined(done, ", ")))
    if not parts:
        return None
    return Sentence("After the network: {parts}.", parts=Sentence.joined(parts, "; "))
