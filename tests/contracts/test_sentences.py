"""What a reader is told stands in the code so that translators get it, whole and without keys."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from tests import scripts

PROGRAM = Path(__file__).resolve().parents[2] / "segdesk"
#: Rooms whose errors carry Sentences.
ROOMS = ("app", "core", "formats", "jobs", "learning", "store")
#: What a reader presses is the window's matter: it knows the keys, and which menu has them.
KEYS = re.compile(r"\b(?:press|ctrl|shift|alt|esc|enter|return|backspace|pgdn|pgup)\b", re.I)
_NAMED = re.compile(r"\{([a-z_][a-z0-9_]*)\}")


@pytest.fixture(scope="module")
def sentences() -> ModuleType:
    return scripts.load("sentences")


def calls(*places: Path) -> Iterator[tuple[str, ast.Call]]:
    for place in places:
        for file in sorted(place.rglob("*.py")) if place.is_dir() else [place]:
            for node in ast.walk(ast.parse(file.read_text("utf-8"))):
                if isinstance(node, ast.Call):
                    yield f"{file.relative_to(PROGRAM)}:{node.lineno}", node


def made_on_the_spot(node: ast.expr) -> bool:
    """Whether a text is put together in the call, so that no translator could get it."""
    match node:
        case ast.JoinedStr() | ast.BinOp():
            return True
        case ast.IfExp(body=body, orelse=orelse):
            return made_on_the_spot(body) or made_on_the_spot(orelse)
        case ast.Call(func=ast.Attribute(attr="format" | "join" | "strip")):
            return True
        case ast.Call(func=ast.Name(id="str")):
            return True
        case _:
            return False


def untranslatable(errors: frozenset[str], *places: Path) -> list[str]:
    return [
        where
        for where, call in calls(*places)
        if isinstance(call.func, ast.Name) and call.func.id in errors
        if any(map(made_on_the_spot, call.args[:2]))
    ]


def test_errors_take_literals_and_sentences(sentences: ModuleType) -> None:
    rooms = [PROGRAM / room for room in ROOMS]
    assert untranslatable(sentences.error_classes(), *rooms) == []


@pytest.mark.parametrize(
    "call",
    [
        'UsageError(f"There is no {name}.")',
        'UsageError("There is no " + name)',
        'UsageError("Something.", f"{hint}")',
        'InputError("{}".format(name))',
        'InputError(" ".join(parts))',
        "ProjectError(str(error))",
        'ProjectError("Whole." if whole else f"Not {name}.")',
    ],
)
def test_a_sentence_that_nobody_could_translate_is_found(
    sentences: ModuleType, tmp_path: Path, call: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "room.py").write_text(f"raise {call}\n", "utf-8")
    monkeypatch.setitem(globals(), "PROGRAM", tmp_path)
    assert untranslatable(sentences.error_classes(), tmp_path) == ["room.py:1"]


@pytest.mark.parametrize(
    "call",
    [
        'Sentence(f"There is no {name}.")',
        "Sentence(text)",
        'Sentence("There is no {name}." + more)',
        'Sentence.counted("{n} slice", many, n)',
        'Sentence.counted("{n} slice", f"{n} slices", n)',
        'tr(f"{name}")',
    ],
)
def test_a_template_that_is_no_literal_is_refused(
    sentences: ModuleType, tmp_path: Path, call: str
) -> None:
    (tmp_path / "room.py").write_text(f"said = {call}\n", "utf-8")
    with pytest.raises(ValueError, match=r"expected a literal .*room\.py:1"):
        sentences.collected(tmp_path)


def test_templates_name_the_values_that_they_are_given() -> None:
    wrong: list[str] = []
    for where, call in calls(PROGRAM):
        match call:
            case ast.Call(func=ast.Name(id="Sentence"), args=[template]):
                given: set[str] = set()
            case ast.Call(func=ast.Attribute(value=ast.Name(id="Sentence"), attr="counted")):
                template, given = call.args[1], {"n"}
            case _:
                continue
        if isinstance(template, ast.IfExp):
            template = template.body
        assert isinstance(template, ast.Constant) and isinstance(template.value, str), where
        named = set(_NAMED.findall(template.value))
        passed: set[str | None] = {keyword.arg for keyword in call.keywords}
        if where.startswith(("app/labelling/tools/", "app/labelling/operations/")):
            # What the window knows: see `Words`.
            given |= {"segment", "opposite", "drop"}
            passed = passed or named & given
        # One that is given none is filled in by whoever shows it.
        if passed | given and not passed <= named <= passed | given:
            wrong.append(f"{where}: {template.value}")
        if "{" in _NAMED.sub("", template.value):
            wrong.append(f"{where}: {template.value}")
    assert wrong == []


def test_what_stands_between_joined_sentences_is_no_word() -> None:
    for where, call in calls(PROGRAM):
        match call:
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id="Sentence"), attr="joined"),
                args=[_, ast.Constant(value=str(by))],
            ):
                assert not re.search(r"\w", by), where
            case _:
                pass


def test_no_key_is_named_below_the_window(sentences: ModuleType) -> None:
    named = [
        f"{text.file.name}:{text.line}: {text.text}"
        for text in sentences.collected()
        if text.file.relative_to(PROGRAM).parts[0] in ROOMS and KEYS.search(text.text)
    ]
    assert named == []


#: Something counted: `{n} voxels`, `1 slice`; in two forms, as English has them.
COUNTED = re.compile(r"\{(?:n|count|left|slices|voxels|cases|runs)\} [a-z]{3,}s\b|^1 [a-z]")


def test_the_window_counts_in_the_forms_that_a_language_has() -> None:
    """`tr` has one form for every number; a text with a number is a `Sentence.counted`."""
    found = [
        (where, call.args[0].value)
        for where, call in calls(PROGRAM / "ui")
        if isinstance(call.func, ast.Name) and call.func.id == "tr" and call.args
        if isinstance(call.args[0], ast.Constant) and COUNTED.search(str(call.args[0].value))
    ]
    assert found == []
