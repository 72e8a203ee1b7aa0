"""Builds `.venv`, and says or (as root) installs what the system lacks for it.

Run by the Makefile with the system's Python, before anything is installed: standard library only.
What the environment contains is said by `pyproject.toml`, in which versions by `constraints.txt`.
A finished environment is recognised by a stamp over both files, so a second run costs next to
nothing; one whose installation was interrupted is built again.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / ".stamp"
#: There while packages are being installed; found later, it means that they never all arrived.
UNFINISHED = VENV / ".unfinished"
INPUTS = (ROOT / "pyproject.toml", ROOT / "constraints.txt")
PACKAGES = ".[dev]"

FONT_FOLDERS = ("/usr/share/fonts", "/usr/local/share/fonts", "~/.local/share/fonts", "~/.fonts")
FONT_PACKAGE = "fonts-dejavu-core"
#: What Qt's tool for translators links to; the program itself does without.
TOOL_LIBRARIES = {"libgssapi_krb5.so.2": "libgssapi-krb5-2"}

#: Starts Qt without a screen; fails with the loader's own words where a library is missing.
QT_TRIAL = "from PySide6.QtWidgets import QApplication; QApplication([])"


def _beside(path: str) -> ModuleType:
    """A module of segdesk that needs nothing but Python, read without the package around it."""
    spec = importlib.util.spec_from_file_location(Path(path).stem, Path(__file__).parents[1] / path)
    if spec is None or spec.loader is None:
        raise ImportError(f"expected a module at {path}")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


#: The one table of what Qt takes from the system; the installed program asks it too.
qt_libraries = _beside("segdesk/cli/qt_libraries.py")


class SetUpFault(Exception):
    """Something that the person at the keyboard has to mend; its text says what and how."""


def main() -> int:
    """Make the environment ready, and return the exit status."""
    try:
        provide(missing_system_packages())
        if not is_ready():
            build()
    except SetUpFault as fault:
        print(fault, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped; `make venv` begins again.", file=sys.stderr)
        return 130
    return 0


def missing_system_packages() -> list[str]:
    """Debian packages for what this system lacks; nothing on other systems than Linux."""
    if sys.platform != "linux":
        return []
    wanted = qt_libraries.wanted_libraries(os.environ) | TOOL_LIBRARIES
    packages = [
        package for library, package in wanted.items() if not qt_libraries.is_loadable(library)
    ]
    if not has_fonts():
        packages.append(FONT_PACKAGE)
    if importlib.util.find_spec("ensurepip") is None:
        packages.insert(0, "python{}.{}-venv".format(*sys.version_info[:2]))
    return packages


def has_fonts() -> bool:
    """Whether any font is installed; without one Qt draws no letters."""
    return any(
        path.suffix.lower() in {".ttf", ".otf", ".ttc"}
        for folder in FONT_FOLDERS
        for path in Path(folder).expanduser().rglob("*.*")
    )


def provide(packages: list[str]) -> None:
    """Install system packages as root; otherwise stop with the exact line to type.

    Raises
    ------
    SetUpFault
        Where somebody else has to install them, or apt could not.
    """
    if not packages:
        return
    install = ["apt-get", "install", "-y", "--no-install-recommends", *packages]
    if shutil.which("apt-get") is None:
        raise SetUpFault(
            "This system lacks what Debian calls " + ", ".join(packages) + ".\n"
            "Install the same with your system's package manager, then run make again."
        )
    if os.geteuid() != 0:
        raise SetUpFault(
            "This system lacks packages that segdesk needs. Install them, then run make again:\n"
            f"  sudo apt-get update && sudo {' '.join(install)}"
        )
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for command in (["apt-get", "update", "-qq"], install):
        say("> " + " ".join(command))
        if subprocess.run(command, env=environment, stdin=subprocess.DEVNULL).returncode:
            raise SetUpFault(f"'{' '.join(command)}' failed; mend what it says above.")
    importlib.invalidate_caches()


def is_ready() -> bool:
    """Whether `.venv` was finished from today's inputs, here, with this Python."""
    return PYTHON.exists() and STAMP.exists() and STAMP.read_text() == fingerprint()


def fingerprint() -> str:
    """What a finished environment depends on, as one hexadecimal number."""
    digest = hashlib.sha256()
    for part in (str(VENV), sys.base_prefix, sys.version, PACKAGES):
        digest.update(part.encode() + b"\0")
    for path in INPUTS:
        digest.update(path.read_bytes() + b"\0")
    return digest.hexdigest() + "\n"


def build() -> None:
    """Create `.venv` where it is not sound, install everything, and try Qt.

    Raises
    ------
    SetUpFault
        Where a step failed.
    """
    if not is_sound():
        say("Building .venv: about 3 GB on disk, a few minutes.")
        # The interpreter behind the link, so that an activated .venv can be built again too.
        interpreter = os.path.realpath(sys.executable)
        run([interpreter, "-m", "venv", "--clear", str(VENV)], "The environment was not created")
    STAMP.unlink(missing_ok=True)
    UNFINISHED.touch()
    constraints = str(ROOT / "constraints.txt")
    pip = [str(PYTHON), "-m", "pip", "install", "--disable-pip-version-check"]
    run([*pip, "-c", constraints, "-e", PACKAGES], "pip could not install everything")
    UNFINISHED.unlink()
    try_qt()
    STAMP.write_text(fingerprint())
    say("Ready.")


def is_sound() -> bool:
    """Whether `.venv` is complete enough to install into: not interrupted, this Python, has pip."""
    if UNFINISHED.exists() or not PYTHON.exists():
        return False
    question = "import pip, sys; print('%d.%d' % sys.version_info[:2])"
    answer = subprocess.run([str(PYTHON), "-c", question], capture_output=True, text=True)
    return answer.stdout.strip() == "{}.{}".format(*sys.version_info[:2])


def try_qt() -> None:
    """Start Qt once in a process of its own, without a screen.

    Raises
    ------
    SetUpFault
        Where it does not start; names the libraries that the loader did not find.
    """
    environment = os.environ | {"QT_QPA_PLATFORM": "offscreen"}
    trial = subprocess.run(
        [str(PYTHON), "-c", QT_TRIAL], capture_output=True, text=True, env=environment
    )
    if trial.returncode:
        said = trial.stderr.strip().splitlines()[-1:] or [f"exit status {trial.returncode}"]
        raise SetUpFault(
            f"Qt does not start: {said[0]}\n"
            "Install the library that it names with your system's package manager, "
            "then run make again."
        )


def run(command: list[str], failure: str) -> None:
    """Run a command in the project's folder, its output shown.

    Raises
    ------
    SetUpFault
        Where it fails.
    """
    if subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL).returncode:
        raise SetUpFault(f"{failure}; mend what is said above, then run make again.")


def say(line: str) -> None:
    """A line for people, in order with what the commands print."""
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
