"""Numbers as people type them: as meant, or refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segdesk.core import numbers
from segdesk.errors import UsageError


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.001", 0.001),
        ("0,001", 0.001),
        ("1e-3", 0.001),
        ("1E-3", 0.001),
        ("2,5", 2.5),
        ("2.5", 2.5),
        (" 2.5 ", 2.5),
        (",5", 0.5),
        (".5", 0.5),
        ("5.", 5.0),
        ("1,02", 1.02),
        ("1,0240", 1.024),
        ("1234,567", 1234.567),
        ("1,024e0", 1.024),
        ("007", 7.0),
        ("-3,5", -3.5),
    ],
)
def test_a_decimal_is_what_was_meant(text: str, value: float) -> None:
    assert numbers.decimal(text) == value


@pytest.mark.parametrize("text", ["1,024", "1.024", "12,345", "123.456", "-1,000"])
def test_what_can_be_read_in_two_ways_is_refused_and_both_are_named(text: str) -> None:
    with pytest.raises(UsageError) as refused:
        numbers.decimal(text)
    digits = text.lstrip("-").replace(",", "").replace(".", "")
    assert "two ways" in refused.value.sentence
    assert digits in refused.value.hint and f".{digits[-3:]}0" in refused.value.hint


def test_a_command_line_has_one_sign_that_never_groups() -> None:
    assert numbers.decimal("1.024", grouping=",") == 1.024
    with pytest.raises(UsageError):
        numbers.decimal("1,024", grouping=",")


NO_NUMBERS = (
    *("", " ", ".", ",", "e3", "1e", "1,2,3", "1.2.3", "1,234.5", "1 024", "1'024", "1_0", "--1"),
    *("0x1", "nan", "inf", "10²", "½", "٣", "5 mm"),
)


@pytest.mark.parametrize("text", NO_NUMBERS)
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        numbers.decimal(text)


@pytest.mark.parametrize("text", ["1,024", "1.024", "16.0", "1e2", "1 024", "", "½", "1_0"])
def test_a_whole_number_takes_digits_alone(text: str) -> None:
    with pytest.raises(UsageError):
        numbers.whole(text)


@given(st.integers(-(10**15) + 1, 10**15 - 1))
def test_a_whole_number_is_read_back(value: int) -> None:
    assert numbers.whole(str(value)) == value
    assert numbers.shown(value) == str(value)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_what_is_shown_is_all_of_the_number(value: float) -> None:
    assert float(numbers.shown(value)) == value
    assert "," not in numbers.shown(value)
