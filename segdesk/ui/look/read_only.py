"""A project that is only read: what cannot be done then, and the words for it.

Looking and exporting go on; whatever would change the project says why not. The last
door is the Workbench's own, which refuses every Edit of such a project.
"""

from __future__ import annotations

from segdesk.app.project.workbench import Workbench
from segdesk.ui.look.translations import tr


def why_read_only(workbench: Workbench | None) -> str:
    """Why nothing can be changed; empty where it can, or where nothing is open."""
    if workbench is None or workbench.folder.writable:
        return ""
    return tr("This project is read only here: nothing can be changed in it.")


def read_only_words(*, beside_another: bool) -> tuple[str, str]:
    """What is said when such a project comes up, and why it is so.

    Parameters
    ----------
    beside_another : the reader chose it because another program has the project open for writing
    """
    why = tr("Its folder or disk may not be written to.")
    if beside_another:
        why = tr("Another program has it open for writing; what is saved there later is not seen.")
    return (
        tr("Read only: nothing is saved."),
        f"{why} {tr('Looking, exporting and packing go on.')}",
    )
