"""A project that holds something of everything that format 1 can say, and what is found in it.

`tests/data/format-1` was made by this file with the release that fixed the format. It is never made
anew: where the format changes, its version rises, a migration reads this project, and a new folder
is made beside it by

    python -m tests.golden tests/data/format-N
"""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
from dataclasses import fields, is_dataclass, replace
from enum import Enum
from pathlib import Path
from typing import Any

import h5py as untyped_h5py
import numpy as np

from segdesk.app.labelling.reviewing import say_right, set_status
from segdesk.app.project.packing import prepare
from segdesk.app.project.saving import save
from segdesk.app.project.workbench import Workbench
from segdesk.core.case import Case, Source
from segdesk.core.edit import Dismissal, Edit, SegmentChange
from segdesk.core.grid import Grid
from segdesk.core.prediction import Prediction
from segdesk.core.run import Epoch, Intensities, Run, plan_for
from segdesk.core.run_in_use import RunInUse
from segdesk.core.share import Share
from segdesk.core.status import SliceStatus
from segdesk.core.window import Window
from segdesk.jobs.run_paths import RunPaths
from segdesk.store.journal.journal_contents import read as read_journal
from segdesk.store.journal.journal_form import HEAD_SIZE, RECORD_SIZE, record_head_of
from tests.projects import add_picture, stroke, voxels

h5py: Any = untyped_h5py
PROJECT, PACK, FACTS = "project", "pack.h5", "facts.json"
#: Rows and columns are turned, so that an axis that is mixed up shows.
DIRECTION = (0.0, 1.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, -1.0)


def make(folder: Path) -> None:
    """Make the project, the same in one file, and what is found in both."""
    folder.mkdir(parents=True)
    workbench = built(folder / "made.segdesk")
    prepare(workbench).write(folder / PACK)
    facts = facts_of(workbench)
    # As a killed process leaves it: with what no save has seen in its journals.
    shutil.copytree(workbench.folder.path, folder / PROJECT)
    workbench.folder.close()
    shutil.rmtree(folder / "made.segdesk")
    (folder / PROJECT / "lock").unlink()
    (folder / FACTS).write_text(json.dumps(facts, indent=1, ensure_ascii=False) + "\n", "utf-8")


def built(path: Path) -> Workbench:
    """The open project, with strokes that no save has seen."""
    workbench = Workbench.create(path, reader="a reader")
    _add_ct(workbench)
    _add_raw(workbench)
    add_picture(workbench)
    for name in ("Left lung", "Right lung", "Gone", "Airway"):
        workbench.add_segment(name)
    left, right = workbench.segments[1], workbench.segments[2]
    workbench.change_segment(replace(left, partner=2, meaning="39607008"))
    workbench.change_segment(replace(right, partner=1, colour="#123456"))
    gone = workbench.segments[3]
    workbench.do(Edit("Remove segment", "", segments=(SegmentChange(gone, None),)))
    for index in range(4):
        stroke(workbench, index, value=1 + index % 2, case="ct")
    stroke(workbench, 1, value=4, case="picture")
    save(workbench)
    _add_run(workbench)
    say_right(workbench, "ct", 1)
    set_status(workbench, "ct", 2, SliceStatus.VERIFIED)
    set_status(workbench, "ct", 4, SliceStatus.REJECTED)
    workbench.do(Edit("Dismiss", "ct", dismissals=(Dismissal("run-001", 3, False, True),)))
    stroke(workbench, 0, value=0, case="ct")
    save(workbench)
    workbench.change_segment(replace(workbench.segments[1], locked=True))
    # What no save has seen: a stroke, one that is taken back and done again, one taken back.
    stroke(workbench, 2, value=4, row=6.0, case="ct")
    stroke(workbench, 0, value=2, case="raw")
    workbench.undo()
    workbench.redo()
    stroke(workbench, 2, value=4, case="picture")
    workbench.undo()
    workbench.show_segment(4, False)
    settings = (("place", "2 ct"),)
    workbench.put_project(replace(workbench.project, settings=settings))
    workbench.folder.sync()
    return workbench


def _add(workbench: Workbench, case: Case, stored: np.ndarray[Any, Any]) -> None:
    facts = workbench.folder.scans.write(
        case.id,
        case.grid,
        unit=case.unit,
        slope=case.slope,
        intercept=case.intercept,
        source=case.source,
        patient=case.patient,
        pool=case.pool,
        window=case.window,
        planes=lambda index: stored[index],
    )
    statuses = (SliceStatus.UNLABELLED,) * case.slices
    workbench.add_case(replace(facts.of(case), statuses=statuses))


