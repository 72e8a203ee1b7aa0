"""A trainer process that stays: one job after the other, with what can be kept between them."""

from __future__ import annotations

import gc
import traceback
from pathlib import Path
from typing import Protocol

from segdesk.jobs.free_memory import give_back
from segdesk.jobs.messages import Prepare, Task, Work
from segdesk.learning import backend
from segdesk.learning.reporter import Reporter
from segdesk.learning.standing import Standing
from segdesk.learning.trainer import run_bundle


class Tasks(Reporter, Protocol):
    """A Reporter that is given one task after the other, as `jobs.child.Channel` is."""

    def wait_for_task(self) -> Task: ...

    def end_job(self) -> None: ...


def serve(channel: Tasks) -> None:
    """Do what is asked for until the process is not wanted any more; never returns."""
    standing = Standing()
    while True:
        match channel.wait_for_task():
            case Work(folder):
                run_bundle(Path(folder), channel, standing)
                # Of feeds, samples and memory maps; what they held would stay until much later.
                gc.collect()
                give_back()
                channel.end_job()
            case Prepare(network, filters, classes, channels):
                try:
                    backend.prepare(0)
                    standing.prepare(network, filters, classes, channels)
                except Exception:  # noqa: BLE001 - the job that needs it says what is wrong
                    traceback.print_exc()
                    standing = Standing()
