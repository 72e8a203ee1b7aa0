"""Sentences: English that can still be said in another language, wherever it has been."""

from __future__ import annotations

import copy
import functools
import json
import pickle
import tracemalloc
from typing import cast

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segdesk.errors import InputError, UsageError
from segdesk.sentence import LONGEST, Sentence, kept, listed

DAMAGED = Sentence("The mask of '{case}' is damaged.", case="case-001")
SLICES = Sentence.counted("1 slice of {case}", "{n} slices of {case}", 1200, case="a")
BOTH = Sentence.joined((DAMAGED, "", SLICES))


def is_same(one: object, other: object) -> bool:
    if not isinstance(one, Sentence) or not isinstance(other, Sentence):
        return type(one) is type(other) and one == other
    return (
        one == other
        and (one.template, one.one, one.number) == (other.template, other.one, other.number)
        and one.values.keys() == other.values.keys()
        and all(is_same(value, other.values[name]) for name, value in one.values.items())
    )


def test_it_is_its_english_text() -> None:
    assert DAMAGED == "The mask of 'case-001' is damaged."
    assert SLICES == "1,200 slices of a"
    assert Sentence.counted("1 slice of {case}", "{n} slices of {case}", 1, case="a") == (
        "1 slice of a"
    )
    assert BOTH == "The mask of 'case-001' is damaged. 1,200 slices of a"
    assert f"{DAMAGED}" == DAMAGED and json.loads(json.dumps(DAMAGED)) == DAMAGED
    assert hash(DAMAGED) == hash("The mask of 'case-001' is damaged.")


def test_names_are_listed() -> None:
    assert listed(["a"]) == "a"
    assert listed(["a", "b"]) == "a and b"
    assert listed(iter(["a", "b", "c"])) == "a, b and c"


def test_a_value_is_filled_in_as_it_is() -> None:
    assert Sentence("{one} and {two}", one="{two}", two="{one}") == "{two} and {one}"
    # A name of the reader's own is no template.
    assert Sentence.of("{name} {0} {name.__class__}") == "{name} {0} {name.__class__}"


@pytest.mark.parametrize("sentence", [DAMAGED, SLICES, BOTH, Sentence("Brush")])
def test_it_comes_back_whole(sentence: Sentence) -> None:
    assert is_same(pickle.loads(pickle.dumps(sentence)), sentence)  # noqa: S301
    assert is_same(copy.deepcopy(sentence), sentence)
    assert is_same(Sentence.read(kept(sentence)), sentence)


@given(st.text())
def test_any_other_text_is_read_as_it_stands(text: str) -> None:
    assert Sentence.read(kept(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        '["',
        '["The {case} is damaged."]',
        '["{a.__class__}",{"a":1.5}]',
        '["{a}",{"a":null}]',
        '["{a}",{"a":[["b"],{}]}]',
        '["{a}",{"a":"b"},"two","one"]',
        '["{a}",{"a":' + '["{a}",{"a":' * 20_000,
    ],
)
def test_what_is_no_sentence_is_read_as_it_stands(text: str) -> None:
    assert is_same(Sentence.read(text), Sentence.of(text))


def test_a_strangers_template_reaches_nothing() -> None:
    read = Sentence.read('["{a.__class__} {a!r} {a:>9} {0} {} {b}",{"a":"x"}]')
    assert read == "{a.__class__} {a!r} {a:>9} {0} {} {b}"


def test_a_strangers_sentence_does_not_grow_without_bound() -> None:
    row: object = "x" * 1000
    for _ in range(12):
        row = ["{a}" * 100, {"a": row}]
    text = json.dumps(row)
    assert len(Sentence.read(text)) == len(text) < LONGEST


def test_what_a_strangers_sentence_keeps_beside_its_words_has_a_bound_too() -> None:
    row: object = ["{a}" * 182, {"a": "x" * 530}]
    for _ in range(13):
        row = ["{a}", {"a": row}]
    text = json.dumps(["t", {f"k{at}": row for at in range(300)}])
    tracemalloc.start()
    try:
        assert is_same(Sentence.read(text), Sentence.of(text))
        assert tracemalloc.get_traced_memory()[1] < 50e6
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "text",
    [
        '["a",{}]',
        Sentence.of('["b {x}",{"x":"y"}]'),
        Sentence("{a}", a='["a",{}]'),
        Sentence.joined(["a word"] * 40_000),
        functools.reduce(lambda said, _: Sentence("{said}.", said=said), range(20), DAMAGED),
    ],
    ids=["looks like one", "is one that looks so", "holds one that looks so", "long", "deep"],
)
def test_what_is_kept_is_read_as_the_same_words(text: str) -> None:
    assert Sentence.read(kept(text)) == text


def test_a_count_of_numpys_is_kept_as_any_other() -> None:
    counted = Sentence("Fill {slices} slices", slices=cast("int", np.int64(3)))
    assert Sentence.read(kept(counted)) == "Fill 3 slices"


def test_an_error_keeps_what_it_says() -> None:
    error = UsageError(DAMAGED, "Take another.")
    assert is_same(error.sentence, DAMAGED)
    assert is_same(error.hint, Sentence("Take another."))
    assert error.words == str(error) == "The mask of 'case-001' is damaged. Take another."
    assert is_same(pickle.loads(pickle.dumps(error)).sentence, DAMAGED)  # noqa: S301
    assert InputError("Nothing.").words == "Nothing."
