"""Damage of any file of a project is told in a sentence, or nothing of it is lost.

Bits are flipped and sectors zeroed where a seeded generator says; a tenth of them in `make test`.
"""

from __future__ import annotations

import resource
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from segdesk.core.annotation import Annotation
from segdesk.core.case import Case
from segdesk.core.prediction import Prediction
from segdesk.core.run import Run, plan_for
from segdesk.errors import ProjectError
from segdesk.store.journal.recover import recover
from segdesk.store.parts import annotation_file, project_file, volume_file
from segdesk.store.parts.project_codec import part
from segdesk.store.project_folder import ProjectFolder
from tests.harms import harms
from tests.store.painter import paint, save
from tests.store.strategies import project_with_cases

CASES = ("case-001", "case-002")
RUN = "run-001"
FILES = {
    "index": "project.h5",
    "mask": "cases/case-001/annotation-1.h5",
    "scan": "cases/case-001/volume.h5",
    "prediction": "runs/run-001/predictions/case-001.h5",
    "journal": "journal-1",
}
LONGEST_S, MOST_BYTES = 2.0, 500e6


@dataclass(frozen=True)
class Seen:
    """What a reader gets.

    Parameters
    ----------
    content : everything that was read, to be compared
    said : sentences about what was not
    """

    content: object
    said: tuple[str, ...] = ()


def index_of(folder: ProjectFolder) -> Seen:
    return Seen(project_file.read(folder.path))


def edits_of(folder: ProjectFolder) -> Seen:
    found = recover(folder.path, folder.generation)
    lost = tuple("An Edit is lost." for _, entry in found.entries() if entry is None)
    return Seen(([*found.entries()], found.stacks), found.notes + lost)


def mask_of(folder: ProjectFolder, case: Case) -> Seen:
    mask = folder.read_annotation(case)
    arrays = mask.labels.tobytes(), mask.provenance.tobytes()
    return Seen((arrays, mask.dismissed, mask.statuses, mask.complete))


def scan_of(folder: ProjectFolder, case: Case) -> Seen:
    scan = folder.scans.read(case)
    return Seen((scan.voxels.tobytes(), scan.grid, scan.unit))


def prediction_of(folder: ProjectFolder, case: Case) -> Seen:
    found = [folder.runs.read_prediction(run, case, weights_sha256="") for run in case.predictions]
    return Seen([(it.labels.tobytes(), it.probability.tobytes()) for it in found])


#: For each kind of file what reads it.
READERS: dict[str, Callable[[ProjectFolder, Case], Seen]] = {
    "index": lambda folder, _: index_of(folder),
    "journal": lambda folder, _: edits_of(folder),
    "mask": mask_of,
    "scan": scan_of,
    "prediction": prediction_of,
}


def look(read: Callable[[], Seen]) -> Seen:
    """What is read, or the sentence that refuses it."""
    try:
        return read()
    except ProjectError as error:
        return Seen(None, (error.sentence,))


