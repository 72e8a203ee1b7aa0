"""`constraints.txt`: pins only, no addresses, every direct dependency within its bounds."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
PIN = re.compile(r"[a-z0-9][a-z0-9.-]*==[0-9][0-9a-z.+!]*")


@pytest.fixture
def pinned() -> dict[str, str]:
    """Version of each pinned package by its canonical name."""
    lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    pairs = (line.split("==") for line in lines if not line.startswith("#"))
    return {canonicalize_name(name): version for name, version in pairs}


def direct_dependencies() -> list[Requirement]:
    """What segdesk asks for itself, with the extras that `make venv` installs."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = project["optional-dependencies"]
    wanted = (
        Requirement(line) for line in project["dependencies"] + extras["test"] + extras["dev"]
    )
    return [requirement for requirement in wanted if requirement.name != "segdesk"]


def test_every_line_is_a_comment_or_a_pin() -> None:
    lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    assert [line for line in lines if not line.startswith("# ") and not PIN.fullmatch(line)] == []
    assert "://" not in "".join(lines)


@pytest.mark.parametrize("requirement", direct_dependencies(), ids=lambda found: found.name)
def test_a_direct_dependency_is_pinned_within_its_bounds(
    requirement: Requirement, pinned: dict[str, str]
) -> None:
    assert pinned[canonicalize_name(requirement.name)] in requirement.specifier


def test_tensorflows_bound_on_h5py_holds(pinned: dict[str, str]) -> None:
    assert pinned["h5py"] in Requirement("h5py<3.15").specifier


def test_a_report_of_pips_becomes_sorted_pins_without_segdesk(
    script: Callable[[str], ModuleType],
) -> None:
    found = [("Zlib_Tools", "2.0"), ("segdesk", "0.1.0"), ("absl-py", "1.5")]
    entries = [{"metadata": {"name": name, "version": version}} for name, version in found]
    report = json.dumps({"install": entries})
    assert script("refresh_constraints").pins(report) == ["absl-py==1.5", "zlib-tools==2.0"]
