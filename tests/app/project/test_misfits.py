"""Changes of the journal that do not fit, however many there are."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from segdesk.app.project.recovered import follow
from segdesk.core.annotation import Annotation
from segdesk.core.box import Box
from segdesk.core.edit import Edit, Patch, Planes
from segdesk.core.grid import Grid
from segdesk.core.history import History
from segdesk.core.project import Project
from segdesk.store.project_folder import Opened


class Id(str):
    """A case's id that counts how often it is compared."""

    __slots__ = ()
    compared: ClassVar[list[int]] = []

    def __eq__(self, other: object) -> bool:
        self.compared.append(1)
        return str.__eq__(self, other)

    __hash__ = str.__hash__


def test_what_does_not_fit_costs_as_much_as_there_is_of_it_and_not_its_square() -> None:
    """In turn of two cases, and what is in the mask already in between."""
    box = Box(0, 1, 0, 2, 0, 2)
    two, three, zero = (np.full((1, 2, 2), value, np.uint8) for value in (2, 3, 0))
    other = (Patch.of(box, Planes(two, three, zero, zero)),)
    there = (Patch.of(box, Planes(two, zero, zero, zero)),)
    count, made = 400, Annotation(Grid((1, 2, 2), (1.0, 1.0, 1.0)))
    edits = tuple(
        Edit(f"{at}", Id(f"case-{at % 2}"), patches=there if at % 5 == 0 else other)
        for at in range(count)
    )
    tried = list[str]()

    def refuse(edit: Edit) -> None:
        raise ValueError(edit.name)

    def mask(case: str) -> Annotation:
        tried.append(case)
        return made

    Id.compared.clear()
    misfits = follow(
        Opened(Project("id"), edits, ()),
        History(),
        {},
        note=lambda edit: None,
        apply=refuse,
        mask=mask,
    )
    assert len(Id.compared) <= 4 * count and len(tried) == count
    assert misfits == [edit for at, edit in enumerate(edits) if at % 5]
    assert made.revision == 2 * len([edit for edit in edits if edit.patches is there])
