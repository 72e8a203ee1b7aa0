"""Saving: begun on the Workbench's thread, written by a worker, ended on the Workbench's thread.

How files are replaced safely belongs to `store`.
"""

from __future__ import annotations

from segdesk.app.project.left_out import keep_before_a_save
from segdesk.app.project.workbench import Workbench
from segdesk.core.project import Project
from segdesk.store.project_folder import Save


class PendingSave:
    """A save under way. `run` may be called from a worker; then `succeeded` or `failed` once.

    Parameters
    ----------
    workbench : its unsaved cases are taken now; painting may go on at once
    """

    def __init__(self, workbench: Workbench) -> None:
        self._workbench = workbench
        keep_before_a_save(workbench.left_out, workbench.folder)
        changed = workbench.take_unsaved()
        self._ids = tuple(changed)
        try:
            self._save: Save = workbench.folder.begin_save(
                workbench.project, changed, workbench.history.stacks
            )
        except BaseException:
            workbench.put_back_unsaved(self._ids)
            raise

    def run(self) -> Project:
        """Write and verify everything, and tidy up. Any thread."""
        project = self._save.run()
        self._save.finish()
        return project

    def succeeded(self, project: Project) -> None:
        """Tell the Workbench. Its thread."""
        self._workbench.saved(project)

    def failed(self) -> None:
        """The cases still have to be written; the journals keep them. The Workbench's thread."""
        self._workbench.put_back_unsaved(self._ids)


def save(workbench: Workbench) -> None:
    """Save now and wait; nothing where nothing changed."""
    if not workbench.has_unsaved:
        return
    pending = PendingSave(workbench)
    try:
        project = pending.run()
    except BaseException:
        pending.failed()
        raise
    pending.succeeded(project)
