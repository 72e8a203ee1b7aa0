"""Strangers' projects that declare, link or repeat more than any segdesk writes, opened one by one.

`python -m tests.store.bombs FOLDER WHICH` (quick, slow, or a part of a name) puts each into a copy
of a small project, sealed as ours is, and does with it what the program does. For each it prints
what was said, and the seconds of processor time; one that takes more than 500 MB gets no memory,
and what it then raises is no sentence about the file.
"""

from __future__ import annotations

import json
import resource
import shutil
import sys
import time
import zlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from segdesk.app.opening import open_project
from segdesk.app.project import saving
from segdesk.app.project.workbench import Workbench
from segdesk.app.settings import SettingsFile
from segdesk.errors import SegdeskError
from segdesk.jobs import messages, wire
from segdesk.store.journal.journal_form import head_bytes, read_head, record_bytes
from segdesk.store.journal.record_codec import EDIT, UNDO
from segdesk.store.parts import seal
from tests.packs import add_run, pack_of, unpack_here
from tests.projects import make_project, stroke
from tests.store.resealing import changing, h5py

MOST_BYTES = 500_000_000
CASE, RUN = "case-001", "run-001"
INDEX, MASK = "project.h5", f"cases/{CASE}/annotation-1.h5"
VOLUME, PREDICTION = f"cases/{CASE}/volume.h5", f"runs/{RUN}/predictions/{CASE}.h5"
#: 64 kB that unpack to 64 MB.
MUCH = zlib.compress(bytes(1 << 26))
Harm = Callable[[Any], None]


def sound(folder: Path) -> Path:
    """A small project with everything in it, and its packed file beside it."""
    workbench = make_project(folder)
    add_run(workbench, RUN)
    stroke(workbench, 1)
    saving.save(workbench)
    stroke(workbench, 2)
    # Cut off while it trained, so that what was kept beside it is read.
    workbench.put_run(replace(workbench.project.runs[0], outcome="running"))
    pack_of(workbench, folder / "all.h5")
    workbench.close()
    return workbench.folder.path


# What a file of HDF5 can hold


def _again(root: Any, name: str, **made: Any) -> None:
    del root[name]
    root.create_dataset(name, **made)


def _one_text_many_times(root: Any, name: str, count: int = 400_000, size: int = 1 << 16) -> None:
    """Many references to one long text: little in the file, much in memory."""
    _again(root, name, data=["x" * size] + ["y"] * (count - 1), dtype=h5py.string_dtype())
    place, path = root[name].id.get_offset(), root.file.filename
    root.file.flush()
    with Path(path).open("rb+") as file:
        file.seek(place)
        first = file.read(16)
        file.write(first * (count - 1))


def _many_names(group: Any, count: int = 25_000) -> None:
    target = group.create_group("0")
    for number in range(1, count):
        group.id.links.create_hard(str(number).encode(), target.id, b".")


def _ever_more(root: Any, name: str) -> None:
    """Groups in groups, each with twenty names for the next one: 20^7 ways to the last."""
    groups = [root.create_group(f"{name}{at}") for at in range(7)]
    for outer, inner in pairwise(groups):
        for number in range(20):
            outer[f"{number:02d}"] = inner
    groups[-1]["x"] = np.zeros(1, np.uint8)


def _virtual(root: Any, name: str, shape: tuple[int, ...], dtype: str) -> None:
    layout = h5py.VirtualLayout(shape, dtype)
    layout[:] = h5py.VirtualSource("/dev/zero", "x", shape)
    del root[name]
    root.create_virtual_dataset(name, layout)


def _many_attributes(root: Any, count: int = 8_000) -> None:
    for number in range(count):
        root.attrs[f"a{number}"] = number


