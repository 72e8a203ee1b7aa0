"""The files of the runs of a project folder: runs/ID, and what each run predicted of each case."""

from __future__ import annotations

from pathlib import Path

from segdesk.core.case import Case
from segdesk.core.durable_files import lasting_folder
from segdesk.core.prediction import Prediction
from segdesk.core.small_pieces import Counts
from segdesk.jobs.run_paths import RunPaths
from segdesk.sentence import Sentence
from segdesk.store.disk.disk_errors import writing
from segdesk.store.disk.guard import Guard
from segdesk.store.disk.layout import Layout
from segdesk.store.parts import prediction_file


class RunFiles:
    """Part of an open `ProjectFolder`. Methods may be called from any thread.

    Parameters
    ----------
    layout, guard : of the folder
    """

    def __init__(self, layout: Layout, guard: Guard) -> None:
        self._layout = layout
        self._guard = guard

    def paths(self, run_id: str) -> RunPaths:
        """Where a run's files lie; the folder is made where the project is writable. Any thread.

        Raises
        ------
        UsageError
            Where the id is no safe file name.
        ProjectError
            Where the folder is a link, or the disk refuses.
        """
        named = self.named(run_id)
        if self._guard.writable:
            self._guard.check()
            with writing(Sentence("The folder of '{run}'", run=run_id)):
                lasting_folder(named.folder)
        return named

    def named(self, run_id: str) -> RunPaths:
        """As `paths`, without making the folder, which may take long, and without a look whether
        it is the one that was opened: to read, or behind `check`."""
        return RunPaths(self._layout.run(run_id))

    def check(self) -> None:
        """Let something of a run be written that is not the store's own. Any thread.

        Raises
        ------
        ProjectError
            Where the project is open for reading only.
        ProjectGone
            Where the folder at its path is no longer the one that was opened.
        """
        self._guard.check()

    def write_prediction(self, prediction: Prediction) -> None:
        """Keep a prediction, in the place of an older one of the same run and case. Any thread.

        Raises
        ------
        ProjectError
            Where the disk refuses; an older one stays.
        """
        self._guard.check()
        path = self._layout.prediction(prediction.run, prediction.case)
        prediction_file.write_prediction(path, prediction, self._guard.check)

    def write_prediction_files(
        self,
        run: str,
        case: Case,
        labels_npy: Path,
        probability_npy: Path,
        *,
        weights_sha256: str = "",
        left_out_npy: Path | None = None,
    ) -> Counts:
        """Keep a prediction that a trainer wrote as .npy files, slice by slice. Any thread.

        Parameters
        ----------
        weights_sha256 : of the weights that made it
        left_out_npy : what the rule of pieces left out; None where that is nothing

        Returns
        -------
        Voxels of each segment that were left out.

        Raises
        ------
        InputError
            Where a file is missing, or not uint8 of the case's shape.
        ProjectError
            Where the disk refuses.
        """
        labels = prediction_file.mapped(labels_npy, case.grid.shape)
        probability = prediction_file.mapped(probability_npy, case.grid.shape)
        shape = case.grid.shape
        left_out = None if left_out_npy is None else prediction_file.mapped(left_out_npy, shape)
        self._guard.check()
        return prediction_file.write_prediction(
            self._layout.prediction(run, case.id),
            Prediction(run, case.id, labels, probability, weights_sha256),
            self._guard.check,
            left_out=left_out,
        )

    def left_out(self, run: str, case: Case) -> Counts:
        """Voxels of each segment that the rule of pieces left out of a prediction. Any thread.

        Raises
        ------
        ProjectError
            Where it is missing or damaged.
        """
        path = Layout(self._guard.readable()).prediction(run, case.id)
        return prediction_file.left_out_counts(path, run, case.id, case.grid.shape)

    def read_prediction(self, run: str, case: Case, *, weights_sha256: str) -> Prediction:
        """The prediction of a run for a case. Any thread.

        Parameters
        ----------
        weights_sha256 : of the weights that have to have made it (`Project.weights_of`)

        Raises
        ------
        ProjectError
            Where it is missing or damaged, or other weights made it.
        """
        path = Layout(self._guard.readable()).prediction(run, case.id)
        return prediction_file.read_prediction(
            path,
            run,
            case.id,
            case.grid.shape,
            weights_sha256=weights_sha256,
            joined=case.grid.stacked,
        )
