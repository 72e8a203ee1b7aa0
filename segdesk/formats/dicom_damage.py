"""What pydicom raises and warns of on damaged files."""

from __future__ import annotations

import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

#: What pydicom and its decoders raise on damaged files, besides the two errors of its own.
DAMAGE: tuple[type[Exception], ...] = (
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    AttributeError,
    ArithmeticError,
    AssertionError,
    NotImplementedError,
    RuntimeError,
    EOFError,
    OSError,
    MemoryError,
    struct.error,
    zlib.error,
)


@contextmanager
def quiet() -> Iterator[None]:
    """pydicom's warnings about values that break the standard stay inside."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def damage() -> tuple[type[Exception], ...]:
    """Everything that pydicom raises on a damaged file."""
    # pydicom takes a quarter of a second to import: nobody who opens a project should wait for it.
    from pydicom.errors import BytesLengthException, InvalidDicomError

    return (*DAMAGE, BytesLengthException, InvalidDicomError)
