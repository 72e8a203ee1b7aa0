"""The mask of a case as of the save before, for where the newest one cannot be read."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from segdesk.core.case import Case
from segdesk.core.durable_files import final_name
from segdesk.core.regular_file import files_below
from segdesk.errors import ProjectError
from segdesk.sentence import Sentence
from segdesk.store.disk.disk_errors import reading
from segdesk.store.disk.layout import Layout
from segdesk.store.index import CaseState
from segdesk.store.parts import annotation_file

#: Nothing else: a copy that somebody has put beside a mask is theirs.
_NAME = re.compile(r"annotation-([1-9][0-9]{0,17})\.h5")


@dataclass(frozen=True, slots=True)
class PreviousMask:
    """A mask that can be read, older than the one that the index names.

    Parameters
    ----------
    case : as it is with this mask
    saved : when it was written, seconds since 1970
    """

    case: Case
    saved: float

    @property
    def when(self) -> str:
        """When it was saved, in words."""
        return _when(self.saved)

    @property
    def state(self) -> CaseState:
        """What the index says of it."""
        return CaseState.of(self.case)


def words(layout: Layout, case: Case) -> str:
    """When the mask of a case was saved, in words."""
    try:
        return _when(annotation_file.saved(layout.annotation(case.id, case.generation), case))
    except ProjectError:
        return Sentence("an earlier save")


def _when(saved: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(saved))


def generation_of(path: Path) -> int:
    """The number in the name of a mask's file, or of one that was being written; 0 for none."""
    match = _NAME.fullmatch(final_name(path))
    return int(match[1]) if match else 0


def older_generations(layout: Layout, case: str, generation: int) -> list[int]:
    """Numbers of a case's masks before a generation, the newest first.

    Raises
    ------
    ProjectError
        Where the folder of the case cannot be looked into.
    """
    with reading(Sentence("The folder of '{case}'", case=case)):
        found = [generation_of(path) for path in files_below(layout.case(case), "annotation-*.h5")]
    return sorted((number for number in found if 0 < number < generation), reverse=True)


def find(layout: Layout, case: Case) -> PreviousMask | None:
    """The newest mask before the one that the index names that can be read, or None.

    None too where the one that the index names can be read: then it was something else that failed,
    and nothing is to be taken instead.

    Raises
    ------
    ProjectError
        Where the folder of the case cannot be looked into.
    """
    numbers = older_generations(layout, case.id, case.generation)
    try:
        annotation_file.read(layout.annotation(case.id, case.generation), case)
    except ProjectError:
        pass
    else:
        return None
    return newest(layout, case, numbers)


def newest(
    layout: Layout, case: Case, numbers: Iterable[int], *, project: str = ""
) -> PreviousMask | None:
    """The first of a case's masks of these numbers that can be read, or None.

    Parameters
    ----------
    case : as the index says it, if one does; another file of the number that it names is not taken
    project : id of the project, no mask of another one is taken; empty: of any
    """
    for number in numbers:
        path = layout.annotation(case.id, number)
        try:
            found = annotation_file.read_part(path, case)
            said = found.case(case.id)
            if project not in ("", found.id):
                continue
            if number == case.generation and said.mask_sha256 != case.mask_sha256:
                continue
            older = replace(
                case,
                generation=number,
                statuses=said.statuses,
                complete=said.complete,
                mask_sha256=said.mask_sha256,
            )
            annotation_file.read(path, older)
            return PreviousMask(older, annotation_file.saved(path, case))
        except ProjectError:
            continue
    return None
