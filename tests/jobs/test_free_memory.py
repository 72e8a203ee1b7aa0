"""What was freed is given back to the system."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

#: Threads fill heaps of their own and free all but the last of what lies there; prints the private
#: memory before and after, beyond that of the beginning, in MB.
FREES = """
    import threading
    from pathlib import Path
    from segdesk.jobs.free_memory import give_back

    def private():
        lines = Path("/proc/self/smaps_rollup").read_text().splitlines()[1:]
        sizes = {name: int(size) for name, size, _ in (line.split() for line in lines)}
        return (sizes["Private_Clean:"] + sizes["Private_Dirty:"]) / 1000.0

    kept, filled = [], threading.Barrier(4)

    def work():
        # Smaller than what is mapped by itself.
        rows = [bytearray(60_000) for _ in range(200)]
        filled.wait()
        kept.append(rows[-1])

    before = private()
    threads = [threading.Thread(target=work) for _ in range(4)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    held = private() - before
    give_back()
    print(held, private() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do it by themselves")
def test_what_threads_have_freed_is_given_back(tmp_path: Path) -> None:
    """In a process of its own, whose heaps are its own."""
    script = tmp_path / "frees.py"
    script.write_text(textwrap.dedent(FREES))
    done = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, check=True, timeout=60
    )
    held, left = map(float, done.stdout.split())
    assert held > 5.0, f"{held} MB were held: the test shows nothing"
    assert left < 0.5 * held
