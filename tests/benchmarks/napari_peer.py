"""The same two deeds in napari, run by napari's own Python: prints one JSON object.

    python tests/benchmarks/napari_peer.py

The window has 1600 x 1000 pixels, the stack 40 slices of 512 x 512 int16 with two label layers. A
step counts from the change until the canvas has been drawn. Without a GPU, OpenGL is emulated on
the CPU, which makes napari slower than on a workstation: the table says so.
"""

from __future__ import annotations

import json
import sys
import time
from importlib.metadata import version

import napari
import numpy as np
from qtpy.QtWidgets import QApplication

SLICES, SIDE, STEPS, WARM_UP, RADIUS = 40, 512, 60, 5, 40


def main() -> None:
    rng = np.random.default_rng(1)
    scan = rng.normal(-400, 400, (SLICES, SIDE, SIDE)).clip(-1024, 3000).astype(np.int16)
    row, column = np.mgrid[:SIDE, :SIDE]
    labels = np.zeros(scan.shape, np.uint8)
    for number, centre in ((1, 340), (2, 172)):
        labels[:, ((row - 256) / 130) ** 2 + ((column - centre) / 72) ** 2 < 1] = number
    viewer = napari.Viewer(show=False)
    viewer.window.resize(1600, 1000)
    viewer.window.show()
    viewer.add_image(scan, contrast_limits=(-1350, 150))
    annotation = viewer.add_labels(labels.copy(), opacity=0.45)
    viewer.add_labels(np.roll(labels, 4, axis=2), opacity=0.9).contour = 1
    drawn = [0]
    scene = viewer.window._qt_viewer.canvas._scene_canvas
    scene.events.draw.connect(lambda _: drawn.__setitem__(0, drawn[0] + 1))

    def timed(step) -> list[float]:
        found = []
        for number in range(STEPS + WARM_UP):
            before, started = drawn[0], time.perf_counter()
            step(number)
            while drawn[0] == before and time.perf_counter() - started < 5:
                QApplication.processEvents()
            found.append(1000 * (time.perf_counter() - started))
        return found[WARM_UP:]

    def next_slice(number: int) -> None:
        viewer.dims.set_point(0, (number + 1) % SLICES)

    def dab(number: int) -> None:
        annotation.paint((viewer.dims.point[0], 60 + 6 * number, 200), 3, refresh=True)

    answer = {"napari": version("napari"), "next_slice": timed(next_slice)}
    annotation.brush_size = 2 * RADIUS
    answer["brush_move"] = timed(dab)
    sys.stdout.write(json.dumps(answer))
    sys.stdout.flush()
    viewer.close()


main()
