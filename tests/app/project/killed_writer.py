"""Work on a project that is killed at a chosen call that writes, in a process of its own.

Run as `python -m tests.app.project.killed_writer`. For each line "WORK AT PATH" on stdin it forks a
process that does the work (a name of `WORKS`) on the project at the path, and kills itself right
before its call number AT; where that call writes bytes, once half of them are written. Then
"killed" is said, or "ended" with the number of such calls where there were not so many.
"""

from __future__ import annotations

import io
import os
import signal
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from segdesk.app.opening import open_project
from segdesk.app.project.elsewhere import Elsewhere
from segdesk.app.project.packing import prepare
from segdesk.app.project.removing import take_out
from segdesk.app.project.workbench import Workbench
from segdesk.store.repairing import repair
from tests.packs import unpack_here
from tests.projects import stroke

#: What changes the disk beside the writing of bytes.
CALLS = ("fsync", "replace", "rename", "link", "mkdir", "rmdir", "unlink", "remove", "truncate")


def opening(path: Path) -> None:
    open_project(path)


def closing(path: Path) -> None:
    workbench = Workbench.open(path)
    stroke(workbench, 2, value=2)
    workbench.follow_project(workbench.project)
    workbench.close()


def removing(path: Path) -> None:
    workbench = Workbench.open(path)
    take_out(workbench, "case-002")
    workbench.folder.write_index()
    workbench.folder.scans.set_aside("case-002")


def repairing(path: Path) -> None:
    repair(path, path.with_name("made.segdesk"))


def packing(path: Path) -> None:
    prepare(Workbench.open(path)).write(path.with_name("made.h5"))


def unpacking(path: Path) -> None:
    unpack_here(path.with_name("packed.h5"), path.with_name("made.segdesk"))


def saving_elsewhere(path: Path) -> None:
    Elsewhere(Workbench.open(path)).write(path.with_name("made.segdesk"))


WORKS: dict[str, Callable[[Path], None]] = {
    work.__name__: work
    for work in (opening, closing, removing, repairing, packing, unpacking, saving_elsewhere)
}


class _Doom:
    """Counts the calls that write, and ends the process at one of them."""

    def __init__(self, at: int) -> None:
        self.left = at
        self.calls = 0

    def comes(self) -> bool:
        self.calls += 1
        self.left -= 1
        return self.left < 0

    def watch(self) -> None:
        for name in CALLS:
            setattr(os, name, self._before(getattr(os, name)))
        os.open = self._opening(os.open)
        doom = self

        class Doomed(io.FileIO):
            def write(self, content: Any) -> int:
                if doom.comes():
                    super().write(memoryview(content).cast("B")[: len(content) // 2])
                    end()
                return super().write(content)

        io.FileIO = Doomed  # pyright: ignore[reportAttributeAccessIssue]

    def _before(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def doomed(*arguments: Any, **named: Any) -> Any:
            if self.comes():
                end()
            return call(*arguments, **named)

        return doomed

    def _opening(self, call: Callable[..., int]) -> Callable[..., int]:
        def doomed(path: Any, flags: int, *rest: Any, **named: Any) -> int:
            if flags & (os.O_CREAT | os.O_TRUNC) and self.comes():
                end()
            return call(path, flags, *rest, **named)

        return doomed


def end() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def main() -> None:
    for line in sys.stdin:
        work, at, path = line.rstrip("\n").split(" ", 2)
        ours, theirs = os.pipe()
        child = os.fork()
        if not child:
            try:
                doom = _Doom(int(at))
                doom.watch()
                WORKS[work](Path(path))
                os.write(theirs, str(doom.calls).encode())
            except BaseException:  # noqa: BLE001 - said by the parent's test, which finds no number
                traceback.print_exc()
            finally:
                os._exit(0)
        os.close(theirs)
        _, status = os.waitpid(child, 0)
        calls = os.read(ours, 20).decode()
        os.close(ours)
        was_killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        sys.stdout.write("killed\n" if was_killed else f"ended {calls}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
