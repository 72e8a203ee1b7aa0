"""Where a new project shall live: asked once, with a place that can be taken as it is."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QStandardPaths
from PySide6.QtWidgets import QGridLayout, QLineEdit, QPushButton, QWidget

from segdesk.app.project import endings
from segdesk.core.regular_file import is_folder, is_there
from segdesk.store.new_project import around
from segdesk.ui.dialogs import ask
from segdesk.ui.dialogs.dialog import Dialog, sentence
from segdesk.ui.look.as_written import tip
from segdesk.ui.look.sizes import scaled
from segdesk.ui.look.theme import GRID
from segdesk.ui.look.translations import tr
from segdesk.ui.widgets.labels import label

#: Names that Windows keeps for devices, whatever ending follows: a project may move to it.
RESERVED = frozenset(
    ("con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10)))
)
FORBIDDEN = '/\\:*?"<>|'


@dataclass(frozen=True, slots=True)
class Words:
    """Title of the dialog, and what its button says."""

    title: str
    button: str


class NewProjectDialog(Dialog):
    """Name and folder of a new project.

    Parameters
    ----------
    folder : where the last project was made, or empty
    then : gets the path that was chosen; nothing is there yet
    because : a sentence above the fields, or empty
    name : proposed for the project, where it can be one and is free; empty: any
    words : where a project comes from elsewhere
    why_no_room : of a folder that can be written into, why what shall come has no room there; "" or
        a sentence
    """

    def __init__(
        self,
        parent: QWidget | None,
        folder: str,
        then: Callable[[Path], None],
        *,
        because: str = "",
        name: str = "",
        words: Words | None = None,
        why_no_room: Callable[[Path], str] = lambda folder: "",
    ) -> None:
        said = words or Words(tr("New project"), tr("Create"))
        super().__init__("new_project_dialog", said.title, parent)
        self._then = then
        self._why_no_room = why_no_room
        place = good_place(folder)
        if name and not is_there(place.parent / f"{name}{endings.FOLDER}"):
            place = place.parent / f"{name}{endings.FOLDER}"
        if because:
            self.rows.addWidget(sentence(because))
        self.name = _field("project_name", tr("Name"), place.stem)
        self.folder = _field("project_folder", tr("Folder"), str(place.parent))
        self.folder.setMinimumWidth(scaled(90 * GRID))
        browse = QPushButton(tr("Browse…"))
        browse.setObjectName("browse_project_folder")
        browse.setAccessibleName(tr("Browse for the folder"))
        browse.setAutoDefault(False)
        browse.clicked.connect(self._browse)
        fields = QGridLayout()
        fields.setSpacing(2 * GRID)
        for row, field in enumerate((self.name, self.folder)):
            caption = label(field.accessibleName())
            caption.setBuddy(field)
            fields.addWidget(caption, row, 0)
            fields.addWidget(field, row, 1)
        fields.addWidget(browse, 1, 2)
        self.rows.addLayout(fields)
        self._problem = sentence("", role="dim")
        self._problem.setObjectName("project_place")
        self.rows.addWidget(self._problem)
        self.add_button("cancel_new_project", tr("Cancel"), self.reject)
        self._create = self.add_button("create_project", said.button, self._chosen, role="primary")
        self.end_rows()
        self.name.textChanged.connect(self._check)
        self.folder.textChanged.connect(self._check)
        self.name.selectAll()
        self._check()

    @property
    def path(self) -> Path:
        """The project's folder as the fields say."""
        name = self.name.text().strip().removesuffix(endings.FOLDER)
        return Path(self.folder.text().strip()).expanduser() / f"{name}{endings.FOLDER}"

    def _browse(self) -> None:
        ask.for_folder(
            self,
            tr("Folder of the project"),
            self.folder.text(),
            lambda path: self.folder.setText(str(path)),
        )

    def _check(self) -> None:
        problem = self._why_not()
        self._create.setEnabled(not problem)
        self._create.setToolTip(tip(problem))
        self._problem.setText(problem or str(self.path))

    def _why_not(self) -> str:
        name = self.name.text().strip().removesuffix(endings.FOLDER)
        if not name or not name.isprintable() or any(sign in name for sign in FORBIDDEN):
            return tr('A name is needed, without / \\ : * ? " < > |')
        if not name.strip("."):
            return tr("A name of dots only is none.")
        if name.partition(".")[0].strip().casefold() in RESERVED:
            return tr("Windows keeps the name '{name}' for itself.", name=name)
        try:
            return _why_not_there(self.path) or self._why_no_room(self.path.parent)
        except OSError as error:
            if error.errno == errno.ENAMETOOLONG:
                return tr("This name is too long for the disk.")
            return tr("This folder cannot be looked into.")

    def _chosen(self) -> None:
        path = self.path
        self.accept()
        self._then(path)


def good_place(folder: str) -> Path:
    """A free path for a new project: beside the last one, else in the user's documents."""
    documents = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation)
    candidates = [Path(name) for name in (folder, documents) if name]
    parent = next(
        (path for path in candidates if is_folder(path) and _may_write(path)), Path.home()
    )
    number = 1
    while is_there(path := parent / f"project-{number}{endings.FOLDER}"):
        number += 1
    return path


def _why_not_there(path: Path) -> str:
    """Why no folder can be made at a path, or ""; OSError where the system cannot even look."""
    if not path.parent.is_dir():
        return tr("This folder does not exist.")
    if path.exists():
        return tr("There is something of that name already.")
    if not _may_write(path.parent):
        return tr("Nothing can be written into this folder.")
    if (project := around(path.parent)) is not None:
        return tr("This folder belongs to the project '{name}'.", name=project.name)
    return ""


def _may_write(folder: Path) -> bool:
    return os.access(folder, os.W_OK | os.X_OK)


def _field(id: str, name: str, text: str) -> QLineEdit:
    field = QLineEdit(text)
    field.setObjectName(id)
    field.setAccessibleName(name)
    return field
