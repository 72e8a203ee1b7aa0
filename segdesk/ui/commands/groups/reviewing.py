"""Case: what a reader says of slices, what comes next, and to which pool a case belongs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from segdesk.app.files import pooling
from segdesk.app.labelling import accepting, reviewing
from segdesk.app.labelling.accepting import Accepted
from segdesk.app.project.workbench import Workbench
from segdesk.app.runs import run_in_use
from segdesk.core.edit import Edit
from segdesk.core.pieces import Seen
from segdesk.core.prediction import Difference
from segdesk.core.split import Pool
from segdesk.core.status import SliceStatus
from segdesk.errors import UsageError
from segdesk.ui.canvas.slice_view import SliceView
from segdesk.ui.commands.action import Action, Groups, Need
from segdesk.ui.commands.desk import Desk
from segdesk.ui.dialogs.pool_reason import PoolReasonDialog
from segdesk.ui.flows import on_screen
from segdesk.ui.flows.asked_edits import GoOn
from segdesk.ui.look import review_words
from segdesk.ui.look.translations import tr, translated

#: What is done with the slice on screen: workbench, case, index of the slice.
OnSlice = Callable[[Workbench, str, int], None]
#: What is done with the case on screen.
OnCase = Callable[[Workbench, str], None]


def case_groups(desk: Desk) -> Groups:
    """The groups of the menu Case."""
    return (
        _said_of_slices(desk),
        _going_on(desk),
        _accepting(desk),
        tuple(_pools(desk)),
    )


def _said_of_slices(desk: Desk) -> tuple[Action, ...]:
    menu = "case"

    def right(workbench: Workbench, case: str, index: int) -> None:
        _say_right(desk, workbench, case, index)

    def right_and_next(workbench: Workbench, case: str, index: int) -> None:
        if _say_right(desk, workbench, case, index):
            _go_on(desk, 1)

    def take(workbench: Workbench, case: str, index: int) -> None:
        found = accepting.taking(workbench, case, index)
        if _is_unseen(desk, lambda canvas: on_screen.why_not_right(canvas, found)):
            return
        reviewing.take_prediction(workbench, case, index)
        if desk.session.view is not None:
            desk.session.view.display.show_annotation()
        if found is not None:
            _say_taken(desk, workbench, case, found)

    def dismiss(workbench: Workbench, case: str, index: int) -> None:
        found = accepting.taking(workbench, case, index)
        is_there = found is not None or workbench.awaits_prediction(case)
        if is_there and _is_unseen(desk, on_screen.why_not_predicted):
            return
        reviewing.dismiss(workbench, case, index)

    def status(wanted: SliceStatus) -> OnSlice:
        def set_it(workbench: Workbench, case: str, index: int) -> None:
            is_new = workbench.statuses(case)[index] is not wanted
            if wanted.teaches_whole and is_new:
                filling = accepting.filling(workbench, case, index)
                if _is_unseen(
                    desk,
                    lambda canvas: (
                        on_screen.why_not_right(canvas, filling)
                        or on_screen.why_not_empty(canvas, filling)
                    ),
                ):
                    return
            reviewing.set_status(workbench, case, index, wanted)
            if workbench.statuses(case)[index].teaches_whole:
                _name_what_is_left(desk, workbench, case, index)

        return set_it

    def row(
        id: str, text: str, tip: str, keys: tuple[str, ...], do: OnSlice, needs: Need
    ) -> Action:
        return Action(
            id,
            text,
            tip,
            lambda: _on_slice(desk, do),
            menu,
            keys,
            True,
            needs=needs,
            changes=True,
        )

    return (
        row(
            "slice_is_right",
            tr("This slice is right"),
            tr("As it is filled; an untouched slice takes the prediction. The slice is corrected"),
            ("Enter", "Return"),
            right,
            "mask",
        ),
        row(
            "slice_is_right_next",
            tr("Right, and on to the next"),
            tr("The same, and go to the next slice that needs a look"),
            ("Shift+Enter", "Shift+Return"),
            right_and_next,
            "mask",
        ),
        row(
            "take_prediction",
            tr("Take the prediction"),
            tr("Where no hand has drawn; then the slice is right"),
            ("Ctrl+Enter", "Ctrl+Return"),
            take,
            "prediction",
        ),
        row(
            "dismiss_prediction",
            tr("Dismiss the prediction here"),
            tr("The prediction on this slice is not worth a look"),
            ("Backspace",),
            dismiss,
            "prediction",
        ),
        row(
            "verify_slice",
            tr("Verified"),
            tr("A second look said so too; once more and the slice is corrected again"),
            ("M",),
            status(SliceStatus.VERIFIED),
            "mask",
        ),
        row(
            "reject_slice",
            tr("Rejected"),
            tr("Not to be used, such as motion; once more and it is what its voxels say"),
            ("X",),
            status(SliceStatus.REJECTED),
            "mask",
        ),
    )


def _going_on(desk: Desk) -> tuple[Action, ...]:
    menu = "case"
    return (
        Action(
            "next_to_look_at",
            tr("Next slice to look at"),
            tr(
                "Predicted, partial, unlabelled with a prediction, or not yet right for a segment "
                "that came later"
            ),
            lambda: _go_on(desk, 1),
            menu,
            ("N",),
            True,
            needs="mask",
        ),
        Action(
            "previous_to_look_at",
            tr("Previous slice to look at"),
            tr(
                "Predicted, partial, unlabelled with a prediction, or not yet right for a segment "
                "that came later"
            ),
            lambda: _go_on(desk, -1),
            menu,
            ("Shift+N",),
            True,
            needs="mask",
        ),
    )


def _say_right(desk: Desk, workbench: Workbench, case: str, index: int) -> bool:
    """Enter; returns whether the slice is right now."""
    filling = accepting.filling(workbench, case, index)
    if _is_unseen(desk, lambda canvas: on_screen.why_not_right(canvas, filling)):
        return False
    reviewing.say_right(workbench, case, index)
    if filling is None or filling.is_empty:
        _name_what_is_left(desk, workbench, case, index)
    else:
        _say_taken(desk, workbench, case, filling)
    return True


def _is_unseen(desk: Desk, why_not: Callable[[SliceView], str]) -> bool:
    """Refuse with a sentence what has not been on the screen; whether it was refused."""
    reason = "" if desk.canvas is None else why_not(desk.canvas)
    if reason:
        desk.say(reason)
    return bool(reason)


def _say_taken(desk: Desk, workbench: Workbench, case: str, found: Difference) -> None:
    run = accepting.offered_by(workbench, case, found.slice) or ""
    unknown = run_in_use.never_learnt(workbench.project, run)
    desk.say(review_words.taken(found, workbench.segments, unknown))


def _name_what_is_left(desk: Desk, workbench: Workbench, case: str, index: int) -> None:
    """Say what only the prediction has on a slice that somebody has just called right."""
    found = accepting.taking(workbench, case, index)
    words = review_words.is_right(found, workbench.segments)
    if words:
        desk.say(words)


def _accepting(desk: Desk) -> tuple[Action, ...]:
    session = desk.session

    def accept(*, without_closed: bool) -> OnCase:
        def accept_them(workbench: Workbench, case: str) -> None:
            asked = accepting.bulk(workbench, case, without_closed=without_closed)
            found: Accepted | None = None

            def make(go_on: GoOn, seen: Seen) -> Edit:
                nonlocal found
                now = replace(asked, annotation=seen.mask, table=seen.segments)
                found = accepting.accepted(now, go_on=go_on)
                return found.edit or Edit(accepting.IN_BULK, case)

            def say() -> None:
                if found is not None:
                    desk.say(review_words.in_bulk(found, asked.table))

            def failed(error: Exception) -> None:
                if isinstance(error, UsageError):
                    desk.say(translated(error.words))
                else:
                    session.failed.emit(error)

            session.large.make(
                workbench,
                case,
                tr("Accepting the predictions of {case}", case=case),
                make,
                voxels=asked.voxels,
                done=say,
                failed=failed,
            )

        return accept_them

    def why_not_the_rest() -> str:
        workbench = session.workbench
        if workbench is not None and not accepting.closed(workbench.segments):
            return tr("No segment is locked or hidden.")
        return ""

    return (
        Action(
            "accept_predictions",
            tr("Accept the predictions of the whole case"),
            tr("On slices that nobody has called right; what a hand has drawn stays"),
            lambda: _on_case(desk, accept(without_closed=False)),
            "case",
            needs="prediction",
            icon="check",
            changes=True,
        ),
        Action(
            "accept_but_closed",
            tr("Accept them but for locked and hidden segments"),
            tr("The same; those segments stay as they are, and what they keep out is named"),
            lambda: _on_case(desk, accept(without_closed=True)),
            "case",
            needs="prediction",
            why_not=why_not_the_rest,
            changes=True,
        ),
    )


def _pools(desk: Desk) -> list[Action]:
    session = desk.session
    words: tuple[tuple[Pool | None, str], ...] = (
        (None, tr("By the split")),
        ("train", tr("Train")),
        ("validation", tr("Validation")),
        ("test", tr("Test")),
    )

    def move(pool: Pool | None, text: str) -> None:
        workbench, case = session.workbench, session.case_id
        if workbench is None or case is None:
            return

        def put(reason: str = "") -> None:
            pooling.set_pool(workbench, case, pool, reason=reason)
            session.writer.write_index()

        if pooling.needs_reason(workbench, case, pool):
            PoolReasonDialog(desk.owner, case, text, put).open()
        else:
            put()

    def is_in(pool: Pool | None) -> bool:
        case = None if session.view is None else session.view.crosshair.case
        return case is not None and case.pool == pool

    def row(pool: Pool | None, text: str) -> Action:
        return Action(
            f"pool_{pool or 'split'}",
            text,
            tr("Which slices teach and which are kept apart; every scan of a patient moves along"),
            lambda: move(pool, text),
            "case/pool",
            needs="case",
            changes=True,
            checked=lambda: is_in(pool),
        )

    return [row(*each) for each in words]


def _on_slice(desk: Desk, do: OnSlice) -> None:
    """Do something with the slice that is seen; where none is seen as a whole, say so."""

    def on_the_one_seen(workbench: Workbench, case: str) -> None:
        plane = None if desk.pane is None else desk.pane.plane
        if plane is None:
            return
        for index in plane.whole_slices:
            do(workbench, case, index)
        if not plane.whole_slices:
            desk.say(
                tr(
                    "No slice is seen as a whole here, so nothing was said of one: do it where "
                    "the slices are shown."
                )
            )

    _on_case(desk, on_the_one_seen)


def _on_case(desk: Desk, do: OnCase) -> None:
    session = desk.session
    if session.workbench is not None and session.case_id is not None:
        try:
            do(session.workbench, session.case_id)
        except UsageError as refusal:
            desk.say(translated(refusal.words))


def _go_on(desk: Desk, step: int) -> None:
    def go(workbench: Workbench, case: str) -> None:
        if desk.session.view is None:
            return
        crosshair = desk.session.view.crosshair
        found = reviewing.next_to_look_at(workbench, case, crosshair.slice, step=step)
        if found is None:
            desk.say(tr("No slice of this case has a prediction or strokes that need a look."))
        else:
            crosshair.show_slice(found)

    _on_case(desk, go)
