"""Only regular files are opened, through no link, and nothing outside is changed."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from segdesk.core import regular_file
from segdesk.core.regular_file import (
    NotRegular,
    append_regular,
    change_regular,
    check_no_link,
    files_below,
    new_regular,
    open_regular,
    remove_whatever,
)

OPENERS: tuple[Callable[[Path], io.IOBase], ...] = (open_regular, change_regular, append_regular)
CHANGERS = (change_regular, append_regular)


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """A file that nothing may touch."""
    folder = tmp_path / "outside"
    folder.mkdir()
    (folder / "diary").write_bytes(b"dear diary")
    return folder / "diary"


@pytest.mark.parametrize("opener", OPENERS)
def test_a_link_is_not_followed(opener: Callable[[Path], object], outside: Path) -> None:
    link = outside.parents[1] / "link"
    link.symlink_to(outside)
    with pytest.raises(NotRegular, match="is a link"):
        opener(link)
    assert outside.read_bytes() == b"dear diary"


@pytest.mark.parametrize("opener", OPENERS)
@pytest.mark.parametrize(("guard", "gone"), [("_NO_FOLLOW", 0), ("is_link", lambda path: False)])
def test_each_of_the_two_guards_refuses_a_link_alone(
    opener: Callable[[Path], object],
    guard: str,
    gone: object,
    outside: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Windows lacks the one; the other cannot see a link that was put there in between."""
    link = outside.parents[1] / "link"
    link.symlink_to(outside)
    monkeypatch.setattr(regular_file, guard, gone)
    with pytest.raises(NotRegular, match="is a link"):
        opener(link)
    assert outside.read_bytes() == b"dear diary"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes among files")
@pytest.mark.timeout(20)
@pytest.mark.parametrize("opener", OPENERS)
def test_a_pipe_is_refused_at_once(opener: Callable[[Path], object], tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(NotRegular, match="no ordinary file"):
        opener(tmp_path / "pipe")
    with pytest.raises(NotRegular, match="no ordinary file"):
        open_regular(tmp_path / "pipe", follow=True)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes among files")
@pytest.mark.timeout(20)
def test_what_takes_the_place_of_a_file_once_it_was_looked_at_is_refused(
    outside: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo(outside.parent / "pipe")
    as_it_was = outside.stat()
    monkeypatch.setattr(Path, "stat", lambda path, **_: as_it_was)
    for path in (outside.parent, outside.parent / "pipe"):
        with pytest.raises(NotRegular, match="no ordinary file"):
            open_regular(path)


@pytest.mark.parametrize("opener", OPENERS)
def test_a_folder_is_refused(opener: Callable[[Path], object], tmp_path: Path) -> None:
    with pytest.raises(NotRegular, match="no ordinary file"):
        opener(tmp_path)


@pytest.mark.parametrize("opener", CHANGERS)
def test_a_file_with_a_second_name_is_not_changed_in_place(
    opener: Callable[[Path], object], outside: Path
) -> None:
    twin = outside.parents[1] / "twin"
    twin.hardlink_to(outside)
    with pytest.raises(NotRegular, match="second name"):
        opener(twin)
    with open_regular(twin) as file:
        assert file.read() == b"dear diary"


def test_a_new_file_takes_the_name_of_a_link_and_leaves_its_target(outside: Path) -> None:
    for name, link in (("soft", Path.symlink_to), ("hard", Path.hardlink_to)):
        path = outside.parents[1] / name
        link(path, outside)
        with new_regular(path) as file:
            file.write(b"log")
        assert path.read_bytes() == b"log"
        assert not path.is_symlink()
    assert outside.read_bytes() == b"dear diary"


def test_a_person_may_point_at_a_link(outside: Path) -> None:
    link = outside.parents[1] / "link"
    link.symlink_to(outside)
    with open_regular(link, follow=True) as file:
        assert file.read() == b"dear diary"


def test_what_is_appended_follows_what_was_there(tmp_path: Path) -> None:
    for word in (b"one ", b"two"):
        with append_regular(tmp_path / "words") as file:
            file.write(word)
    with change_regular(tmp_path / "words") as file:
        file.write(b"ONE")
    assert (tmp_path / "words").read_bytes() == b"ONE two"


def test_a_missing_file_is_missing(tmp_path: Path) -> None:
    for opener in (open_regular, change_regular):
        with pytest.raises(FileNotFoundError):
            opener(tmp_path / "nothing")


def test_a_link_in_any_part_of_a_path_is_found(outside: Path) -> None:
    root = outside.parents[1] / "project"
    (root / "runs").mkdir(parents=True)
    assert check_no_link(root, root / "runs" / "run-001" / "log")
    (root / "runs" / "run-001").symlink_to(outside.parent)
    with pytest.raises(NotRegular, match="is a link"):
        check_no_link(root, root / "runs" / "run-001" / "log")
    with pytest.raises(ValueError, match="below its root"):
        check_no_link(root, root / ".." / "outside")


def test_files_below_a_folder_are_found_through_no_link(outside: Path) -> None:
    root = outside.parents[1] / "project"
    (root / "cases").mkdir(parents=True)
    (root / "cases" / "mask").write_bytes(b"mask")
    (root / "cases" / "file").symlink_to(outside)
    (root / "folder").symlink_to(outside.parent)
    assert files_below(root, "*", "*") == [root / "cases" / "mask"]


def test_removing_a_link_or_a_folder_with_links_leaves_what_they_lead_to(outside: Path) -> None:
    root = outside.parents[1]
    (root / "link").symlink_to(outside.parent)
    (root / "folder").mkdir()
    (root / "folder" / "link").symlink_to(outside.parent)
    for name in ("link", "folder", "not there"):
        remove_whatever(root / name)
        assert not (root / name).exists()
    assert outside.read_bytes() == b"dear diary"
