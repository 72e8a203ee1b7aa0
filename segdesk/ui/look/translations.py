"""Text for people: every sentence of the window goes through `tr`.

English stands in the code; `packaging/sentences.py` collects it from there for Qt's own tools, and
`install` takes what they made of a translation.
"""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QCoreApplication, QLocale, QTranslator

from segdesk.core.resources import resource

#: Under which Qt keeps and finds each text; `packaging/sentences.py` writes the same.
CONTEXT = "segdesk"


def tr(text: str, **values: object) -> str:
    """The text in the reader's language, with `{name}` filled in after the translation.

    Parameters
    ----------
    text : a literal, or no script can collect it
    """
    translated = QCoreApplication.translate(CONTEXT, text)
    return translated.format(**values) if values else translated


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
