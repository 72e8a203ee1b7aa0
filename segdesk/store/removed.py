"""removed/ID: what a case that left the index had, in one folder.

    removed/ID/volume.h5, annotation-N.h5      as they were
    removed/ID/predictions/RUN.h5              what runs predicted of it

The window then hands the folder to the system's bin where there is one. Only `project_folder` calls
this, with the lock held and the index written.
"""

from __future__ import annotations

from pathlib import Path

from segdesk.core.durable_files import lasting_folder, move, sync_folder
from segdesk.core.regular_file import files_below, is_there
from segdesk.store.disk.layout import Layout

REMOVED = "removed"


def set_aside(layout: Layout, case: str) -> Path:
    """Move everything of a case below removed/, and return the folder.

    Raises
    ------
    OSError
        Where the disk refuses; what was moved until then stays there, the rest where it was.
    """
    home = layout.inside(layout.root / REMOVED)
    lasting_folder(home)
    target, number = home / case, 2
    while target.exists():
        target, number = home / f"{case}-{number}", number + 1
    if layout.case(case).exists():
        move(layout.case(case), target)
    else:
        # Somebody else has taken it away: what lies elsewhere of the case is all there is.
        lasting_folder(target)
    for folder in (home, layout.root / "cases"):
        sync_folder(folder)
    beside = layout.waiting_beside(case)
    if is_there(beside):
        move(beside, target / beside.name)
        for folder in (target, layout.root):
            sync_folder(folder)
    kept = target / "predictions"
    for path in files_below(layout.root / "runs", "*", "predictions", f"{case}.h5"):
        lasting_folder(kept)
        move(path, kept / f"{path.parents[1].name}.h5")
        for folder in (kept, path.parent):
            sync_folder(folder)
    return target
