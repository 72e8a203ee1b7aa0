"""Shared libraries that Qt takes from the system, and the packages that bring them.

Qt ends the whole process without a sentence where one is missing, so they are asked for before Qt
is loaded. Knows neither Qt nor the rest of segdesk, and imports the standard library only:
`packaging/set_up.py` reads this file before anything is installed.
"""

from __future__ import annotations

import ctypes
from collections.abc import Mapping

#: What Qt links to and its wheel does not bring, with the Debian packages of each.
QT_LIBRARIES = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
    "libglib-2.0.so.0": "libglib2.0-0",
}
#: The same for a window on an X display.
QT_SCREEN_LIBRARIES = {
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libX11.so.6": "libx11-6",
    "libX11-xcb.so.1": "libx11-xcb1",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render.so.0": "libxcb-render0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-shm.so.0": "libxcb-shm0",
    "libxcb-sync.so.1": "libxcb-sync1",
    "libxcb-util.so.1": "libxcb-util1",
    "libxcb-xfixes.so.0": "libxcb-xfixes0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
}


def wanted_libraries(environment: Mapping[str, str]) -> dict[str, str]:
    """Libraries of a window in this environment, with their packages.

    Parameters
    ----------
    environment : as `os.environ`; says which of Qt's platforms will be used
    """
    platform = environment.get("QT_QPA_PLATFORM", "").partition(":")[0]
    display = environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY")
    # On Wayland too: Qt goes on with X where Wayland does not answer.
    on_screen = platform.startswith("xcb") or (not platform and display)
    return QT_LIBRARIES | (QT_SCREEN_LIBRARIES if on_screen else {})


def is_loadable(library: str) -> bool:
    """Whether the dynamic loader finds a library of this soname, and takes it."""
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True
