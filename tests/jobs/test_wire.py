"""Messages survive the wire; what is no message is refused."""

from __future__ import annotations

import math
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segdesk.core.refinement import Refinement
from segdesk.errors import TrainingError
from segdesk.jobs import messages
from segdesk.jobs.messages import Message, Step
from segdesk.jobs.wire import decode, decode_command, encode
from segdesk.sentence import Sentence
from tests.store.strategies import refinements

st.register_type_strategy(Refinement, refinements)
MESSAGES = st.one_of([st.from_type(kind) for kind in get_args(Message)])


@given(MESSAGES)
def test_decode_undoes_encode_for_every_message(message: Message) -> None:
    line = encode(message)
    assert "\n" not in line
    # By their text, because a figure may be NaN.
    assert repr(decode(line)) == repr(message)


@given(MESSAGES)
def test_a_decoded_message_is_made_of_frozen_values(message: Message) -> None:
    hash(decode(encode(message)))


def test_a_loss_that_is_no_number_gets_through() -> None:
    step = decode(encode(Step(1, 1, 2, math.nan, 1.0, None)))
    assert isinstance(step, Step)
    assert math.isnan(step.loss)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "Epoch 1/10",
        "null",
        "[1]",
        '"Step"',
        "{}",
        '{"message": "Exit"}',
        '{"message": ["Step"]}',
        '{"message": "Step"}',
        '{"message": "Note", "sentence": "a", "more": 1}',
        '{"message": "EpochDone", "epoch": 5}',
        '{"message": "Note", "sentence": 5}',
        '{"message": "Checkpoint", "epoch": "1", "file": "w", "sha256": ""}',
        '{"message": "Checkpoint", "epoch": true, "file": "w", "sha256": ""}',
        '{"message": "Judged", "nothing_learnt": "", "slices": 1, "dice": "0.5"}',
        '{"message": "Finished", "outcome": "won", "reason": "", "best": 1, "seconds": 1.0}',
        '{"message": "Finished", "outcome": "stopped", "reason": "", "best": 1, "seconds": 1%s}'
        % ("0" * 400),
        '{"message": "Hello", "protocol": 1, "pid": 1, "versions": [1]}',
        '{"message": "Refined", "refinements": [{"segment": 1, "edge": [1.0]}]}',
        '{"message": "Refined", "refinements": [{"segment": 0, "edge": []}]}',
        '{"message": "Refined", "refinements": [{"segment": 1, "edge": [], "least_piece": NaN}]}',
        '{"message": "Refined", "refinements": [5]}',
        "[" * 200_000,
    ],
)
def test_what_is_no_message_is_refused(line: str) -> None:
    with pytest.raises(TrainingError, match="unreadable"):
        decode(line)


@given(st.text(max_size=60) | st.binary(max_size=60).map(lambda b: b.decode(errors="replace")))
def test_no_text_makes_decode_fail_in_another_way(line: str) -> None:
    with pytest.raises(TrainingError):
        decode(line)


@pytest.mark.parametrize("command", ["stop", "pause", "go_on"])
def test_commands_are_known_with_any_line_end(command: str) -> None:
    assert decode_command(f"{command}\r\n") == command


def test_other_words_are_no_command() -> None:
    assert decode_command("__class__") is None


def test_what_the_child_says_can_be_said_in_another_language() -> None:
    problem = Sentence("The scan of case {case} cannot be read.", case="case-001")
    said = Sentence.counted("{n} slice: {why}", "{n} slices: {why}", 3, why=problem)
    for message in (messages.Note(said), messages.Failed(said, problem)):
        read = decode(encode(message))
        assert isinstance(read, messages.Note | messages.Failed)
        assert read == message
        assert isinstance(read.sentence, Sentence)
        assert (read.sentence.template, read.sentence.number) == (said.template, 3)
        assert isinstance(why := read.sentence.values["why"], Sentence)
        assert why.values == {"case": "case-001"}


def test_a_sentence_that_is_no_text_is_refused() -> None:
    with pytest.raises(TrainingError):
        decode('{"message": "Note", "sentence": ["{a}", {"a": "b"}], "left_out": ""}')
