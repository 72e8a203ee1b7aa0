"""An epoch is news to the curves alone: the window asks some ninety actions where a run changed."""

from __future__ import annotations

from segdesk.app.project.workbench import Workbench
from segdesk.app.runs import running
from segdesk.core.run import Epoch, Run, plan_for
from segdesk.jobs import messages


def test_an_epoch_is_news_to_the_curves_alone(workbench: Workbench) -> None:
    heard: list[str] = []
    workbench.run_changed.connect(lambda _: heard.append("run"))
    workbench.epochs_came.connect(lambda _: heard.append("epochs"))
    workbench.follow_run(Run("run-001", plan_for(), started=1.0))
    job = running.TrainerJob("run-001", workbench.folder, ())
    for message, news in (
        (messages.EpochDone(Epoch(1, 0.5, float("nan"), 0.8, 0.001)), "epochs"),
        (messages.EpochDone(Epoch(2, 1.0, 0.7, 0.8, 0.001)), "epochs"),
        (messages.Checkpoint(2, "weights-2.npz", "0" * 64), "run"),
        (messages.EpochDone(Epoch(3, 1.5, 0.7, 0.8, 0.001)), "epochs"),
        (messages.Note("A note."), "run"),
    ):
        heard.clear()
        running.take(workbench, job, message)
        assert heard == [news], message
    assert [epoch.number for epoch in workbench.project.run("run-001").epochs] == [1, 2, 3]
