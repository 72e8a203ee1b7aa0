"""What is added to the program is one file and one line, and is then everywhere where it belongs.

Each exercise is done to a copy of the program, in which the same tests then run as here.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[2]
EXERCISES = ROOT / "tests" / "exercises"
UNWANTED = shutil.ignore_patterns("__pycache__", "*.pyc")


class Added(NamedTuple):
    """A file of the exercises, where it goes, and its line in a tuple.

    Parameters
    ----------
    tuple_ : how the tuple begins, up to its bracket
    """

    file: str
    to: str
    tuple_file: str
    tuple_: str
    line: str
    imported: str


ADDED = (
    Added(
        "stamp.py",
        "segdesk/app/labelling/tools/stamp.py",
        "segdesk/app/labelling/tools/toolbox.py",
        "TOOLS: tuple[Tool, ...] = (",
        "Stamp(),",
        "from segdesk.app.labelling.tools.stamp import Stamp",
    ),
    Added(
        "widen.py",
        "segdesk/app/labelling/operations/widen.py",
        "segdesk/app/labelling/operations/catalogue.py",
        "OPERATIONS: tuple[Operation, ...] = (",
        "Widen(),",
        "from segdesk.app.labelling.operations.widen import Widen",
    ),
    Added(
        "greet.py",
        "segdesk/ui/commands/groups/greet.py",
        "segdesk/ui/commands/table.py",
        "    rows = (",
        "*greet_groups(desk),",
        "from segdesk.ui.commands.groups.greet import greet_groups",
    ),
    Added(
        "invert.py",
        "segdesk/app/screen/image_looks/invert.py",
        "segdesk/app/screen/image_looks/shelf.py",
        "IMAGE_LOOKS: tuple[ImageLook, ...] = (",
        "INVERT,",
        "from segdesk.app.screen.image_looks.invert import INVERT",
    ),
)


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What the tests of a copy say to which all exercises were added."""
    program = tmp_path_factory.mktemp("program")
    for folder in ("segdesk", "resources", "tests", "packaging"):
        shutil.copytree(ROOT / folder, program / folder, ignore=UNWANTED)
    shutil.copy(ROOT / "pyproject.toml", program)
    for added in ADDED:
        shutil.copy(EXERCISES / added.file, program / added.to)
        add_line(program / added.tuple_file, added)
    shutil.copy(EXERCISES / "stamp.svg", program / "resources" / "icons")
    for test in ("stamp", "others"):
        source = EXERCISES / f"{test}_in_the_window.py"
        shutil.copy(source, program / "tests" / "ui" / "window" / f"test_{test}.py")
    translate(program, {"Stamp": "Stempel"})
    return run_tests(
        program,
        *("tests/ui/window/test_stamp.py", "tests/ui/window/test_others.py"),
        "tests/app/labelling/test_tool_contract.py",
        "tests/app/labelling/test_operation_contract.py",
        *("-k", "stamp or others or widen"),
    )


def add_line(file: Path, added: Added) -> None:
    """One line more at the end of a tuple, and what it names is imported."""
    text = file.read_text("utf-8")
    head, opening, rest = text.partition(f"{added.tuple_}\n")
    assert opening, f"expected '{added.tuple_}' in {file.name}"
    indent = " " * (len(added.tuple_) - len(added.tuple_.lstrip()))
    rows, closing, after = rest.partition(f"\n{indent})\n")
    head = head.replace("\nfrom segdesk", f"\n{added.imported}\nfrom segdesk", 1)
    text = f"{head}{opening}{rows}\n{indent}    {added.line}{closing}{after}"
    file.write_text(text, "utf-8")


def translate(program: Path, words: dict[str, str]) -> None:
    """A language with a few words, made as translators make one; nothing where they cannot."""
    spec = importlib.util.spec_from_file_location("copied", program / "packaging" / "sentences.py")
    assert spec is not None and spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    sys.modules["copied"] = script
    spec.loader.exec_module(script)
    texts = [text for text in script.collected() if text.text in words]
    assert {text.text for text in texts} == set(words)
    ts = program / "german.ts"
    try:
        script.update(ts, texts)
    except SystemExit as error:
        if "shared libraries" in str(error):
            return
        raise
    tree = ET.parse(ts)
    for message in tree.iter("message"):
        source, target = message.find("source"), message.find("translation")
        assert source is not None and target is not None
        target.attrib.pop("type", None)
        target.text = words[source.text or ""]
    tree.write(ts, "utf-8", xml_declaration=True)
    script.release(ts, program / "german.qm")


def run_tests(program: Path, *arguments: str) -> str:
    """Tests of the copy, on the code of the copy."""
    surroundings = os.environ | {"PYTHONPATH": str(program), "QT_QPA_PLATFORM": "offscreen"}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-n", "0", "-p", "no:cacheprovider", "-rA", *arguments],
        cwd=program,
        env=surroundings,
        capture_output=True,
        text=True,
        timeout=230,
        check=False,
    )
    return done.stdout + done.stderr


def passed(said: str, file: str) -> list[str]:
    """Names of the tests of a file that passed; none of it failed."""
    lines = [line for line in said.splitlines() if f"/{file}::" in line]
    assert lines and all(line.startswith("PASSED") for line in lines if "::" in line), said
    return [line.split("::")[1] for line in lines]


def test_a_tool_is_a_file_an_icon_and_a_line(said: str) -> None:
    assert len(passed(said, "test_stamp.py")) == 1
    # Every test of the contract that goes through the tools went through this one.
    assert len(passed(said, "test_tool_contract.py")) == 22


def test_an_operation_is_a_file_and_a_line(said: str) -> None:
    assert "PASSED tests/ui/window/test_others.py::test_the_operation" in said, said
    assert len(passed(said, "test_operation_contract.py")) == 5


@pytest.mark.parametrize("what", ["the_command", "the_look"])
def test_a_command_and_a_look_of_the_image_are_a_file_and_a_line(said: str, what: str) -> None:
    assert f"PASSED tests/ui/window/test_others.py::test_{what}" in said, said


def test_a_word_is_said_in_a_second_language(said: str) -> None:
    line = "tests/ui/window/test_others.py::test_a_word_of_the_stamp"
    if f"SKIPPED [1] {line}" in said or "cannot start here" in said:
        pytest.skip("Qt's tool for translators cannot start here")
    assert f"PASSED {line}" in said, said
