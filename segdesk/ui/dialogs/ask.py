"""The one seam to the file dialogs. Each asks, returns at once, and calls `then` with the answer.

Nothing is called where the user changes their mind.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QWidget

from segdesk.core.regular_file import is_folder


def for_folder(
    parent: QWidget, title: str, start: str, then: Callable[[Path], None]
) -> QFileDialog:
    """Ask for a folder that exists."""
    dialog = _dialog(parent, title, start)
    dialog.setFileMode(QFileDialog.FileMode.Directory)
    dialog.setOption(QFileDialog.Option.ShowDirsOnly)
    return _shown(dialog, lambda paths: then(paths[0]))


def for_files(
    parent: QWidget,
    title: str,
    start: str,
    filters: Sequence[str],
    then: Callable[[tuple[Path, ...]], None],
) -> QFileDialog:
    """Ask for one or more files that exist."""
    dialog = _dialog(parent, title, start)
    dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
    dialog.setNameFilters(list(filters))
    return _shown(dialog, then)


def for_file(
    parent: QWidget, title: str, start: str, filters: Sequence[str], then: Callable[[Path], None]
) -> QFileDialog:
    """Ask for one file that exists."""
    dialog = _dialog(parent, title, start)
    dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
    dialog.setNameFilters(list(filters))
    return _shown(dialog, lambda paths: then(paths[0]))


def for_new_file(
    parent: QWidget, title: str, start: str, filters: Sequence[str], then: Callable[[Path], None]
) -> QFileDialog:
    """Ask where a file shall be written; the dialog asks before one is replaced."""
    dialog = _dialog(parent, title, "")
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    dialog.setFileMode(QFileDialog.FileMode.AnyFile)
    dialog.setNameFilters(list(filters))
    proposed = Path(start)
    if is_folder(proposed.parent):
        dialog.setDirectory(str(proposed.parent))
    dialog.selectFile(proposed.name)
    # Qt exchanges what stands behind the last dot only: a .nii.gz became a .nii.nrrd.
    parts = {f".{part}" for row in filters for part in _ending(row).split(".") if part}

    def follow(chosen: str) -> None:
        """What is written goes by the name's ending, so the name follows the kind."""
        for file in map(Path, dialog.selectedFiles()):
            while file.suffix in parts:
                file = file.with_suffix("")
            dialog.selectFile(file.name + _ending(chosen))

    dialog.filterSelected.connect(follow)
    return _shown(dialog, lambda paths: then(paths[0]))


def _ending(name_filter: str) -> str:
    """The ending in a filter such as "NRRD (*.nrrd)"; empty for "(*)"."""
    return name_filter.rpartition("(*")[2].removesuffix(")")


def _dialog(parent: QWidget, title: str, start: str) -> QFileDialog:
    dialog = QFileDialog(parent, title)
    dialog.setObjectName("file_dialog")
    dialog.setAccessibleName(title)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    if start and is_folder(Path(start)):
        dialog.setDirectory(start)
    return dialog


def _shown(dialog: QFileDialog, then: Callable[[tuple[Path, ...]], None]) -> QFileDialog:
    def chosen(names: list[str]) -> None:
        if names:
            then(tuple(Path(name) for name in names))

    dialog.filesSelected.connect(chosen)
    dialog.open()
    return dialog
