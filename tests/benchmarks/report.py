"""The table of benchmarks as `docs/benchmarks.json` and `docs/benchmarks.md`."""

from __future__ import annotations

import json
import os
import platform
import statistics
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from tests.benchmarks.rows import Row

PACKAGES = ("segdesk", "tensorflow", "keras", "numpy", "PySide6-Essentials", "pyqtgraph", "h5py")
WHAT = {
    "first_slice": "process start to the first 512² slice of a project on screen, warm",
    "next_slice": "one notch of the wheel, 512², both overlays, 1600×1000 window",
    "brush_move": "a mouse move with a brush of 40 voxels' radius, painting",
    "epoch_100": "processor time of an epoch's message until all curves show it, at epoch 100",
    "epoch_10000": "the same at epoch 10,000",
    "gui_lateness_epoch_10000": "lateness of a 10 ms timer in the window while epochs from 10,000 "
    "on come every 30 ms",
    "gui_lateness_idle": "lateness of a 10 ms timer in the window while nothing runs",
    "gui_lateness_training": "lateness of a 10 ms timer in the window while the trainer starts and "
    "runs",
    "first_proposal_ready": "from Train to the first proposal on screen, six slices of a chest CT, "
    "the trainer ready",
    "first_proposal_ready_cpu": "seconds of the processor that the trainer used meanwhile",
    "first_proposal_cold": "the same where the trainer has to be started first",
    "first_proposal_cold_cpu": "seconds of the processor that the trainer used meanwhile",
    "stroke_durable": "from the release of the button until no crash can take the stroke, 512²",
    "stroke_lasting": "the same until no power cut can; the window asks for that on a timer",
    "save_20": "a save of one changed slice, in a project of 20 scans of 512×512×300",
    "save_1": "the same with one scan",
    "save_20_to_1": "how many times longer, round by round",
    "open_200": "opening a project of 200 cases until the first one, 512×512×300, is in memory",
    "open_2": "the same with two cases",
    "open_200_to_2": "how many times longer, round by round",
    "slice_step_1000": "one notch of the wheel in the whole window, a scan of 1000 slices",
    "slice_step_30": "the same with 30 slices",
    "slice_step_ratio": "how many times longer, step by step",
    "dab_1000": "press and release of the brush in the whole window, a scan of 1000 slices",
    "dab_30": "the same with 30 slices",
    "dab_ratio": "how many times longer, dab by dab",
    "accept_300_lateness": "lateness of a 10 ms timer in the window while the predictions of 300 "
    "slices of 512² are accepted; medians of five rounds, of the worst too",
    "undo_300_lateness": "the same while that is undone",
    "redo_300_lateness": "the same while it is done again",
    "remove_segment_300_lateness": "the same while a segment is removed from five cases of 300 "
    "slices of 512²",
    "undo_removal_300_lateness": "the same while that is undone",
    "labels_300_lateness": "the same while a scan of 300 slices of 512² comes in with its labels",
    **{
        f"{name}_30_lateness": f"the row of {name}_300 with 30 slices"
        for name in ("accept", "undo", "redo", "remove_segment", "undo_removal", "labels")
    },
    **{
        f"{name}_lateness_ratio": "how many times later, figure by figure"
        for name in (
            *("accept", "undo", "redo", "remove_segment", "undo_removal", "labels"),
            *("import", "pool", "stroke"),
        )
    },
    "import_200_lateness": "lateness of the same timer while a DICOM series of 60 slices comes in, "
    "with 200 cases of 300 slices of 64²",
    "import_2_lateness": "the same with 2 cases",
    "pool_200_lateness": "the same while a case goes to another pool, with 200 cases of 300 slices",
    "pool_2_lateness": "the same with 2 cases",
    "stroke_200_lateness": "the same at a stroke, with 200 cases of 300 slices",
    "stroke_2_lateness": "the same with 2 cases",
    "stop_training": "from Stop to the end of the training, once there is a checkpoint",
    "freeze_20": "how long Train holds the window, 20 unsaved scans of 512×512×300, every slice "
    "labelled, all in memory",
    "first_step_20": "from Train until the trainer has taken its first step on them, cold",
    "first_step_20_cpu": "the same in seconds of the processor, program and trainer, by two",
    "bundle_20": "what is written of their labels for the trainer",
    "private_10": "most private memory of a trainer until its second point of the curve, 10 cases "
    "of 512×512×300, every slice labelled",
    "private_100": "the same with 100 cases",
    "private_100_to_10": "how many times more",
    "stop_before_checkpoint": "from Stop to the end of the training, before the first checkpoint",
}


