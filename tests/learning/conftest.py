"""Keras' own deprecations are not ours to mend."""

from __future__ import annotations

import pytest

#: Keras 3.15 on TensorFlow 2.21 with NumPy 2 says this wherever it reads a variable.
KERAS_READS_VARIABLES = "ignore:__array__ implementation doesn't accept a copy:DeprecationWarning"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.get_closest_marker("keras"):
            item.add_marker(pytest.mark.filterwarnings(KERAS_READS_VARIABLES))
