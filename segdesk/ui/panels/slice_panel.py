"""This slice: its status, what only the prediction has, and the buttons of the loop."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QPushButton

from segdesk.app.labelling import accepting, restoring
from segdesk.app.labelling.reviewing import wanted_looks
from segdesk.app.project.workbench import Workbench
from segdesk.app.screen.view_state import ViewState
from segdesk.core.prediction import Difference, Offer, Proposal
from segdesk.core.status import SliceStatus
from segdesk.ops.metrics import compare_segments
from segdesk.ui.canvas.sentences import said_of_slice
from segdesk.ui.look import counted_words
from segdesk.ui.look.as_written import tip
from segdesk.ui.look.read_only import why_read_only
from segdesk.ui.look.review_words import only_predicted
from segdesk.ui.look.theme import GRID, Tokens
from segdesk.ui.look.translations import tr
from segdesk.ui.panels.panel import Panel
from segdesk.ui.widgets.labels import label


def waits_for_prediction(workbench: Workbench, case: str) -> bool:
    """Whether the run in use could predict this case and has not."""
    in_use = workbench.project.in_use.run
    return bool(in_use) and workbench.predicted_by(case) != in_use


class SlicePanel(Panel):
    """What is known of the slice on screen. The buttons do what Enter, Ctrl+Enter and N do."""

    right_wanted = Signal()
    take_wanted = Signal()
    next_wanted = Signal()
    predict_wanted = Signal()

    def __init__(self, tokens: Tokens) -> None:
        super().__init__("this_slice", tr("This slice"), tokens)
        self._status = label("")
        self._agreement = label("", "dim")
        self._agreement.setObjectName("slice_agreement")
        self._more = label("", "dim")
        self._more.setObjectName("slice_only_predicted")
        for line in (self._status, self._agreement, self._more):
            line.setWordWrap(True)
            self.rows.addWidget(line)
        # Where the run in use has not predicted this case, what to press stands below the words.
        self._predict = self._button("predict_this_case", tr("Predict this case"), "link")
        self._predict.clicked.connect(self.predict_wanted)
        self.rows.addWidget(self._predict)
        self._right = self._button("slice_right", tr("Right   Enter"), "good")
        self._take = self._button("slice_take", tr("Take prediction   Ctrl+Enter"), "")
        self._next = self._button("slice_next", tr("Next to look at   N"), "")
        self._right.clicked.connect(self.right_wanted)
        self._take.clicked.connect(self.take_wanted)
        self._next.clicked.connect(self.next_wanted)
        buttons = QGridLayout()
        buttons.setSpacing(2 * GRID)
        buttons.addWidget(self._right, 0, 0)
        buttons.addWidget(self._next, 0, 1)
        buttons.addWidget(self._take, 1, 0, 1, 2)
        self.rows.addSpacing(GRID)
        self.rows.addLayout(buttons)
        self.rows.addStretch(1)

    def _button(self, id: str, text: str, role: str) -> QPushButton:
        button = QPushButton(text)
        button.setObjectName(id)
        button.setAccessibleName(text)
        button.setProperty("role", role)
        return button

    def _listen(self, workbench: Workbench, view: ViewState) -> None:
        for signal in (
            workbench.statuses_changed,
            workbench.case_loaded,
            workbench.labels_changed,
            workbench.predictions_changed,
            workbench.run_changed,
            workbench.index_changed,
            workbench.segments_changed,
            view.crosshair.case_changed,
            view.crosshair.slice_changed,
        ):
            self.bridge.listen(signal, self.refresh)
        self.bridge.listen_now(workbench.proposed, self._take_proposal)

    def _take_proposal(self, case: str, index: int) -> None:
        """On another slice of the case it may be one more that is left to look at."""
        if self.view is not None and self.view.crosshair.case_id == case:
            self.refresh()

    def refresh(self) -> None:
        workbench, view = self.workbench, self.view
        case = view.crosshair.case_id if view is not None else None
        ready = workbench is not None and case is not None and workbench.is_loaded(case)
        why_not = why_read_only(workbench)
        self._right.setEnabled(ready and not why_not)
        words = tr(
            "All of this slice is right, as it is filled; an untouched one takes the prediction"
        )
        self._right.setToolTip(tip(why_not or words))
        self._next.setEnabled(ready)
        self._more.hide()
        self._predict.hide()
        self._offer_taking(None)
        if not ready or workbench is None or view is None or case is None:
            self._status.setText(tr("No scan is open."))
            self._agreement.setText("")
            return
        words = said_of_slice(workbench, case, view.crosshair.slice)
        self._status.setText(f"{words} · {self._left(workbench, case, view.crosshair.slice)}")
        words = self._compared(workbench, case, view.crosshair.slice)
        left_out = _left_out(workbench, case)
        self._agreement.setText(f"{words} {left_out}" if left_out else words)
        self._predict.setVisible(not why_not and waits_for_prediction(workbench, case))
        found = accepting.taking(workbench, case, view.crosshair.slice)
        self._offer_taking(found)
        words = only_predicted(found, workbench.segments)
        if not accepting.is_untouched(workbench.annotation(case), view.crosshair.slice) and words:
            self._more.setText(words[0].upper() + words[1:] + ".")
            self._more.show()

    def _left(self, workbench: Workbench, case: str, index: int) -> str:
        """How many slices need a look; an untouched one is not called done."""
        left = sum(wanted_looks(workbench, case))
        if left:
            return tr("{left} to look at").format(left=left)
        if workbench.statuses(case)[index] is SliceStatus.UNLABELLED:
            return tr("nothing drawn here yet")
        return tr("nothing left to look at")

    def _offer_taking(self, found: Difference | None) -> None:
        why_not = why_read_only(self.workbench)
        if not why_not and found is None:
            why_not = tr("There is no prediction on this slice, or it was dismissed")
        self._take.setEnabled(not why_not)
        self._take.setToolTip(
            tip(why_not or tr("Takes it where no hand has drawn; then the slice is right"))
        )

    def _compared(self, workbench: Workbench, case: str, index: int) -> str:
        proposal = accepting.proposed(workbench, case, index)
        prediction = proposal or workbench.prediction(case)
        if prediction is None:
            if workbench.project.in_use.run:
                return tr(
                    "{run} has not predicted this case yet.", run=workbench.project.in_use.run
                )
            return tr("No prediction yet: press Train when some slices are right.")
        labels = workbench.annotation(case).labels[index]
        numbers = [number for number in workbench.segments.numbers if (labels == number).any()]
        if not numbers:
            return tr("Nothing is drawn here to compare with {run}.").format(run=_named(prediction))
        grid = workbench.project.case(case).grid
        figures = compare_segments(
            labels,
            prediction.of_slice(index),
            numbers,
            voxel_ml=grid.voxel_ml if grid.stacked else None,
        )
        text = tr("Prediction of {run}: Dice {dice:.3f}").format(
            run=_named(prediction), dice=figures.dice
        )
        if figures.volume_difference_ml is not None:
            text += tr(", {ml:+.1f} mL").format(ml=figures.volume_difference_ml)
        return text


def _left_out(workbench: Workbench, case: str) -> str:
    """What of the prediction of the case is left out, a figure for each segment; "" for nothing."""
    prediction = workbench.prediction(case)
    if prediction is not None and prediction.is_left_out_damaged:
        return tr("What it leaves out cannot be read: predict the case again.")
    counts = restoring.left_out(workbench, case)
    if not counts:
        return ""
    grid, table = workbench.project.case(case).grid, workbench.segments
    rows = [
        tr("{name} {ml} mL", name=table[number].name, ml=f"{count * grid.voxel_ml:,.2f}")
        if grid.stacked
        else f"{table[number].name} {counted_words.voxels(count)}"
        for number, count in counts
    ]
    return tr("Left out of the case, too small (hatched): {rows}.", rows=", ".join(rows))


def _named(prediction: Offer) -> str:
    """The run; of one that is still training the step too."""
    if isinstance(prediction, Proposal):
        return tr("{run}, step {step}").format(run=prediction.run, step=prediction.step)
    return prediction.run
