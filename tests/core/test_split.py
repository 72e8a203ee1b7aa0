"""Nobody moves, every pool gets somebody in time, and shares come out."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segdesk.core.split import SHARES, Fold, Split
from segdesk.errors import UsageError

PATIENTS = st.lists(st.text(max_size=6), max_size=40)


def sizes(split: Split) -> Counter[str]:
    return Counter(pool for _, pool in split.pools)


@given(st.lists(PATIENTS, max_size=6), st.integers(0, 99))
def test_nobody_who_is_in_ever_moves(batches: list[list[str]], seed: int) -> None:
    split = Split(seed)
    for batch in batches:
        before = split
        split = split.joined(batch)
        assert split.pools[: len(before.pools)] == before.pools
        assert {patient for patient, _ in split.pools} == {p for p, _ in before.pools} | {*batch}
        assert len(split.pools) == len(dict(split.pools))


@given(st.lists(st.integers(1, 5), max_size=12), st.integers(0, 99))
def test_one_validates_from_two_on_and_one_tests_from_ten_on(counts: list[int], seed: int) -> None:
    split, patients = Split(seed), 0
    for count in counts:
        split = split.joined(f"patient {number}" for number in range(patients, patients + count))
        patients += count
        pools = sizes(split)
        assert pools["train"] >= 1
        assert (pools["validation"] >= 1) is (patients >= 2)
        assert (pools["test"] >= 1) is (patients >= 10)


@given(st.integers(10, 200), st.integers(0, 99), st.booleans())
def test_shares_are_met_within_one_patient_however_they_come(
    count: int, seed: int, one_by_one: bool
) -> None:
    patients = [str(number) for number in range(count)]
    split = Split(seed)
    for batch in [[patient] for patient in patients] if one_by_one else [patients]:
        split = split.joined(batch)
    for pool, share in SHARES.items():
        assert abs(sizes(split)[pool] - share * count) <= 1.5


@given(st.sets(st.text(max_size=5), max_size=30), st.integers(0, 99), st.randoms())
def test_one_batch_gives_one_split_whatever_its_order(
    patients: set[str], seed: int, random: object
) -> None:
    shuffled = list(patients)
    random.shuffle(shuffled)
    assert Split(seed).joined(shuffled) == Split(seed).joined(sorted(patients))


def test_another_seed_draws_another_split() -> None:
    patients = [str(number) for number in range(40)]
    assert len({Split(seed).joined(patients).pools for seed in range(5)}) == 5


def test_joining_again_changes_nothing_and_a_stranger_has_no_pool() -> None:
    split = Split().joined(["a", "b"])
    assert split.joined(["b", "a", "a"]) == split
    assert split.pool("a") in SHARES
    assert split.pool("c") is None


@given(
    st.dictionaries(
        st.text(max_size=4), st.tuples(st.integers(0, 50), st.integers(0, 50)), min_size=1
    ),
    st.integers(0, 99),
)
def test_of_those_who_join_together_the_one_with_the_most_right_slices_teaches(
    right: dict[str, tuple[int, int]], seed: int
) -> None:
    split = Split(seed).joined(right, right)
    assert sizes(split) == sizes(Split(seed).joined(right))
    most = max(right.values())
    assert any(split.pool(patient) == "train" for patient in right if right[patient] == most)


def test_who_has_joined_teaches_or_not_as_before_whoever_comes_with_more() -> None:
    split = Split().joined(["a"]).joined(["b"], {"a": (1, 1), "b": (117, 117)})
    assert split.pools == (("a", "train"), ("b", "validation"))


@given(st.integers(0, 99), st.integers(2, 6), st.integers(0, 30))
def test_each_patient_validates_in_one_fold_and_teaches_in_the_others(
    seed: int, of: int, count: int
) -> None:
    patients = [f"patient-{number}" for number in range(count)]
    split = Split(seed).joined([*patients, "stranger"])
    split = replace(split, pools=(*split.pools, ("held", "test")))
    asked = [*patients, "held", "unknown"]
    folds = [dict(split.folded(Fold(number, of), asked).pools) for number in range(1, of + 1)]
    for patient in patients:
        found = [fold[patient] for fold in folds]
        if split.pool(patient) == "test":
            assert set(found) == {"test"}
        else:
            assert sorted(found) == ["train"] * (of - 1) + ["validation"]
    sizes = [sum(fold[patient] == "validation" for patient in patients) for fold in folds]
    assert max(sizes) - min(sizes) <= 1
    assert all(fold["held"] == "test" and "unknown" not in fold for fold in folds)
    assert all(fold["stranger"] == split.pool("stranger") for fold in folds)


@pytest.mark.parametrize("text", ["", "2", "0/5", "6/5", "1/1", "-1/5", "1/5/2", "²/5", "a/b"])
def test_what_is_no_fold_is_refused_in_words(text: str) -> None:
    with pytest.raises(UsageError, match="is no fold"):
        Fold.parsed(text)
    assert Fold.parsed("2/5") == (2, 5) and Fold(2, 5).name == "2/5"
