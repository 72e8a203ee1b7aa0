"""The offer to look at what an import has brought in, while the reader works on something else."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from segdesk.app.screen.view_state import ViewState
from segdesk.ui.look import counted_words
from segdesk.ui.look.translations import all_translated, tr
from segdesk.ui.widgets.banner import Offer

#: Id of the offer.
SHOW = "show_new_case"


def look_offer(
    view: ViewState,
    cases: Sequence[str],
    came: int,
    is_open: Callable[[], bool],
    note: Callable[[str], object],
) -> Offer:
    """How many cases came in, and that the first of those that nobody has seen can be looked at.

    Nobody waits for an answer, so it leaves by itself: the list goes on marking what is new.

    Parameters
    ----------
    cases : ids of those that are not on screen yet, at least one
    came : how many the import has brought
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
    if came == 1:
        said = tr("{case} was imported.", case=cases[0])
    else:
        said = tr("{cases} were imported.", cases=counted_words.cases(came))
    return Offer(SHOW, said, text, show, stays=False)


def notes_words(noted: Mapping[str, Sequence[str]]) -> list[str]:
    """What the import has to say of the cases that came, in as few messages as that can be read
    in: all of it stands in their tips too.

    Parameters
    ----------
    noted : by case, the sentences about it
    """
    if len(noted) > 1:
        words = tr(
            "There is something to know about {n} of the cases, such as {case}: rest the pointer "
            "on a case in the list.",
            n=len(noted),
            case=next(iter(noted)),
        )
        return [words]
    return [f"{case}: {' '.join(all_translated(notes))}" for case, notes in noted.items()]
