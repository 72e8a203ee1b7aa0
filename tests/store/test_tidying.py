"""What is not needed any more goes after a save; whatever a folder refuses, the save stands."""

from __future__ import annotations

import errno
from typing import NoReturn

import pytest

from segdesk.store import saving as saving_module
from tests.store.test_saving import CASES, Bench, bench

__all__ = ["bench"]


@pytest.mark.parametrize("what", ["files_below", "older_generations", "left_behind", "older_files"])
def test_a_save_that_stands_does_not_fail_because_nothing_could_be_tidied_up(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    def refused(*_: object) -> NoReturn:
        raise OSError(errno.EIO, "Input/output error")

    for _ in range(1, 4):
        bench.paint(1)
        saving = bench.begin()
        saving.run()
        with monkeypatch.context() as patched:
            patched.setattr(saving_module, what, refused)
            saving.finish()
    bench.assert_all_is_there()
    # The next one tidies up what was left.
    bench.paint(1)
    saving = bench.begin()
    saving.run()
    saving.finish()
    left = sorted(
        path.name for path in (bench.folder.path / "cases" / CASES[0]).glob("annotation-*")
    )
    assert len(left) == 2


@pytest.mark.parametrize(
    "name",
    [
        "annotation-1.h5.bak",
        "annotation-1 (copy).h5",
        "annotation-1.sync-conflict-20260101-101010.h5",
        "Copy of annotation-1.h5",
        "annotation-01.h5",
        "annotation-².h5",
        ".annotation-1.h5.Xy12ab",
    ],
)
def test_a_copy_that_somebody_has_put_beside_a_mask_stays(bench: Bench, name: str) -> None:
    copy = bench.folder.path / "cases" / CASES[0] / name
    for at in range(3):
        bench.paint(1)
        saving = bench.begin()
        saving.run()
        saving.finish()
        if not at:
            copy.write_bytes(b"somebody's")
    assert copy.read_bytes() == b"somebody's"
    assert not (copy.parent / "annotation-1.h5").exists()


def test_a_mask_that_was_being_written_when_a_save_failed_goes(bench: Bench) -> None:
    left = bench.folder.path / "cases" / CASES[0] / ".annotation-1.h5.partial"
    for _ in range(2):
        left.parent.mkdir(exist_ok=True)
        left.write_bytes(b"half")
        bench.paint(1)
        saving = bench.begin()
        saving.run()
        saving.finish()
    assert not left.exists()
