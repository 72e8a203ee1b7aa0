"""Train: learn, stop, predict."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from segdesk.app.runs.run_in_use import run_in_use
from segdesk.ui.commands.action import Action, Groups
from segdesk.ui.commands.desk import Desk
from segdesk.ui.look.translations import tr
from segdesk.ui.panels.training import TrainingPanel


def train_groups(desk: Desk) -> Groups:
    """The groups of the menu Train."""
    session, reasons, menu = desk.session, desk.reasons, "train"

    def shown(do: Callable[[TrainingPanel], None]) -> None:
        """Do something in the panel, where it can be seen."""
        if desk.training_panel is not None:
            desk.docks.show("training_dock")
            do(desk.training_panel)

    def why_not(ask: Callable[[TrainingPanel], str]) -> str:
        return "" if desk.training_panel is None else ask(desk.training_panel)

    def curves_are_shown() -> bool:
        return desk.training_panel is not None and desk.training_panel.is_open

    def predict(cases: Sequence[str]) -> None:
        if session.workbench is not None:
            desk.docks.show("training_dock")
            desk.training.predict(run_in_use(session.workbench.project), cases)

    def this_case() -> None:
        if session.case_id is not None:
            predict([session.case_id])

    def all_cases() -> None:
        if session.workbench is not None:
            predict([case.id for case in session.workbench.project.cases])

    def turn_staying() -> None:
        desk.preferences.change(trainer_stays=not desk.preferences.now.trainer_stays)

    return (
        (
            Action(
                "train",
                tr("Train"),
                tr("Learn from the slices that are right, with the settings of the panel"),
                lambda: shown(TrainingPanel.train),
                menu,
                ("Ctrl+T",),
                needs="project",
                why_not=lambda: why_not(TrainingPanel.why_not_train),
                icon="train",
                changes=True,
            ),
            Action(
                "stop_training",
                tr("Stop"),
                tr("End the training or prediction; the best weights are kept"),
                desk.training.stop,
                menu,
                ("Ctrl+.",),
                why_not=reasons.stop,
                icon="stop",
            ),
            Action(
                "resume_training",
                tr("Resume"),
                tr("Go on with the run of the panel where it was stopped or cut off"),
                lambda: shown(TrainingPanel.resume),
                menu,
                needs="project",
                why_not=lambda: why_not(TrainingPanel.why_not_resume),
                changes=True,
            ),
            Action(
                "open_curves",
                tr("Curves and settings"),
                tr("Open or close what stands below the row of the training"),
                lambda: shown(TrainingPanel.turn),
                menu,
                ("Ctrl+Shift+T",),
                needs="case",
                checked=curves_are_shown,
            ),
        ),
        (
            Action(
                "predict_case",
                tr("Predict this case"),
                tr("With the run in use: see the panel Layers"),
                this_case,
                menu,
                needs="case",
                why_not=reasons.predict,
                changes=True,
            ),
            Action(
                "predict_all",
                tr("Predict all cases"),
                tr("With the run in use: see the panel Layers"),
                all_cases,
                menu,
                needs="case",
                why_not=reasons.predict,
                changes=True,
            ),
        ),
        (
            Action(
                "trainer_stays",
                tr("Keep the trainer ready"),
                tr("So that training and prediction begin at once; it takes memory meanwhile"),
                turn_staying,
                menu,
                checked=lambda: desk.preferences.now.trainer_stays,
            ),
        ),
    )
