"""How many of something, in words: one text for all numbers, whose forms each language has.

English has two, others up to six; so no code of the window asks whether a number is 1.
"""

from __future__ import annotations

from segdesk.sentence import Sentence
from segdesk.ui.look.translations import translated


def voxels(count: int) -> str:
    return translated(Sentence.counted("1 voxel", "{n} voxels", count))


def slices(count: int) -> str:
    return translated(Sentence.counted("1 slice", "{n} slices", count))


def cases(count: int) -> str:
    return translated(Sentence.counted("1 case", "{n} cases", count))


def predictions(count: int) -> str:
    return translated(Sentence.counted("1 prediction", "{n} predictions", count))
