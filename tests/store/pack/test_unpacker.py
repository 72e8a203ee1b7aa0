"""A packed file is read by a process of its own: its end is never the end of the program."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from segdesk.app.project.unpacking import look, unpack
from segdesk.errors import Cancelled, ProjectError
from segdesk.jobs import errand
from segdesk.store.checking import check
from tests.packs import pack_of
from tests.projects import make_project

ROOT = Path(__file__).resolve().parents[3]
#: As a child that does nothing of what it is asked.
PYTHON = (sys.executable, "-c")


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("packed")
    workbench = make_project(folder)
    file = pack_of(workbench, folder / "packed.h5")
    workbench.close()
    return file


@pytest.fixture
def there(tmp_path: Path) -> Iterator[Path]:
    """Where the project should come; nothing is left beside it."""
    folder = tmp_path / "there"
    folder.mkdir()
    yield folder / "u.segdesk"
    assert [path.name for path in folder.iterdir() if path.name != "u.segdesk"] == []


def child(monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """The child becomes a script that has made half a folder before."""
    half = "import json, os, signal, sys, time; at = json.loads(sys.stdin.readline()); "
    half += "open(os.path.join(at[2], 'half'), 'w').write('x') if at[0] == 'unpack' else None; "
    monkeypatch.setattr(errand, "own_command", lambda _: (*PYTHON, half + script))


def test_a_file_is_looked_at_and_unpacked_with_its_progress(packed: Path, there: Path) -> None:
    told: list[tuple[str, int, int]] = []
    assert look(packed).cases == ("case-001",)
    assert unpack(packed, there, tell=lambda *row: told.append(row)).cases == ("case-001",)
    assert told[0][0] == "Checking the file" and told[-1][0] == "Unpacking case-001"
    assert 1 < told[-1][1] <= told[-1][2]
    assert (there / "project.h5").is_file()


def test_a_refusal_of_the_child_is_the_programs(packed: Path, there: Path, tmp_path: Path) -> None:
    content = bytearray(packed.read_bytes())
    content[-1] ^= 1
    (tmp_path / "d.h5").write_bytes(content)
    with pytest.raises(ProjectError, match=r"The file 'd.h5' is damaged: its checksum .* anew"):
        unpack(tmp_path / "d.h5", there)
    assert not there.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
@pytest.mark.parametrize("number", ["SIGSEGV", "SIGABRT", "SIGBUS"])
def test_a_crash_is_one_sentence_and_leaves_nothing(
    packed: Path, there: Path, monkeypatch: pytest.MonkeyPatch, number: str
) -> None:
    child(monkeypatch, f"os.kill(os.getpid(), signal.{number})")
    with pytest.raises(ProjectError) as raised:
        unpack(packed, there)
    assert raised.value.sentence == "The file 'packed.h5' is damaged; nothing was unpacked."
    with pytest.raises(ProjectError, match=r"'packed\.h5' is damaged; nothing was"):
        look(packed)
    assert not there.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_a_child_that_the_system_ended_is_no_damaged_file(
    packed: Path, there: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    child(monkeypatch, "os.kill(os.getpid(), signal.SIGKILL)")
    with pytest.raises(ProjectError, match="The system ended the process that unpacks"):
        unpack(packed, there)


@pytest.mark.parametrize(
    "script",
    ["sys.exit(1)", "import nothing_of_that_name"]
    + ["os.kill(os.getpid(), signal.SIGTERM)"] * (sys.platform != "win32"),
)
def test_a_child_that_was_ended_or_cannot_work_is_no_damaged_file(
    packed: Path, there: Path, monkeypatch: pytest.MonkeyPatch, script: str
) -> None:
    child(monkeypatch, script)
    with pytest.raises(ProjectError, match="ended before its time"):
        unpack(packed, there)


@pytest.mark.parametrize(
    "said",
    [
        "[",
        "null",
        '["answer", 1]',
        '["answer"]',
        '["answer", ["a"]]',
        '["fault", "OSError", "a", "b"]',
    ],
)
def test_a_child_that_was_led_astray_is_not_believed(
    packed: Path, there: Path, monkeypatch: pytest.MonkeyPatch, said: str
) -> None:
    child(monkeypatch, f"print({said!r}, flush=True); os._exit(0)")
    with pytest.raises(ProjectError, match="is damaged; nothing was unpacked"):
        unpack(packed, there)


def test_a_bug_in_the_child_is_a_bug_here(
    packed: Path, there: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bug = errand.encode_arguments(["nothing", "such"])
    monkeypatch.setattr(errand, "encode_arguments", lambda _: bug)
    with pytest.raises(RuntimeError, match="expected look or unpack"):
        unpack(packed, there)


def test_a_busy_child_is_ended_within_a_second_and_leaves_nothing(
    packed: Path, there: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = "str(os.getpid())"
    child(
        monkeypatch,
        f"print(json.dumps(['progress', {number}, 1, 2]), flush=True); time.sleep(60)",
    )
    asked: list[float] = []
    groups: list[int] = []

    def cancelled() -> bool:
        if not told:
            return False
        asked.append(time.monotonic())
        if sys.platform != "win32":
            groups.append(os.getpgid(int(told[0])))
        return True

    told: list[str] = []
    with pytest.raises(Cancelled):
        unpack(packed, there, tell=lambda *row: told.append(row[0]), cancelled=cancelled)
    assert len(told) == 1 and time.monotonic() - asked[0] < 1
    assert not there.exists()
    if sys.platform == "linux":
        assert not _is_alive(int(told[0]))
        # The terminal's Ctrl+C comes to the program alone.
        assert groups == [int(told[0])]


def test_a_child_that_never_ends_its_line_is_no_longer_listened_to(
    packed: Path, there: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(errand, "_LONGEST_LINE", 1000)
    monkeypatch.setattr(errand, "_FAREWELL_S", 0.1)
    child(monkeypatch, "sys.stdout.write('x' * 5000); sys.stdout.flush(); time.sleep(60)")
    until = time.monotonic() + 5
    with pytest.raises(ProjectError, match="is damaged; nothing was unpacked"):
        unpack(packed, there, cancelled=lambda: time.monotonic() > until)


def test_a_child_that_cannot_be_started_is_said(
    packed: Path, there: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(errand, "own_command", lambda _: (str(there / "nothing"),))
    with pytest.raises(ProjectError, match=r"The process that unpacks could not be started: No"):
        unpack(packed, there)
    assert not there.exists()


def test_two_are_not_unpacked_to_one_name_at_once(packed: Path, there: Path) -> None:
    """The second took what the first was filling for what a killed one had left."""
    refused: list[str] = []

    def tell(sentence: str, done: int, total: int) -> None:
        if not refused:
            with pytest.raises(ProjectError) as raised:
                unpack(packed, there)
            refused.append(raised.value.sentence)

    unpack(packed, there, tell=tell)
    assert refused == ["Another program is making a project 'u.segdesk' there at this moment."]
    assert check(there).findings == ()


def test_what_a_killed_one_left_does_not_stand_in_the_way(packed: Path, there: Path) -> None:
    left = there.with_name(f".{there.name}.partial")
    (left / "cases" / "case-001").mkdir(parents=True)
    (left / "lock").write_text("somewhere 1\n")
    unpack(packed, there)
    assert check(there).findings == ()


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_a_busy_child_dies_with_its_program() -> None:
    # The child is busy inside of C: it never reads that its stdin ended.
    busy = (
        "from segdesk.jobs import errand_child; import re; "
        "errand_child.serve(lambda asked, tell: (tell(str(__import__('os').getpid()), 0, 1), "
        "re.match('(a*)*b', 'a' * 40)))"
    )
    program = (
        "import sys; from segdesk.jobs import errand; "
        f"errand.own_command = lambda _: (sys.executable, '-c', {busy!r}); "
        "errand.run('x', (), tell=lambda sentence, *_: print(sentence, flush=True))"
    )
    with subprocess.Popen(
        [*PYTHON, program], stdout=subprocess.PIPE, cwd=ROOT, text=True
    ) as parent:
        assert parent.stdout is not None
        number = int(parent.stdout.readline())
        # Only once it is busy: before that a thread of its own would see the end of its stdin.
        told_at = _ticks(number)
        while _ticks(number) < told_at + 10:
            time.sleep(0.01)
        parent.kill()
    until = time.monotonic() + 5
    while _is_alive(number) and time.monotonic() < until:
        time.sleep(0.01)
    assert not _is_alive(number)


def _ticks(number: int) -> int:
    """The processor time of a process, in hundredths of a second."""
    fields = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def _is_alive(number: int) -> bool:
    try:
        return ") Z " not in Path(f"/proc/{number}/stat").read_text()
    except OSError:
        return False


def test_the_program_itself_never_loads_what_reads_a_packed_file() -> None:
    script = (
        "import sys, segdesk.app.project.unpacking; "
        "print('segdesk.store.pack.unpack' in sys.modules)"
    )
    done = subprocess.run([*PYTHON, script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
