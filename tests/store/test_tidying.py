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