def write(folder: Path, rows: list[Row], peer: dict[str, Any] | None) -> None:
    """Write both files: rows of a name that stood there are replaced, the others stay.

    Parameters
    ----------
    peer : answer of `napari_peer`, or None where it was not run
    """
    file, on = folder / "benchmarks.json", machine()
    load = on.pop("load_at_the_end")
    made = {"made": datetime.now(UTC).strftime("%Y-%m-%d"), "load": load}
    before = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {"rows": []}
    table = {row["name"]: row for row in before["rows"]}
    for row in rows:
        table[row.name] = _with_peer(row, peer) | made
    answer = {
        "machine": on,
        "versions": {name: version(name) for name in PACKAGES},
        "rows": list(table.values()),
    }
    folder.mkdir(exist_ok=True)
    file.write_text(json.dumps(answer, indent=1) + "\n", encoding="utf-8")
    (folder / "benchmarks.md").write_text(_page(answer), encoding="utf-8")


def machine() -> dict[str, Any]:
    """What it ran on, without names of people or hosts; the load says how quiet it was."""
    load = round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else None
    return {
        "system": platform.system(),
        "processor": platform.machine(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "load_at_the_end": load,
    }


def _with_peer(row: Row, peer: dict[str, Any] | None) -> dict[str, Any]:
    fields: dict[str, Any] = asdict(row)
    if peer is not None and row.name in peer:
        median = statistics.median(peer[row.name])
        fields |= {
            "peer": f"napari {peer['napari']}",
            "peer_median": round(median, 3),
            "ratio": round(median / row.median, 1),
        }
    return fields


def _page(answer: dict[str, Any]) -> str:
    on, versions = answer["machine"], answer["versions"]
    lines = [
        "# Benchmarks",
        "",
        f"Made by `make bench`, the newest rows on {on['system']} {on['processor']}, {on['cores']} "
        f"cores, Python {on['python']}, "
        + ", ".join(f"{name} {number}" for name, number in versions.items())
        + ". `python -m tests.benchmarks --only PART --write` makes the rows of one part anew; the "
        "last column says when, and under which load of the machine.",
        "",
        "Offscreen, through real events; medians of several runs on a shared machine, so trust "
        "ratios more than the last tenth.",
        "",
        "| row | what | unit | median | p99 | worst | peer | peer's median | ratio | made, load |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for row in answer["rows"]:
        cells = (
            row["name"],
            WHAT.get(row["name"]) or str(row["what"]),
            row["unit"],
            *(f"{row[key]:g}" for key in ("median", "p99", "worst")),
            *(str(row.get(key, "")) for key in ("peer", "peer_median", "ratio")),
            f"{row['made']}, {row['load']}",
        )
        lines.append(f"| {' | '.join(cells)} |")
    if any("peer" in row for row in answer["rows"]):
        lines += [
            "",
            "napari ran beside segdesk in the same run, under Xvfb with OpenGL emulated on the CPU "
            "(software GL): on a machine with a GPU it is faster. The ratios say nothing about "
            "napari there.",
        ]
    else:
        lines += ["", "No peer ran beside it: `make bench NAPARI=/path/to/its/python` adds napari."]
    return "\n".join(lines) + "\n"
