"""The bundle of a training that can go on, kept beside its checkpoints.

It can lie for weeks, so the sums of its files lie with it. A project has only so many of them: a
run that has lost its own goes on with the labels of now. `bundle` says what is in one.
"""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from pathlib import Path

from segdesk.core.durable_files import move, sync_folder, write_whole
from segdesk.core.regular_file import is_folder, is_link, is_there, open_regular, remove_whatever
from segdesk.errors import TrainingError
from segdesk.jobs import bundle as bundles
from segdesk.jobs.bundle import LARGEST, MANIFEST, TARGETS, Bundle
from segdesk.jobs.run_paths import RunPaths

#: The SHA-256 of manifest and targets.
SUMS = "sums.json"
#: Runs of a project that keep what they learnt from; of 200 scans it is some hundred megabytes.
MOST = 3


def keep(paths: RunPaths) -> None:
    """Keep a training's bundle for going on, without the answers that lie in it.

    Raises
    ------
    OSError
        Where the system refuses.
    """
    if not is_folder(paths.bundle) or is_link(paths.bundle):
        return
    if not is_there(paths.bundle / MANIFEST):
        # It was cut off while it was written; what was kept before it stays.
        paths.clear_bundle()
        return
    for path in paths.bundle.iterdir():
        if path.name not in (MANIFEST, TARGETS):
            remove_whatever(path)
    sums = json.dumps(_sums(paths.bundle)).encode()
    write_whole(paths.bundle / SUMS, sums, json.loads)
    paths.clear_kept_bundle()
    move(paths.bundle, paths.kept_bundle)
    sync_folder(paths.folder)


def take(paths: RunPaths) -> Bundle:
    """Bring a bundle that was kept back to its place, and read it.

    Raises
    ------
    TrainingError
        Where it is damaged: it is gone then.
    OSError
        Where the system refuses.
    """
    paths.clear_bundle()
    if is_there(paths.kept_bundle):
        move(paths.kept_bundle, paths.bundle)
    try:
        try:
            with open_regular(paths.bundle / SUMS) as file:
                is_whole = json.loads(file.read(LARGEST)) == _sums(paths.bundle)
        except (OSError, ValueError, RecursionError):
            is_whole = False
        if not is_whole:
            raise TrainingError("It is not what was kept.")
        return bundles.read(paths.bundle)
    except TrainingError:
        paths.clear_bundle()
        raise


def let_go_of_old_ones(runs: Path) -> list[str]:
    """Remove what nobody can go on with, and all but the newest of the rest.

    Parameters
    ----------
    runs : folder of the runs' folders

    Returns
    -------
    The names of the runs that could have gone on with theirs.

    Raises
    ------
    OSError
        Where that folder cannot be read.
    """
    found: list[tuple[int, RunPaths]] = []
    for folder in runs.iterdir():
        paths = RunPaths(folder)
        with suppress(OSError):
            if is_link(folder) or not is_folder(paths.kept_bundle):
                continue
            if paths.kept_checkpoints():
                found.append(((paths.kept_bundle / SUMS).lstat().st_mtime_ns, paths))
            else:
                paths.clear_kept_bundle()
    gone: list[str] = []
    for _, paths in sorted(found, key=lambda pair: pair[0])[:-MOST]:
        with suppress(OSError):
            paths.clear_kept_bundle()
            gone.append(paths.folder.name)
    return sorted(gone)


def _sums(folder: Path) -> dict[str, str]:
    sums: dict[str, str] = {}
    for name in (MANIFEST, TARGETS):
        with open_regular(folder / name) as file:
            sums[name] = hashlib.file_digest(file, "sha256").hexdigest()
    return sums
