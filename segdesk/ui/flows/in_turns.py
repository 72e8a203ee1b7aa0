"""Work on the GUI thread that is too long for one turn of the loop, done in many."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from PySide6.QtCore import QObject, QTimer


class InTurns(QObject):
    """Takes one step of an iterator in each turn of the loop. Ends by `done`, `failed` or `stop`.

    Parameters
    ----------
    steps : each `next` does a part of the work, some milliseconds at most
    done, failed : exactly one of them is called, unless it is stopped
    """

    def __init__(
        self,
        parent: QObject,
        steps: Iterator[object],
        *,
        done: Callable[[], None],
        failed: Callable[[Exception], None],
    ) -> None:
        super().__init__(parent)
        self._steps = steps
        self._done = done
        self._failed = failed
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._step)
        self._timer.start(0)

    def stop(self) -> None:
        """No further step is taken."""
        self._timer.stop()
        self.deleteLater()

    def _step(self) -> None:
        try:
            next(self._steps)
        except StopIteration:
            self.stop()
            self._done()
        except Exception as error:  # noqa: BLE001 - whatever it was, who asked has to know
            self.stop()
            self._failed(error)
