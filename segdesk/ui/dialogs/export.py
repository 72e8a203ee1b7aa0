"""What of a case shall be written to a file."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtWidgets import QRadioButton, QWidget

from segdesk.ui.dialogs.dialog import Dialog, sentence
from segdesk.ui.look.as_written import tip
from segdesk.ui.look.translations import tr

FILTERS = (
    "NIfTI (*.nii.gz)",
    "NRRD (*.nrrd)",
    "MetaImage (*.mha)",
    "Array (*.npy)",
    # A name without an ending becomes a folder of PNG files.
    "PNG files in a folder (*)",
)


class ExportDialog(Dialog):
    """Asked before the file.

    Parameters
    ----------
    case : id
    why_not : for each of "annotation", "prediction", "volume" the reason why it cannot be
        exported, or ""
    then : gets what was chosen
    unseen : how many slices of the annotation nobody has looked at, as a sentence, or empty
    """

    def __init__(
        self,
        parent: QWidget | None,
        case: str,
        why_not: Mapping[str, str],
        then: Callable[[str], None],
        *,
        unseen: str = "",
    ) -> None:
        super().__init__("export_dialog", tr("Export"), parent)
        self._then = then
        self.rows.addWidget(sentence(tr("What of {case} shall be written to a file?", case=case)))
        words = {
            "annotation": tr("The annotation: what was drawn and accepted"),
            "prediction": tr("The prediction that is shown, as the network gave it"),
            "volume": tr("The scan itself"),
        }
        self._options: dict[str, QRadioButton] = {}
        for what, reason in why_not.items():
            option = QRadioButton(words[what])
            option.setObjectName(f"export_{what}")
            option.setAccessibleName(words[what])
            option.setEnabled(not reason)
            option.setToolTip(tip(reason))
            self._options[what] = option
            self.rows.addWidget(option)
            if what == "annotation" and unseen:
                note = sentence(unseen, role="warn")
                note.setObjectName("export_unseen")
                self.rows.addWidget(note)
        next(option for option in self._options.values() if option.isEnabled()).setChecked(True)
        self.add_button("cancel_export", tr("Cancel"), self.reject)
        self.add_button("choose_export_file", tr("Choose the file…"), self._choose, role="primary")
        self.end_rows()

    def _choose(self) -> None:
        chosen = next(what for what, option in self._options.items() if option.isChecked())
        self.accept()
        self._then(chosen)
