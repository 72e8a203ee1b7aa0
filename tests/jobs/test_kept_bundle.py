"""Bundles that are kept for going on: a project has only so many of them."""

from __future__ import annotations

import os
from pathlib import Path

from segdesk.jobs import bundle as bundles
from segdesk.jobs import kept_bundle
from segdesk.jobs.run_paths import RunPaths


def stopped(runs: Path, name: str, *, at: int) -> RunPaths:
    """A run that can go on, whose bundle was kept at a time."""
    paths = RunPaths(runs / name)
    paths.bundle.mkdir(parents=True)
    paths.checkpoint(10).folder.mkdir()
    for file in (bundles.MANIFEST, bundles.TARGETS):
        (paths.bundle / file).write_bytes(b"{}")
    kept_bundle.keep(paths)
    os.utime(paths.kept_bundle / kept_bundle.SUMS, (at, at))
    return paths


def test_the_newest_are_kept_and_what_nobody_can_go_on_with_goes(tmp_path: Path) -> None:
    """The newest by when they were kept: an early run may have gone on lately."""
    times = {"run-001": 90, "run-002": 20, "run-003": 30, "run-004": 40, "run-005": 10}
    made = {name: stopped(tmp_path, name, at=at) for name, at in times.items()}
    made["run-004"].drop_checkpoints()
    (tmp_path / "elsewhere").mkdir()
    other = stopped(tmp_path / "elsewhere", "run-009", at=1)
    (tmp_path / "run-008").symlink_to(other.folder)
    assert kept_bundle.let_go_of_old_ones(tmp_path) == ["run-005"]
    kept = {name for name, paths in made.items() if paths.kept_bundle.exists()}
    assert kept == {"run-001", "run-002", "run-003"} and other.kept_bundle.exists()
    assert made["run-005"].kept_checkpoints() == [10]
    assert kept_bundle.let_go_of_old_ones(tmp_path) == []
