"""How a command ends a project that it has opened."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from segdesk.app.project.workbench import Workbench
from segdesk.cli.projects import changing, making
from segdesk.errors import InputError, ProjectError


@pytest.mark.parametrize(("way", "end"), [(making, "discard"), (changing, "close")])
def test_why_it_failed_is_said_though_its_end_fails_as_well(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    way: Callable[[Path], AbstractContextManager[Workbench]],
    end: str,
) -> None:
    path = tmp_path / "p.segdesk"
    if way is changing:
        Workbench.create(path).close()
    really = getattr(Workbench, end)

    def fail(workbench: Workbench) -> None:
        really(workbench)
        raise ProjectError("It could not be ended.", "Make room.")

    monkeypatch.setattr(Workbench, end, fail)
    with pytest.raises(InputError, match="The scan cannot be read"), way(path):
        raise InputError("The scan cannot be read.", "Copy it again.")
