"""What is kept of a patient is what the document says."""

from __future__ import annotations

import re
from pathlib import Path

from segdesk.formats.privacy import KEPT_TAGS, clean, salted_hash

PAGE = Path(__file__).resolve().parents[2] / "docs" / "privacy.md"


def test_the_document_lists_exactly_the_tags_that_are_kept():
    assert tuple(re.findall(r"^\| `(\w+)` \|", PAGE.read_text("utf-8"), re.M)) == KEPT_TAGS


def test_no_kept_tag_names_a_person_a_place_or_a_day():
    forbidden = (
        r"Name$|(?<!U)ID$|Date|Time|Birth|Sex|Age|Address|Institution|Station|Serial|Physician"
    )
    telling = [tag for tag in KEPT_TAGS if re.search(forbidden, tag)]
    assert telling == ["ManufacturerModelName"]


def test_a_hash_needs_the_salt_and_an_identity():
    assert salted_hash("a", "P1") == salted_hash("a", " P1 ") != salted_hash("b", "P1")
    assert salted_hash("a", "") == salted_hash("a", "  ") == ""
    assert re.fullmatch(r"[0-9a-f]{16}", salted_hash("a", "P1"))


def test_a_kept_value_is_short_and_one_that_ran_into_the_next_is_dropped():
    assert clean(" Maker \0") == "Maker" and len(clean("x" * 99)) == 64
    assert clean("Maker\x10\0PN\x08\0DOE^JANE") == clean("two\nlines") == ""
