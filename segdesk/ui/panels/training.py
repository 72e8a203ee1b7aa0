"""The training dock: a slim row; below it, on demand, settings and curves."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QSizePolicy

from segdesk.app.labelling import restoring
from segdesk.app.project.workbench import Workbench
from segdesk.app.runs import lessons, resuming, starting, teaching
from segdesk.app.runs.run_in_use import said_of
from segdesk.app.runs.running import Worked
from segdesk.app.screen.view_state import ViewState
from segdesk.core.run import Run
from segdesk.errors import SegdeskError
from segdesk.jobs.messages import Message, Predicted
from segdesk.ui.flows.training_controller import TrainingController
from segdesk.ui.look.as_written import tip
from segdesk.ui.look.read_only import why_read_only
from segdesk.ui.look.theme import GRID, Tokens
from segdesk.ui.look.translations import all_translated, tr, translated
from segdesk.ui.panels.panel import Panel
from segdesk.ui.panels.plan_form import PlanForm
from segdesk.ui.panels.run_words import doubts, facts
from segdesk.ui.panels.training_details import TrainingDetails
from segdesk.ui.panels.training_progress import TrainingProgress
from segdesk.ui.panels.training_row import TrainingRow

#: A case and its slice on screen, which a training proposes first.
OnScreen = tuple[str, int] | None


class TrainingPanel(Panel):
    """Asks the controller to train, and shows what it says.

    Closed it is one row, as high as that needs.

    Parameters
    ----------
    controller : owned by the window
    """

    said = Signal(str)
    #: Whether a training can start may have changed with what is typed.
    readiness_changed = Signal()
    #: What to begin with shall be looked for: what kind, and what takes it.
    start_wanted = Signal(str, object)
    #: Whether curves and settings are shown is another.
    open_changed = Signal()

    def __init__(self, controller: TrainingController, tokens: Tokens) -> None:
        self._controller = controller
        super().__init__("training", tr("Training"), tokens, titled=False)
        self._run_id: str | None = None
        #: The runs that were there when the project was opened.
        self._before = frozenset[str]()
        #: What runs, or ran last, trains; it does not predict with an older run.
        self._learns = False
        #: Why a run as it is cannot go on: its folder is not looked into again and again.
        self._can_resume: tuple[Run, str] | None = None
        #: Why what was asked for last did not work, where no run's record says so.
        self._problem = ""
        self.form = PlanForm()
        self.form.problem_changed.connect(self._show_readiness)
        self.form.start_wanted.connect(
            lambda kind: self.start_wanted.emit(kind, self.form.offer_start)
        )
        self.form.validate.activated.connect(self._take_validation)
        self.row = TrainingRow(self.form, tokens, self.train, controller.stop, self.resume)
        self.row.turned.connect(self.turn)
        self.lessons, self._state = self.row.lessons, self.row.state
        self.train_button, self._stop = self.row.train_button, self.row.stop_button
        self.rows.setContentsMargins(3 * GRID, GRID, 3 * GRID, GRID)
        self.rows.addWidget(self.row)
        self._more = TrainingDetails(self.form, tokens, self._toggle_pause)
        self._more.run_chosen.connect(self._run_chosen)
        self._more.hide()
        self._facts, self._curves, self._pause = (
            self._more.facts,
            self._more.curves,
            self._more.pause,
        )
        self._progress = TrainingProgress(controller, self.row, self._curves, lambda: self._run_id)
        self._progress.said.connect(self.said)
        self._progress.is_there.connect(self._look)
        self.rows.addWidget(self._more, 1)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        controller.started.connect(self._started)
        controller.changed.connect(self.refresh)
        controller.message.connect(self._progress.take)
        controller.message.connect(self._say_what_went)
        controller.finished.connect(self._finished)
        controller.failed.connect(self._failed)

    @property
    def is_open(self) -> bool:
        """Whether curves and settings are shown below the row."""
        return not self._more.isHidden()

    def turn(self) -> None:
        """Show curves and settings, or the row alone."""
        opens = not self.is_open
        self._more.setVisible(opens)
        grows = QSizePolicy.Policy.Expanding if opens else QSizePolicy.Policy.Fixed
        self.setSizePolicy(QSizePolicy.Policy.Preferred, grows)
        self.row.show_open(opens)
        self._show_state(self._shown_run())
        self.open_changed.emit()

    def _listen(self, workbench: Workbench, view: ViewState) -> None:
        self.bridge.listen(workbench.run_changed, self.refresh)
        self.bridge.listen(workbench.epochs_came, self._show_figures)
        self.bridge.listen(workbench.index_changed, self.refresh)
        self.bridge.listen(workbench.statuses_changed, self._show_buttons)
        self.bridge.listen(workbench.statuses_changed, self._show_lessons)
        self.bridge.listen(view.crosshair.case_changed, self._show_buttons)
        self.bridge.listen(view.crosshair.case_changed, self._look)
        self.bridge.listen(view.crosshair.slice_changed, self._look)
        runs = workbench.project.runs
        self._before = frozenset(run.id for run in runs)
        self._run_id = runs[-1].id if runs else None

    def detach(self) -> None:
        self._run_id, self._problem = None, ""
        self._curves.clear_steps()
        super().detach()

    def set_tokens(self, tokens: Tokens) -> None:
        super().set_tokens(tokens)
        self._curves.set_tokens(tokens)
        self.row.set_tokens(tokens)

    # What the user asks for

    def train(self) -> None:
        """Train with the form's settings; a refusal is said here and in the status line."""

        def begin(predict: Sequence[str], on_screen: OnScreen) -> None:
            self._controller.train(self.form.plan(), predict, on_screen, self.form.start())

        self._begin(self.why_not_train(), begin)

    def resume(self) -> None:
        """Go on with the run that is shown; a refusal is said as that of `train`."""
        run = self._shown_run()

        def begin(predict: Sequence[str], on_screen: OnScreen) -> None:
            if run is not None:
                self.said.emit(translated(self._controller.resume(run.id, predict, on_screen)))

        self._begin(self.why_not_resume(), begin)

    def _begin(self, why_not: str, begin: Callable[[Sequence[str], OnScreen], None]) -> None:
        """Begin with the cases to predict and the slice that is proposed first, or say why not."""
        if why_not or self.view is None:
            self.said.emit(why_not)
            return
        crosshair = self.view.crosshair
        case = crosshair.case_id
        try:
            begin(
                self.form.cases_to_predict(case),
                (case, crosshair.slice) if case is not None else None,
            )
        except SegdeskError as error:
            self._failed(error)

    def why_not_resume(self) -> str:
        """Empty where the run that is shown can go on, else the reason."""
        return self._why_not(self._why_it_stays)

    def why_not_train(self) -> str:
        """Empty where a training can start, else the reason."""
        return self._why_not(self._why_none_teaches)

    def _why_not(self, why: Callable[[Workbench], str]) -> str:
        """Why nothing at all can start, else what this finds in the project."""
        if self.workbench is None:
            return tr("Open a project first.")
        if read_only := why_read_only(self.workbench):
            return read_only
        if self._controller.is_running:
            return tr("A training is running; stop it first.")
        return why(self.workbench)

    def _why_it_stays(self, workbench: Workbench) -> str:
        run = self._shown_run()
        if run is None:
            return tr("There is no run yet: train first.")
        if self._can_resume is None or self._can_resume[0] is not run:
            problem = resuming.why_not(workbench, run)
            self._can_resume = run, "" if problem is None else translated(problem.words)
        return self._can_resume[1]

    def _why_none_teaches(self, workbench: Workbench) -> str:
        if self.form.problem():
            return self.form.problem()
        why = teaching.why_nothing_teaches(workbench, validates=self.form.validate.currentData())
        return "" if why is None else translated(why.words)

    def _toggle_pause(self) -> None:
        self._controller.pause(not self._controller.is_paused)

    def _run_chosen(self, run_id: str) -> None:
        self._problem = ""
        self._show(run_id)

    def _show(self, run_id: str | None) -> None:
        if run_id != self._run_id:
            self._curves.clear_steps()
        self._run_id = run_id
        self.refresh()

    def _take_validation(self) -> None:
        self.lessons.set_validates(self.form.validate.currentData())
        self._show_readiness()

    def _say_what_went(self, message: Message) -> None:
        """Pieces that were restored and that a new prediction has not."""
        session = self._controller.session
        if self.workbench is None or session is None or not isinstance(message, Predicted):
            return
        gone = restoring.not_there(self.workbench, message.case, session.job.run_id)
        if gone is not None:
            self.said.emit(translated(gone))

    def _look(self) -> None:
        """A training proposes first what is on screen."""
        if self.view is not None:
            crosshair = self.view.crosshair
            self._controller.look_at(crosshair.case_id, crosshair.slice)

    # What the controller says

    def _started(self, run_id: str) -> None:
        session = self._controller.session
        self._learns = self._controller.is_learning
        self._problem = ""
        self._progress.begin()
        if session is not None and session.job.trains:
            self._curves.clear_steps()
        self._show(run_id)

    def _finished(self, run: Run, worked: Worked) -> None:
        if worked.error is not None:
            self._problem = translated(worked.error.words)
        elif worked.ended is not None and worked.ended.outcome == "crashed":
            self._problem = " ".join(
                filter(None, all_translated((worked.ended.reason, worked.ended.hint)))
            )
        if self._problem:
            self.said.emit(self._problem)
        elif worked.ended is not None:
            self.said.emit(self._last_words(run, worked.ended.reason))
        self.refresh()

    def _last_words(self, run: Run, reason: str) -> str:
        """How it ended, and after a training which run is in use now."""
        words = f"{run.id}: {translated(reason)}"
        if self._learns and self.workbench is not None:
            words += " " + translated(said_of(self.workbench.project))
        return words

    def _failed(self, error: SegdeskError) -> None:
        self._problem = translated(error.words)
        self.said.emit(self._problem)
        self.refresh()

    # What is shown

    def refresh(self) -> None:
        running = self._controller.is_running
        self._show_buttons()
        if not running:
            self.form.offer_runs(self.workbench)
        self._progress.show_state()
        self.row.show_running(running)
        self._more.show_running(running)
        self._show_lessons()
        runs = self.workbench.project.runs if self.workbench is not None else ()
        self._more.offer_runs([run.id for run in reversed(runs)], self._run_id)
        self._show_figures()

    def _show_figures(self) -> None:
        """What epochs say of the run that is shown; they come many times in a second."""
        run = self._shown_run()
        self._facts.show_line(self._facts_of(run) if run is not None else "")
        self._show_state(run)
        self._curves.show_run(run)
        self.row.show_dice(run)
        self.row.curve.show_points(*self._curves.loss_and_dice())

    def _show_lessons(self) -> None:
        """Who would teach now; while something runs, the run's own line says who does."""
        workbench = None if self._controller.is_running else self.workbench
        if workbench is self.lessons.workbench:
            self.lessons.show_soon()
        else:
            self.lessons.follow(workbench)

    def _show_readiness(self) -> None:
        """A number was typed that can be read, or that cannot."""
        self._show_buttons()
        self._show_state(self._shown_run())
        self.readiness_changed.emit()

    def _show_buttons(self) -> None:
        running = self._controller.is_running
        why = self.why_not_train()
        self.train_button.setEnabled(not why)
        self.train_button.setToolTip(tip(why or tr("Ctrl+T: learn from the slices that are right")))
        self._show_resume()
        self._pause.setText(tr("Go on") if self._controller.is_paused else tr("Pause"))
        idle = tr("Nothing is running")
        for button, words in (
            (self._pause, tr("Wait after the step in hand")),
            (self._stop, tr("Ctrl+.: end now and keep the best weights")),
        ):
            can = running and not self._controller.is_stopping
            if not can and button.hasFocus():
                # Qt gives it to the next button, which a Space meant for this one would press.
                self.setFocus()
            button.setEnabled(can)
            button.setToolTip(tip(words if running else idle))

    def _show_resume(self) -> None:
        """The button is there where the run that is shown can go on."""
        run, button = self._shown_run(), self.row.resume_button
        can = run is not None and not self.why_not_resume()
        if not can and button.hasFocus():
            self.setFocus()
        button.setVisible(can)
        if run is not None and can:
            words = tr(
                "Go on with {run} where it was, after epoch {epoch}, with its own settings",
                run=run.id,
                epoch=len(run.epochs),
            )
            button.setToolTip(tip(words))

    def _show_state(self, run: Run | None) -> None:
        """The line under the title: what went wrong, else what to be careful about."""
        unread = "" if self._controller.is_running else self.form.problem()
        if unread:
            self._state.show_line(unread, "bad")
        elif self._problem:
            self._state.show_line(self._problem, "bad")
        elif start := self._start():
            self._state.show_line(*start)
        elif run is not None and run.outcome == "crashed":
            # One of an earlier day is news to nobody who looks at the row.
            is_news = self.is_open or run.id not in self._before
            words = tr("{run} crashed: {reason}", run=run.id, reason=translated(run.reason))
            self._state.show_line(words if is_news else "", "bad")
        elif run is not None and run.nothing_learnt:
            self._state.show_line(translated(run.nothing_learnt), "bad")
        else:
            words, *shorter = ("",) if run is None else doubts(run)
            self._state.show_line(words, "warn", shorter)
        # While it runs the row has its progress; what to be careful about is read in between.
        has_room = self.is_open or not self._controller.is_running
        self._state.setVisible(has_room and bool(self._state.text()))

    def _start(self) -> tuple[str, str, Sequence[str]] | None:
        """What is kept of the start that is chosen, what is new, in which role, and the same
        shorter; None from scratch."""
        start = None if self._controller.is_running else self.form.start()
        if start is None or self.workbench is None:
            return None
        wanted = starting.wanted_now(self.workbench, validates=self.form.validate.currentData())
        size = self.form.slice_size.currentData()
        role = "warn" if starting.differs(start, size, wanted) else "dim"
        said = starting.said(start, size, wanted), starting.segments_said(start.model, wanted)
        words, shorter = all_translated(said)
        return words, role, (shorter,)

    def _facts_of(self, run: Run) -> str:
        if self.workbench is None:
            return facts(run, "", run.shares)
        project = self.workbench.project
        return facts(run, project.in_use.run, lessons.as_named(run.shares, project))

    def _shown_run(self) -> Run | None:
        if self.workbench is None or self._run_id is None:
            return None
        return self.workbench.project.run(self._run_id)
