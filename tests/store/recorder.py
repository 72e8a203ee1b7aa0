"""What the store asks of the disk, in order: every write, sync, rename, new and removed name.

The calls are made all the same; `power_cut` replays them, tests look at their order. Files are
known by their number on the disk (inode), so a renamed file stays the one that was written.
"""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest


class Node:
    """A file or a folder below the root, whatever it is called."""

    def __init__(self, path: Path, *, is_folder: bool) -> None:
        self.born = path
        self.is_folder = is_folder

    def __repr__(self) -> str:
        return self.born.name


@dataclass(frozen=True, slots=True)
class Write:
    """Bytes at an offset; a truncation has none and says the size in `offset`."""

    node: Node
    offset: int
    content: bytes | None


@dataclass(frozen=True, slots=True)
class Sync:
    """fsync of a file or a folder."""

    node: Node


@dataclass(frozen=True, slots=True)
class Name:
    """What a folder holds has changed.

    Parameters
    ----------
    verb : "make", "rename" or "remove"
    node : the file or folder
    old : (folder, name) that it loses, or None
    new : (folder, name) that it gets, or None
    path : of `new`, or else of `old`
    """

    verb: str
    node: Node
    old: tuple[Node, str] | None
    new: tuple[Node, str] | None
    path: Path

    @property
    def folders(self) -> frozenset[Node]:
        return frozenset(place[0] for place in (self.old, self.new) if place)


@dataclass(frozen=True, slots=True)
class Mark:
    """What the test says at this moment."""

    said: object


Event = Write | Sync | Name | Mark


@dataclass(slots=True)
class Record:
    """The events below a root.

    Parameters
    ----------
    root : everything outside is not looked at
    nodes : by inode
    events : in order
    home : the root's node
    """

    root: Path
    nodes: dict[int, Node] = field(default_factory=dict[int, Node])
    events: list[Event] = field(default_factory=list[Event])

    @property
    def home(self) -> Node:
        return self.nodes[self.root.stat().st_ino]

    def mark(self, said: object) -> None:
        self.events.append(Mark(said))

    def node_of(self, descriptor: int) -> Node | None:
        return self.nodes.get(os.fstat(descriptor).st_ino)

    def inside(self, path: Any, dir_fd: int | None = None) -> Path | None:
        """The absolute path, where it lies below the root."""
        if dir_fd is not None:
            folder = self.node_of(dir_fd)
            return None if folder is None else self._where(dir_fd) / os.fsdecode(path)
        if isinstance(path, int):
            return None
        found = Path(os.path.abspath(os.fsdecode(path)))  # noqa: PTH100 - links stay links
        return found if found.is_relative_to(self.root) else None

    def _where(self, dir_fd: int) -> Path:
        return Path(f"/proc/self/fd/{dir_fd}").readlink()

    def place(self, path: Path) -> tuple[Node, str]:
        return self.nodes[path.parent.stat().st_ino], path.name

    def made(self, path: Path) -> Node:
        status = path.lstat()
        node = Node(path, is_folder=path.is_dir())
        self.nodes[status.st_ino] = node
        self.events.append(Name("make", node, None, self.place(path), path))
        return node


@contextmanager
def recording(root: Path) -> Generator[Record, None, None]:
    """Record everything that happens below a folder, which is there and taken as lasting."""
    record = Record(Path(os.path.abspath(root)))  # noqa: PTH100 - links stay links
    for path in (record.root, *record.root.rglob("*")):
        record.nodes[path.stat().st_ino] = Node(path, is_folder=path.is_dir())
    with pytest.MonkeyPatch.context() as patch:
        for name, call in _calls(record):
            patch.setattr(os, name, call)
        patch.setattr(io, "FileIO", _file_class(record))
        yield record


def _file_class(record: Record) -> type[io.FileIO]:
    class Recorded(io.FileIO):
        def write(self, content: Any) -> int:
            at = self.tell()
            done = super().write(content)
            node = record.node_of(self.fileno())
            if node is not None:
                kept = bytes(memoryview(content).cast("B")[:done])
                record.events.append(Write(node, at, kept))
            return done

        def truncate(self, size: int | None = None) -> int:
            done = super().truncate(size)
            node = record.node_of(self.fileno())
            if node is not None:
                record.events.append(Write(node, done, None))
            return done

    return Recorded


