"""How the slices of a case take part in a training, in numbers: the `Share`.

`app.runs.teaching` chooses the slices, a Run keeps their Shares, `app.runs.lessons` says them in
words.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Share:
    """Slices of one case, by what they do; unlabelled ones do nothing and are not counted.

    Parameters
    ----------
    case : id
    teach, validate : learnt from, and measured on
    between : right, but next to slices that validate, so they would flatter the figure
    test : kept for the test
    in_part : drawn in part in a case that validates, which only whole slices do
    predicted : taken from a prediction, and nobody has said that they are right
    rejected : not to be used
    """

    case: str
    teach: int = 0
    validate: int = 0
    between: int = 0
    test: int = 0
    in_part: int = 0
    predicted: int = 0
    rejected: int = 0
