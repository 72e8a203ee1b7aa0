"""A project with one case for each test of the app."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from segdesk.app.project.workbench import Workbench
from tests.projects import make_project


@pytest.fixture
def workbench(tmp_path: Path) -> Iterator[Workbench]:
    made = make_project(tmp_path)
    yield made
    made.close()