INSIDE: dict[str, Harm] = {
    "a huge column": lambda root: _again(root, "cases/slope", shape=(1 << 40,), dtype="f8"),
    "a huge packed column": lambda root: _again(
        root, "cases/slope", shape=(1 << 40,), dtype="f8", chunks=(1 << 20,), compression="gzip"
    ),
    "one text many times": lambda root: _one_text_many_times(root, "cases/names"),
    "texts in an attribute": lambda root: root.attrs.__setitem__("id", ["x" * 60_000] * 4000),
    "an attribute of nothing": lambda root: root.attrs.__setitem__("id", h5py.Empty("f8")),
    "many attributes": _many_attributes,
    "many names of a run": lambda root: _many_names(root["runs"]),
    "a run in itself": lambda root: root["runs"].__setitem__("run-002", root["runs"]),
    "a link to another file": lambda root: (
        root.__delitem__("cases"),
        root.__setitem__("cases", h5py.ExternalLink("/dev/zero", "/")),
    )[0],
    "a soft link": lambda root: (
        root.move("cases", "elsewhere"),
        root.__setitem__("cases", h5py.SoftLink("/elsewhere")),
    )[0],
    "a virtual column": lambda root: _virtual(root, "cases/slope", (1,), "f8"),
    "a column in another file": lambda root: _again(
        root, "cases/slope", shape=(1,), dtype="f8", external=[("/dev/zero", 0, 8)]
    ),
}


def _renamed(root: Any, *ids: str) -> None:
    """Cases of these ids, each with the columns of the first."""
    group, count = root["cases"], len(ids)
    for name in list(group) + [f"source/{name}" for name in group["source"]]:
        column = group[name]
        if name == "complete_sets" or not isinstance(column, h5py.Dataset):
            continue
        texts = h5py.check_string_dtype(column.dtype) is not None
        content = column.asstr()[()] if texts else column[()]
        content = np.concatenate([content] * count)
        if name == "ids":
            content = np.array(ids, dtype=object)
        _again(group, name, data=content, dtype=h5py.string_dtype() if texts else column.dtype)


IN_INDEX: dict[str, Harm] = {
    **INSIDE,
    "12000 cases": lambda root: _renamed(root, *(f"c{number}" for number in range(12_000))),
    "100000 cases": lambda root: _renamed(root, *(f"c{number}" for number in range(100_000))),
    "one id twice": lambda root: _renamed(root, CASE, CASE),
    "two ids that are one on Windows": lambda root: _renamed(root, CASE, CASE.upper()),
    "an id with a slash": lambda root: _renamed(root, "a/b"),
    "an id that leads out": lambda root: _renamed(root, ".."),
    "an id that begins at the root": lambda root: _renamed(root, "/tmp/x"),
    "an id with a NUL": lambda root: _renamed(root, "a\x01b"),
    "an id of a device": lambda root: _renamed(root, "Aux.x"),
    "an id of nothing": lambda root: _renamed(root, ""),
    "a long id": lambda root: _renamed(root, "x" * 1_000_000),
    "256 segments": lambda root: _again(root, "segments/number", data=np.arange(256, dtype="u1")),
    "two runs that are one on Windows": lambda root: root.copy(
        f"runs/{RUN}", f"runs/{RUN.upper()}"
    ),
    "a run with a slash": lambda root: root.copy(f"runs/{RUN}", "runs/.."),
    "a scan without end": lambda root: root["cases/shape"].__setitem__(0, [100_000, 800, 800]),
}


def _chunk(root: Any, name: str, content: bytes) -> None:
    root[name].id.write_direct_chunk((1, 0, 0), content)


def _in_planes(*layers: str) -> dict[str, Harm]:
    first = layers[0]
    huge = (100_000, 50_000, 50_000)
    return {
        "a huge layer": lambda root: _again(
            root, first, shape=huge, dtype="u1", chunks=(1, 50, 50), compression="gzip"
        ),
        "a chunk that unpacks without end": lambda root: _chunk(root, first, MUCH),
        "a chunk of zlib in zlib": lambda root: _chunk(root, first, zlib.compress(MUCH)),
        "a link to another file": lambda root: (
            root.__delitem__(first),
            root.__setitem__(first, h5py.ExternalLink("/dev/zero", "/")),
        )[0],
        "a virtual layer": lambda root: _virtual(root, first, root[first].shape, "u1"),
        "many attributes": _many_attributes,
        "many names": lambda root: _many_names(root.create_group("more")),
    }


