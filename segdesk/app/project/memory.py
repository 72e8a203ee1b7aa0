"""What of the project is in memory: the cases' arrays and the predictions that are shown.

The Workbench owns one `Memory`, on its thread. Which cases have to stay belongs to the Workbench;
reading from the disk belongs to `store`.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Set

from segdesk.app.project.loaded import LoadedCase
from segdesk.core.history import History
from segdesk.core.prediction import Prediction, Proposal
from segdesk.core.project import Project
from segdesk.errors import ProjectError
from segdesk.store.copying import InMemory

#: Cases without unsaved changes that stay in memory, the last used first; as many predictions.
KEPT_CASES = 3


class Memory:
    """Arrays by case, predictions by run and case; what is longest unused goes first."""

    def __init__(self) -> None:
        self._cases: OrderedDict[str, LoadedCase] = OrderedDict()
        self._predictions: OrderedDict[tuple[str, str], Prediction] = OrderedDict()
        #: By run and case: the dismissals by which pieces of a prediction were restored.
        self._restored_by: dict[tuple[str, str], frozenset[tuple[str, int]]] = {}
        #: Of the training that goes on, or was the last: by case and slice.
        self._proposals: dict[str, dict[int, Proposal]] = {}
        self._proposed_by = ""
        #: By run and case: those whose file is missing or damaged, which is not tried each time.
        self._unreadable: set[tuple[str, str]] = set()

    def __contains__(self, case: str) -> bool:
        return case in self._cases

    def case(self, id: str) -> LoadedCase:
        """The arrays of a case that is in memory; they are used now."""
        self._cases.move_to_end(id)
        return self._cases[id]

    def peek(self, id: str) -> LoadedCase | None:
        """The arrays of a case, or None; this is no use of them."""
        return self._cases.get(id)

    def keep(self, id: str, loaded: LoadedCase, *, needed: Set[str]) -> None:
        """Keep the arrays of a case, and let go of others but for the needed."""
        self._cases[id] = loaded
        idle = [one for one in self._cases if one != id and one not in needed]
        for one in idle[: max(0, len(idle) - KEPT_CASES)]:
            del self._cases[one]

    def prediction(self, run: str, case: str) -> Prediction | None:
        """A prediction that is in memory, or None; it is used now."""
        if (run, case) in self._predictions:
            self._predictions.move_to_end((run, case))
        return self._predictions.get((run, case))

    def restored(self, prediction: Prediction, dismissed: frozenset[tuple[str, int]]) -> Prediction:
        """A prediction that is kept, with the pieces that were restored; the same object until one
        more is, or one is no longer.

        Parameters
        ----------
        dismissed : of the case's mask
        """
        key = prediction.run, prediction.case
        if prediction.left_out is None or self._restored_by.get(key) is dismissed:
            return prediction
        prediction = prediction.with_restored(dismissed)
        self.keep_prediction(prediction)
        self._restored_by[key] = dismissed
        return prediction

    def read_prediction(
        self, run: str, case: str, read: Callable[[], Prediction]
    ) -> Prediction | None:
        """A prediction that is not in memory; None where it cannot be read, now or before."""
        if not self.may_be_read(run, case):
            return None
        try:
            self.keep_prediction(read())
        except ProjectError:
            self.lacks_prediction(run, case)
        return self._predictions.get((run, case))

    def may_be_read(self, run: str, case: str) -> bool:
        """Whether nobody has tried to read a prediction and could not."""
        return (run, case) not in self._unreadable

    def lacks_prediction(self, run: str, case: str) -> None:
        """A prediction cannot be read."""
        self._unreadable.add((run, case))

    def keep_prediction(self, prediction: Prediction) -> None:
        """Keep a prediction, and let go of those longest unused."""
        self._predictions[(prediction.run, prediction.case)] = prediction
        self._restored_by.pop((prediction.run, prediction.case), None)
        self._predictions.move_to_end((prediction.run, prediction.case))
        while len(self._predictions) > KEPT_CASES:
            self._predictions.popitem(last=False)

    def proposal(self, case: str, index: int) -> Proposal | None:
        """What the last training made of a slice, or None."""
        return self._proposals.get(case, {}).get(index)

    def proposed_slices(self, case: str) -> frozenset[int]:
        """The slices of a case that the last training has made anything of."""
        return frozenset(self._proposals.get(case, ()))

    def keep_proposal(self, proposal: Proposal) -> set[str]:
        """Keep the newest one of a slice; those of an earlier training go.

        Returns
        -------
        The cases of which some went.
        """
        gone: set[str] = set()
        if self._proposed_by != proposal.run:
            gone = set(self._proposals)
            self._proposals.clear()
            self._proposed_by = proposal.run
        self._proposals.setdefault(proposal.case, {})[proposal.slice] = proposal
        return gone

    def drop_proposals(self, case: str = "", *, but_of: str = "") -> set[str]:
        """There is something better of a case, or of all of them, now.

        Parameters
        ----------
        case : the only one; all where it is empty
        but_of : run whose proposals stay

        Returns
        -------
        The cases of which some went.
        """
        if but_of and self._proposed_by == but_of:
            return set()
        gone = {id for id in self._proposals if case in ("", id)}
        for id in gone:
            del self._proposals[id]
        return gone

    def drop_prediction(self, run: str, case: str) -> None:
        """The prediction on the disk is another one now."""
        self._predictions.pop((run, case), None)
        self._unreadable.discard((run, case))

    def drop_case(self, id: str) -> None:
        """A case has left the project."""
        self._cases.pop(id, None)
        self._proposals.pop(id, None)
        for key in [key for key in self._predictions if key[1] == id]:
            del self._predictions[key]

    def all_of(self, project: Project, history: History) -> InMemory:
        """All that is there, for a copy; this is no use of it."""
        return InMemory(
            project,
            {id: loaded.volume for id, loaded in self._cases.items()},
            {id: loaded.annotation for id, loaded in self._cases.items()},
            tuple(self._predictions.values()),
            history.done,
            history.to_redo,
        )

    def clear(self) -> None:
        self._cases.clear()
        self._predictions.clear()
        self._proposals.clear()
