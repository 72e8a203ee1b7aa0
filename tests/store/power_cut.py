"""What a disk may hold after a power cut, from a record of what was asked of it.

After any event the power may go. What was synced is there. Of the names that were not, any number
of the first ones; of the bytes that were not, none, all, or zeros in their place. This is what
ALICE and CrashMonkey look for, without reordering names within one folder:

    Pillai et al., All file systems are not created equal, OSDI 2014
    Mohan et al., Finding crash-consistency bugs with bounded black-box crash testing, OSDI 2018
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.store.recorder import Mark, Name, Node, Record, Sync, Write, lasts_with

#: What becomes of bytes that were not synced.
FATES = ("gone", "there", "zeros")


@dataclass(slots=True)
class Bytes:
    """A file's bytes: as synced, and as written."""

    lasting: bytes = b""
    now: bytearray = field(default_factory=bytearray)

    def put(self, write: Write) -> None:
        if write.content is None:
            del self.now[write.offset :]
            self.now.extend(bytes(write.offset - len(self.now)))
            return
        end = write.offset + len(write.content)
        self.now.extend(bytes(max(0, end - len(self.now))))
        self.now[write.offset : end] = write.content

    def after(self, fate: str) -> bytes:
        match fate:
            case "gone":
                return self.lasting
            case "there":
                return bytes(self.now)
            case _:
                return self.lasting + bytes(max(0, len(self.now) - len(self.lasting)))


@dataclass(frozen=True, slots=True)
class State:
    """A disk after a power cut.

    Parameters
    ----------
    at : how many events came before
    said : what the test had said by then
    how : in words
    files : path below the root -> content; None for a folder
    """

    at: int
    said: tuple[object, ...]
    how: str
    files: dict[str, bytes | None]

    def build(self, folder: Path) -> None:
        """Put the files there."""
        for name, content in self.files.items():
            if content is None:
                (folder / name).mkdir(parents=True, exist_ok=True)
            else:
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                (folder / name).write_bytes(content)


def states(record: Record) -> Iterator[State]:
    """Every state that differs from those before with the same said; the root is empty at first."""
    root = record.home
    contents: dict[Node, Bytes] = {}
    names: list[Name] = []
    pending: list[Name] = []
    said: list[object] = []
    seen: set[bytes] = set()
    for at, event in enumerate(record.events):
        match event:
            case Mark(said=word):
                said.append(word)
                seen.clear()
            case Write(node):
                contents.setdefault(node, Bytes()).put(event)
            case Sync(node) if node.is_folder:
                pending = [name for name in pending if not lasts_with(name, node)]
            case Sync(node):
                kept = contents.setdefault(node, Bytes())
                kept.lasting = bytes(kept.now)
            case Name():
                names.append(event)
                pending.append(event)
        for count in range(len(pending) + 1):
            lost = pending[count:]
            tree = _tree(root, [name for name in names if name not in lost])
            for fate in FATES:
                files = {
                    path: None if node.is_folder else contents.get(node, Bytes()).after(fate)
                    for path, node in tree.items()
                    if not path.endswith("/lock")
                }
                key = _digest(files)
                if key not in seen:
                    seen.add(key)
                    how = f"bytes {fate}, without {[name.path.name for name in lost]}"
                    yield State(at + 1, tuple(said), how, files)


def _tree(root: Node, names: list[Name]) -> dict[str, Node]:
    """Path -> what lies there, after these changes of names."""
    folders: dict[Node, dict[str, Node]] = {root: {}}
    for name in names:
        if name.old is not None:
            held = folders.setdefault(name.old[0], {})
            if held.get(name.old[1]) is name.node:
                del held[name.old[1]]
        if name.new is not None:
            folders.setdefault(name.new[0], {})[name.new[1]] = name.node
    found: dict[str, Node] = {}

    def walk(folder: Node, path: str) -> None:
        for name, node in folders.get(folder, {}).items():
            found[f"{path}{name}"] = node
            if node.is_folder:
                walk(node, f"{path}{name}/")

    walk(root, "")
    return found


def _digest(files: dict[str, bytes | None]) -> bytes:
    digest = hashlib.sha256()
    for path, content in sorted(files.items()):
        digest.update(path.encode() + b"\0")
        digest.update(b"folder" if content is None else hashlib.sha256(content).digest())
    return digest.digest()
