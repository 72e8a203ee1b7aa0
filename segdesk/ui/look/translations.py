"""Text for people: every sentence of the window goes through `tr`, and what rooms below it say
through `translated`.

English stands in the code; `packaging/sentences.py` collects it from there for Qt's own tools, and
`install` takes what they made of a translation.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from PySide6.QtCore import QCoreApplication, QLocale, QTranslator

from segdesk.core.resources import resource
from segdesk.sentence import Sentence

#: Under which Qt keeps and finds each text; `packaging/sentences.py` writes the same.
CONTEXT = "segdesk"


def tr(text: str, **values: object) -> str:
    """The text in the reader's language, with `{name}` filled in after the translation.

    Parameters
    ----------
    text : a literal, or no script can collect it
    values : those that are Sentences are translated too
    """
    template = QCoreApplication.translate(CONTEXT, text)
    return template.format(**_translated_all(values)) if values else template


def translated(text: str) -> str:
    """What a room below the window says, in the reader's language.

    Parameters
    ----------
    text : a Sentence; any other text, such as a name, is given back as it is
    """
    if not isinstance(text, Sentence) or not text:
        return str(text)
    if text.number is None:
        template = QCoreApplication.translate(CONTEXT, text.template)
    else:
        number = abs(text.number)
        template = QCoreApplication.translate(CONTEXT, text.template, text.one, number)
        if number == 1 and template == text.template:
            template = text.one
    return text.filled(template, _translated_all(text.values))


def all_translated(texts: Iterable[str]) -> list[str]:
    """Each as by `translated`."""
    return [translated(text) for text in texts]


def _translated_all(values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: translated(value) if isinstance(value, Sentence) else value
        for name, value in values.items()
    }


def install(application: QCoreApplication, file: Path) -> None:
    """Say everything that is made from now on in the language of a .qm file.

    Raises
    ------
    ValueError
        Where it is no file of that kind.
    """
    translator = QTranslator(application)
    if not translator.load(str(file)):
        raise ValueError(f"expected a translation in {file}")
    application.installTranslator(translator)


def install_for(application: QCoreApplication, locale: QLocale) -> bool:
    """The shipped translation of a reader's language; returns whether there is one."""
    language = QLocale.languageToCode(locale.language())
    try:
        file = resource("translations", f"segdesk_{language}.qm")
    except FileNotFoundError:
        return False
    install(application, file)
    return True