def _add_ct(workbench: Workbench) -> None:
    scan = voxels()
    tags = (("ConvolutionKernel", "B70f"), ("SliceThickness", "5"))
    notes = ("The voxels are not square.", "Überlänge: µm, 胸")
    source = Source("DICOM", tags, notes, series="5" * 64, axes=(1, 0, 2))
    grid = Grid(scan.shape, (5.0, 2.0, 1.0), (-10.5, 20.25, 1e-3), DIRECTION)
    case = Case("ct", grid, "HU", "", 0, 0, source, patient="a" * 64, pool="train")
    _add(workbench, replace(case, window=Window(-600.0, 1500.0), name="Thorax Ä"), scan)


def _add_raw(workbench: Workbench) -> None:
    stored = np.random.default_rng(9).integers(-32768, 32767, (2, 24, 32)).astype(np.int16)
    grid = Grid(stored.shape, stacked=False)
    case = Case("raw", grid, "raw", "", 0, 0, Source("array"), slope=0.125, intercept=-3.5)
    _add(workbench, replace(case, patient="raw"), stored)


def _add_run(workbench: Workbench) -> None:
    rng = np.random.default_rng(2)
    paths: RunPaths = workbench.folder.runs.paths("run-001")
    weights = rng.bytes(600)
    run = Run(
        id="run-001",
        plan=plan_for("unet_norm", epochs=2, seed=11, size=32),
        started=1.7e9,
        ended=1.7e9 + 60,
        outcome="finished",
        reason="All epochs are done.",
        train_slices=2,
        validation_slices=1,
        validation="Measured on one slice.",
        shares=(Share("ct", teach=2, validate=1),),
        segments=((1, "Left lung"), (2, "Right lung")),
        intensities=Intensities(-1024.0, 600.0, "HU"),
        device="CPU",
        versions=(("keras", "3"),),
        notes=("A note.",),
        epochs=(
            Epoch(1, 1.0, 0.5, 0.9, 1e-3, dice=0.5),
            Epoch(2, 2.0, 0.25, 0.95, 1e-3, dice=0.75, val_dice=0.7, val_loss=0.4),
        ),
        best=2,
        input_shape=(32, 32),
        pixel_mm=(2.0, 1.0),
        labels_seen=(("ct", "00ff00ff00ff00ff"),),
        weights_sha256=hashlib.sha256(weights).hexdigest(),
    )
    paths.folder.mkdir(parents=True, exist_ok=True)
    paths.weights(2).write_bytes(weights)
    workbench.put_run(run)
    shape = workbench.project.case("ct").grid.shape
    labels = rng.integers(0, 3, shape, dtype=np.uint8)
    probability = rng.integers(0, 256, shape, dtype=np.uint8)
    workbench.folder.runs.write_prediction(
        Prediction("run-001", "ct", labels, probability, run.weights_sha256)
    )
    workbench.add_prediction("run-001", "ct")
    figures = (("run-001", 0.7),)
    workbench.use(RunInUse(chosen="run-001", reason="It is the first.", figures=figures, slices=1))


# What is found


def facts_of(workbench: Workbench) -> dict[str, Any]:
    """Everything of an open project that a reader or a training could ask for, as JSON."""
    project, history = workbench.project, workbench.history
    cases: dict[str, Any] = {}
    for case in project.cases:
        mask, volume = workbench.annotation(case.id), workbench.volume(case.id)
        cases[case.id] = {
            "case": plain(replace(case, mask_sha256="", generation=0, statuses=(), complete=())),
            "form": f"{volume.voxels.dtype} {volume.voxels.shape}",
            "voxels": _digest(volume.voxels),
            "labels": _digest(mask.labels),
            "provenance": _digest(mask.provenance),
            "statuses": [status.name for status in mask.statuses],
            "complete": [sorted(numbers) for numbers in mask.complete],
            "dismissed": sorted([run, index] for run, index in mask.dismissed),
            "predictions": {run: _prediction(workbench, case.id, run) for run in case.predictions},
        }
    return {
        "cases": cases,
        "segments": [plain(segment) for segment in workbench.segments],
        "spent": sorted(workbench.segments.spent),
        "runs": [plain(run) for run in project.runs],
        "in_use": plain(project.in_use),
        "split": plain(project.split),
        "settings": [list(pair) for pair in project.settings],
        "done": [[edit.name, edit.case] for edit in history.done],
        "undone": [[edit.name, edit.case] for edit in history.to_redo],
    }


