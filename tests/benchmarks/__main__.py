"""`make bench`: run every benchmark and write `docs/benchmarks.md` and `docs/benchmarks.json`."""

from __future__ import annotations

import argparse
import gc
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ["QT_QPA_PLATFORM"] = "offscreen"

from PySide6.QtWidgets import QApplication

from tests.benchmarks import (
    canvas,
    curves,
    few_slices,
    first_proposal,
    loop,
    predicting,
    rare,
    report,
    scale,
    size,
    startup,
    storing,
    training,
    waiting,
)
from tests.benchmarks.rows import Row

DOCS = Path(__file__).resolve().parents[2] / "docs"
PARTS: tuple[tuple[str, Callable[[], list[Row]]], ...] = (
    ("start", startup.rows),
    ("canvas", canvas.rows),
    ("curves", curves.rows),
    ("storing", storing.rows),
    ("size", size.rows),
    ("waiting", waiting.rows),
    ("training", training.rows),
    ("loop", loop.rows),
    ("few_slices", few_slices.rows),
    ("rare", rare.rows),
    ("predicting", predicting.rows),
    ("proposal", first_proposal.rows),
    ("scale", scale.rows),
)


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--napari", default="", help="Python that has napari 0.9")
    options.add_argument("--only", default="", help="one part: start, canvas, …")
    options.add_argument("--write", action="store_true", help="that part's rows into docs too")
    options.add_argument("--view", default="", help="pixels of view and window, such as 1600x1000")
    chosen = options.parse_args()
    if chosen.view:
        width, height = map(int, chosen.view.split("x"))
        canvas.SIZE = curves.SIZE = (width, height)
    application = QApplication.instance() or QApplication(["segdesk"])
    # As the program does once its window is there.
    gc.freeze()
    rows: list[Row] = []
    peer: dict[str, Any] | None = None
    for name, part in PARTS:
        if chosen.only in ("", name):
            rows += part()
            if name == "canvas" and chosen.napari:
                peer = napari(chosen.napari)
    for row in rows:
        sys.stderr.write(f"{row.name}: {row.median} {row.unit}, p99 {row.p99}, worst {row.worst}\n")
    if chosen.write or not chosen.only:
        report.write(DOCS, rows, peer)
    del application
    return 0


def napari(python: str) -> dict[str, Any]:
    """The peer's timings, under a virtual display where there is none."""
    command = [python, str(Path(__file__).with_name("napari_peer.py"))]
    environment = {key: value for key, value in os.environ.items() if key != "QT_QPA_PLATFORM"}
    if not environment.get("DISPLAY") and shutil.which("xvfb-run"):
        command = ["xvfb-run", "-a", "-s", "-screen 0 1920x1200x24", *command]
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=600, check=False
    )
    if done.returncode != 0:
        raise SystemExit(f"napari did not run:\n{done.stderr[-2000:]}")
    return json.loads(done.stdout.strip().splitlines()[-1])


if __name__ == "__main__":
    sys.exit(main())
