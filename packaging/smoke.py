"""Tries the built wheel as a stranger gets it: a fresh environment, another folder, no checkout.

Run by `make smoke` after `make wheel`. Every resource has to be inside, the commands have to
answer, and every module has to import with the packages that a plain install brings.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import venv
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
IMPORT_ALL = """
import importlib, pkgutil, segdesk
for module in pkgutil.walk_packages(segdesk.__path__, "segdesk."):
    importlib.import_module(module.name)
print(segdesk.__file__)
"""


class SmokeFault(Exception):
    """The wheel is not fit to be given away; the text says why."""


def main() -> int:
    """Try the one wheel in `dist/`, and return the exit status."""
    try:
        wheel = built_wheel()
        check_resources(wheel)
        with tempfile.TemporaryDirectory(prefix="segdesk-smoke-") as folder:
            check_installed(wheel, Path(folder))
    except SmokeFault as fault:
        print(fault, file=sys.stderr)
        return 1
    print(f"{wheel.name} is fit.")
    return 0


def built_wheel() -> Path:
    """The wheel in `dist/`.

    Raises
    ------
    SmokeFault
        Where there is none, or more than one.
    """
    wheels = sorted((ROOT / "dist").glob("segdesk-*.whl"))
    if len(wheels) != 1:
        raise SmokeFault(f"expected one wheel in dist/, found {len(wheels)}; run `make wheel`")
    return wheels[0]


def check_resources(wheel: Path) -> None:
    """Every file of `resources/`, the entry points and the licence are in the wheel.

    Raises
    ------
    SmokeFault
        Where one is not.
    """
    folder = ROOT / "resources"
    wanted = {
        "segdesk/_resources/" + path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file()
    }
    inside = set(zipfile.ZipFile(wheel).namelist())
    lost = sorted(wanted - inside)
    for ending in ("entry_points.txt", "licenses/LICENSE"):
        if not any(name.endswith(ending) for name in inside):
            lost.append(ending)
    if not wanted or lost:
        raise SmokeFault(f"the wheel lacks {', '.join(lost) or 'all resources'}")


def check_installed(wheel: Path, folder: Path) -> None:
    """Install the wheel into `folder` and ask it a few things from there.

    Raises
    ------
    SmokeFault
        Where an answer is wrong.
    """
    venv.create(folder / "env", with_pip=True)
    binaries = folder / "env" / ("Scripts" if os.name == "nt" else "bin")
    python = str(binaries / "python")
    constraints = str(ROOT / "constraints.txt")
    ask([python, "-m", "pip", "install", "--quiet", "-c", constraints, str(wheel)], folder)
    imported = ask([python, "-c", IMPORT_ALL], folder).strip()
    if not Path(imported).is_relative_to(folder.resolve()):
        raise SmokeFault(f"segdesk was imported from {imported}, not from the wheel")
    segdesk = str(binaries / "segdesk")
    ask([segdesk, "--help"], folder)
    networks = json.loads(ask([segdesk, "networks", "--json"], folder))["networks"]
    if not networks or any(row["parameters"] <= 0 for row in networks):
        raise SmokeFault("`segdesk networks --json` names no networks with parameters")


def ask(command: list[str], folder: Path) -> str:
    """Standard output of a command that runs in `folder` without a screen.

    Raises
    ------
    SmokeFault
        Where it fails.
    """
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    environment["QT_QPA_PLATFORM"] = "offscreen"
    answer = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    if answer.returncode:
        raise SmokeFault(f"{' '.join(command)} failed:\n{answer.stderr.strip()}")
    return answer.stdout


if __name__ == "__main__":
    sys.exit(main())
