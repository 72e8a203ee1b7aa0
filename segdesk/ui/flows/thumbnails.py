"""Small pictures for the list of what was found: one by one, on a worker, until it closes."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QObject, QSize, Qt
from PySide6.QtGui import QImage, QPixmap

from segdesk.app.files.importing import Finding
from segdesk.app.files.thumbnails import is_cheap, thumbnail
from segdesk.ui.dialogs.series_list import THUMBNAIL, ImportChoiceDialog
from segdesk.ui.look.translations import tr
from segdesk.ui.threads.task_runner import TaskRunner


class Thumbnails(QObject):
    """Owned by its dialog; what comes after that has closed is dropped."""

    def __init__(
        self, runner: TaskRunner, findings: Sequence[Finding], dialog: ImportChoiceDialog
    ) -> None:
        super().__init__(dialog)
        self._runner = runner
        self._dialog = dialog
        self._waiting = deque((row, one) for row, one in enumerate(findings) if is_cheap(one))
        self._is_open = True
        dialog.finished.connect(self._close)
        self._next()

    def _close(self) -> None:
        self._is_open = False

    def _next(self) -> None:
        if not self._is_open or not self._waiting:
            return
        row, finding = self._waiting.popleft()

        def done(picture: tuple[npt.NDArray[np.uint8], float]) -> None:
            if self._is_open:
                self._dialog.show_thumbnail(row, _pixmap(*picture))
                self._next()

        self._runner.start(
            tr("Reading the middle slice"),
            lambda _: thumbnail(finding, THUMBNAIL),
            done=done,
            # The list says what is wrong with a file; a picture is not missed.
            failed=lambda _: self._next(),
        )


def _pixmap(picture: npt.NDArray[np.uint8], aspect: float) -> QPixmap:
    rows, columns, _ = picture.shape
    image = QImage(picture.data, columns, rows, 3 * columns, QImage.Format.Format_RGB888)
    size = QSize(columns, round(rows * aspect)).scaled(
        2 * THUMBNAIL, 2 * THUMBNAIL, Qt.AspectRatioMode.KeepAspectRatio
    )
    smooth = Qt.TransformationMode.SmoothTransformation
    made = QPixmap.fromImage(image.scaled(size, Qt.AspectRatioMode.IgnoreAspectRatio, smooth))
    made.setDevicePixelRatio(2)
    return made
