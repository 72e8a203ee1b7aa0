"""Who teaches, who validates, who tests: the `Split` by patient, drawn once and kept."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from segdesk.errors import UsageError
from segdesk.sentence import Sentence

Pool = Literal["train", "validation", "test"]
POOLS: tuple[Pool, ...] = ("train", "validation", "test")
#: Shares of patients, 70 : 20 : 10.
SHARES: dict[Pool, float] = {"train": 0.7, "validation": 0.2, "test": 0.1}
#: From how many patients on a pool has at least one.
NEEDED_FROM: dict[Pool, int] = {"train": 1, "validation": 2, "test": 10}


class Fold(NamedTuple):
    """One of several equal parts of the patients: it validates while the others teach.

    Parameters
    ----------
    number : 1 to `of`
    of : parts, at least two
    """

    number: int
    of: int

    @classmethod
    def parsed(cls, text: str) -> Fold:
        """From words such as "2/5".

        Raises
        ------
        UsageError
            Where they are no fold.
        """
        number, _, of = text.partition("/")
        if all(part.isascii() and part.isdigit() and len(part) < 6 for part in (number, of)):
            fold = cls(int(number), int(of))
            if 1 <= fold.number <= fold.of and fold.of >= 2:
                return fold
        raise UsageError(
            Sentence("'{text}' is no fold.", text=text), "Write 2/5 for the second of five."
        )

    @property
    def name(self) -> str:
        return f"{self.number}/{self.of}"


@dataclass(frozen=True, slots=True)
class Split:
    """Pool of each patient, in the order they joined. Frozen; `joined` gives the next one."""

    seed: int = 0
    pools: tuple[tuple[str, Pool], ...] = ()

    def pool(self, patient: str) -> Pool | None:
        """The patient's pool, or None where they have not joined."""
        return dict(self.pools).get(patient)

    def joined(
        self, patients: Iterable[str], right: Mapping[str, tuple[int, int]] | None = None
    ) -> Split:
        """The split with new patients added; nobody who is in it moves.

        New patients are taken in an order drawn by the seed; each goes to the pool that is
        furthest below its share, and a pool that must have somebody comes first. Of those who
        join to teach and otherwise, the one with the most right slices teaches.

        Parameters
        ----------
        right : of each patient, how many slices are right and how many teach at all
        """
        pools = dict(self.pools)
        new = sorted({p for p in patients if p not in pools}, key=self._draw)
        taken = Counter(pools.values())
        for patient in new:
            pools[patient] = _neediest(taken)
            taken[pools[patient]] += 1
        if right and new:
            _let_the_richest_teach(pools, new, right)
        return Split(self.seed, tuple(pools.items()))

    def folded(self, fold: Fold, patients: Iterable[str]) -> Split:
        """The split in which a fold of these patients validates and their others teach.

        They are dealt out in an order drawn by the seed; who tests goes on testing.
        """
        pools = dict(self.pools)
        dealt = sorted({p for p in patients if pools.get(p, "test") != "test"}, key=self._draw)
        pools |= dict.fromkeys(dealt, "train")
        pools |= dict.fromkeys(dealt[fold.number - 1 :: fold.of], "validation")
        return Split(self.seed, tuple(pools.items()))

    def _draw(self, patient: str) -> str:
        return hashlib.sha256(f"{self.seed}:{patient}".encode()).hexdigest()


def _let_the_richest_teach(
    pools: dict[str, Pool], new: Sequence[str], right: Mapping[str, tuple[int, int]]
) -> None:
    """Of the new patients the one with the most right slices takes the place of one who teaches
    with fewer: a single slice of another patient must not hold back all of theirs.
    """

    def slices(patient: str) -> tuple[int, int]:
        return right.get(patient, (0, 0))

    richest = max(new, key=slices)
    learners = [patient for patient in new if pools[patient] == "train"]
    if not learners or pools[richest] == "train":
        return
    poorest = min(learners, key=slices)
    if slices(poorest) < slices(richest):
        pools[poorest], pools[richest] = pools[richest], pools[poorest]


def _neediest(taken: Counter[Pool]) -> Pool:
    count = taken.total() + 1
    for pool in POOLS:
        if not taken[pool] and count >= NEEDED_FROM[pool]:
            return pool
    allowed: list[Pool] = [pool for pool in POOLS if count >= NEEDED_FROM[pool]]

    def lack(pool: Pool) -> float:
        return SHARES[pool] * count - taken[pool]

    return max(allowed, key=lack)
