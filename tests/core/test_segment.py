"""The table of segments: numbers never change by themselves."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segdesk.core.segment import COLOURS, Segment, SegmentTable
from segdesk.errors import UsageError

SEGMENTS = st.builds(
    Segment,
    number=st.integers(1, 255),
    name=st.text(min_size=1, max_size=8).filter(str.strip),
    colour=st.sampled_from(COLOURS),
    locked=st.booleans(),
)


@given(st.lists(SEGMENTS, max_size=20), st.integers(1, 255))
def test_a_table_is_a_dictionary_by_number_in_order(puts: list[Segment], gone: int) -> None:
    table, plain = SegmentTable(), dict[int, Segment]()
    for segment in puts:
        table = table.put(segment)
        plain[segment.number] = segment
    table = table.without(gone)
    plain.pop(gone, None)
    assert table.numbers == tuple(sorted(plain))
    assert list(table) == [plain[number] for number in sorted(plain)]
    assert len(table) == len(plain)
    assert all(table[number] == plain[number] for number in plain)
    assert (gone in table) is False
    assert table.locked == {number for number, segment in plain.items() if segment.locked}


@given(st.sets(st.integers(1, 255), max_size=254))
def test_a_new_segment_takes_the_lowest_free_number(taken: set[int]) -> None:
    table = SegmentTable(tuple(Segment(n, "x", COLOURS[0]) for n in sorted(taken)))
    lowest = min(set(range(1, 256)) - taken)
    assert table.next_free() == lowest
    assert table.new().number == lowest
    assert table.new().name == f"Segment {lowest}"


def test_a_full_table_says_so() -> None:
    table = SegmentTable(tuple(Segment(n, "x", COLOURS[0]) for n in range(1, 256)))
    with pytest.raises(UsageError, match="All 255"):
        table.next_free()


def test_a_new_segment_may_have_a_number_and_a_name() -> None:
    segment = SegmentTable().new("  Liver ", number=9)
    assert (segment.number, segment.name, segment.colour) == (9, "Liver", COLOURS[8 % len(COLOURS)])


def test_renaming_changes_the_name_and_nothing_else() -> None:
    lung = Segment(3, "Lung", COLOURS[0], partner=4, locked=True)
    table = SegmentTable((lung,)).renamed(3, " Left lung ")
    assert table[3] == replace(lung, name="Left lung")
    with pytest.raises(UsageError, match="needs a name"):
        table.renamed(3, "  ")
    with pytest.raises(UsageError, match="no segment 5"):
        table.renamed(5, "Heart")


def test_a_colour_is_three_numbers_of_a_byte() -> None:
    assert Segment(1, "Lung", "#56b4e9").rgb == (0x56, 0xB4, 0xE9)


@pytest.mark.parametrize(("number", "name"), [(0, "x"), (256, "x"), (1, ""), (1, "  ")])
def test_a_segment_without_a_number_or_a_name_is_refused(number: int, name: str) -> None:
    with pytest.raises(ValueError, match="expected a"):
        Segment(number, name, COLOURS[0])
