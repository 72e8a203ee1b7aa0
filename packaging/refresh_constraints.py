"""Writes `constraints.txt`: the newest versions that fit together, pinned, without addresses.

Run by `make constraints` in `.venv`. Resolved on the oldest Python that is supported, because a
version that still supports it has wheels for the newer ones as well.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "constraints.txt"
OLDEST = (3, 11)
OWN_NAME = "segdesk"
HEADER = """\
# Versions that were tested together; written by `make constraints`, not by hand.
# Bounds and their reasons stand in pyproject.toml. TensorFlow keeps h5py below 3.15.
# Packages of the extras `gpu` and `torch` are not pinned: TensorFlow names its own CUDA versions.
"""


def main() -> int:
    """Resolve, write the file, and return the exit status."""
    if sys.version_info[:2] != OLDEST:
        print(
            "Refresh constraints.txt with Python {}.{} in .venv.".format(*OLDEST), file=sys.stderr
        )
        return 1
    TARGET.write_text(HEADER + "".join(f"{pin}\n" for pin in pins(resolved())), encoding="utf-8")
    return 0


def resolved() -> str:
    """pip's report, as JSON, of what it would install into an empty environment."""
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--dry-run"]
    command += ["--ignore-installed", "--report", "-", ".[dev]"]
    return subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout


def pins(report: str) -> list[str]:
    """The lines "name==version" of a report of pip's, sorted, without segdesk itself."""
    packages = (entry["metadata"] for entry in json.loads(report)["install"])
    found = {package["name"].lower().replace("_", "-"): package["version"] for package in packages}
    found.pop(OWN_NAME, None)
    return [f"{name}=={version}" for name, version in sorted(found.items())]


if __name__ == "__main__":
    sys.exit(main())
