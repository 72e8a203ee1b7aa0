"""A project with everything that a pack can hold, and what a test does to its file."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from segdesk.app.project import saving
from segdesk.app.project.packing import prepare
from segdesk.app.project.workbench import Workbench
from segdesk.core.edit import Dismissal, Edit
from segdesk.core.prediction import Prediction
from segdesk.core.run import Epoch, Intensities, Run, plan_for
from segdesk.core.run_in_use import RunInUse
from segdesk.core.small_pieces import LeftOut
from segdesk.errors import Cancelled
from segdesk.jobs.errand_lines import Rows
from segdesk.ops.pieces import small_pieces
from segdesk.store.pack import unpacker, unpacker_child
from segdesk.store.pack.contents import Held, Tell, run_files
from segdesk.store.parts import seal
from tests.projects import SHAPE, make_project, stroke


def full_project(folder: Path, *, cases: int = 5) -> Workbench:
    """Cases with masks, statuses and predictions, two runs with weights, one dismissal, and
    strokes that no save has seen; two cases are of one patient."""
    workbench = make_project(folder, cases=cases)
    workbench.add_segment("Other [1]")
    for number in (1, 2):
        add_run(workbench, f"run-{number:03d}", seed=number)
    first, last = workbench.project.cases[0], workbench.project.cases[-1]
    workbench.put_project(workbench.project.with_case(replace(last, patient=first.patient)))
    for at, case in enumerate(workbench.project.cases[: max(1, cases - 1)]):
        stroke(workbench, at % SHAPE[0], case=case.id)
    workbench.do(Edit("Dismiss", "case-001", dismissals=(Dismissal("run-002", 1, False, True),)))
    workbench.do(Edit("Dismiss", "case-001", dismissals=(Dismissal("run-001", 2, False, True),)))
    proposed = Dismissal("run-002, proposed", 0, False, True)
    workbench.do(Edit("Dismiss", "case-001", dismissals=(proposed,)))
    restored = "run-001, piece of 1 at 2 5"
    workbench.do(Edit("Restore", "case-001", dismissals=(Dismissal(restored, 3, False, True),)))
    saving.save(workbench)
    stroke(workbench, 4)
    stroke(workbench, 1, value=2, case=workbench.project.cases[1 % cases].id)
    return workbench


def add_run(workbench: Workbench, id: str, *, seed: int = 0) -> None:
    """A run that has learnt, with weights of noise, that has predicted the first two cases."""
    rng = np.random.default_rng(seed)
    run = Run(
        id=id,
        plan=plan_for("unet_norm", epochs=2, seed=seed),
        started=1e9,
        ended=1e9 + 60,
        outcome="finished",
        reason="All epochs are done.",
        segments=((1, "Disc"),),
        intensities=Intensities(-1000.0, 500.0, "HU"),
        epochs=(
            Epoch(1, 1.0, 0.5, 0.9, 1e-3, dice=0.5),
            Epoch(2, 2.0, 0.25, 0.95, 1e-3, dice=0.75, val_dice=0.7),
        ),
        best=2,
        input_shape=(32, 32),
        labels_seen=(("case-001", "00ff"),),
    )
    paths = workbench.folder.runs.paths(id)
    weights = rng.bytes(5000)
    run = replace(run, weights_sha256=hashlib.sha256(weights).hexdigest())
    paths.weights(2).write_bytes(weights)
    paths.log.write_text("said by the trainer")
    paths.bundle.mkdir()
    (paths.bundle / "labels.npy").write_bytes(b"a frozen input")
    workbench.put_run(run)
    for case in workbench.project.cases[:2]:
        labels = rng.integers(0, 3, SHAPE, dtype=np.uint8)
        labels[3:] = 0
        probability = rng.integers(0, 256, SHAPE, dtype=np.uint8)
        workbench.folder.runs.write_prediction(
            Prediction(id, case.id, labels, probability, run.weights_sha256, left_out(seed))
        )
        workbench.add_prediction(id, case.id)
    in_use = RunInUse(chosen=id, reason="It is the first.", figures=((id, 0.7),), slices=3)
    workbench.put_project(replace(workbench.project, in_use=in_use))


def left_out(seed: int) -> LeftOut | None:
    """Of the first run a piece on the last two slices, of others nothing."""
    if seed != 1:
        return None
    planes = np.zeros(SHAPE, np.uint8)
    planes[3:, 2:4, 5:8] = 1
    return LeftOut(((1, 12),), lambda: small_pieces(lambda index: planes[index], SHAPE))


def by_h5py(file: Path) -> Any:
    """The file as anybody opens it."""
    return h5py.File(file)


def pack_of(workbench: Workbench, file: Path) -> Path:
    """All of a project, packed."""
    prepare(workbench).write(file)
    return file


def unpack_here(
    file: Path,
    path: Path,
    *,
    tell: Tell | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Held:
    """As `unpack`, its work done in this process: so that a test can count or fail its steps."""
    with in_this_process():
        return unpacker.unpack(file, path, tell=tell, cancelled=cancelled)


@contextmanager
def in_this_process() -> Iterator[None]:
    """A packed file is read here, and a stop is asked for at each step that is told."""

    def run(
        command: str,
        arguments: Sequence[str],
        *,
        tell: Tell | None,
        cancelled: Callable[[], bool] | None,
    ) -> Rows:
        def told(sentence: str, done: int, total: int) -> None:
            if cancelled is not None and cancelled():
                raise Cancelled
            if tell is not None:
                tell(sentence, done, total)

        assert command == "unpacker"
        return unpacker_child.work(arguments, told)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(unpacker, "run", run)
        yield


def content_of(workbench: Workbench) -> dict[str, Any]:
    """Everything of a project as it is now, so that two can be compared."""
    rows = tuple(replace(case, mask_sha256="") for case in workbench.project.cases)
    found: dict[str, Any] = {"project": replace(workbench.project, cases=rows)}
    for case in workbench.project.cases:
        annotation = workbench.annotation(case.id)
        arrays = [workbench.volume(case.id).voxels, annotation.labels, annotation.provenance]
        for run in case.predictions:
            prediction = workbench.folder.runs.read_prediction(
                run, case, weights_sha256=workbench.project.weights_of(run)
            )
            prediction = prediction.with_restored(annotation.dismissed)
            arrays += [prediction.labels, prediction.probability, prediction.whole()]
            found[f"left out of {case.id} by {run}"] = prediction.left_out_counts
        found[case.id] = (
            [array.tobytes() for array in arrays],
            annotation.statuses,
            annotation.complete,
            annotation.dismissed,
        )
    for run in workbench.project.runs:
        folder = workbench.folder.runs.paths(run.id).folder
        found[run.id] = [(folder / name).read_bytes() for name in run_files(run)]
    return found


def changed(file: Path, copy: Path, change: Callable[[Any], object]) -> Path:
    """A copy that somebody has changed with h5py and sealed again."""
    copy.write_bytes(file.read_bytes())
    with h5py.File(copy, "r+") as root:
        change(root)
    with copy.open("rb+") as sealed:
        seal.seal_file(sealed, "pack", seal.NOTHING)
    return copy


def datasets_of(file: Path) -> dict[str, Any]:
    """Every group and dataset of a file by h5py alone: attributes and content, without times."""
    found: dict[str, Any] = {}

    def look(name: str, member: Any) -> None:
        attributes = {key: str(value) for key, value in member.attrs.items()}
        content = b""
        if isinstance(member, h5py.Dataset):
            is_text = h5py.check_string_dtype(member.dtype) is not None
            content = list(member.asstr()[()]) if is_text else member[()].tobytes()
        found[name] = (attributes, content)

    with h5py.File(file) as root:
        look("", root)
        root.visititems(look)
    return found
