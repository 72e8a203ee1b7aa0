"""What a repair would make of each damaged case, said before anybody begins one."""

from __future__ import annotations

import sys
from collections.abc import Generator
from contextlib import suppress
from pathlib import Path

from segdesk.core.case import Case
from segdesk.errors import ProjectError, SegdeskError
from segdesk.sentence import Sentence
from segdesk.store import previous_mask
from segdesk.store.checking import Checked
from segdesk.store.disk.layout import Layout
from segdesk.store.parts import volume_file


def outlook(path: Path, found: Checked) -> tuple[Sentence, ...]:
    """A few sentences for each case whose scan or mask is damaged. Any thread; reads only.

    Parameters
    ----------
    path : of the project that was looked through
    """
    layout = Layout(path)
    known = {case.id: case for case in found.project.cases} if found.project is not None else {}
    scans = {one.case for one in found.findings if one.what == "scan"}
    masks = {one.case for one in found.findings if one.what == "mask"}
    is_indexed = all(one.what != "index" for one in found.findings)
    damaged = dict.fromkeys(one.case for one in found.findings if one.what in ("scan", "mask"))
    said: list[Sentence] = []
    for id in damaged:
        case = known.get(id)
        if case is not None:
            project = "" if found.project is None else found.project.id
            said += _of(
                layout, case, project, scan=id in scans, mask=id in masks, is_indexed=is_indexed
            )
        elif not _says_its_case(layout, id):
            said.append(
                Sentence(
                    "A repair leaves out '{case}', because no file says its scan; its files "
                    "are kept.",
                    case=id,
                )
            )
    return tuple(said)


def _of(
    layout: Layout, case: Case, project: str, *, scan: bool, mask: bool, is_indexed: bool
) -> Generator[Sentence, None, None]:
    try:
        layout.annotation(case.id, case.generation)
    except ProjectError:
        yield Sentence(
            "A repair leaves out '{case}', because nobody can look into its folder; what the "
            "journals have of it is kept.",
            case=case.id,
        )
        return
    if mask:
        previous = None
        with suppress(ProjectError):
            # As a repair looks for it: one that is newer than the index says is of a failed save.
            numbers = previous_mask.older_generations(layout, case.id, sys.maxsize)
            previous = previous_mask.newest(layout, case, numbers, project=project)
        yield (
            Sentence(
                "A repair begins with the mask of '{case}' of {when} and does again what the "
                "journals have since.",
                case=case.id,
                when=previous.when,
            )
            if previous is not None
            else Sentence(
                "A repair begins with an empty mask and does again what the journals have: "
                "no older mask of '{case}' can be read.",
                case=case.id,
            )
        )
    else:
        yield (
            Sentence(
                "The mask of '{case}' is whole: it can be exported, and a repair keeps it.",
                case=case.id,
            )
            if is_indexed
            else Sentence("The mask of '{case}' is whole, and a repair keeps it.", case=case.id)
        )
    if scan and is_indexed:
        yield Sentence(
            "To put the scan of '{case}' back, import the same scan again.", case=case.id
        )
    elif scan:
        yield Sentence(
            "To put the scan of '{case}' back, import the same scan into the new project.",
            case=case.id,
        )


def _says_its_case(layout: Layout, id: str) -> bool:
    try:
        volume_file.read_part(layout.volume(id), id)
    except SegdeskError:
        return False
    return True
