"""Writing what waits of the index, behind whatever is being written."""

from __future__ import annotations

from collections.abc import Callable

from segdesk.app.project.workbench import Workbench
from segdesk.ui.look.translations import tr
from segdesk.ui.threads.task_runner import TaskRunner


def write_index(
    runner: TaskRunner,
    workbench: Workbench,
    *,
    done: Callable[[], None] = lambda: None,
    failed: Callable[[Exception], None],
) -> None:
    """Have the index written on the lane of the disk; `done` or `failed` are called afterwards."""
    runner.start(
        tr("Writing the index"),
        lambda _: workbench.folder.write_index(),
        done=lambda _: done(),
        failed=failed,
        lane="write",
    )
