"""Mutated files of a run, read one after the other in a process whose means are small.

`python -m tests.store.fuzzing_runs KIND SEED COUNT FOLDER`, as `fuzzing` does for the files of a
project: weights, which are read as the trainer reads them and as a project does that does not know
the network; and the messages of a run that was cut off, of which a record is made that the index
has to hold.
"""

from __future__ import annotations

import io
import json
import random
import signal
import sys
import zipfile
from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from segdesk.app.runs import cut_off
from segdesk.core.project import Project
from segdesk.core.refinement import Refinement
from segdesk.core.run import Epoch, Run, plan_for
from segdesk.jobs import wire
from segdesk.jobs.messages import (
    Checkpoint,
    EpochDone,
    Hello,
    Judged,
    Message,
    Note,
    Refined,
    Started,
)
from segdesk.jobs.run_paths import RunPaths
from segdesk.jobs.weights_file import newest_sound
from segdesk.learning import arrays_file
from segdesk.learning.arrays_file import BadArrays
from segdesk.store.parts import project_file
from tests.store.fuzzing import EXTREMES, MOST_SECONDS, limit_memory, scrambled

ARRAYS = [np.arange(36, dtype=np.float32).reshape(3, 3, 4), np.arange(4, dtype=np.float32)]
WANTED = [(array.shape, array.dtype) for array in ARRAYS]
MESSAGES: list[Message] = [
    Hello(2, 7, (("keras", "3"), ("python", "3"))),
    Started("CPU", "no GPU", 10, (24, 32), (2.0, 1.0), 1, 0, (32, 32)),
    EpochDone(Epoch(1, 0.5, 0.7, 0.8, 0.001)),
    Checkpoint(1, "weights-1.npz", "5e" * 32),
    Note("Said."),
    EpochDone(Epoch(2, 1.5, 0.6, 0.9, 0.001, 0.5, 0.4, 0.3, 0.2)),
    Judged("", 3, 0.5, "run-000", 0.25, ""),
    Refined((Refinement(1, 4.5, True, (0.5,) * 9, 0.9, 0.95), Refinement(2))),
]
#: What may stand in the place of a value.
VALUES: tuple[Any, ...] = (
    *(None, True, "", "x", "a\0b", "\ud800", "\x1b[2J", "y" * 70_000, 10**400, 0.5, -1.0),
    *(float("nan"), float("inf"), [], {}, [[]] * 50, {"number": 1}, *EXTREMES),
)
#: What may stand in the head of an array.
DESCRIPTIONS: tuple[Any, ...] = ("|O", "<f4", "<i8", "|V9", "<U9", [("a", "<f4")], "nonsense", 5)
SHAPES: tuple[Any, ...] = ((), (4,), (3, 3, 4), (1 << 40,), (1 << 62, 1 << 62), (-1,), "x", None)
TEXTS = ("{", "[" * 900, "(" * 900 + ")" * 900, "{'a': 1", "print(1)", "'\\z'", "\0", "'''", "  x")


def packed(members: list[tuple[str, bytes]], how: int) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", how) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return file.getvalue()


def npy(head: str, content: bytes, *, version: int = 1) -> bytes:
    text = head.encode()
    return b"\x93NUMPY" + bytes([version, 0]) + len(text).to_bytes(2, "little") + text + content


def other_archive(rng: random.Random) -> bytes:
    """An archive whose sums agree, and in it something that nobody wrote."""
    members: list[tuple[str, bytes]] = []
    for number, array in enumerate(ARRAYS):
        head: dict[str, Any] = {"descr": "<f4", "fortran_order": False, "shape": array.shape}
        if rng.random() < 0.5:
            field, values = rng.choice((("descr", DESCRIPTIONS), ("shape", SHAPES)))
            head[field] = rng.choice(values)
        if rng.random() < 0.1:
            head["fortran_order"] = True
        text = rng.choice(TEXTS) if rng.random() < 0.3 else repr(head)
        content = array.tobytes() if rng.random() < 0.8 else bytes(rng.choice((0, 1, 1 << 25)))
        version = rng.choice((1, 1, 1, 2, 9))
        members.append((f"arr_{number}.npy", npy(text, content, version=version)))
    if rng.random() < 0.2:
        members.append(rng.choice((("arr_2.npy", b""), ("../x", b"y"), ("arr_0.npy", b"z"))))
    how = rng.choice((zipfile.ZIP_STORED, zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))
    return packed(members, how)


def weights(sound: bytes, rng: random.Random) -> bytes:
    how = rng.random()
    if how < 0.4:
        return other_archive(rng)
    # The heads of the members, or the directory at the end.
    return scrambled(sound, rng, 0 if how < 0.7 else max(0, len(sound) - 200))


def read_weights(paths: RunPaths, _: int) -> bool:
    newest_sound(paths, {})
    try:
        arrays = arrays_file.read(paths.weights(1), WANTED)
    except BadArrays:
        return False
    return [(array.shape, array.dtype) for array in arrays] == WANTED


def messages(sound: bytes, rng: random.Random) -> bytes:
    if rng.random() < 0.3:
        return scrambled(sound, rng, 0)
    rows = [json.loads(line) for line in sound.splitlines()]
    for _ in range(rng.randint(1, 4)):
        row = rng.choice(rows)
        while isinstance(inner := row.get("epoch"), dict) and rng.random() < 0.7:
            row = inner
        row[rng.choice([*row, "more"])] = deepcopy(rng.choice(VALUES))
    rng.shuffle(rows)
    lines = [json.dumps(row).encode() for row in rows * rng.choice((1, 1, 2, 5))]
    if rng.random() < 0.2:
        lines.insert(rng.randrange(len(lines)), b"[" * rng.choice((10, 60_000)))
    return b"\n".join(lines)


def read_messages(paths: RunPaths, number: int) -> bool:
    """Whether no epoch was left out; the index, which costs most of the time, holds the rest."""
    run, _ = cut_off._from_messages(Run("run-001", plan_for(), 1.0), paths)
    run = replace(run, outcome="crashed")
    if number % 10:
        return len(run.epochs) == 2
    project_file.write(paths.folder, Project("p", runs=(run,)), 1)
    # By its text, because a figure may be NaN.
    return repr(project_file.read(paths.folder)[0].runs) == repr((run,)) and len(run.epochs) == 2


Mutate = Callable[[bytes, random.Random], bytes]
Read = Callable[[RunPaths, int], bool]
KINDS: dict[str, tuple[Mutate, Read]] = {
    "weights": (weights, read_weights),
    "messages": (messages, read_messages),
}


def main(kind: str, seed: int, count: int, folder: Path) -> None:
    paths, rng = RunPaths(folder), random.Random(seed)
    arrays_file.write(paths.weights(1), ARRAYS)
    paths.messages.write_bytes(b"".join(wire.encode(one).encode() + b"\n" for one in MESSAGES))
    path = paths.weights(1) if kind == "weights" else paths.messages
    sound = path.read_bytes()
    mutate, read = KINDS[kind]
    if not read(paths, 0):
        raise ValueError("the sound file is refused")
    limit_memory()
    refused = 0
    for number in range(count):
        path.write_bytes(mutate(sound, rng))
        sys.stderr.write(f"{number}\n")
        # Its signal ends the process.
        signal.setitimer(signal.ITIMER_PROF, MOST_SECONDS)
        refused += not read(paths, number)
        signal.setitimer(signal.ITIMER_PROF, 0)
    sys.stdout.write(json.dumps({"refused": refused, "read": count - refused}) + "\n")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]))
