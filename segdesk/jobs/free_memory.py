"""Whether the machine runs short of memory, so that what only saves time should go: `is_short`; and
giving back what is not needed any more: `give_back`."""

from __future__ import annotations

import ctypes
import sys
from pathlib import Path

#: Memory is short where less than this share of it, and less than so many bytes, are left.
LEAST_SHARE, LEAST_BYTES = 0.1, 1 << 30
_MEMINFO = Path("/proc/meminfo")
#: From <sys/event.h> of macOS, as `kern.memorystatus_vm_pressure_level` has it: 1 is normal.
_WARNED = 2


def is_short() -> bool:
    """Whether programs will soon be slowed down or ended for want of memory; False if unknown."""
    if sys.platform == "darwin":
        return _pressure_of_a_mac() >= _WARNED
    total, free = _windows() if sys.platform == "win32" else _linux()
    return 0 <= free < min(LEAST_BYTES, LEAST_SHARE * total)


def give_back() -> None:
    """Give to the system what was freed and is kept for what may come; takes some milliseconds.

    The C library of Linux keeps a heap for each thread, and a job has threads of its own: after
    thirty of them a window held twice the memory that it used. Elsewhere nothing is done.
    """
    if sys.platform == "linux":
        # Another C library than GNU's has no such function.
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(0)


def _linux() -> tuple[int, int]:
    """Bytes in all and available; (0, -1) where the kernel does not say."""
    found: dict[str, int] = {}
    try:
        with _MEMINFO.open(encoding="ascii") as lines:
            for line in lines:
                name, _, rest = line.partition(":")
                if name in ("MemTotal", "MemAvailable"):
                    found[name] = int(rest.split()[0]) * 1024
        return found["MemTotal"], found["MemAvailable"]
    except (OSError, ValueError, IndexError, KeyError):
        return 0, -1


if sys.platform == "win32":

    class _Status(ctypes.Structure):
        """MEMORYSTATUSEX of <sysinfoapi.h>."""

        _fields_ = [
            ("length", ctypes.c_ulong),
            ("load", ctypes.c_ulong),
            *((name, ctypes.c_ulonglong) for name in ("total", "free", "b", "c", "d", "e", "f")),
        ]

    def _windows() -> tuple[int, int]:
        status = _Status(length=ctypes.sizeof(_Status))
        if not ctypes.windll.kernel32.GlobalMemoryStatusEx(ctypes.byref(status)):
            return 0, -1
        return status.total, status.free

else:

    def _windows() -> tuple[int, int]:
        return 0, -1


def _pressure_of_a_mac() -> int:
    level, size = ctypes.c_int(0), ctypes.c_size_t(ctypes.sizeof(ctypes.c_int))
    ask = getattr(ctypes.CDLL(None), "sysctlbyname", None)
    if ask is None:
        return 0
    name = b"kern.memorystatus_vm_pressure_level"
    return level.value if ask(name, ctypes.byref(level), ctypes.byref(size), None, 0) == 0 else 0
