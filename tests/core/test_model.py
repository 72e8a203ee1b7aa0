"""A model in another project: which of its segments that project has."""

from __future__ import annotations

from dataclasses import replace

from tests.jobs.test_model_file import MODEL


def numbers(own: list[tuple[int, str]], here: list[tuple[int, str]]) -> list[int]:
    return [number for number, _ in replace(MODEL, segments=tuple(own)).among(here).segments]


def test_elsewhere_a_segment_is_known_by_number_and_name_and_else_by_name() -> None:
    assert numbers([(1, "Lung"), (2, "Heart")], [(1, "Lung"), (2, "Heart")]) == [1, 2]
    assert numbers([(1, "Lung"), (2, "Heart")], [(1, "Heart"), (3, " lung")]) == [3, 1]
    # A number alone says nothing: the heart is not the liver.
    assert numbers([(1, "Lung"), (2, "Heart")], [(1, "Lung"), (2, "Liver")]) == [1, 0]
    # Two of one name: first the one that has its number too.
    assert numbers([(1, "Node"), (2, "Node")], [(2, "Node"), (9, "Node")]) == [9, 2]
    assert numbers([(2, "Node"), (3, "Node")], [(2, "Node")]) == [2, 0]


def test_the_class_of_a_segment_is_its_place() -> None:
    model = replace(MODEL, segments=((4, "Lung"), (0, "Heart"), (2, "Airway")))
    assert [model.class_of(number) for number in (2, 4, 7)] == [3, 1, 0]
