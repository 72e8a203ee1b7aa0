"""Files are written and read on several threads at once; HDF5 itself knows none."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

#: What an import, a save and a prediction do at the same time; run apart, because the fault was
#: a crash of the whole process.
SCRIPT = """
import sys, threading, zlib
from pathlib import Path
import numpy as np
from segdesk.store.parts import hdf5

folder, rounds = Path(sys.argv[1]), 60
packed = zlib.compress(np.zeros((64, 64), np.uint8).tobytes())
done = []

def write(name):
    for at in range(rounds):
        path = folder / f"{name}-{at}.h5"
        with hdf5.new_file(path) as root:
            root.put(number=at, row=(1, 2, 3))
            planes = root.planes("labels", (8, 64, 64))
            for index in range(8):
                planes.put(index, packed)
        with hdf5.open_image(path.read_bytes()) as root:
            assert root.integer("number") == at and root.integers("row") == (1, 2, 3)
            assert root.planes("labels", (8, 64, 64)).packed(7) == packed
    done.append(name)

def build(root):
    for number in range(20):
        root.group(f"case-{number}").put(name="x", number=number)

def index():
    for _ in range(rounds):
        with hdf5.open_image(hdf5.image(build)) as root:
            assert root.group("case-7").integer("number") == 7
    done.append("index")

threads = [threading.Thread(target=write, args=(name,)) for name in ("a", "b", "c")]
threads += [threading.Thread(target=index) for _ in range(3)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(sorted(done))
"""


def test_threads_that_write_and_read_at_once_neither_crash_nor_mix(tmp_path: Path) -> None:
    root = Path(__file__).resolve().parents[2]
    ended = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(tmp_path)],
        cwd=root,
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.strip() == str(["a", "b", "c", "index", "index", "index"])