IN_MASK: dict[str, Harm] = {
    **_in_planes("labels", "provenance"),
    "one text many times": lambda root: _one_text_many_times(root, "dismissed_runs"),
}
IN_PREDICTION: dict[str, Harm] = {
    **_in_planes("labels", "probability"),
    "a long name": lambda root: root.attrs.__setitem__("run", "x" * 60_000),
}
IN_VOLUME: dict[str, Harm] = {
    "a huge column": lambda root: _again(root, "crc32", shape=(1 << 40,), dtype="u4"),
    "one text many times": lambda root: _one_text_many_times(root, "part/cases/names"),
    "a long unit": lambda root: root.attrs.__setitem__("unit", "x" * 60_000),
    "a huge grid": lambda root: root.attrs.__setitem__("shape", np.array([1 << 40] * 3)),
    "many attributes": _many_attributes,
}
IN_PACK: dict[str, Harm] = {
    "one text many times": lambda root: _one_text_many_times(root, "index/cases/names"),
    "ever more groups": lambda root: _ever_more(root, "more"),
    "many names": lambda root: _many_names(root.create_group("more")),
    "a group in itself": lambda root: root["index"].__setitem__("again", root["index"]),
    "a huge layer": lambda root: _again(
        root,
        f"cases/{CASE}/labels",
        shape=(100_000, 50_000, 50_000),
        dtype="u1",
        chunks=(1, 50, 50),
        compression="gzip",
    ),
    "two ids that are one on Windows": lambda root: _renamed(root["index"], CASE, CASE.upper()),
}


# What lies beside


def _journal(path: Path, records: bytes) -> None:
    there = read_head(path)
    assert there is not None
    path.write_bytes(head_bytes(1, 1, there.id) + records)


def _sparse(path: Path, size: int) -> None:
    with path.open("rb+") as file:
        file.truncate(size)


def _messages(path: Path, *lines: str) -> None:
    (path / "runs" / RUN / "messages.jsonl").write_text("\n".join(lines))


_STARTED = messages.Started("CPU", "no GPU", 5, (8, 8), None, 1, 1, (8, 8))
_NOTE = wire.encode(messages.Note("n"))


def _epochs(count: int) -> list[str]:
    line = wire.encode(messages.EpochDone(messages.Epoch(1, 1.0, 1.0, 1.0, 1.0)))
    return [line] * count


def _many_epochs(count: int) -> list[str]:
    """Each another one, with weights that are the best so far."""
    figures = (1 / 3, 1 / 7, 1 / 9, 1 / 11, 1 / 13, 1 / 17, 1 / 19)
    return [
        wire.encode(message)
        for at in range(1, count + 1)
        for message in (
            messages.EpochDone(messages.Epoch(at, at / 3, *figures)),
            messages.Checkpoint(at, f"weights-{at}.npz", "5e" * 32, (256, 256), (0.7, 0.7)),
        )
    ]


BESIDE: dict[str, Callable[[Path], None]] = {
    "journal: many empty records": lambda path: _journal(
        path / "journal-1",
        b"".join(record_bytes(UNDO, at + 1, b"") for at in range(300_000)),
    ),
    "journal: a record without end": lambda path: _sparse(path / "journal-1", 1 << 42),
    "journal: a chunk of zeros": lambda path: _journal(
        path / "journal-1", record_bytes(EDIT, 1, MUCH)
    ),
    "journal: many journals": lambda path: [
        (path / f"journal-{number}").write_bytes(b"") for number in range(2, 2_000)
    ].clear(),
    "history: a record without end": lambda path: (
        (path / "history-0").write_bytes(head_bytes(0, 1)),
        _sparse(path / "history-0", 1 << 42),
    )[1],
    "messages: empty lines": lambda path: _messages(path, "\n" * 60_000_000),
    "messages: notes without end": lambda path: _messages(path, *[_NOTE] * 400_000),
    "messages: epochs without end": lambda path: _messages(path, *_epochs(300_000)),
    "messages: as many epochs as are read": lambda path: _messages(path, *_many_epochs(60_000)),
    "messages: short epochs without end": lambda path: _messages(
        path,
        *(
            wire.encode(messages.EpochDone(messages.Epoch(at, 1.0, 1.0, 1.0, 1.0)))
            for at in range(1, 200_000)
        ),
    ),
    "messages: brackets": lambda path: _messages(path, "[" * 1_000_000),
    "messages: one long line": lambda path: _messages(path, "x" * 60_000_000),
    "messages: a number for a text": lambda path: _messages(
        path,
        wire.encode(replace(_STARTED, device=7)),
    ),
    "messages: a text for a number": lambda path: _messages(
        path,
        wire.encode(replace(_STARTED, parameters="many")),
    ),
    "messages: a number too large": lambda path: _messages(
        path, wire.encode(replace(_STARTED, parameters=10**40))
    ),
    "messages: a text for an epoch": lambda path: _messages(
        path, _epochs(1)[0].replace('"number": 1', '"number": "x"')
    ),
    "index: larger than any": lambda path: _sparse(path / INDEX, 1 << 36),
    "mask: larger than any": lambda path: _sparse(path / MASK, 1 << 36),
}


