"""Collects what a reader is told, for translators: `python packaging/sentences.py [LANGUAGE …]`.

That is the literals that are given to `tr` of the window, to `Sentence` and to the errors' classes.
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
PROGRAM = ROOT / "segdesk"
TRANSLATIONS = ROOT / "resources" / "translations"
#: As in `segdesk.ui.look.translations`.
CONTEXT = "segdesk"
FUNCTION, CLASS = "tr", "Sentence"


class Text(NamedTuple):
    """What is said, and where it stands in the code.

    Parameters
    ----------
    one : the form of 1 where it depends on a number, else empty
    """

    text: str
    file: Path
    line: int
    one: str = ""


def collected(folder: Path = PROGRAM) -> list[Text]:
    """Every text of the code in a folder, once, in the order of the files.

    Raises
    ------
    ValueError
        Where something else than a literal is to be translated: nobody could collect it.
    """
    errors = error_classes()
    found: dict[tuple[str, str], Text] = {}
    for file in sorted(folder.rglob("*.py")):
        for text in _texts_of(file, errors):
            found.setdefault((text.text, text.one), text)
    return list(found.values())


def error_classes() -> frozenset[str]:
    """Names of the classes that take a sentence and a hint."""
    tree = ast.parse((PROGRAM / "errors.py").read_text("utf-8"))
    return frozenset(node.name for node in tree.body if isinstance(node, ast.ClassDef))


def _texts_of(file: Path, errors: frozenset[str]) -> Iterator[Text]:
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        match node:
            case ast.Call(func=ast.Name(id=name), args=args) if name in (FUNCTION, CLASS):
                if len(args) != 1:
                    raise _other(file, node)
                texts = _literals(args[0], file)
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id="Sentence"), attr="counted"), args=args
            ):
                match args:
                    case [ast.Constant(value=str(one)), ast.Constant(value=str(many)), _]:
                        yield Text(many, file, node.lineno, one)
                        continue
                    case _:
                        raise _other(file, node)
            case ast.Call(func=ast.Name(id=name), args=args) if name in errors:
                texts = [text for one in args[:2] for text in _literals(one, file, made=True)]
            case _:
                continue
        for text in filter(None, texts):
            yield Text(text, file, node.lineno)


def _literals(node: ast.expr, file: Path, *, made: bool = False) -> list[str]:
    """The texts that a literal stands for, or a choice between two.

    Parameters
    ----------
    made : it may be something else that was made elsewhere
    """
    match node:
        case ast.Constant(value=str(text)):
            return [text]
        case ast.IfExp(body=body, orelse=orelse):
            return [text for one in (body, orelse) for text in _literals(one, file, made=made)]
        case _ if made:
            return []
        case _:
            raise _other(file, node)


def _other(file: Path, node: ast.expr) -> ValueError:
    return ValueError(f"expected a literal for translators at {file}:{node.lineno}")


def update(ts: Path, texts: list[Text]) -> None:
    """Write a .ts file with these texts; what it has of them already stays translated."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "sentences.py"
        lines = [
            f"QCoreApplication.translate({CONTEXT!r}, {text.text!r}"
            + (f", {text.one!r}, 2)" if text.one else ")")
            for text in texts
        ]
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
