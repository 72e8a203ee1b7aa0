"""File: projects, scans in, masks out."""

from __future__ import annotations

from segdesk.ui.commands.action import Action, Groups
from segdesk.ui.commands.desk import Desk
from segdesk.ui.dialogs import ask
from segdesk.ui.dialogs.series_list import SCAN_FILTERS
from segdesk.ui.look.translations import tr


def file_groups(desk: Desk) -> Groups:
    """The groups of the menu File."""
    reasons, menu = desk.reasons, "file"
    return (
        (
            Action(
                "new_project",
                tr("New project…"),
                tr("Make an empty project in a folder of your choice"),
                desk.opening.ask_for_new,
                menu,
                ("Ctrl+N",),
                why_not=reasons.idle,
                icon="add",
            ),
            Action(
                "open_project",
                tr("Open project…"),
                tr("Open a folder whose name ends in .segdesk"),
                desk.opening.ask,
                menu,
                ("Ctrl+O",),
                why_not=reasons.idle,
                icon="open",
            ),
            Action(
                "open_packed",
                tr("Open packed project…"),
                tr("Unpack a project that was packed into one file, and open it"),
                desk.packing.ask_for_packed,
                menu,
                why_not=reasons.idle,
            ),
            Action(
                "close_project",
                tr("Close project"),
                tr("Save and close the project; the window stays"),
                desk.frame.close_project,
                menu,
                ("Ctrl+W",),
                needs="project",
            ),
        ),
        (
            Action(
                "import_folder",
                tr("Import folder…"),
                tr("Import every scan of a folder of DICOM files, with its sub-folders"),
                lambda: _ask_for_folder(desk),
                menu,
                ("Ctrl+I",),
                why_not=desk.imports.why_not,
                icon="import",
                changes=True,
            ),
            Action(
                "import_files",
                tr("Import files…"),
                tr("Import NIfTI, NRRD, MetaImage, TIFF, PNG or array files"),
                lambda: _ask_for_files(desk),
                menu,
                ("Ctrl+Shift+I",),
                why_not=desk.imports.why_not,
                changes=True,
            ),
            Action(
                "import_labels",
                tr("Import labels…"),
                tr("Bring a mask from a file into the case on screen"),
                desk.exchange.ask_for_labels,
                menu,
                needs="mask",
                changes=True,
            ),
            Action(
                "export",
                tr("Export…"),
                tr("Write the annotation, the prediction or the scan to a file"),
                desk.exchange.ask_for_export,
                menu,
                ("Ctrl+E",),
                needs="mask",
                icon="export",
            ),
        ),
        (
            Action(
                "rename_case",
                tr("Rename case…"),
                tr("Call the case on screen otherwise; its files keep their names"),
                desk.care.ask_for_name,
                menu,
                needs="case",
                changes=True,
            ),
            Action(
                "remove_case",
                tr("Remove case…"),
                tr("Take the case on screen out of the project; its files go to the bin"),
                desk.care.ask_to_remove,
                menu,
                why_not=desk.care.why_not_remove,
                changes=True,
            ),
        ),
        (
            Action(
                "pack",
                tr("Pack into one file…"),
                tr("Put the whole project into one file, to carry it or to keep it"),
                desk.packing.ask_to_pack,
                menu,
                why_not=desk.packing.why_not_pack,
            ),
        ),
        (
            Action(
                "save",
                tr("Save"),
                tr("Write everything that changed into the project"),
                desk.frame.save,
                menu,
                ("Ctrl+S",),
                why_not=reasons.save,
                icon="save",
                changes=True,
            ),
            Action(
                "save_elsewhere",
                tr("Save a copy elsewhere…"),
                tr("Make a whole copy of the project at another place, and go on there"),
                desk.elsewhere.ask,
                menu,
                why_not=desk.elsewhere.why_not,
            ),
        ),
        (
            Action(
                "quit",
                tr("Quit"),
                tr("Save and close the window"),
                lambda: _quit(desk),
                menu,
                ("Ctrl+Q",),
            ),
        ),
    )


def _quit(desk: Desk) -> None:
    desk.frame.close()


def _ask_for_folder(desk: Desk) -> None:
    ask.for_folder(
        desk.owner,
        tr("Folder of scans"),
        desk.preferences.now.import_folder,
        lambda path: desk.imports.start([path]),
    )


def _ask_for_files(desk: Desk) -> None:
    ask.for_files(
        desk.owner,
        tr("Scans"),
        desk.preferences.now.import_folder,
        SCAN_FILTERS,
        desk.imports.start,
    )
