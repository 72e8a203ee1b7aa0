"""Which of the volumes that were found shall become cases, with the disk that they need."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QIcon, QPixmap, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHBoxLayout,
    QHeaderView,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QTreeWidget,
    QTreeWidgetItem,
    QWidget,
)

from segdesk.app.files.import_questions import Questions
from segdesk.app.files.importing import Finding, Survey, UnitChoice
from segdesk.ui.dialogs import ask
from segdesk.ui.dialogs.dialog import Dialog, grey_out, sentence
from segdesk.ui.dialogs.import_answers import ImportAnswers
from segdesk.ui.look import as_written, counted_words
from segdesk.ui.look.as_written import tip
from segdesk.ui.look.sizes import scaled
from segdesk.ui.look.theme import GRID
from segdesk.ui.look.translations import all_translated, tr, translated
from segdesk.ui.widgets.labels import use_role

SCAN_FILTERS = (
    "Scans and masks (*.nii *.nii.gz *.hdr *.img *.nrrd *.nhdr *.mha *.mhd *.tif *.tiff *.png "
    "*.npy *.npz *.h5 *.dcm)",
    "All files (*)",
)

#: More notes than these scroll, in a space so high in pixels.
FEW_NOTES, NOTES_HEIGHT = 3, 20 * GRID
#: Side of the picture of a series, in pixels.
THUMBNAIL = 12 * GRID
#: Of the screen's width and height, what the dialog may take.
MOST_OF_SCREEN = 0.85
#: Column of the folder's name.
FOLDER = 6
#: Of what both names may have, the share of the series where the folder's does not fit.
MOST_OF_NAMES = 0.75


@dataclass(frozen=True, slots=True)
class Chosen:
    """What the reader wants.

    Parameters
    ----------
    findings : the scans
    labels : a label map for the only one of them, or empty
    unit, is_scan : as `importing.Request`
    labels_of : the case that the one finding is the labels of, so that it is no scan; or empty
    """

    findings: tuple[Finding, ...]
    labels: str = ""
    unit: UnitChoice = ""
    is_scan: bool = False
    labels_of: str = ""


class SeriesTree(QTreeWidget):
    """The rows; names of series and folders share what the other columns leave.

    Where that is not enough for both the folder gives way, which its tooltip has in full.
    """

    def width_of(self, column: int) -> int:
        """What a column needs for its words, in pixels."""
        return max(self.sizeHintForColumn(column), self.header().sectionSizeHint(column))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        header = self.header()
        others = [at for at in range(header.count()) if at not in (0, FOLDER)]
        free = self.viewport().width() - sum(map(self.width_of, others))
        name, folder = self.width_of(0), self.width_of(FOLDER)
        name = max(free - folder, min(name, round(MOST_OF_NAMES * free)))
        header.resizeSection(0, name)
        header.resizeSection(FOLDER, max(free - name, header.minimumSectionSize()))


class ImportChoiceDialog(Dialog):
    """Series with boxes to tick, all ticked; refused ones below, greyed, with the reason.

    Parameters
    ----------
    survey : what was found
    asked : what is open about each of its volumes
    project : whose disk the volumes will lie on; None where the place is asked for afterwards
    then : gets what was chosen
    """

    def __init__(
        self,
        parent: QWidget | None,
        survey: Survey,
        asked: Sequence[Questions],
        project: Path | None,
        then: Callable[[Chosen], None],
    ) -> None:
        super().__init__("import_choice_dialog", tr("Import scans"), parent)
        self._survey = survey
        self._asked = tuple(asked)
        self._then = then
        self._project = project
        self._free = None if project is None else shutil.disk_usage(project).free
        self._space = sentence("")
        self._space.setObjectName("import_space")
        self.rows.addWidget(self._space)
        self.list = self._list()
        self.rows.addWidget(self.list, 1)
        if survey.notes:
            self.rows.addWidget(_notes(survey.notes))
        self.answers = ImportAnswers()
        self.rows.addWidget(self.answers)
        self.labels = QLineEdit()
        self.labels.setObjectName("import_labels_file")
        self.labels.setAccessibleName(tr("Labels of the scan, optional"))
        self.labels.setPlaceholderText(tr("Labels of the scan, optional"))
        self._browse = QPushButton(tr("Browse…"))
        self._browse.setObjectName("browse_import_labels")
        self._browse.setAccessibleName(tr("Browse for labels"))
        self._browse.setAutoDefault(False)
        self._browse.clicked.connect(self._ask_for_labels)
        row = QHBoxLayout()
        row.setSpacing(2 * GRID)
        row.addWidget(self.labels, 1)
        row.addWidget(self._browse)
        self.rows.addLayout(row)
        self.add_button("cancel_import_choice", tr("Cancel"), self.reject)
        self._import = self.add_button("import_chosen", tr("Import"), self._choose, role="primary")
        self.end_rows()
        self.list.itemChanged.connect(lambda *_: self._check())
        self.answers.changed.connect(self._check)
        self._check()
        self.resize(self._wanted_size())

    def _wanted_size(self) -> QSize:
        """As wide as the rows of the list are, and as high, where the screen has room for it."""
        room = self.screen().availableSize() * MOST_OF_SCREEN
        rows = self.list.topLevelItemCount() * (THUMBNAIL + 3 * GRID)
        metrics = self.list.fontMetrics()
        spanned = [
            metrics.horizontalAdvance(translated(finding.named_refusal))
            for finding in self._survey.refused
        ]
        own = sum(map(self.list.width_of, range(self.list.header().count()))) + 2 * GRID
        width = max([own, *spanned]) + 16 * GRID
        least = QSize(scaled(230 * GRID), scaled(120 * GRID))
        wanted = QSize(width, self.sizeHint().height() - self.list.sizeHint().height() + rows)
        return wanted.expandedTo(least).boundedTo(room)

    def _list(self) -> SeriesTree:
        made = SeriesTree()
        made.setObjectName("import_series")
        made.setAccessibleName(tr("Series that were found"))
        made.setRootIsDecorated(False)
        made.setUniformRowHeights(True)
        made.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        made.setIconSize(QSize(THUMBNAIL, THUMBNAIL))
        titles = (tr("Series"), tr("Kernel"), tr("No."), tr("Slices"), tr("Spacing, mm"))
        made.setHeaderLabels([*titles, tr("Date"), tr("Folder"), tr("Size")])
        room = QPixmap(THUMBNAIL, THUMBNAIL)
        room.fill(Qt.GlobalColor.black)
        single = len(self._survey.volumes) == 1
        for finding, asked in zip(self._survey.volumes, self._asked, strict=True):
            item = QTreeWidgetItem(made, [as_written.item(words) for words in _columns(finding)])
            # Among others, what looks like a mask is a scan only where its box is ticked.
            item.setIcon(0, QIcon(room))
            item.setToolTip(0, tip(item.text(0)))
            item.setToolTip(FOLDER, tip(str(finding.files[0].parent)))
            is_wanted = single or not asked.mask
            item.setCheckState(0, Qt.CheckState.Checked if is_wanted else Qt.CheckState.Unchecked)
            if asked.mask:
                item.setToolTip(0, tip(f"{item.text(0)}\n{translated(asked.mask)}"))
                item.setText(0, tr("{name} (looks like a mask)", name=item.text(0)))
            item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsUserCheckable)
        for finding in self._survey.refused:
            words = translated(finding.named_refusal)
            item = QTreeWidgetItem(made, [as_written.item(words)])
            item.setFirstColumnSpanned(True)
            place = str(finding.files[0].parent) if finding.files else ""
            item.setToolTip(0, tip(f"{place}\n{translated(finding.refusal)}".strip()))
            grey_out(item, self.palette())
        header = made.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        for at in (0, FOLDER):
            header.setSectionResizeMode(at, QHeaderView.ResizeMode.Fixed)
        return made

    def show_thumbnail(self, row: int, picture: QPixmap) -> None:
        """The middle slice of the volume in a row."""
        self._item(row).setIcon(0, QIcon(picture))

    @property
    def chosen(self) -> tuple[Finding, ...]:
        """The volumes that are ticked."""
        return tuple(
            finding
            for row, finding in enumerate(self._survey.volumes)
            if self._item(row).checkState(0) == Qt.CheckState.Checked
        )

    def _item(self, row: int) -> QTreeWidgetItem:
        item = self.list.topLevelItem(row)
        if item is None:
            raise ValueError(f"expected a row of the list, received row={row}")
        return item

    def _check(self) -> None:
        chosen = self.chosen
        needed = sum(finding.nbytes for finding in chosen)
        no_room = self._free is not None and needed > self._free
        self._space.setText(self._counted(len(chosen), needed))
        use_role(self._space, "bad" if no_room else "")
        self.answers.show_for(
            [
                (finding, self._asked[row])
                for row, finding in enumerate(self._survey.volumes)
                if finding in chosen
            ]
        )
        problem = self.answers.problem
        if not chosen:
            problem = tr("Tick at least one.")
        elif no_room:
            problem = tr(
                "The disk of the project has not that much room: tick fewer, or free some."
            )
        self._import.setEnabled(not problem)
        self._import.setToolTip(tip(problem))
        single = len(chosen) == 1 and not self.answers.labels_of
        reason = "" if single else tr("Labels can come along with one scan at a time.")
        for widget in (self.labels, self._browse):
            widget.setEnabled(single)
            widget.setToolTip(tip(reason))

    def _counted(self, count: int, needed: int) -> str:
        """How many are chosen of how many, what they need, and what the project's disk has."""
        volumes, refused = len(self._survey.volumes), len(self._survey.refused)
        parts = [tr("{count} of {all} chosen.", count=count, all=volumes + refused)]
        if refused:
            parts[0] = tr(
                "{count} of {all} chosen; {refused} cannot be read, see below.",
                count=count,
                all=volumes + refused,
                refused=refused,
            )
        if self._free is None:
            parts.append(tr("They need {needed}.", needed=size_words(needed)))
        else:
            parts.append(
                tr(
                    "They need {needed}; the disk of '{project}' has {free} free.",
                    needed=size_words(needed),
                    project=str(self._project),
                    free=size_words(self._free),
                )
            )
        return " ".join(parts)

    def _ask_for_labels(self) -> None:
        ask.for_file(
            self,
            tr("Labels of the scan"),
            "",
            SCAN_FILTERS,
            lambda path: self.labels.setText(str(path)),
        )

    def _choose(self) -> None:
        chosen = self.chosen
        answers = self.answers
        labels = self.labels.text().strip() if self.labels.isEnabled() else ""
        made = Chosen(chosen, labels, answers.unit, answers.is_scan, answers.labels_of)
        self.accept()
        self._then(made)


