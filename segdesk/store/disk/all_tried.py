"""Several things that all have to be tried: what failed is said together, when all is done."""

from __future__ import annotations

from collections.abc import Callable

from segdesk.errors import ProjectError, ProjectGone
from segdesk.sentence import Sentence


def all_tried(*steps: Callable[[], object]) -> None:
    """Do one thing after the other, whatever became of those before it.

    Raises
    ------
    ProjectError
        Where some failed: as it was raised, or the sentences of several in one, a ProjectGone
        where one of them is.
    BaseException
        What else was raised first; it comes before every ProjectError.
    """
    failed: list[ProjectError] = []
    other: BaseException | None = None
    for step in steps:
        try:
            step()
        except ProjectError as error:
            failed.append(error)
        except BaseException as error:  # noqa: BLE001 - raised below, once all is done
            other = other or error
    if other is not None:
        raise other
    if len(failed) > 1:
        sentence = Sentence.joined(dict.fromkeys(error.sentence for error in failed))
        hint = Sentence.joined(dict.fromkeys(error.hint for error in failed))
        is_gone = any(isinstance(error, ProjectGone) for error in failed)
        raise (ProjectGone if is_gone else ProjectError)(sentence, hint) from failed[0]
    if failed:
        raise failed[0]
