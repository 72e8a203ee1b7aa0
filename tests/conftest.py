"""What every test gets: the real data where they are, and quiet surroundings."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# Set before Qt or Keras can be imported by any test.
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

# A slow machine is no fault of the code.
settings.register_profile("segdesk", deadline=None, suppress_health_check=[HealthCheck.too_slow])
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
