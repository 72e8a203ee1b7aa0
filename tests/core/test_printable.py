"""What a stranger's name holds never commands a terminal, a log or the order of letters."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segdesk.core.printable import printable


@pytest.mark.parametrize("name", ["Lunge rechts", "폐 좌측", "µ-CT [1]", "naïve", "👩‍⚕️ ok", "शरीर"])
def test_names_of_this_world_stay_as_they_are(name: str) -> None:
    assert printable(name) == name


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("\x1b[2Jlung", "�[2Jlung"),
        ("lung\a\b\r", "lung���"),
        ("gnl\u202eung.exe", "gnl�ung.exe"),
        ("\u2067lung\u2069", "�lung�"),
        ("\x9b31mlung", "�31mlung"),
        ("lung\u2028ERROR", "lung�ERROR"),
        ("a\tb", "a�b"),
        ("two\nlines", "two\nlines"),
        ("\ud800", "�"),
    ],
)
def test_what_commands_is_replaced(name: str, shown: str) -> None:
    assert printable(name) == shown


@given(st.text())
def test_no_control_character_but_an_end_of_line_is_left(text: str) -> None:
    kinds = {unicodedata.category(one) for one in printable(text) if one != "\n"}
    assert not kinds & {"Cc", "Cs", "Zl", "Zp"}
    assert len(printable(text)) == len(text)
