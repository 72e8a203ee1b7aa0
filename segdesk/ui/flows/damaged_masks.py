"""A case that cannot be read: it is marked, says why, and the mask of the save before is offered,
to be shown only where nothing can be written.

Looking for an older mask and putting it into the index is disk work, done on the "write" lane; what
it means stands in `app.project.damaged_mask`.
"""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from segdesk.app.project import damaged_mask
from segdesk.app.project.workbench import Workbench
from segdesk.errors import ProjectError
from segdesk.sentence import Sentence
from segdesk.store.project_folder import PreviousMask
from segdesk.ui.flows.session import Session
from segdesk.ui.look.translations import tr, translated
from segdesk.ui.threads.task_runner import TaskRunner
from segdesk.ui.widgets.banner import Banner, Offer

#: objectName of the button that takes the mask of the save before; the case's id follows.
TAKE = "take_previous_mask_"


class DamagedMasks(QObject):
    """Owned by the window; lives on the GUI thread."""

    noted = Signal(str)
    failed = Signal(object)

    def __init__(
        self, session: Session, runner: TaskRunner, banner: Banner, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._runner = runner
        self._banner = banner
        #: By case, why it could not be read.
        self._said: dict[str, str] = {}
        session.case_reader.unreadable.connect(self._look)
        session.case_reader.readable.connect(self._is_readable)

    def _look(self, case: str, problem: ProjectError) -> None:
        workbench, view = self._session.workbench, self._session.view
        if workbench is None or view is None:
            return
        # What can be done about it is said once it is known, and then the same everywhere.
        self._said[case] = translated(problem.sentence)
        view.marks.mark_unreadable(case, translated(problem.sentence))
        row = workbench.project.case(case)
        self._runner.start(
            tr("Looking for an older mask of {case}", case=case),
            lambda _: (damaged_mask.is_whole(workbench, row), damaged_mask.look(workbench, row)),
            done=lambda found: self._say(workbench, case, problem, found[1], is_whole=found[0]),
            failed=lambda _: self._say(workbench, case, problem, None, is_whole=False),
            lane="write",
        )

    def came_back(self, case: str) -> None:
        """A case has its scan again: its mask and what waits come with the next reading."""
        self._is_readable(case)
        self._session.case_reader.when_read(case, lambda: None, anew=True)

    def _is_readable(self, case: str) -> None:
        """A case was read, or will be: what was said of it is true no more."""
        if said := self._said.pop(case, ""):
            self._banner.drop_warnings(said)
        if (view := self._session.view) is not None:
            view.marks.mark_readable(case)

    def _say(
        self,
        workbench: Workbench,
        case: str,
        problem: ProjectError,
        previous: PreviousMask | None,
        *,
        is_whole: bool,
    ) -> None:
        view = self._session.view
        if self._session.workbench is not workbench or view is None:
            return
        if self._said.get(case) != translated(problem.sentence) or workbench.is_loaded(case):
            # It can be read since, or was removed: an answer from before says nothing about it.
            return
        # The opening has said so too, without what can be done about it.
        self._banner.drop_notes(translated(problem.sentence))
        if previous is None:
            hint = (
                tr("Its mask is whole and can be exported. Import the same scan to put it back.")
                if is_whole
                else translated(problem.hint)
            )
            view.marks.mark_unreadable(case, f"{translated(problem.sentence)} {hint}")
            self._banner.warn(translated(problem.sentence), hint)
            return
        offered = tr("The mask of {time} is offered in the corner.", time=previous.when)
        view.marks.mark_unreadable(case, f"{translated(problem.sentence)} {offered}")
        id, when = f"{TAKE}{case}", previous.when
        if self._banner.has_offer(id):
            return
        if workbench.folder.writable:
            sentence = tr("{problem} Take the one of the save before?", problem=problem.sentence)
            text = tr("Take the mask of {time}", time=when)
            hint = tr("What was drawn since and fits it is done again; the rest is kept apart.")
        else:
            sentence = tr(
                "{problem} The project is read only here: only show the one of the save before?",
                problem=problem.sentence,
            )
            text = tr("Show the mask of {time}", time=when)
            hint = tr("Its files stay as they are.")
        self._banner.warn(
            sentence, hint, Offer(id, sentence, text, lambda: self._take(workbench, previous))
        )

    def _take(self, workbench: Workbench, previous: PreviousMask) -> None:
        if self._session.workbench is not workbench:
            return
        if self._session.is_saving:
            self.noted.emit(tr("The project is being saved: wait a moment."))
            self._look(previous.case.id, ProjectError(Sentence("The mask was not replaced.")))
            return
        self._runner.start(
            tr("Taking an older mask"),
            lambda _: damaged_mask.take(workbench, previous),
            done=lambda waiting: self._taken(workbench, previous, waiting),
            failed=self.failed.emit,
            lane="write",
        )

    def _taken(
        self, workbench: Workbench, previous: PreviousMask, waiting: damaged_mask.Waiting
    ) -> None:
        case = previous.case.id
        if self._session.workbench is not workbench:
            return
        damaged_mask.follow(workbench, previous, waiting)
        self._is_readable(case)
        self._session.case_reader.when_read(
            case,
            lambda: self.noted.emit(translated(damaged_mask.bring_back(workbench, previous))),
            anew=True,
        )
