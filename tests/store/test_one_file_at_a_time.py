"""HDF5 has one file at a time, and nobody waits for the packing of a whole scan behind it."""

from __future__ import annotations

import threading
import zlib
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from types import SimpleNamespace, TracebackType
from typing import Any

import numpy as np
import pytest

from segdesk.core.annotation import Annotation
from segdesk.core.prediction import Prediction
from segdesk.store.parts import hdf5
from tests.store.painter import paint, same, save
from tests.store.strategies import project_with_cases

#: Longer than anybody waits who does not have to.
PATIENCE_S = 3.0
IMAGE = hdf5.image(lambda root: root.put(number=1))
#: Every way in that HDF5 has here.
DOORS: dict[str, Callable[[Path], AbstractContextManager[object]]] = {
    "a new file": lambda folder: hdf5.new_file(folder / "new.h5"),
    "a file that is begun": lambda folder: hdf5.begun_file(folder / "begun.h5", user_block=512),
    "its next piece": lambda folder: hdf5.next_piece(folder / "there.h5"),
    "a file": lambda folder: hdf5.open_file(folder / "there.h5"),
    "a file in memory": lambda folder: hdf5.open_image(IMAGE),
    "a new file in memory": lambda folder: nullcontext(hdf5.image(lambda root: None)),
}


def meanwhile(work: Callable[..., Any], seen: list[bool]) -> Callable[..., Any]:
    """The same work, while another thread writes what the window writes of an index."""

    def spied(*given: Any, **named: Any) -> Any:
        other = threading.Thread(target=hdf5.image, args=(lambda root: root.put(number=1),))
        other.start()
        other.join(PATIENCE_S if all(seen) else 0)
        seen.append(not other.is_alive())
        return work(*given, **named)

    return spied


def test_an_index_is_written_while_masks_and_predictions_are_packed_and_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, project = project_with_cases(tmp_path / "p.segdesk", "case-001")
    (case,) = project.cases
    mask = Annotation(case.grid)
    packing: list[bool] = []
    unpacking: list[bool] = []
    with monkeypatch.context() as spies:
        spies.setattr(zlib, "compress", meanwhile(zlib.compress, packing))
        spies.setattr(zlib, "decompressobj", meanwhile(zlib.decompressobj, unpacking))
        for step in (1, 2):
            paint(folder, mask, "case-001", step)
            project = save(folder, project, {"case-001": mask})
        found = folder.read_annotation(project.case("case-001"))
        labels = np.full(case.grid.shape, 3, np.uint8)
        folder.runs.write_prediction(Prediction("run-001", "case-001", labels, labels))
        read = folder.runs.read_prediction("run-001", project.case("case-001"), weights_sha256="")
    assert same(found, mask) and np.array_equal(read.labels, labels)
    assert len(packing) > 4 and all(packing)
    assert len(unpacking) > 4 and all(unpacking)
    folder.close()


@pytest.mark.parametrize("door", DOORS)
def test_no_file_is_opened_while_another_thread_has_one(tmp_path: Path, door: str) -> None:
    (tmp_path / "there.h5").write_bytes(IMAGE)
    opened = threading.Event()

    def other() -> None:
        with DOORS[door](tmp_path):
            opened.set()

    thread = threading.Thread(target=other)
    with hdf5.open_image(IMAGE):
        thread.start()
        is_early = opened.wait(0.1)
    thread.join(PATIENCE_S)
    assert not is_early
    assert opened.is_set()


class Noticed:
    """A lock that knows how often it is held."""

    def __init__(self) -> None:
        self.held = 0

    def __enter__(self) -> None:
        self.held += 1

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.held -= 1


def test_what_h5py_does_without_its_own_lock_is_done_with_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Races alone would tell only now and then."""
    assert hdf5._H5PYS_OWN is hdf5.h5py._objects.phil
    lock, held = Noticed(), list[int]()
    monkeypatch.setattr(hdf5, "_H5PYS_OWN", lock)
    chunk = SimpleNamespace(byte_offset=4096, filter_mask=0, size=3)
    dataset = SimpleNamespace(
        ndim=3,
        id=SimpleNamespace(
            get_chunk_info_by_coord=lambda at: chunk,
            read_direct_chunk=lambda at: (held.append(lock.held), (0, b"abc"))[1],
            write_direct_chunk=lambda at, packed: held.append(lock.held),
        ),
    )
    assert hdf5.Planes(dataset, 100).packed(0) == b"abc"
    hdf5.NewPlanes(dataset, None).put(0, b"abc")
    assert held == [1, 1]
