"""The offer to look at what an import has brought in, while the reader works on something else."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from segdesk.app.screen.view_state import ViewState
from segdesk.ui.look.translations import tr
from segdesk.ui.widgets.banner import Offer

#: More cases are counted, not named.
MOST_NAMED = 3


def look_offer(
    view: ViewState,
    cases: Sequence[str],
    is_open: Callable[[], bool],
    note: Callable[[str], object],
) -> Offer:
    """Which cases came in, and that the first of them can be looked at.

    Nobody waits for an answer, so it leaves by itself: the list goes on marking what is new.

    Parameters
    ----------
    cases : ids, at least one
    is_open : whether the view's project is still the one on screen
    note : says a sentence
    """

    def show() -> None:
        if not is_open():
            return
        there = {row.id for row in view.workbench.project.cases}
        left = [case for case in cases if case in there]
        if left:
            view.crosshair.show_case(left[0])
        else:
            note(tr("Nothing of it is in the project any more."))

    text = tr("Show {case}", case=cases[0])
    return Offer("show_new_case", _came_words(cases), text, show, stays=False)


def _came_words(cases: Sequence[str]) -> str:
    if len(cases) == 1:
        return tr("{case} was imported.", case=cases[0])
    named = ", ".join(cases[:MOST_NAMED])
    if len(cases) > MOST_NAMED:
        return tr("{cases} and {n} more were imported.", cases=named, n=len(cases) - MOST_NAMED)
    return tr("{cases} were imported.", cases=named)
