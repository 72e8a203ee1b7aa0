"""What every test gets: the real data where they are, and quiet surroundings."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.examples import examples

# Set before Qt or Keras can be imported by any test.
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

# Projects fsync each file that they write: milliseconds of a disk, nothing in memory. What is
# fsynced, and when, is recorded by `tests/store/recorder.py` and is the same on both.
MEMORY = Path("/dev/shm")
is_free = not os.environ.get("TMPDIR") and os.access(MEMORY, os.W_OK)
if is_free and shutil.disk_usage(MEMORY).free > 2 << 30:
    os.environ["TMPDIR"] = tempfile.tempdir = str(MEMORY)

# A slow machine is no fault of the code.
settings.register_profile(
    "segdesk",
    deadline=None,
    max_examples=examples(100),
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("segdesk")

# Where the tests are started in the background, SIGINT is ignored and the children would inherit
# that: those that are stopped by Ctrl+C could not be.
signal.signal(signal.SIGINT, signal.default_int_handler)

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of real scans and masks, which are not part of the project."""
    if not SHARED.is_dir():
        pytest.skip("the real scans are not beside this checkout (../shared/data)")
    return SHARED


@pytest.fixture(autouse=True)
def pointer_is_elsewhere(request: pytest.FixtureRequest) -> None:
    """The system's pointer lies on no window: where an earlier test left it, the next one's
    window would be entered as it is shown, and write what is under the pointer over the scan."""
    if "qapp" in request.fixturenames:
        request.getfixturevalue("qapp")
        from PySide6.QtGui import QCursor

        QCursor.setPos(-1000, -1000)