def plain(value: Any) -> Any:
    """A value of `core` as JSON has it, field by field."""
    if is_dataclass(value):
        return {row.name: plain(getattr(value, row.name)) for row in fields(value)}
    if isinstance(value, set | frozenset):
        return sorted(plain(one) for one in value)
    if isinstance(value, tuple | list):
        return [plain(one) for one in value]
    return value.name if isinstance(value, Enum) else value


def holds(found: Any, wanted: Any) -> str:
    """Where what is found lacks something of what is wanted; a later release may know more."""
    if isinstance(wanted, dict):
        for key, value in wanted.items():
            why = holds(found[key], value) if key in found else "is not there"
            if why:
                return f"{key}: {why}"
        return ""
    if isinstance(wanted, list) and isinstance(found, list) and len(wanted) == len(found):
        return next(filter(None, map(holds, found, wanted)), "")
    return "" if found == wanted else f"{found!r} is not {wanted!r}"


def _prediction(workbench: Workbench, case: str, run: str) -> list[str]:
    row, sha256 = workbench.project.case(case), workbench.project.weights_of(run)
    found = workbench.folder.runs.read_prediction(run, row, weights_sha256=sha256)
    return [_digest(found.labels), _digest(found.probability)]


def _digest(array: np.ndarray[Any, Any]) -> str:
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()


def form_of(project: Path) -> dict[str, Any]:
    """How the files of a project are built, without what stands in them: of HDF5 every member with
    type, rank and attributes, of journals the types of the records, the fields of their heads and
    the types of the rows in them.
    """
    found: dict[str, Any] = {}
    for path in sorted(project.rglob("*")):
        name = path.relative_to(project).as_posix()
        if path.suffix == ".h5":
            found[name] = _form_of_hdf5(path)
        elif path.name.startswith("journal-"):
            contents = read_journal(path, int(path.name.removeprefix("journal-")))
            assert not contents.flaw
            found[name] = _form_of_journal(path)
        elif path.is_file() and path.name != "lock":
            found[name] = "file"
    return found


def _form_of_hdf5(path: Path) -> dict[str, str]:
    rows: dict[str, str] = {}

    def attributes(item: Any) -> str:
        words = [f"{key}: {np.asarray(value).dtype.kind}" for key, value in item.attrs.items()]
        return ", ".join(sorted(words))

    def visit(name: str, item: Any) -> None:
        if isinstance(item, h5py.Dataset):
            rows[name] = f"{item.dtype} {item.ndim} {item.compression} {item.shuffle}; "
        rows[name] = rows.get(name, "group; ") + attributes(item)

    with h5py.File(path) as root:
        rows["/"] = attributes(root)
        root.visititems(visit)
    return rows


def _form_of_journal(path: Path) -> list[str]:
    """The head's length, and each record: its type, and of an Edit the fields."""
    content, at, rows = path.read_bytes(), HEAD_SIZE, [f"head {HEAD_SIZE} {RECORD_SIZE}"]
    while at < len(content):
        head = record_head_of(content[at : at + RECORD_SIZE])
        assert head is not None
        payload = content[at + RECORD_SIZE : at + RECORD_SIZE + head.length]
        rows.append(f"{head.kind} {_fields(payload)}")
        at += RECORD_SIZE + head.length
    return rows


def _fields(payload: bytes) -> str:
    """The fields of an Edit's head, wherever it stands in a record, and of what its rows are."""
    at = payload.find(b"{")
    if at < 5:
        return ""
    length = int.from_bytes(payload[at - 4 : at], "little")
    try:
        head = json.loads(payload[at : at + length])
    except ValueError:
        return ""
    changes = {"voxels": head["voxels"], **head["changes"]}
    rows = [f"{name}: {_form_of_rows(changes[name])}" for name in sorted(changes)]
    return f"{payload[at - 5]}: {sorted(head)} {rows}"


def _form_of_rows(rows: list[Any]) -> list[str]:
    return sorted(set(map(_form_of_row, rows)))


def _form_of_row(value: Any) -> str:
    """The types of a row's items; of rows in it what they are, not how many."""
    if not isinstance(value, list):
        return type(value).__name__
    items: list[Any] = value
    if all(isinstance(one, list) for one in items):
        return f"rows {_form_of_rows(items)}"
    return f"({', '.join(map(_form_of_row, items))})"


if __name__ == "__main__":
    make(Path(sys.argv[1]))