def _settings(folder: Path, text: str) -> str:
    (folder / "settings.json").write_text(text)
    kept = SettingsFile(folder).read()
    return f"read: {kept.reader!r}"


SETTINGS: dict[str, str] = {
    "brackets": "[" * 1_000_000,
    "nested": '{"reader": ' + "[" * 500_000 + "]" * 500_000 + "}",
    "long": '{"reader": "' + "x" * 100_000_000 + '"}',
    "a number too large": '{"brush_mm": 1e999, "reader": ' + "9" * 10_000 + "}",
}


#: Takes long to make, or has the reader of a mask.
SLOW = ("index: 100000 cases", "prediction: ", "messages: as many epochs as are read")


def look(path: Path) -> str:
    """Open a project as the program does, read its case and save it: what is said."""
    said: list[str] = []
    workbench: Workbench | None = None
    try:
        workbench, _ = open_project(path)
        said += workbench.notes
        workbench.loaded(CASE)
        for run in workbench.project.case(CASE).predictions:
            row = workbench.project.case(CASE)
            workbench.folder.runs.read_prediction(run, row, weights_sha256="")
    except SegdeskError as error:
        said.append(str(error))
    finally:
        if workbench is not None:
            workbench.close()
    # What was written of it is read again.
    if workbench is not None:
        open_project(path)[0].close()
    return " ".join(said) or "read"


def unpacked(file: Path) -> str:
    try:
        unpack_here(file, file.with_suffix(".segdesk"))
    except SegdeskError as error:
        return str(error)
    return "read"


def bombs(folder: Path) -> dict[str, tuple[Callable[[], None], Callable[[], str]]]:
    """By name: how it is made, and how it is looked at."""
    path, pack = folder / "test.segdesk", folder / "all.h5"
    found: dict[str, tuple[Callable[[], None], Callable[[], str]]] = {}

    def inside(kind: str, name: str, harms: dict[str, Harm]) -> None:
        for what, harm in harms.items():

            def make(harm: Harm = harm) -> None:
                with changing(path / name) as root:
                    harm(root)

            found[f"{kind}: {what}"] = make, lambda: look(path)

    inside("index", INDEX, IN_INDEX)
    inside("mask", MASK, IN_MASK)
    inside("prediction", PREDICTION, IN_PREDICTION)
    inside("volume", VOLUME, IN_VOLUME)
    for what, harm in IN_PACK.items():

        def packed(harm: Harm = harm) -> None:
            with h5py.File(pack, "r+") as root:
                harm(root)
            with pack.open("rb+") as file:
                seal.seal_file(file, "pack", seal.NOTHING)

        found[f"pack: {what}"] = packed, lambda: unpacked(pack)
    for what, beside in BESIDE.items():
        found[what] = (lambda beside=beside: beside(path)), lambda: look(path)
    for what, text in SETTINGS.items():
        found[f"settings: {what}"] = lambda: None, lambda text=text: _settings(folder, text)
    return found


def main(folder: Path, which: str) -> None:
    kept = folder / "sound"
    kept.mkdir()
    sound(kept)
    there = folder / "bomb"
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    for name, (make, see) in bombs(there).items():
        is_slow = name.startswith(SLOW)
        if not {"quick": not is_slow, "slow": is_slow}.get(which, which in name):
            continue
        shutil.copytree(kept, there)
        make()
        resource.setrlimit(resource.RLIMIT_AS, (used + MOST_BYTES, resource.RLIM_INFINITY))
        began = time.process_time()
        try:
            said = see()
        except BaseException as error:  # noqa: BLE001 - what no reader may let out
            said = f"FAULT {type(error).__name__}: {str(error)[:200]}"
        seconds = time.process_time() - began
        resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        sys.stdout.write(json.dumps([name, round(seconds, 2), said[:400]]) + "\n")
        sys.stdout.flush()
        with suppress(OSError):
            shutil.rmtree(there)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