def _calls(record: Record) -> Iterator[tuple[str, Callable[..., Any]]]:
    real = {name: getattr(os, name) for name in ("open", "fsync", "mkdir", "write", "ftruncate")}

    def open_(path: Any, flags: int, *rest: Any, **named: Any) -> int:
        found = record.inside(path, named.get("dir_fd"))
        was_there = found is None or found.exists()
        descriptor = real["open"](path, flags, *rest, **named)
        if found is not None and not was_there:
            record.made(found)
        return descriptor

    def fsync(descriptor: int) -> None:
        real["fsync"](descriptor)
        node = record.node_of(descriptor)
        if node is not None:
            record.events.append(Sync(node))

    def mkdir(path: Any, *rest: Any, **named: Any) -> None:
        real["mkdir"](path, *rest, **named)
        found = record.inside(path, named.get("dir_fd"))
        if found is not None:
            record.made(found)

    def write(descriptor: int, content: bytes) -> int:
        node = record.node_of(descriptor)
        at = os.lseek(descriptor, 0, os.SEEK_CUR) if node is not None else 0
        done = real["write"](descriptor, content)
        if node is not None:
            record.events.append(Write(node, at, bytes(content[:done])))
        return done

    def ftruncate(descriptor: int, size: int) -> None:
        real["ftruncate"](descriptor, size)
        node = record.node_of(descriptor)
        if node is not None:
            record.events.append(Write(node, size, None))

    yield from (("open", open_), ("fsync", fsync), ("mkdir", mkdir))
    yield from (("write", write), ("ftruncate", ftruncate))
    for name in ("replace", "rename"):
        yield name, _renaming(record, getattr(os, name))
    for name in ("unlink", "remove", "rmdir"):
        yield name, _removing(record, getattr(os, name))


def _renaming(record: Record, real: Callable[..., Any]) -> Callable[..., Any]:
    def rename(source: Any, target: Any, **named: Any) -> None:
        old, new = record.inside(source), record.inside(target)
        if old is None or new is None:
            real(source, target, **named)
            return
        # Made by a library, past `os`.
        unseen = Node(old, is_folder=old.is_dir())
        node, before = record.nodes.setdefault(old.lstat().st_ino, unseen), record.place(old)
        real(source, target, **named)
        record.events.append(Name("rename", node, before, record.place(new), new))

    return rename


def _removing(record: Record, real: Callable[..., Any]) -> Callable[..., Any]:
    def remove(path: Any, **named: Any) -> None:
        found = record.inside(path, named.get("dir_fd"))
        if found is None or not (found.exists() or found.is_symlink()):
            real(path, **named)
            return
        node, before = record.nodes[found.lstat().st_ino], record.place(found)
        real(path, **named)
        record.events.append(Name("remove", node, before, None, found))

    return remove


# Order


@dataclass(slots=True)
class Unsafe:
    """What a power cut could still take, after some events."""

    files: dict[Node, int] = field(default_factory=dict[Node, int])
    names: list[Name] = field(default_factory=list[Name])


def faults_of_order(events: list[Event]) -> list[str]:
    """What is renamed into its place before it lasts.

    A file's content has to be synced before its rename; of a folder also the names in it, and what
    lies in it.
    """
    faults: list[str] = []
    unsafe = Unsafe()
    for event in events:
        if isinstance(event, Name) and event.verb == "rename":
            inside = [event.node]
            for name in unsafe.names:
                if name.new is not None and _is_in(name.new[0], event.node):
                    faults.append(f"{event.path.name} renamed, {name.path.name} in it not synced")
            inside += [node for node in unsafe.files if _is_in(node, event.node)]
            faults += [
                f"{event.path.name} renamed, content of {node} not synced"
                for node in inside
                if node in unsafe.files
            ]
        _go_on(unsafe, event)
    return faults


def what_does_not_last(events: list[Event]) -> list[str]:
    """Every fault of order, and what a power cut could take after the last event.

    The text in `lock` only names who holds it; and what was removed may come back, since nobody
    looks for it and the next save removes it.
    """
    faults = [fault for fault in faults_of_order(events) if "content of lock" not in fault]
    left = left_unsafe(events)
    faults += [f"content of {node} not synced" for node in left.files if repr(node) != "lock"]
    return faults + [
        f"the name {name.path.name} not synced" for name in left.names if name.verb != "remove"
    ]


def left_unsafe(events: list[Event]) -> Unsafe:
    """What a power cut could take after the last event."""
    unsafe = Unsafe()
    for event in events:
        _go_on(unsafe, event)
    return unsafe


def _is_in(node: Node, folder: Node) -> bool:
    """Whether it is that folder, or lies in it at any depth."""
    return folder.is_folder and node.born.is_relative_to(folder.born)


def _go_on(unsafe: Unsafe, event: Event) -> None:
    match event:
        case Write(node):
            unsafe.files[node] = unsafe.files.get(node, 0) + 1
        case Sync(node) if node.is_folder:
            unsafe.names = [name for name in unsafe.names if not lasts_with(name, node)]
        case Sync(node):
            unsafe.files.pop(node, None)
        case Name():
            unsafe.names.append(event)
        case Mark():
            pass


def lasts_with(name: Name, folder: Node) -> bool:
    """A name in one folder lasts when it is synced; of two, the new one counts."""
    place = name.new or name.old
    return place is not None and place[0] is folder
