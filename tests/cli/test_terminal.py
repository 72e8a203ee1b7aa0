"""Names that a stranger chose never command the terminal that shows them."""

from __future__ import annotations

import json

import pytest

from segdesk.cli.report import Report, complain, table
from segdesk.errors import ChoiceNeeded, UsageError
from segdesk.sentence import Sentence

NAME = "lung\x1b]0;owned\a\x1b[2J\u202egnp.exe\x9b5m\r"


def is_clean(text: str) -> bool:
    return not set(text) & set("\x1b\a\x9b\r\u202e")


def test_sentences_tables_and_complaints_command_nothing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    report = Report(as_json=False)
    report.say(f"Imported '{NAME}'.")
    report.answer({}, [table("case", rows=[(NAME,)])])
    complain(UsageError(Sentence("There is no case '{name}'.", name=NAME)))
    complain(ChoiceNeeded("Which one?", "Name one.", (NAME,)))
    said = capsys.readouterr()
    assert said.out.count("lung") == 1 and said.err.count("lung") == 3
    assert is_clean(said.out) and is_clean(said.err)


def test_an_object_for_scripts_says_the_name_whole_and_commands_nothing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Report(as_json=True).answer({"name": NAME})
    said = capsys.readouterr().out
    assert is_clean(said)
    assert json.loads(said) == {"name": NAME}


def test_a_name_with_an_end_of_line_says_no_line_of_its_own(
    capsys: pytest.CaptureFixture[str],
) -> None:
    name = "lung\nsegdesk: all is well\x7f"
    report = Report(as_json=False)
    report.say(f"Imported '{name}'.")
    report.answer({}, [table("case", rows=[(name,)])])
    complain(UsageError(Sentence("There is no case '{name}'.", name=name)))
    complain(ChoiceNeeded("Which one?", "Name one.", (name,)))
    Report(as_json=True).answer({"name": name})
    said = capsys.readouterr()
    assert "\x7f" not in said.out + said.err
    lines = (said.out + said.err).splitlines()
    assert not any(line.startswith("segdesk: all is well") for line in lines)
