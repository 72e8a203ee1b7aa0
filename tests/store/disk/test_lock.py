"""One writer, by the operating system's lock: between processes and inside one."""

import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from segdesk.errors import ProjectError, ProjectLocked
from segdesk.store.project_folder import ProjectFolder
from tests.store.strategies import project_with_cases

HOLD = """
    import sys
    from pathlib import Path
    from segdesk.store.project_folder import ProjectFolder
    folder = ProjectFolder.open(Path(sys.argv[1]), writable=True)
    print("held", flush=True)
    sys.stdin.read()
"""
TRY = """
    import sys
    from pathlib import Path
    from segdesk.errors import ProjectLocked
    from segdesk.store.project_folder import ProjectFolder
    try:
        ProjectFolder.open(Path(sys.argv[1]), writable=sys.argv[2] == "write").close()
        print("opened")
    except ProjectLocked as error:
        print(error)
"""
#: Opens at each moment that it is told, and lets go when it is told.
RACE = """
    import sys, time
    from pathlib import Path
    from segdesk.errors import ProjectLocked
    from segdesk.store.project_folder import ProjectFolder
    for line in sys.stdin:
        while time.time() < float(line):
            pass
        try:
            folder = ProjectFolder.open(Path(sys.argv[1]), writable=True)
            folder.load()
        except ProjectLocked:
            folder = None
        print("locked" if folder is None else "open", flush=True)
        sys.stdin.readline()
        if folder is not None:
            folder.close()
        print("closed", flush=True)
"""


def _start(script: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script), *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def _said(path: Path, how: str) -> str:
    with _start(TRY, str(path), how) as process:
        out, _ = process.communicate(timeout=60)
    return out


@pytest.fixture
def path(tmp_path: Path) -> Path:
    folder, _ = project_with_cases(tmp_path / "p.segdesk", "case-001")
    folder.close()
    return folder.path


def test_a_project_that_another_process_writes_is_refused_and_named(path: Path) -> None:
    with _start(HOLD, str(path)) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(ProjectLocked, match=f"process {holder.pid} on"):
            ProjectFolder.open(path, writable=True)
        with ProjectFolder.open(path, writable=False) as reader:
            assert [case.id for case in reader.load().project.cases] == ["case-001"]
        holder.kill()
    with ProjectFolder.open(path, writable=True) as mine:
        assert mine.writable


def test_a_project_that_we_write_is_refused_to_another_process_which_may_read(path: Path) -> None:
    with ProjectFolder.open(path, writable=True):
        assert "is open for writing in another program" in _said(path, "write")
        assert _said(path, "read") == "opened\n"
    assert _said(path, "write") == "opened\n"


def test_the_same_process_cannot_write_twice(path: Path) -> None:
    with ProjectFolder.open(path, writable=True), pytest.raises(ProjectLocked):
        ProjectFolder.open(path, writable=True)


def test_of_programs_that_open_at_the_same_moment_one_writes(path: Path) -> None:
    programs = [_start(RACE, str(path)) for _ in range(3)]

    def say(line: object) -> list[str]:
        for program in programs:
            assert program.stdin is not None
            program.stdin.write(f"{line}\n")
            program.stdin.flush()
        return sorted(program.stdout.readline().strip() for program in programs if program.stdout)

    try:
        for _ in range(15):
            assert say(time.time() + 0.05) == ["locked", "locked", "open"]
            assert say("") == ["closed"] * 3
    finally:
        for program in programs:
            program.kill()
            program.communicate()


def test_a_new_project_is_locked_from_the_start(tmp_path: Path) -> None:
    with ProjectFolder.create(tmp_path / "n.segdesk") as folder:
        assert "is open for writing" in _said(folder.path, "write")


def test_stale_text_is_no_lock(path: Path) -> None:
    (path / "lock").write_text("elsewhere 1\n")
    with ProjectFolder.open(path, writable=True) as folder:
        assert folder.writable


def test_a_child_does_not_inherit_the_lock(path: Path) -> None:
    sleeper = "import sys; print(flush=True); sys.stdin.read()"
    with ProjectFolder.open(path, writable=True):
        child = subprocess.Popen(
            [sys.executable, "-c", sleeper],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            close_fds=False,
        )
    with child:
        assert child.stdout is not None
        assert child.stdout.readline().strip() == b""
        ProjectFolder.open(path, writable=True).close()
        child.kill()


def test_a_project_that_cannot_be_opened_keeps_no_lock(path: Path) -> None:
    content = (path / "project.h5").read_bytes()
    (path / "project.h5").write_bytes(b"x" * 1000)
    with pytest.raises(ProjectError, match="damaged"):
        ProjectFolder.open(path, writable=True)
    (path / "project.h5").write_bytes(content)
    ProjectFolder.open(path, writable=True).close()
