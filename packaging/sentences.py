"""Collects what the window says, for translators: `python packaging/sentences.py [LANGUAGE …]`.

Without a language it prints each text with its place. With some, such as "ko", it brings
`resources/translations/segdesk_LANGUAGE.ts` up to date (what is translated already stays) and makes
the .qm that the window loads. Qt's own collector would put texts of functions into no context.
"""

from __future__ import annotations

import ast
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
WINDOW = ROOT / "segdesk" / "ui"
TRANSLATIONS = ROOT / "resources" / "translations"
#: As in `segdesk.ui.look.translations`.
CONTEXT = "segdesk"
FUNCTION = "tr"


class Text(NamedTuple):
    """What is said, and where it stands in the code."""

    text: str
    file: Path
    line: int


def collected(folder: Path = WINDOW) -> list[Text]:
    """Every text of the code in a folder, once, in the order of the files.

    Raises
    ------
    ValueError
        Where something else than a literal is to be translated: nobody could collect it.
    """
    found: dict[str, Text] = {}
    for file in sorted(folder.rglob("*.py")):
        for text in _texts_of(file):
            found.setdefault(text.text, text)
    return list(found.values())


def _texts_of(file: Path) -> Iterator[Text]:
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        if not (isinstance(node.func, ast.Name) and node.func.id == FUNCTION):
            continue
        match node.args:
            case [ast.Constant(value=str(text))]:
                yield Text(text, file, node.lineno)
            case _:
                raise ValueError(f"expected one literal in {FUNCTION}() at {file}:{node.lineno}")


def update(ts: Path, texts: list[Text]) -> None:
    """Write a .ts file with these texts; what it has of them already stays translated."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "sentences.py"
        lines = [f"QCoreApplication.translate({CONTEXT!r}, {text.text!r})" for text in texts]
        source.write_text("\n".join(lines) + "\n", "utf-8")
        ts.parent.mkdir(parents=True, exist_ok=True)
        _run("lupdate", "-no-obsolete", "-locations", "none", str(source), "-ts", str(ts))


def release(ts: Path, qm: Path) -> None:
    """Make what the window loads."""
    _run("lrelease", str(ts), "-qm", str(qm))


def _run(tool: str, *arguments: str) -> None:
    program = Path(sys.executable).with_name(f"pyside6-{tool}")
    done = subprocess.run(
        [str(program), *arguments], capture_output=True, text=True, check=False, timeout=60
    )
    if done.returncode:
        raise SystemExit(f"{tool} ended with {done.returncode}: {done.stdout}{done.stderr}")


def main(languages: list[str]) -> None:
    texts = collected()
    if not languages:
        for text in texts:
            print(f"{text.file.relative_to(ROOT)}:{text.line}: {text.text}")
    for language in languages:
        ts = TRANSLATIONS / f"segdesk_{language}.ts"
        update(ts, texts)
        release(ts, ts.with_suffix(".qm"))
        print(f"{ts.relative_to(ROOT)}: {len(texts)} texts")


if __name__ == "__main__":
    main(sys.argv[1:])
