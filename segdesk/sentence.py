"""What a reader is told, as English that can still be said in another language.

A `Sentence` is the English text, and remembers how it was made: a template that stands in the code
as a literal, which `packaging/sentences.py` collects for translators, and its values, which may be
Sentences themselves. So whatever prints, logs, compares or writes a text takes one as it is, and
`ui.look.translations.translated` says it in the reader's language. What is made of one by ``+``,
``join`` or an f-string is English for good: `Sentence.joined` and values keep the rest.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, LiteralString, cast

#: What a template may name. Nothing else of a template is ever looked into or evaluated.
_NAMED = re.compile(r"\{([a-z_][a-z0-9_]*)\}")
#: Of what was kept in a file: letters that one may have in the end, and how deep values may go.
LONGEST, DEEPEST = 100_000, 16
#: Letters that it and its values may have together, which are all in memory.
MOST = LONGEST * DEEPEST
#: What is kept with its values begins so.
_BEGIN = '["'


class Sentence(str):
    """English for a reader, with what is needed to say it otherwise.

    Parameters
    ----------
    template : a literal, or no script can collect it; each ``{name}`` in it stands for a value. It
        may be of several sentences, or of a part of one where another template names it
    values : by name; those that are Sentences are translated too

    Attributes
    ----------
    template : of a `counted` one that of any number but 1
    one : of a `counted` one the template of 1; else empty
    number : of a `counted` one; else None
    values : by name, not to be changed
    """

    __slots__ = ("number", "one", "template", "values")
    template: str
    one: str
    number: int | None
    values: Mapping[str, str | int]

    def __new__(cls, template: LiteralString, /, **values: str | int) -> Sentence:
        return _made(template, values)

    @classmethod
    def counted(
        cls, one: LiteralString, many: LiteralString, number: int, /, **values: str | int
    ) -> Sentence:
        """A Sentence that depends on a number, which ``{n}`` stands for; a language may have other
        forms than these two. `one` may leave ``{n}`` out."""
        return _made(many, {"n": f"{number:,}", **values}, number, one)

    @classmethod
    def joined(cls, parts: Iterable[str], by: LiteralString = " ") -> Sentence:
        """Texts one after the other, without those that are empty."""
        rows = [part for part in parts if part]
        if len(rows) == 1:
            return cls.of(rows[0])
        names = [f"part_{at}" for at in range(len(rows))]
        template = by.join(f"{{{name}}}" for name in names)
        return _made(template, dict(zip(names, rows, strict=True)))

    @classmethod
    def of(cls, text: str) -> Sentence:
        """A text that may be a Sentence already. Another is its own template, without values."""
        return text if isinstance(text, Sentence) else _made(text, {})

    @classmethod
    def read(cls, text: str) -> Sentence:
        """The Sentence of `kept`; any other text is taken as it stands, whatever it holds."""
        if text.startswith(_BEGIN):
            try:
                return _of_row(json.loads(text), DEEPEST, [MOST])
            except (ValueError, RecursionError):
                pass
        return cls.of(text)

    def filled(self, template: str, values: Mapping[str, str | int]) -> str:
        """A translation of the template with translations of the values."""
        return _filled(template, values)

    def __reduce__(self) -> tuple[Any, ...]:
        return _made, (self.template, dict(self.values), self.number, self.one)


def kept(text: str) -> str:
    """A text as files and other processes get it, from which `Sentence.read` makes it again; of one
    that is too long or too deep for that its English."""
    sentence = Sentence.of(text)
    if not sentence.values and sentence.number is None and not text.startswith(_BEGIN):
        return str(text)
    row = json.dumps(_row(sentence), ensure_ascii=False, separators=(",", ":"))
    return row if Sentence.read(row) == text else str(text)


def listed(names: Iterable[str]) -> str:
    """Names one after the other, with commas and an "and"."""
    *first, last = names
    if not first:
        return last
    return Sentence("{first} and {last}", first=Sentence.joined(first, ", "), last=last)


def _made(
    template: str, values: Mapping[str, str | int], number: int | None = None, one: str = ""
) -> Sentence:
    text = _filled(one if number == 1 else template, values)
    made = str.__new__(Sentence, text)
    made.template, made.values, made.number, made.one = template, values, number, one
    return made


def _filled(template: str, values: Mapping[str, str | int]) -> str:
    """A template with its values, once through: nothing in a value is filled in again."""

    def value(found: re.Match[str]) -> str:
        return str(values[found[1]]) if found[1] in values else found[0]

    return _NAMED.sub(value, template)


def _row(text: str) -> list[Any]:
    if not isinstance(text, Sentence):
        return [str(text)]
    values = {name: _value(value) for name, value in text.values.items()}
    rest = [] if text.number is None else [text.number, text.one]
    return [text.template, values, *rest]


def _value(value: Any) -> Any:
    """As JSON has it; a number of another kind, such as numpy's, as it is filled in."""
    if isinstance(value, Sentence):
        return _row(value)
    return value if isinstance(value, str | int) else str(value)


def _of_row(row: Any, depth: int, room: list[int]) -> Sentence:
    """A Sentence from a stranger's file: strings and numbers, of a bounded size.

    Parameters
    ----------
    room : the letters that are left for all of it, in one place that is counted down
    """
    match row:
        case [str(template), found]:
            number, one = None, ""
        case [str(template), found, int(number), str(one)]:
            pass
        case _:
            raise ValueError("expected a sentence")
    if not isinstance(found, dict):
        raise ValueError("expected values by name")
    values: dict[str, str | int] = {}
    for name, value in cast("dict[str, Any]", found).items():
        if isinstance(value, list):
            if not depth:
                raise ValueError("expected a sentence of less depth")
            value = _of_row(value, depth - 1, room)
        if not isinstance(value, str | int):
            raise ValueError("expected a text or a whole number")
        values[name] = value
    for text in (template, one):
        parts = (str(values.get(name, "")) for name in _NAMED.findall(text))
        size = len(text) + sum(map(len, parts))
        room[0] -= size
        if size > LONGEST or room[0] < 0:
            raise ValueError("expected a shorter sentence")
    return _made(template, values, number, one)
