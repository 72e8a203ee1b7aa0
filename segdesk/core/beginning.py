"""From what a run was begun: the `Beginning`, part of its record."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Beginning:
    """The weights that a run began with. Weights have no other name that nobody can give twice
    than their SHA-256.

    Parameters
    ----------
    home : name of the project or model file that had them; empty: this project
    run : id in it
    epoch, step : whose weights they were; step 0 where that was not kept
    sha256 : of the file of the weights, in hexadecimal digits
    """

    home: str
    run: str
    epoch: int
    step: int
    sha256: str
