"""A `Project` as HDF5 groups, and back: the layout of project.h5.

    /               format, version, needs, id, generation, journal (the id of journal-N)
    segments/       number, name, colour, meaning, partner, visible, locked: columns; spent:
                    numbers that no other segment gets
    cases/          columns, see `case_codec`
    split           seed; patients and pools, one row for each patient
    runs/ID         order, started, …; plan, intensities, curves (one column for each figure)
    settings        names and values
    in_use          chosen, by_hand, reason, slices; runs and dice on which it was chosen

A figure of a curve that was not measured is NaN. `project_file` writes and reads the whole file. A
case's own files hold a project of that case alone, its `part`, so that an index can be made anew
from them. A change here needs a new VERSION and a migration.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Literal

import numpy as np

from segdesk.core.case import Case
from segdesk.core.project import Project
from segdesk.core.segment import Segment, SegmentTable
from segdesk.core.split import POOLS, Split
from segdesk.errors import ProjectError
from segdesk.sentence import Sentence
from segdesk.store.disk.names import checked_id
from segdesk.store.parts.case_codec import cases_of, put_cases
from segdesk.store.parts.hdf5 import Group, NewGroup
from segdesk.store.parts.run_codec import decode_in_use, decode_run, encode_in_use, encode_run
from segdesk.store.parts.value_codec import one_of, pairs_of, put_pairs

#: The group of a case's own file that holds the case.
PART = "part"
#: Of a case, in words.
_FILES = {"mask": Sentence("mask"), "scan": Sentence("scan")}
_JOURNAL = re.compile(r"(?:[0-9a-f]{32})?")


def encode(project: Project, root: NewGroup) -> None:
    """Put a project into the root group of a new file."""
    root.put(id=project.id, journal=project.journal)
    _put_segments(project.segments, root.group("segments"))
    put_cases(project.cases, root.group("cases"))
    split = root.group("split")
    split.put(seed=project.split.seed)
    split.texts("patients", [patient for patient, _ in project.split.pools])
    split.texts("pools", [pool for _, pool in project.split.pools])
    runs = root.group("runs")
    for order, run in enumerate(project.runs):
        encode_run(run, order, runs.group(checked_id(run.id, what="run")))
    put_pairs(root.group("settings"), project.settings)
    encode_in_use(project.in_use, root.group("in_use"))


def link_files(project: Project, root: NewGroup) -> None:
    """Links beside what `encode` has put to the other files of the folder, for people with h5py."""
    volumes, masks, runs = root.group("volumes"), root.group("annotations"), root.again("runs")
    for case in project.cases:
        volumes.link_file(case.id, f"cases/{case.id}/volume.h5")
        if case.generation:
            masks.link_file(case.id, f"cases/{case.id}/annotation-{case.generation}.h5")
    for run in project.runs:
        predicted = runs.again(run.id).group("predictions")
        for case in project.cases:
            if run.id in case.predictions:
                predicted.link_file(case.id, f"runs/{run.id}/predictions/{case.id}.h5")


def part(project: Project, case: Case) -> Project:
    """What a file of one case keeps of a project: the case; the pools of all; segments, settings.

    All pools, because a case that nobody has drawn on has no file of its own that could tell its
    patient's, should the index be lost.

    Parameters
    ----------
    case : as it is in that file
    """
    # No file holds its own checksum.
    case = replace(case, mask_sha256="")
    pools = dict(project.split.pools)
    for other in project.cases:
        if other.pool is not None and other.id != case.id:
            pools |= dict.fromkeys(other.patients, other.pool)
    return Project(
        id=project.id,
        cases=(case,),
        segments=project.segments,
        split=Split(project.split.seed, tuple(pools.items())),
        settings=project.settings,
    )


def check_same(word: Literal["mask", "scan"], case: Case, root: Group) -> None:
    """Refuse a file that belongs to another case, or to another scan of that name.

    Parameters
    ----------
    word : what the file holds, for the sentence
    root : of the file

    Raises
    ------
    ProjectError
        Where its part is not the case's.
    """
    cases = root.group(PART).group("cases")
    (id,), (fingerprint,) = cases.texts("ids"), cases.texts("fingerprints")
    if id != case.id:
        sentence = Sentence(
            "In the place of the {file} of '{case}' lies the one of '{id}'.",
            file=_FILES[word],
            case=case.id,
            id=id[:80],
        )
    elif fingerprint != case.fingerprint:
        sentence = Sentence(
            "The {file} of '{case}' belongs to another scan of that name.",
            file=_FILES[word],
            case=case.id,
        )
    else:
        return
    raise ProjectError(sentence, "Put the files back where they were, from a copy of the project.")


def decode(root: Group) -> Project:
    """The project of a file.

    Raises
    ------
    ValueError, KeyError, UsageError
        Where the content is not what `encode` writes.
    """
    runs, split = root.group("runs"), root.group("split")
    pools = zip(split.texts("patients"), split.texts("pools"), strict=True)
    names = runs.names()
    if len({name.lower() for name in names}) != len(names):
        raise ValueError("two runs have one id")
    decoded_runs = [decode_run(name, runs.group(name)) for name in names]
    return Project(
        id=root.text("id"),
        cases=cases_of(root.group("cases")),
        segments=_segments_of(root.group("segments")),
        split=Split(
            split.integer("seed"), tuple((patient, one_of(name, POOLS)) for patient, name in pools)
        ),
        runs=tuple(run for _, run in sorted(decoded_runs, key=lambda pair: pair[0])),
        settings=pairs_of(root.group("settings")),
        in_use=decode_in_use(root.group("in_use")),
        journal=_journal_of(root),
    )


def _journal_of(root: Group) -> str:
    id = root.text("journal")
    if not _JOURNAL.fullmatch(id):
        raise ValueError(f"expected the id of a journal, received {id[:80]!r}")
    return id


def _put_segments(table: SegmentTable, group: NewGroup) -> None:
    rows = tuple(table)
    group.texts("name", [row.name for row in rows])
    group.texts("colour", [row.colour for row in rows])
    group.texts("meaning", [row.meaning for row in rows])
    group.column("number", np.array([row.number for row in rows], dtype=np.uint8))
    group.column("partner", np.array([row.partner for row in rows], dtype=np.uint8))
    group.column("visible", np.array([row.visible for row in rows], dtype=np.uint8))
    group.column("locked", np.array([row.locked for row in rows], dtype=np.uint8))
    group.column("spent", np.array(sorted(table.spent), dtype=np.uint8))


def _segments_of(group: Group) -> SegmentTable:
    numbers, partners, visible, locked = (
        group.column(name, np.uint8).tolist() for name in ("number", "partner", "visible", "locked")
    )
    if numbers != sorted(set(numbers)) or not {*visible, *locked} <= {0, 1}:
        raise ValueError("segments are out of order, or neither shown nor hidden")
    rows = zip(
        numbers,
        group.texts("name"),
        group.texts("colour"),
        group.texts("meaning"),
        partners,
        map(bool, visible),
        map(bool, locked),
        strict=True,
    )
    spent = frozenset(group.column("spent", np.uint8).tolist())
    return SegmentTable(tuple(Segment(*row) for row in rows), spent)