def _notes(notes: Sequence[str]) -> QWidget:
    """The notes below each other; many of them scroll, so that the buttons stay on the screen."""
    said = sentence("\n".join(all_translated(notes)), role="dim")
    said.setObjectName("import_notes")
    if len(notes) <= FEW_NOTES:
        return said
    area = QScrollArea()
    area.setObjectName("import_notes_area")
    area.setAccessibleName(tr("Notes"))
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setWidgetResizable(True)
    area.setWidget(said)
    area.setFixedHeight(scaled(NOTES_HEIGHT))
    return area


def size_words(nbytes: int) -> str:
    """A size for people, such as "1.2 GB"."""
    for unit, step in (("GB", 1e9), ("MB", 1e6)):
        if nbytes >= step:
            return f"{nbytes / step:.1f} {unit}"
    return f"{nbytes / 1e3:.0f} kB"


def _columns(finding: Finding) -> list[str]:
    slices, rows, columns = finding.shape
    spacing = ""
    if finding.spacing_mm is not None:
        step, row, column = finding.spacing_mm
        spacing = f"{step:g} × {row:.3g} × {column:.3g}"
    return [
        translated(finding.description or finding.kind),
        finding.kernel,
        "" if finding.series_number is None else str(finding.series_number),
        tr("{slices} of {size}", slices=counted_words.slices(slices), size=f"{rows}×{columns}"),
        spacing,
        finding.date,
        finding.files[0].parent.name,
        size_words(finding.nbytes),
    ]
