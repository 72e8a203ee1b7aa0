"""HDF5 has one file at a time, and nobody waits for the packing of a whole scan behind it."""

from __future__ import annotations

import threading
import zlib
from collections.abc import Callable
from pathlib import Path
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
        read = folder.runs.read_prediction("run-001", project.case("case-001"))
    assert same(found, mask) and np.array_equal(read.labels, labels)
    assert len(packing) > 4 and all(packing)
    assert len(unpacking) > 4 and all(unpacking)
    folder.close()