def all_of(path: Path) -> Seen:
    """Everything of a project, as a window would read it."""
    with ProjectFolder.open(path, writable=False) as folder:
        found = folder.load()
        seen = [Seen((found.project, found.edits), found.notes)]
        for case in found.project.cases:
            seen += [READERS[kind](folder, case) for kind in ("mask", "scan", "prediction")]
        return Seen([one.content for one in seen], found.notes)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A project of two cases with saved masks, strokes since the save, a run and predictions."""
    path = tmp_path_factory.mktemp("damage") / "p.segdesk"
    folder, project = project_with_cases(path, *CASES)
    masks = {case.id: Annotation(case.grid) for case in project.cases}
    rng = np.random.default_rng(1)
    run = Run(RUN, plan_for("unet"), 0.0)
    project = project.with_run(run)
    for case in project.cases:
        labels = rng.integers(0, 3, case.grid.shape, dtype=np.uint8)
        folder.runs.write_prediction(Prediction(RUN, case.id, labels, labels * 80))
    rows = tuple(replace(case, predictions=(RUN,)) for case in project.cases)
    project = replace(project, cases=rows)
    folder.save_index(project)
    for step in range(8):
        for id in CASES:
            paint(folder, masks[id], id, step)
    save(folder, project, masks)
    for step in range(8, 16):
        for id in CASES:
            paint(folder, masks[id], id, step)
    folder.close()
    yield path


def told_or_the_same(read: Callable[[], Seen], sound: Seen, what: str) -> None:
    began = time.process_time()
    seen = look(read)
    took_s = time.process_time() - began
    if not seen.said:
        assert seen == sound, f"read differently: {what}"
    assert took_s < LONGEST_S, f"{took_s:.1f} s: {what}"


def all_harms_are_told(path: Path, kind: str, *, flips: int, sectors: int) -> None:
    file = path / FILES[kind]
    content = file.read_bytes()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with ProjectFolder.open(path, writable=False) as folder:
        case = folder.load().project.cases[0]
        read = partial(READERS[kind], folder, case)
        sound = look(read)
        assert not sound.said
        try:
            for what, harmed in harms(content, flips=flips, sectors=sectors, seed=len(kind)):
                file.write_bytes(harmed)
                told_or_the_same(read, sound, f"{what} in {kind}")
        finally:
            file.write_bytes(content)
        assert look(read) == sound
    grown = 1024 * (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
    assert grown < MOST_BYTES


@pytest.mark.parametrize("kind", FILES)
def test_flipped_bits_and_zeroed_sectors_are_told(path: Path, kind: str) -> None:
    all_harms_are_told(path, kind, flips=50, sectors=10)


@pytest.mark.long
@pytest.mark.parametrize("kind", FILES)
def test_hundreds_of_flipped_bits_and_zeroed_sectors_are_told(path: Path, kind: str) -> None:
    all_harms_are_told(path, kind, flips=500, sectors=100)


def test_every_file_that_is_gone_is_told_or_was_not_needed(path: Path) -> None:
    read = partial(all_of, path)
    sound = look(read)
    for file in sorted(file for file in path.rglob("*") if file.is_file()):
        content = file.read_bytes()
        file.unlink()
        try:
            told_or_the_same(read, sound, f"without {file.name}")
        finally:
            file.write_bytes(content)
    assert look(read) == sound


@pytest.mark.parametrize("kind", ["mask", "scan", "prediction"])
def test_the_file_of_another_case_in_its_place_is_told(path: Path, kind: str) -> None:
    file = path / FILES[kind]
    other = path / FILES[kind].replace(CASES[0], CASES[1])
    content = file.read_bytes()
    with ProjectFolder.open(path, writable=False) as folder:
        case = folder.load().project.cases[0]
        try:
            file.write_bytes(other.read_bytes())
            seen = look(partial(READERS[kind], folder, case))
        finally:
            file.write_bytes(content)
    words = "another run or case" if kind == "prediction" else f"lies the one of '{CASES[1]}'"
    assert len(seen.said) == 1 and CASES[0] in seen.said[0] and words in seen.said[0]


def test_a_mask_drawn_on_another_scan_of_the_same_name_is_told(path: Path) -> None:
    with ProjectFolder.open(path, writable=False) as folder:
        case = folder.load().project.cases[0]
        seen = look(partial(mask_of, folder, replace(case, fingerprint="0" * 64)))
    assert seen.said == ("The mask of 'case-001' belongs to another scan of that name.",)


def test_every_file_of_a_case_says_enough_to_make_its_index_anew(path: Path) -> None:
    with ProjectFolder.open(path, writable=False) as folder:
        project = folder.load().project
    for case in project.cases:
        home = path / "cases" / case.id
        scan = volume_file.read_part(home / "volume.h5", case.id)
        mask = annotation_file.read_part(home / "annotation-1.h5", scan.cases[0])
        alone = part(project, case)
        named = replace(alone.cases[0], mask_sha256=case.mask_sha256)
        assert mask == alone.with_case(named)
        assert scan.id == project.id
        nothing = replace(case, statuses=(), complete=(), predictions=())
        imported = replace(nothing, generation=0, mask_sha256="")
        assert scan.cases == (imported,)


def test_a_journal_that_begins_with_zeros_is_told(path: Path) -> None:
    file = path / FILES["journal"]
    content = file.read_bytes()
    with ProjectFolder.open(path, writable=False) as folder:
        try:
            file.write_bytes(bytes(512) + content[512:])
            seen = edits_of(folder)
        finally:
            file.write_bytes(content)
    assert "Nothing in 'journal-1' could be used" in seen.said[0]
